import assert from 'node:assert/strict';
import { once } from 'node:events';
import { ftruncateSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { closingCost, isSmallMemory } from '../../../agent/fd/descriptor-kind.ts';
import { bindDatagram, createEventFd, createMemoryFd, socketPair } from '../../../agent/fd/libc.ts';
import { createPipe } from '../../../agent/fd/libc-stream.ts';
import { OwnedFd } from '../../../agent/fd/owned-fd.ts';
import { descriptorOf } from '../../../agent/fd/peer.ts';
import { temporaryFolder } from '../support.ts';

describe('what closing a descriptor may cost', () => {
  const open: OwnedFd[] = [];
  const home = temporaryFolder();
  after(() => {
    for (const fd of open) fd.close();
    home.remove();
  });

  function costOf(fd: number): string {
    open.push(new OwnedFd(fd));
    return closingCost(fd);
  }

  function memory(bytes: number): number {
    const fd = createMemoryFd('x (deleted)');
    ftruncateSync(fd, 64 * 1_048_576);
    for (let at = 0; at < bytes; at += 65_536) writeSync(fd, Buffer.alloc(65_536, 1), 0, 65_536, at);
    return fd;
  }

  it('nothing for what front-ends send all the time', () => {
    assert.equal(costOf(createEventFd()), 'nothing');
    assert.equal(costOf(createPipe(4096)), 'nothing');
  });

  it('for memory, what is in it when it is closed', () => {
    const fd = memory(65_536);
    assert.equal(costOf(fd), 'memory');
    assert.equal(isSmallMemory(fd), true);
    for (let at = 0; at < 4 * 1_048_576; at += 65_536) writeSync(fd, Buffer.alloc(65_536, 1), 0, 65_536, at);
    assert.equal(isSmallMemory(fd), false);
    assert.equal(costOf(openSync('/dev/shm', 0o20200002)), 'memory'); // O_TMPFILE: as QEMU with memory on tmpfs
  });

  it('time for devices, and for files on this machine', () => {
    assert.equal(costOf(openSync('/dev/null', 'r+')), 'time');
    assert.equal(costOf(openSync(home.path, 'r')), 'time');
  });

  it('for a unix socket, what stands in its queue', () => {
    const [near, far] = socketPair();
    assert.equal(costOf(near), 'socket');
    assert.equal(costOf(far), 'socket');
    assert.equal(costOf(bindDatagram(`${home.path}/d`)), 'socket');
  });

  it('as long as somebody else likes for a network socket', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    assert.equal(closingCost(descriptorOf(server as never) ?? -1), 'foreign');
    server.close();
  });

  it('as long as somebody else likes for what cannot be told', () => {
    assert.equal(closingCost(openSync('/proc/self/status', 'r')), 'foreign');
    assert.equal(closingCost(1_000_000), 'foreign');
  });
});
