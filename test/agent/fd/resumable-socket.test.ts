import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { injectFaults } from '../../../agent/fd/faults.ts';
import { createEventFd, duplicate, SystemCallError, socketPair } from '../../../agent/fd/libc.ts';
import { receive, send } from '../../../agent/fd/libc-message.ts';
import { peekOffset } from '../../../agent/fd/libc-stream.ts';
import { OwnedFd } from '../../../agent/fd/owned-fd.ts';
import {
  PartialMessageError,
  ResumableSocket,
  type ResumableSocketEvents,
} from '../../../agent/fd/resumable-socket.ts';
import { VhostFramer } from '../../../agent/vhost/framer.ts';
import { encodeRequest, type Message } from '../../../agent/vhost/header.ts';
import { writeU64 } from '../../../agent/vhost/payloads.ts';
import { aWhile, everyDescriptorClosed, openDescriptors, until } from '../support.ts';

const ENOMEM = 12;
const PLAIN = encodeRequest(2, writeU64(7n));
const KICK = encodeRequest(12, writeU64(0n));
const CALL = encodeRequest(13, writeU64(1n));

describe('a channel', () => {
  let before = 0;
  let channel: ResumableSocket<Message<OwnedFd>>;
  let far: OwnedFd;
  let heard: { readable: number; writable: number; ends: (Error | undefined)[] };
  const toClose: { close(): void }[] = [];
  beforeEach(() => {
    before = openDescriptors();
    const [near, other] = socketPair();
    far = also(new OwnedFd(other));
    channel = open(new OwnedFd(near));
  });
  afterEach(async () => {
    for (const one of toClose.splice(0).reverse()) one.close();
    await everyDescriptorClosed(before);
  });

  function also<T extends { close(): void }>(one: T): T {
    toClose.push(one);
    return one;
  }

  function open(socket: OwnedFd, patienceMs?: number): ResumableSocket<Message<OwnedFd>> {
    const mine: typeof heard = { readable: 0, writable: 0, ends: [] };
    heard = mine;
    const events: ResumableSocketEvents = {
      readable: () => {
        mine.readable += 1;
        one.peek();
      },
      writable: () => {
        mine.writable += 1;
      },
      closed: (error) => mine.ends.push(error),
    };
    const one: ResumableSocket<Message<OwnedFd>> = new ResumableSocket(
      socket,
      new VhostFramer<OwnedFd>(),
      events,
      patienceMs,
    );
    return also(one);
  }

  /** Sends to the channel, with so many descriptors. */
  function tell(bytes: Uint8Array, count = 0): void {
    const fds = Array.from({ length: count }, () => new OwnedFd(createEventFd()));
    const raw = fds.map((fd) => fd.raw);
    assert.equal(send(far.raw, bytes, raw), bytes.length);
    for (const fd of fds) fd.close();
  }
  const peeked = () => {
    const one = channel.peek();
    assert.ok(one);
    return one;
  };
  const drop = (fds: readonly OwnedFd[]): void => {
    for (const fd of fds) fd.close();
  };
  const read = (): Buffer => {
    const into = Buffer.alloc(4096);
    return into.subarray(0, receive(far.raw, into)?.bytes ?? 0);
  };

  it('shows a message that stays where it is, the same until it is consumed', () => {
    assert.equal(channel.peek(), undefined);
    tell(PLAIN);
    const first = peeked();
    assert.deepEqual(first.message.bytes, PLAIN);
    assert.deepEqual([first.alone, first.truncated], [true, false]);
    assert.equal(channel.peek(), first);
    assert.equal(channel.begun, PLAIN.length);
    assert.equal(channel.consume(false), false);
    assert.equal(channel.begun, 0);
    assert.equal(channel.peek(), undefined);
  });

  it('shows messages one after the other that came in one piece', () => {
    tell(Buffer.concat([PLAIN, KICK, CALL]));
    for (const bytes of [PLAIN, KICK, CALL]) {
      assert.deepEqual(peeked().message.bytes, bytes);
      channel.consume(false);
    }
    assert.equal(channel.peek(), undefined);
  });

  it('leaves the offset at the end of the first message, whatever came behind it', () => {
    const long = encodeRequest(1, new Uint8Array(1000).fill(7));
    tell(Buffer.concat([PLAIN, long]));
    tell(CALL);
    for (const bytes of [PLAIN, long, CALL]) {
      assert.deepEqual(peeked().message.bytes, bytes);
      assert.equal(channel.drained, bytes === CALL);
      const socket = channel.descriptor;
      assert.deepEqual([channel.begun, peekOffset(socket)], [bytes.length, bytes.length]);
      channel.consume(false);
      assert.equal(peekOffset(socket), 0);
    }
  });

  it('keeps no descriptor when the offset cannot be set back', () => {
    tell(PLAIN);
    tell(KICK, 1);
    const held = openDescriptors();
    injectFaults((call) => {
      if (call === 'setsockopt') throw new SystemCallError('set the peek offset', ENOMEM);
    });
    try {
      assert.throws(() => channel.peek(), /ENOMEM/);
    } finally {
      injectFaults(undefined);
    }
    assert.equal(openDescriptors(), held);
  });

  it('does not take for the end what stands before a message with descriptors', () => {
    tell(KICK, 1);
    tell(PLAIN);
    assert.deepEqual([peeked().alone, channel.drained], [true, false]);
    drop(peeked().message.fds);
    channel.consume(false);
    assert.deepEqual(peeked().message.bytes, PLAIN);
    assert.equal(channel.drained, true);
  });

  it('begins again at the first unread byte, and closes the copies that it had', () => {
    tell(KICK, 1);
    const held = openDescriptors();
    assert.equal(peeked().message.fds.length, 1);
    assert.equal(openDescriptors(), held + 1);
    channel.rewind();
    assert.deepEqual([openDescriptors(), channel.begun], [held, 0]);
    assert.equal(peeked().message.fds.length, 1);
    drop(peeked().message.fds);
    assert.equal(channel.consume(true), true);
  });

  it('looks again at half a message when nobody wanted to look while it was due', async () => {
    let mayLook = true;
    let messages = 0;
    channel.events = {
      ...channel.events,
      readable: () => {
        if (!mayLook) return channel.pause();
        for (; channel.peek(); messages += 1) channel.consume(false);
      },
    };
    tell(PLAIN.subarray(0, 12));
    await until('a first look', () => channel.begun === 12);
    mayLook = false;
    await aWhile(40);
    mayLook = true;
    channel.resume();
    tell(PLAIN.subarray(12));
    tell(PLAIN);
    await until('both messages', () => messages === 2);
  });

  it('tells between the first byte and the rest of a message whose descriptors are wanted', () => {
    tell(KICK, 1);
    drop(peeked().message.fds);
    const left: number[] = [];
    assert.equal(
      channel.consume(true, () => left.push(channel.begun)),
      true,
    );
    assert.deepEqual([left, channel.begun], [[KICK.length - 1], 0]);
  });

  it('puts a message together that comes byte by byte', async () => {
    tell(KICK.subarray(0, 1), 1);
    assert.equal(channel.peek(), undefined);
    for (const byte of KICK.subarray(1)) tell(Uint8Array.of(byte));
    await until('the message is whole', () => channel.peek() !== undefined);
    assert.deepEqual(peeked().message.bytes, KICK);
    assert.equal(peeked().message.fds.length, 1);
    drop(peeked().message.fds);
    assert.equal(channel.consume(true), true);
  });

  it('ends when the rest of a message does not come in time, and not before anything has come', async () => {
    const [near, other] = socketPair();
    far = also(new OwnedFd(other));
    channel = open(new OwnedFd(near), 20);
    await aWhile();
    assert.equal(heard.ends.length, 0);
    tell(PLAIN.subarray(0, 5));
    await until('it ended', () => heard.ends.length > 0);
    assert.ok(heard.ends[0] instanceof PartialMessageError);
    assert.match(heard.ends[0].message, /5 bytes came, and no more for 20 ms/);
    assert.equal(channel.isOpen, false);
  });

  it('waits for the rest of a message by the time that has passed, not by the clock, which somebody may set', async () => {
    const [near, other] = socketPair();
    const feed = also(new OwnedFd(other));
    channel.close();
    channel = open(new OwnedFd(near), 60_000);
    send(feed.raw, PLAIN.subarray(0, 5), []);
    channel.peek();
    const now = Date.now;
    Date.now = () => now() + 86_400_000;
    try {
      await aWhile();
      await aWhile();
      assert.deepEqual(heard.ends, []);
    } finally {
      Date.now = now;
    }
    send(feed.raw, PLAIN.subarray(5), []);
    await until('the whole message', () => channel.peek() !== undefined);
  });

  it("brings the next message's descriptors with one that has none: nobody can tell before it is consumed", () => {
    tell(PLAIN);
    tell(KICK, 1);
    const { message, alone } = peeked();
    assert.deepEqual(message.bytes, PLAIN);
    assert.deepEqual([message.fds.length, alone], [1, false]);
    drop(message.fds);
    assert.equal(channel.consume(false), false, 'none stood beside it');
    const next = peeked();
    assert.deepEqual([next.message.bytes, next.message.fds.length, next.alone], [KICK, 1, true]);
    drop(next.message.fds);
    assert.equal(channel.consume(false), true);
  });

  it('knows the descriptors of a message for certain when the look ended with it, or when it is taken', () => {
    tell(KICK, 1);
    tell(CALL, 2);
    const { message, alone } = peeked();
    assert.deepEqual([message.fds.length, alone], [1, true], 'a look ends behind descriptors');
    drop(message.fds);
    for (const count of [1, 2]) {
      if (count === 2) drop(peeked().message.fds);
      const fds = channel.take();
      assert.equal(fds.length, count);
      drop(fds);
    }
  });

  it('tells of descriptors where they are expected: beside the first byte only', () => {
    tell(PLAIN.subarray(0, 4));
    tell(PLAIN.subarray(4));
    tell(KICK, 1);
    drop(peeked().message.fds);
    assert.equal(channel.consume(true), false, 'those of the next message are not its own');
    drop(peeked().message.fds);
    assert.equal(channel.consume(true), true);
  });

  it('tells of descriptors wherever they came when none are expected', () => {
    tell(PLAIN, 1);
    drop(peeked().message.fds);
    assert.equal(channel.consume(false), true);
  });

  it('says things of its own in order, the rest when the peer takes it', async () => {
    channel.events = { ...channel.events, writable: () => channel.flush() };
    const block = new Uint8Array(4096).fill(7);
    let said = 0;
    for (; said < 100 * block.length; said += block.length) channel.say(block);
    channel.say(PLAIN);
    const got: Buffer[] = [];
    await until('all of it', () => {
      got.push(Buffer.from(read()));
      return Buffer.concat(got).length >= said + PLAIN.length;
    });
    assert.deepEqual(Buffer.concat(got).subarray(said), Buffer.from(PLAIN));
  });

  it('sends what the peer takes, and tells when it takes more', async () => {
    const block = new Uint8Array(4096);
    let sent = 0;
    for (let more = channel.send(block, []); more !== undefined; more = channel.send(block, [])) sent += more;
    assert.equal(heard.writable, 0);
    for (let got = 0; got < sent; ) got += read().length;
    await until('it is told', () => heard.writable > 0);
    assert.equal(channel.send(PLAIN, []), PLAIN.length);
    assert.deepEqual(read(), Buffer.from(PLAIN));
  });

  it('sends descriptors with a message of its own, and keeps them', () => {
    const one = also(new OwnedFd(createEventFd()));
    assert.equal(channel.send(KICK, [one]), KICK.length);
    const into = new Uint8Array(64);
    const got = receive(far.raw, into);
    assert.deepEqual([got?.bytes, got?.fds.length], [KICK.length, 1]);
    for (const fd of got?.fds ?? []) new OwnedFd(fd).close();
    assert.ok(fstatSync(one.raw));
  });

  it('goes on where another one was, with a copy of its descriptor', () => {
    tell(PLAIN);
    tell(KICK, 1);
    assert.deepEqual(peeked().message.bytes, PLAIN);
    const socket = new OwnedFd(duplicate(channel.descriptor));
    channel.leave();
    assert.deepEqual(heard.ends, [undefined]);
    channel = open(socket);
    assert.equal(channel.begun, PLAIN.length);
    assert.equal(channel.consume(false), false);
    assert.deepEqual(peeked().message.bytes, KICK);
    drop(peeked().message.fds);
  });

  it('ends for both sides when it is closed, though somebody holds a copy, and for nobody when it is left', () => {
    const copy = also(new OwnedFd(duplicate(channel.descriptor)));
    channel.leave();
    assert.equal(receive(far.raw, new Uint8Array(1)), undefined);
    channel = open(new OwnedFd(duplicate(copy.raw)));
    channel.close();
    assert.equal(receive(far.raw, new Uint8Array(1))?.bytes, 0);
    channel.close();
    assert.deepEqual(heard.ends, [undefined]);
  });

  it('tells when the peer hangs up, also while it is paused', async () => {
    channel.pause();
    tell(PLAIN);
    await aWhile();
    assert.equal(heard.readable, 0);
    channel.resume();
    await until('it can be read', () => heard.readable > 0);
    channel.consume(false);
    channel.pause();
    far.close();
    await until('it ended', () => heard.ends.length > 0);
    assert.deepEqual(heard.ends, [undefined]);
  });
});
