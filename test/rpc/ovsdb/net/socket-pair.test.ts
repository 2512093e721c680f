import assert from 'node:assert/strict';
import { once } from 'node:events';
import { pairedSockets } from '../../../../rpc/ovsdb/wire/socket-pair.ts';

describe('a connection within the process', () => {
  it('carries bytes in order, however slowly they are read', async () => {
    const [near, far] = pairedSockets();
    const sent = Array.from({ length: 300 }, (_, index) => Buffer.alloc(1000, index));
    for (const chunk of sent) near.write(chunk);
    near.end();
    const read: Buffer[] = [];
    for await (const chunk of far) {
      read.push(chunk as Buffer);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(Buffer.concat(read).equals(Buffer.concat(sent)));
  });

  it('makes a writer wait for a reader', async () => {
    const [near, far] = pairedSockets();
    for (let count = 0; count < 100; count += 1) near.write(Buffer.alloc(10_000));
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(near.writableLength > 0);
    far.resume();
    await once(near, 'drain');
    near.destroy();
  });

  it('ends at one end when it is closed at the other, after what was written before', async () => {
    const [near, far] = pairedSockets();
    near.write('last words');
    near.destroySoon();
    const read: Buffer[] = [];
    far.on('data', (chunk: Buffer) => read.push(chunk));
    await once(far, 'end');
    assert.equal(Buffer.concat(read).toString(), 'last words');
    assert.equal(near.destroyed, true);
    far.destroy();
  });

  it('is read in a later turn', async () => {
    const [near, far] = pairedSockets();
    let heard = false;
    far.on('data', () => {
      heard = true;
    });
    near.write('x');
    await Promise.resolve();
    assert.equal(heard, false);
    await once(far, 'data');
    near.destroy();
  });
});
