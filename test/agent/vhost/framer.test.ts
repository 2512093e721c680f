import assert from 'node:assert/strict';
import { VhostProtocolError } from '../../../agent/vhost/errors.ts';
import { VhostFramer } from '../../../agent/vhost/framer.ts';
import type { Message } from '../../../agent/vhost/header.ts';
import { hex } from '../support.ts';

class FakeFd {
  readonly number: number;
  closed = 0;
  constructor(number: number) {
    this.number = number;
  }
  close(): void {
    this.closed += 1;
  }
}

/** Feeds bytes as a kernel would: at most `step` at a time, never more than there is room for. */
function feed(
  bytes: Uint8Array,
  step: number,
  fds: readonly FakeFd[],
): { messages: Message<FakeFd>[]; framer: VhostFramer<FakeFd> } {
  const framer = new VhostFramer<FakeFd>();
  const messages: Message<FakeFd>[] = [];
  let at = 0;
  while (at < bytes.length) {
    const room = framer.room;
    assert.ok(room.length > 0);
    const part = bytes.subarray(at, at + Math.min(step, room.length));
    room.set(part);
    const message = framer.took(part.length, at === 0 ? fds : []);
    if (message) messages.push(message);
    at += part.length;
  }
  return { messages, framer };
}

// Written by hand from the specification's "Message Specification": request, flags, size, payload.
const messages = [
  { title: 'GET_FEATURES', hex: '01000000 01000000 00000000', fds: 0, request: 1, flags: 1, payload: '' },
  {
    title: 'a reply to GET_FEATURES',
    hex: '01000000 05000000 08000000 cba7667c0d000000',
    fds: 0,
    request: 1,
    flags: 5,
    payload: 'cba7667c0d000000',
  },
  {
    title: 'SET_VRING_CALL with a descriptor',
    hex: '0d000000 01000000 08000000 0100000000000000',
    fds: 1,
    request: 13,
    flags: 1,
    payload: '0100000000000000',
  },
  {
    title: 'SET_VRING_NUM with need_reply',
    hex: '08000000 09000000 08000000 0100000000010000',
    fds: 0,
    request: 8,
    flags: 9,
    payload: '0100000000010000',
  },
  {
    title: 'SET_MEM_TABLE with one region',
    hex: '05000000 09000000 28000000 01000000 00000000 0000000000000000 0000200000000000 0000000000 7f0000 0000000000000000',
    fds: 1,
    request: 5,
    flags: 9,
    payload: '01000000000000000000000000000000000020000000000000000000007f00000000000000000000',
  },
  {
    title: 'a request of the future',
    hex: 'e7030000 01000000 03000000 aabbcc',
    fds: 3,
    request: 999,
    flags: 1,
    payload: 'aabbcc',
  },
];

describe('vhost-user framer', () => {
  for (const row of messages) {
    it(`reads ${row.title}, cut at every length`, () => {
      const bytes = hex(row.hex);
      for (let step = 1; step <= bytes.length; step += 1) {
        const fds = Array.from({ length: row.fds }, (_, i) => new FakeFd(i));
        const { messages: found, framer } = feed(bytes, step, fds);
        assert.equal(found.length, 1);
        const [message] = found;
        assert.equal(message?.request, row.request);
        assert.equal(message.flags, row.flags);
        assert.deepEqual([...message.payload], [...hex(row.payload)]);
        assert.deepEqual([...message.bytes], [...bytes]);
        assert.deepEqual(message.fds, fds);
        assert.equal(framer.midMessage, false);
      }
    });
  }

  it('reads one message after the other', () => {
    const bytes = hex(messages.map((row) => row.hex).join(''));
    for (const step of [1, 5, 12, 13, 4096]) {
      const { messages: found } = feed(bytes, step, []);
      assert.deepEqual(
        found.map(({ request }) => request),
        messages.map(({ request }) => request),
      );
    }
  });

  it('never has room past the end of a header or payload', () => {
    const framer = new VhostFramer<FakeFd>();
    assert.equal(framer.room.length, 12);
    framer.room.set(hex('0d000000 01000000 08000000'));
    framer.took(5, []);
    assert.equal(framer.room.length, 7);
    framer.room.set(hex('0000000800 0000'));
    assert.equal(framer.midMessage, true);
  });

  const wrong = [
    { title: 'version 0', hex: '01000000 00000000 00000000', kind: 'header' },
    { title: 'version 2', hex: '01000000 02000000 00000000', kind: 'header' },
    { title: 'version 3', hex: '01000000 03000000 00000000', kind: 'header' },
    { title: 'a payload of 4097 bytes', hex: '01000000 01000000 01100000', kind: 'size' },
    { title: 'a payload of 4 GiB', hex: '01000000 01000000 ffffffff', kind: 'size' },
  ];
  for (const row of wrong) {
    it(`refuses ${row.title}, and keeps the descriptors for release`, () => {
      const fd = new FakeFd(7);
      const framer = new VhostFramer<FakeFd>();
      framer.room.set(hex(row.hex));
      assert.throws(
        () => framer.took(12, [fd]),
        (error) => error instanceof VhostProtocolError && error.kind === row.kind,
      );
      assert.equal(fd.closed, 0);
      framer.release();
      framer.release();
      assert.equal(fd.closed, 1);
    });
  }

  it('takes a payload of 4096 bytes', () => {
    const { messages: found } = feed(
      new Uint8Array([...hex('01000000 01000000 00100000'), ...new Uint8Array(4096)]),
      4096,
      [],
    );
    assert.equal(found[0]?.payload.length, 4096);
  });

  for (const before of [1, 11, 12, 15]) {
    it(`refuses descriptors that come after ${before} bytes of a message, and releases all`, () => {
      const framer = new VhostFramer<FakeFd>();
      const first = new FakeFd(1);
      const late = new FakeFd(2);
      const bytes = hex('0d000000 01000000 08000000 0100000000000000');
      for (let at = 0; at < before; at += 1) {
        framer.room.set(bytes.subarray(at, at + 1));
        framer.took(1, at === 0 ? [first] : []);
      }
      assert.throws(() => framer.took(1, [late]), { name: 'VhostProtocolError', kind: 'descriptors' });
      framer.release();
      assert.deepEqual([first.closed, late.closed], [1, 1]);
    });
  }
});
