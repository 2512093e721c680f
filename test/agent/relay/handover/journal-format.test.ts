import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeHead,
  decodeRecord,
  encodeHead,
  encodeRecord,
  HEAD_BYTES,
  JournalError,
  type JournalHead,
  type JournalRecord,
  type PendingMessage,
} from '../../../../agent/relay/handover/journal-format.ts';
import type { PendingReply, SessionState } from '../../../../agent/relay/session/session.ts';
import { HEAD, recordOf } from './keepers.ts';

const WORD = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const WIDE = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
const SMALL = fc.nat({ max: 4095 });
/** As objects are in this program. */
const PLAIN = { noNullPrototype: true };
const INODE = fc.tuple(WORD, WORD).map(([device, inode]) => `${device}:${inode}`);

const HEADS: fc.Arbitrary<JournalHead> = fc
  .record({
    name: fc.string({ minLength: 1, unit: 'grapheme' }),
    socketGroup: fc.option(SMALL, { nil: undefined }),
    virtioFeatures: WIDE,
    protocolFeatures: fc.option(WORD, { nil: null }),
    abilities: fc.record({ virtioFeatures: WIDE, protocolFeatures: WORD }, PLAIN),
    queuePairs: SMALL,
    inodes: fc.tuple(INODE, INODE, INODE, INODE),
    socket: fc.option(fc.string(), { nil: undefined }),
  })
  .map(({ name, socketGroup, virtioFeatures, protocolFeatures, abilities, queuePairs, inodes, socket }) => {
    const { protocolFeatures: _, ...mode } = HEAD.mode;
    return {
      ...HEAD,
      name,
      inodes,
      ...(socketGroup !== undefined && { socketGroup }),
      mode: { ...mode, virtioFeatures, ...(protocolFeatures !== null && { protocolFeatures }) } as JournalHead['mode'],
      abilities: { ...abilities, limits: { queue_pairs: queuePairs } },
      peer: { ...HEAD.peer, ...(socket !== undefined && { socket }) },
    };
  });

const PENDING: fc.Arbitrary<PendingReply> = fc.oneof(
  SMALL.map((request) => ({ request })),
  fc.record({ request: SMALL, dropped: fc.constant(true as const) }, PLAIN),
  fc.record({ request: SMALL, features: WORD }, PLAIN),
  fc.record(
    { request: SMALL, answer: fc.uint8Array({ minLength: 1, maxLength: 24 }).map((one) => Buffer.from(one)) },
    PLAIN,
  ),
);
const SIDE = fc.constantFrom<PendingMessage['from'][]>('frontend', 'backend');
const MESSAGE: fc.Arbitrary<PendingMessage> = fc.record(
  {
    ...{ from: SIDE, to: SIDE, via: fc.constantFrom<PendingMessage['via'][]>('peeked', 'taken') },
    ...{ request: SMALL, descriptors: SMALL, bytes: SMALL, sent: SMALL, receipt: fc.constantFrom(0, 1) },
    output: fc.uint8Array({ maxLength: 24 }).map((one) => Buffer.from(one)),
  },
  { ...PLAIN, requiredKeys: ['from', 'to', 'via', 'request', 'descriptors', 'bytes', 'sent', 'receipt'] },
);
const STATE: fc.Arbitrary<SessionState> = fc.record(
  {
    ...{ memoryRegions: SMALL, memorySlots: SMALL },
    offered: WIDE,
    offeredProtocol: WORD,
    acked: fc.option(WIDE, { nil: undefined }),
    ackedProtocol: fc.option(WORD, { nil: undefined }),
    started: fc.uniqueArray(SMALL, { maxLength: 20 }),
    ringSizes: fc.array(fc.tuple(SMALL, SMALL), { maxLength: 20 }).map((sizes) => new Map(sizes)),
    queuePairs: fc.option(SMALL, { nil: undefined }),
    relayed: fc.boolean(),
    postcopy: fc.boolean(),
    pending: fc.array(PENDING, { maxLength: 20 }),
  },
  {
    ...PLAIN,
    requiredKeys: [
      ...(['offered', 'offeredProtocol', 'acked', 'ackedProtocol', 'started', 'ringSizes', 'queuePairs'] as const),
      ...(['relayed', 'postcopy', 'pending'] as const),
    ],
  },
);
const RECORDS: fc.Arbitrary<JournalRecord> = fc.record(
  {
    state: STATE,
    messages: fc.array(MESSAGE, { maxLength: 4 }),
  },
  PLAIN,
);

describe('the journal of a port', () => {
  it('gives back each head as it was written, whatever comes behind it', () => {
    fc.assert(
      fc.property(HEADS, fc.uint8Array(), (head, behind) => {
        assert.deepEqual(decodeHead(Buffer.concat([encodeHead(head), behind])), head);
      }),
    );
  });

  it('gives back each record as it was written, whatever comes behind it', () => {
    fc.assert(
      fc.property(RECORDS, WORD, fc.uint8Array(), (record, sequence, behind) => {
        const bytes = Buffer.concat([encodeRecord(sequence, record), behind]);
        assert.deepEqual(decodeRecord(bytes), { sequence, record });
      }),
    );
  });

  it('never takes a record that was cut off, or of which one bit is wrong', () => {
    fc.assert(
      fc.property(RECORDS, WORD, fc.nat(), fc.nat({ max: 7 }), (record, sequence, position, bit) => {
        const bytes = encodeRecord(sequence, record);
        const at = position % bytes.length;
        assert.equal(decodeRecord(bytes.subarray(0, at)), undefined);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
        assert.equal(decodeRecord(bytes), undefined);
      }),
    );
  });

  it('never takes a head of which one bit is wrong', () => {
    fc.assert(
      fc.property(HEADS, fc.nat(), fc.nat({ max: 7 }), (head, position, bit) => {
        const bytes = encodeHead(head);
        const at = position % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
        assert.throws(() => decodeHead(bytes), JournalError);
      }),
    );
  });

  it('takes a place that was never written for no record', () => {
    assert.equal(decodeRecord(Buffer.alloc(0)), undefined);
    assert.equal(decodeRecord(Buffer.alloc(4096)), undefined);
  });

  it('refuses to write what would not fit its place', () => {
    const sources = ['x'.repeat(HEAD_BYTES)];
    const head: JournalHead = { ...HEAD, inodes: ['1:1', '1:2', '1:3', '1:4'], mode: { ...HEAD.mode, sources } };
    assert.throws(() => encodeHead(head), /Cannot write the journal of p: its head has \d+ bytes/);
    const { state } = recordOf(0);
    const pending = Array.from({ length: 256 }, () => ({ request: 1, answer: new Uint8Array(120) }));
    const record = { state: { ...state, pending }, messages: [] };
    assert.throws(() => encodeRecord(1n, record), /Cannot write a journal record of \d+ bytes/);
  });
});
