import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import { join } from 'node:path';
import { FdSocket, type MessageReader, QueueFullError } from '../../../agent/fd/fd-socket.ts';
import { close, createEventFd, createMemoryFd, socketPair } from '../../../agent/fd/libc.ts';
import { MAX_FDS, receive, send, TruncatedError } from '../../../agent/fd/libc-message.ts';
import { Listener } from '../../../agent/fd/listener.ts';
import { OwnedFd } from '../../../agent/fd/owned-fd.ts';
import { Watch } from '../../../agent/fd/watch.ts';
import { needs } from '../../peers/needs.ts';
import { aWhile, openDescriptors, temporaryFolder, until } from '../support.ts';

interface Piece {
  readonly bytes: Uint8Array;
  readonly fds: readonly OwnedFd[];
}

/** Every read is a message; `fail` throws in the reader. */
class Pieces implements MessageReader<Piece> {
  readonly room = new Uint8Array(16);
  fail = false;
  #held: readonly OwnedFd[] = [];
  took(bytes: number, fds: readonly OwnedFd[]): Piece | undefined {
    if (this.fail) {
      this.#held = fds;
      throw new Error('bad bytes');
    }
    return { bytes: this.room.slice(0, bytes), fds };
  }
  release(): void {
    for (const fd of this.#held) fd.close();
  }
}

class Ends {
  readonly got: Piece[] = [];
  readonly closed: (Error | undefined)[] = [];
  readonly backlog: boolean[] = [];
  readonly reader = new Pieces();
  readonly far: OwnedFd;
  readonly socket: FdSocket<Piece>;

  constructor(onMessage?: (piece: Piece) => void) {
    const [near, far] = socketPair();
    this.far = new OwnedFd(far);
    this.socket = new FdSocket<Piece>(new OwnedFd(near), this.reader, {
      message: (piece) => {
        this.got.push(piece);
        onMessage?.(piece);
      },
      closed: (error) => this.closed.push(error),
      backlog: (waiting) => this.backlog.push(waiting),
    });
  }

  end(): void {
    this.socket.destroy(undefined);
    this.far.close();
    for (const { fds } of this.got) for (const fd of fds) fd.close();
  }
}

describe('FdSocket', () => {
  let atFirst = 0;
  let ends: Ends | undefined;
  const open = (onMessage?: (piece: Piece) => void) => (ends = new Ends(onMessage));
  beforeEach(() => {
    atFirst = openDescriptors();
  });
  afterEach(() => {
    ends?.end();
    assert.equal(openDescriptors(), atFirst, 'every descriptor is closed');
  });

  it('delivers bytes with the descriptors that came with them', async () => {
    const { far, got } = open();
    const event = createEventFd();
    send(far.raw, Uint8Array.of(1, 2, 3), [event]);
    close(event);
    await until('a message', () => got.length === 1);
    assert.deepEqual([...(got[0]?.bytes ?? [])], [1, 2, 3]);
    assert.equal(got[0]?.fds.length, 1);
    assert.ok(fstatSync(got[0]?.fds[0]?.raw ?? -1));
  });

  it('closes the descriptors of a message that its reader throws at, and itself', async () => {
    const { far, reader, closed } = open();
    reader.fail = true;
    const event = createEventFd();
    send(far.raw, Uint8Array.of(1), [event, event, event]);
    close(event);
    await until('the end', () => closed.length === 1);
    assert.equal(closed[0]?.message, 'bad bytes');
  });

  it('closes the descriptors of a message that its receiver throws at, and itself', async () => {
    const { far, closed } = open(() => {
      throw new Error('not this one');
    });
    const event = createEventFd();
    send(far.raw, Uint8Array.of(1), [event]);
    close(event);
    await until('the end', () => closed.length === 1);
    assert.equal(closed[0]?.message, 'not this one');
  });

  it('tells when the peer hangs up, without an error', async () => {
    const { far, closed, socket } = open();
    far.close();
    await until('the end', () => closed.length === 1);
    assert.deepEqual(closed, [undefined]);
    assert.equal(socket.isOpen, false);
  });

  it('tells the same when the peer hangs up on unread data', async () => {
    const { far, closed, socket } = open();
    socket.write(Uint8Array.of(1));
    far.close();
    await until('the end', () => closed.length === 1);
    assert.deepEqual(closed, [undefined]);
  });

  it('tells while it is paused, too', async () => {
    const { far, closed, socket, got } = open();
    socket.pause();
    send(far.raw, Uint8Array.of(1), []);
    await aWhile(20);
    assert.equal(got.length, 0);
    far.close();
    await until('the end', () => closed.length === 1);
  });

  it('delivers what came while it was paused', async () => {
    const { far, socket, got } = open();
    socket.pause();
    send(far.raw, Uint8Array.of(1), []);
    await aWhile(10);
    socket.resume();
    await until('the message', () => got.length === 1);
  });

  it('keeps what the peer does not take, says so, and sends it all in the end', async () => {
    const { far, socket, backlog } = open();
    const block = new Uint8Array(60_000).fill(7);
    let written = 0;
    for (; backlog.length === 0; written += block.length) socket.write(block, [new OwnedFd(createEventFd())]);
    socket.write(block, [new OwnedFd(createEventFd())]);
    written += block.length;
    let read = 0;
    let fds = 0;
    const into = new Uint8Array(65_536);
    await until('all bytes', () => {
      const got = receive(far.raw, into);
      read += got?.bytes ?? 0;
      for (const fd of got?.fds ?? []) close(fd);
      fds += got?.fds.length ?? 0;
      return read === written;
    });
    assert.equal(fds, written / block.length);
    await until('the queue is empty', () => socket.queued === 0);
    assert.deepEqual(backlog, [true, false]);
  });

  it('closes itself and what waits in it when too much waits', () => {
    const { socket, closed } = open();
    const block = new Uint8Array(60_000);
    for (let i = 0; i < 1000 && closed.length === 0; i += 1) socket.write(block, [new OwnedFd(createEventFd())]);
    assert.ok(closed[0] instanceof QueueFullError);
  });

  it('closes descriptors that are written to it after its end', () => {
    const { socket } = open();
    socket.destroy(undefined);
    socket.write(Uint8Array.of(1), [new OwnedFd(createEventFd())]);
  });

  it('is told of its end once', () => {
    const { socket, closed } = open();
    socket.destroy(new Error('one'));
    socket.destroy(new Error('two'));
    assert.deepEqual(
      closed.map((error) => error?.message),
      ['one'],
    );
  });

  it('closes the descriptor that it cannot watch', () => {
    ends = undefined;
    const fd = new OwnedFd(createMemoryFd('x'));
    assert.throws(
      () => new FdSocket(fd, new Pieces(), { message: () => {}, closed: () => {}, backlog: () => {} }),
      /not a socket/,
    );
    assert.throws(() => fd.raw, /closed/);
  });
});

describe('FdSocket and more descriptors than there is room for', () => {
  let python = '';
  before(function () {
    python = needs(this, 'python3', 'python3');
  });

  it('reports that the kernel dropped some, and closes those that it left', async () => {
    const before = openDescriptors();
    const folder = temporaryFolder();
    const path = join(folder.path, 's');
    const closed: (Error | undefined)[] = [];
    const listener = new Listener(path, {}, (fd) => {
      const events = { message: () => {}, closed: (error: Error | undefined) => closed.push(error), backlog: () => {} };
      new FdSocket<Piece>(fd, new Pieces(), events);
    });
    const script = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
socket.send_fds(s, [b'x'], [os.eventfd(0)] * 100)
s.recv(1)`;
    const child = spawn(python, ['-c', script, path], { stdio: 'ignore' });
    try {
      await until('the end', () => closed.length === 1);
      assert.ok(closed[0] instanceof TruncatedError);
      assert.match(closed[0].message, /left 64/);
    } finally {
      child.kill('SIGKILL');
      listener.close();
      folder.remove();
    }
    await until('every descriptor is closed', () => openDescriptors() === before);
  });

  it('never sends more itself', () => {
    const [a, b] = socketPair();
    assert.throws(() => send(a, Uint8Array.of(1), Array(MAX_FDS + 1).fill(a)), RangeError);
    assert.throws(() => send(a, new Uint8Array(0), [a]), RangeError);
    for (const fd of [a, b]) close(fd);
  });
});

describe('Watch', () => {
  it('refuses what would abort the process', () => {
    const memory = createMemoryFd('x');
    const [a, b] = socketPair();
    const watch = new Watch(a, () => {});
    try {
      assert.throws(() => new Watch(memory, () => {}), /not a socket/);
      assert.throws(() => new Watch(a, () => {}), /watched already/);
    } finally {
      watch.close();
      watch.close();
      watch.want({ readable: true, writable: true, disconnect: true });
      for (const fd of [memory, a, b]) close(fd);
    }
  });

  it('may be closed in its own callback, and its number watched again', async () => {
    const [a, b] = socketPair();
    let first = 0;
    const watch = new Watch(a, () => {
      first += 1;
      watch.close();
    });
    send(b, Uint8Array.of(1), []);
    await until('the callback', () => first === 1);
    let second = 0;
    const again = new Watch(a, () => {
      second += 1;
      again.close();
    });
    await until('the second callback', () => second === 1);
    assert.equal(first, 1);
    for (const fd of [a, b]) close(fd);
  });
});

describe('OwnedFd', () => {
  it('has one owner', () => {
    const fd = new OwnedFd(createEventFd());
    const number = fd.take();
    assert.throws(() => fd.raw, /handed on/);
    fd.close();
    assert.ok(fstatSync(number));
    const next = new OwnedFd(number);
    next.close();
    next.close();
    assert.throws(() => close(number), { name: 'SystemCallError', code: 'EBADF' });
  });
});
