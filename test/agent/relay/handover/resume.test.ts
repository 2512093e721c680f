import assert from 'node:assert/strict';
import { close, createMemoryFd, duplicate, socketPair } from '../../../../agent/fd/libc.ts';
import { peek, receive, send } from '../../../../agent/fd/libc-message.ts';
import { setPeekOffset } from '../../../../agent/fd/libc-stream.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import { Journal } from '../../../../agent/relay/handover/journal.ts';
import type { PendingMessage, Side } from '../../../../agent/relay/handover/journal-format.ts';
import { resumeExchange } from '../../../../agent/relay/handover/resume.ts';
import { StoredPair } from '../../../../agent/relay/handover/stored-pair.ts';
import { openChannel } from '../../../../agent/relay/link/backend-link.ts';
import { Exchange } from '../../../../agent/relay/link/exchange.ts';
import { noStatistics } from '../../../../agent/relay/port/port-status.ts';
import { beginSession } from '../../../../agent/relay/session/session.ts';
import { encodeReply, encodeRequest, NEED_REPLY } from '../../../../agent/vhost/header.ts';
import { writeMemoryTable, writeU64 } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { entryOf, OVS_3_2, openDescriptors } from '../../support.ts';
import { HEAD, recordOf, TestHandover } from './keepers.ts';

const TABLE = writeMemoryTable([{ guestAddress: 0n, size: 0x1000n, userAddress: 0x1000n, mmapOffset: 0n }]);
const SET_MEM_TABLE = encodeRequest(REQUESTS.SET_MEM_TABLE.id, TABLE, NEED_REPLY);
const INFLIGHT = encodeReply(REQUESTS.GET_INFLIGHT_FD.id, new Uint8Array(20));
const FEATURES = encodeReply(REQUESTS.GET_FEATURES.id, writeU64(7n));

/** Two pairs of sockets with a message in one of them that the process before was dealing with when it was ended. */
class Left {
  readonly handover = new TestHandover();
  readonly near: Readonly<Record<Side, OwnedFd>>;
  readonly far: Readonly<Record<Side, OwnedFd>>;
  #undo: () => void = () => {};

  constructor() {
    const [front, farFront] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
    const [back, farBack] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
    this.near = { frontend: front, backend: back };
    this.far = { frontend: farFront, backend: farBack };
    for (const fd of [front, back]) setPeekOffset(fd.raw, 0);
  }

  /** It was peeked at, whole, and written down; `sent` bytes of it (or of what it led to) were sent by one call. */
  underWay(pending: PendingMessage, bytes: Uint8Array, sent = 0): void {
    const { from, to, descriptors } = pending;
    const file = new OwnedFd(createMemoryFd('test'));
    assert.equal(send(this.far[from].raw, bytes, descriptors > 0 ? [file.raw] : []), bytes.length);
    const got = peek(this.near[from].raw, new Uint8Array(bytes.length));
    const journal = Journal.create(this.handover.folder, 'a', { ...HEAD, inodes: [] }, recordOf(0));
    const receipt = journal.receipt(from, pending.receipt);
    receipt.arm();
    journal.write({ ...recordOf(0), messages: [pending] });
    const output = pending.output ?? bytes;
    if (sent > 0) assert.equal(send(this.near[to].raw, output.subarray(0, sent), got?.fds ?? [], receipt), sent);
    for (const fd of got?.fds ?? []) close(fd);
    file.close();
    journal.leave();
  }

  resume(): Exchange {
    const mode = entryOf();
    const { journal, record } = Journal.open(this.handover.folder, 'a', (head, last) => ({ head, record: last }));
    const state = { ...beginSession({ interface: 'p', mode }, OVS_3_2), relayed: true };
    const copy = (side: Side) => openChannel(new OwnedFd(duplicate(this.near[side].raw)));
    const channels = { frontend: copy('frontend'), backend: copy('backend') };
    const stored = StoredPair.resumed(this.handover, 'a', journal, () => {});
    const { peer } = HEAD;
    const context = { interface: 'p', mode, abilities: OVS_3_2, peer, statistics: noStatistics() };
    const exchange = new Exchange({ ...context, traceListener: () => undefined }, channels, state, () => stored, {
      changed: () => {},
      refused: () => {},
      changedHands: () => {},
      starved: () => {},
    });
    this.#undo = () => {
      exchange.end('forNext');
      stored.leave();
      for (const channel of Object.values(channels)) channel.leave();
    };
    resumeExchange(exchange, channels, record, 'p');
    exchange.begin();
    return exchange;
  }

  /** This process ends, too. */
  leave(): void {
    this.#undo();
    this.#undo = () => {};
  }

  /** What a peer has got by now, with how many descriptors. */
  heard(side: Side): [bytes: Buffer, descriptors: number] {
    const into = Buffer.alloc(4096);
    const parts: Buffer[] = [];
    let count = 0;
    for (let got = receive(this.far[side].raw, into); got; got = receive(this.far[side].raw, into)) {
      for (const fd of got.fds) close(fd);
      count += got.fds.length;
      parts.push(Buffer.from(into.subarray(0, got.bytes)));
    }
    return [Buffer.concat(parts), count];
  }

  /** What is still in the queue of a near side. */
  rest(side: Side): number {
    const got = receive(this.near[side].raw, new Uint8Array(4096));
    for (const fd of got?.fds ?? []) close(fd);
    return got?.bytes ?? 0;
  }

  close(): void {
    this.#undo();
    for (const fds of [this.near, this.far]) for (const fd of Object.values(fds)) fd.close();
    this.handover.close();
  }
}

describe('what was under way when a process was ended', () => {
  let left: Left;
  let before = 0;
  beforeEach(() => {
    before = openDescriptors();
    left = new Left();
  });
  afterEach(() => {
    left.close();
    assert.equal(openDescriptors(), before, 'every descriptor is closed');
  });

  const table: PendingMessage = {
    ...{ from: 'frontend', to: 'backend', via: 'peeked', request: REQUESTS.SET_MEM_TABLE.id, descriptors: 1 },
    ...{ bytes: SET_MEM_TABLE.length, sent: 0, receipt: 1 },
  };
  const inflight: PendingMessage = {
    ...{ from: 'backend', to: 'frontend', via: 'peeked', request: REQUESTS.GET_INFLIGHT_FD.id, descriptors: 1 },
    ...{ bytes: INFLIGHT.length, sent: 0, receipt: 0 },
  };
  const changed = encodeReply(REQUESTS.GET_FEATURES.id, writeU64(3n));
  const features: PendingMessage = {
    ...{ from: 'backend', to: 'frontend', via: 'peeked', request: REQUESTS.GET_FEATURES.id, descriptors: 0 },
    ...{ bytes: FEATURES.length, sent: 0, receipt: 0, output: changed },
  };
  const cases = [
    { what: 'a request with a descriptor', pending: table, bytes: SET_MEM_TABLE, output: SET_MEM_TABLE },
    { what: 'a reply with a descriptor', pending: inflight, bytes: INFLIGHT, output: INFLIGHT },
    { what: 'a reply that was changed', pending: features, bytes: FEATURES, output: changed },
  ];
  for (const { what, pending, bytes, output } of cases) {
    for (const sent of [0, 5, output.length - 1, output.length]) {
      it(`${what} is got once: ${sent} of ${output.length} bytes had been sent`, () => {
        left.underWay(pending, bytes, sent);
        const exchange = left.resume();
        assert.deepEqual(left.heard(pending.to), [Buffer.from(output), pending.descriptors]);
        assert.deepEqual(exchange.record.messages, []);
        left.leave();
        assert.equal(left.rest(pending.from), 0, 'it was consumed');
      });
    }

    it(`${what} is got once when it was consumed, too, and no more than that was known`, () => {
      left.underWay(pending, bytes, output.length);
      left.rest(pending.from);
      assert.deepEqual(left.resume().record.messages, []);
      assert.deepEqual(left.heard(pending.to), [Buffer.from(output), pending.descriptors]);
    });

    it(`${what} is got once however many processes are ended before it is sent`, () => {
      left.underWay(pending, bytes, 5);
      for (let n = 0; n < 3; n += 1) {
        const { journal } = Journal.open(left.handover.folder, 'a', (head, record) => ({ head, record }));
        journal.leave();
        setPeekOffset(left.near[pending.from].raw, 0); // ended after it began to look again
      }
      left.resume();
      assert.deepEqual(left.heard(pending.to), [Buffer.from(output), pending.descriptors]);
    });
  }

  it('is lost when a message was taken in part: what is left of it is no message', () => {
    const bytes = encodeRequest(99, new Uint8Array(12));
    left.underWay({ ...table, to: 'frontend', via: 'taken', request: 99, descriptors: 0, bytes: bytes.length }, bytes);
    assert.equal(receive(left.near.frontend.raw, new Uint8Array(12))?.bytes, 12);
    assert.throws(() => left.resume(), { code: 'VC-RESUME', message: /was taken from the kernel/ });
  });

  it('is not gone on with when another message stands in its place', () => {
    left.underWay({ ...table, request: REQUESTS.ADD_MEM_REG.id }, SET_MEM_TABLE);
    assert.throws(() => left.resume(), { code: 'VC-RESUME', message: /another message stands in its place/ });
  });
});
