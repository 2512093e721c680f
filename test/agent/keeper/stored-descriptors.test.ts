import assert from 'node:assert/strict';
import { readSync } from 'node:fs';
import { createEventFd, duplicate, socketPair } from '../../../agent/fd/libc.ts';
import { createPipe } from '../../../agent/fd/libc-stream.ts';
import { OwnedFd } from '../../../agent/fd/owned-fd.ts';
import { roomForDescriptors, StoredDescriptors } from '../../../agent/keeper/stored-descriptors.ts';
import { openDescriptors } from '../support.ts';

function event(): OwnedFd {
  return new OwnedFd(createEventFd());
}

describe('Kept: descriptors by name', () => {
  let before: number;
  let kept: StoredDescriptors;

  beforeEach(() => {
    before = openDescriptors();
    kept = new StoredDescriptors(4);
  });

  afterEach(() => {
    kept.end();
    assert.equal(kept.size, 0);
    assert.equal(openDescriptors(), before);
  });

  it('adds to a name, lists by number, removes by name', () => {
    assert.equal(kept.store('a', [event(), event()]), undefined);
    assert.equal(kept.store('b', [event()]), undefined);
    assert.equal(kept.store('a', [event()]), undefined);
    const rows = kept.list();
    assert.deepEqual(rows.map(({ name }) => name).sort(), ['a', 'a', 'a', 'b']);
    assert.deepEqual(
      rows,
      rows.toSorted((x, y) => x.fd - y.fd),
    );
    kept.remove('a');
    kept.remove('a');
    assert.deepEqual([kept.size, openDescriptors()], [1, before + 1]);
  });

  it('takes all of a message or none', () => {
    kept.store('a', [event(), event(), event()]);
    assert.match(kept.store('b', [event(), event()]) ?? '', /^3 are kept, and 4 is the limit$/);
    assert.equal(openDescriptors(), before + 3);
    assert.equal(kept.store('b', [event()]), undefined);
  });

  it('keeps a socket and a pipe once under each name, and event counters as often as they come', () => {
    const [socket = -1, peer = -1] = socketPair();
    const pipe = createPipe(4096);
    kept.store('a', [new OwnedFd(socket), new OwnedFd(pipe)]);
    kept.store('a', [new OwnedFd(duplicate(socket)), new OwnedFd(duplicate(pipe))]);
    assert.equal(kept.size, 2);
    kept.store('b', [event(), event()]);
    assert.equal(kept.size, 4);
    kept.end();
    assert.equal(readSync(peer, Buffer.alloc(1)), 0);
    new OwnedFd(peer).close();
  });

  it('ends connections that somebody else holds', () => {
    const [socket, peer] = socketPair().map((fd) => new OwnedFd(fd));
    const holder = new OwnedFd(duplicate(socket?.raw ?? -1));
    if (socket) kept.store('a', [socket]);
    kept.end();
    assert.equal(readSync(peer?.raw ?? -1, Buffer.alloc(1)), 0);
    peer?.close();
    holder.close();
  });

  it('knows how many a process may have open', () => {
    assert.ok(roomForDescriptors() > 100);
  });
});
