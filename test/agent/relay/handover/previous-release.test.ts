import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { createMemoryFd, socketPair } from '../../../../agent/fd/libc.ts';
import { peek, receive, send } from '../../../../agent/fd/libc-message.ts';
import { createPipe, setPeekOffset } from '../../../../agent/fd/libc-stream.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import { checkJournal } from '../../../../agent/relay/handover/journal.ts';
import {
  encodeHead,
  encodeRecord,
  formatOf,
  HEAD_BYTES,
  RECORD_BYTES,
  type Side,
} from '../../../../agent/relay/handover/journal-format.ts';
import { type Inherited, readInherited } from '../../../../agent/relay/handover/resumed-connection.ts';
import { inodeOf } from '../../../../agent/relay/handover/stored-pair.ts';
import { encodeRequest } from '../../../../agent/vhost/header.ts';
import { writeU64 } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { openDescriptors } from '../../support.ts';
import { HEAD, isHungUp, recordOf, TestHandover } from './keepers.ts';

/** A message as the release before wrote it down. */
interface OldMessage {
  readonly from: Side;
  readonly to: Side;
  readonly via: 'pipe' | 'descriptors';
  readonly request: number;
  readonly asks: boolean;
  readonly descriptors: number;
  readonly bytes: number;
}

const SET_FEATURES = encodeRequest(REQUESTS.SET_FEATURES.id, writeU64(1n));
const KICK = encodeRequest(REQUESTS.SET_VRING_KICK.id, writeU64(0n));

/** Two connected peers, their pipes and a journal of format 1, as the release before left them. */
class OldPair {
  readonly peers: readonly [OwnedFd, OwnedFd];
  readonly near: Readonly<Record<Side, OwnedFd>>;
  readonly pipes: Readonly<Record<Side, OwnedFd>>;
  readonly path: string;

  constructor(handover: TestHandover, messages: readonly OldMessage[], questions = 0) {
    const [front, farFront] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
    const [back, farBack] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
    this.peers = [farFront, farBack];
    this.near = { frontend: front, backend: back };
    this.pipes = { frontend: new OwnedFd(createPipe(16_384)), backend: new OwnedFd(createPipe(16_384)) };
    for (const fd of [front, back]) setPeekOffset(fd.raw, 0);
    const kept = [front, this.pipes.frontend, back, this.pipes.backend].map((fd) => fd.raw);
    const head = encodeHead({ ...HEAD, inodes: kept.map(inodeOf) });
    head.writeUInt32LE(1, 4);
    const bytes = Buffer.alloc(HEAD_BYTES + 2 * RECORD_BYTES);
    head.copy(bytes);
    encodeRecord(4n, recordOf(1)).copy(bytes, HEAD_BYTES);
    oldRecord(5n, messages, questions).copy(bytes, HEAD_BYTES + RECORD_BYTES);
    mkdirSync(handover.folder, { recursive: true });
    this.path = join(handover.folder, 'a.journal');
    writeFileSync(this.path, bytes);
    handover.store('vc-a', kept, () => {});
  }

  /** The front-end said something, and the process that is gone has peeked at all of it. */
  peeked(bytes: Uint8Array, count = 0): void {
    const files = Array.from({ length: count }, () => new OwnedFd(createMemoryFd('test')));
    const raw = files.map((fd) => fd.raw);
    assert.equal(send(this.peers[0].raw, bytes, raw), bytes.length);
    for (const fd of files) fd.close();
    const got = peek(this.near.frontend.raw, new Uint8Array(bytes.length));
    for (const fd of got?.fds ?? []) new OwnedFd(fd).close();
  }

  close(): void {
    for (const fds of [this.peers, this.near, this.pipes]) for (const fd of Object.values(fds)) fd.close();
  }
}

/** Records differ in how a message is written, and in a number of questions that were open. */
function oldRecord(sequence: bigint, messages: readonly OldMessage[], questions: number): Buffer {
  const record = encodeRecord(sequence, recordOf(1));
  const plain = JSON.parse(record.toString('utf8', 16)) as unknown[];
  plain[9] = messages;
  plain[10] = questions;
  const text = Buffer.from(JSON.stringify(plain));
  const bytes = Buffer.concat([record.subarray(0, 16), text]);
  bytes.writeUInt32LE(text.length, 8);
  bytes.writeUInt32LE(crc32(text, crc32(bytes.subarray(0, 8))), 12);
  return bytes;
}

describe('a pair of the release before', () => {
  let handover: TestHandover;
  let pair: OldPair | undefined;
  let left: Inherited | undefined;
  let before = 0;
  beforeEach(() => {
    before = openDescriptors();
    handover = new TestHandover();
  });
  afterEach(() => {
    for (const { journal, frontend, backend } of left?.connections ?? []) {
      journal.leave();
      frontend.leave();
      backend.leave();
    }
    left = undefined;
    pair?.close();
    handover.close();
    assert.equal(openDescriptors(), before, 'every descriptor is closed');
  });
  const request: OldMessage = {
    ...{ from: 'frontend', to: 'backend', via: 'pipe', request: REQUESTS.SET_FEATURES.id },
    ...{ asks: false, descriptors: 0, bytes: SET_FEATURES.length },
  };
  const kick: OldMessage = {
    ...{ from: 'frontend', to: 'backend', via: 'descriptors', request: REQUESTS.SET_VRING_KICK.id },
    ...{ asks: false, descriptors: 1, bytes: KICK.length },
  };
  const open = (): Inherited => {
    left = readInherited(handover, handover.inherited());
    return left;
  };
  /** What is pending, after this process and after one more. */
  const pendingTwice = () => {
    const [first] = open().connections;
    assert.ok(first);
    first.journal.leave();
    first.frontend.leave();
    first.backend.leave();
    const [second] = open().connections;
    assert.deepEqual(second?.record, first.record);
    return first.record.messages;
  };

  it('goes on, and is one of this release from then on, whose pipes nobody needs', () => {
    pair = new OldPair(handover, []);
    assert.deepEqual(checkJournal(handover.folder, 'a').name, HEAD.name);
    assert.deepEqual(pendingTwice(), []);
    assert.equal(formatOf(readFileSync(pair.path)), 2);
    assert.deepEqual(readdirSync(handover.folder), ['a.journal']);
    assert.deepEqual(pair.peers.map(isHungUp), [false, false]);
  });

  it('sends what stands in the pipe, as that was not sent', () => {
    pair = new OldPair(handover, [request]);
    pair.peeked(SET_FEATURES);
    writeSync(pair.pipes.backend.raw, SET_FEATURES.subarray(5));
    const [message] = pendingTwice();
    assert.deepEqual(message?.output, Buffer.from(SET_FEATURES.subarray(5)));
    assert.deepEqual([message.via, message.sent], ['peeked', 0]);
  });

  it('sends nothing again when the pipe is empty', () => {
    pair = new OldPair(handover, [request]);
    pair.peeked(SET_FEATURES);
    assert.deepEqual(pendingTwice()[0]?.output, Buffer.alloc(0));
  });

  it('forgets what stands in a pipe and was not decided on', () => {
    pair = new OldPair(handover, []);
    writeSync(pair.pipes.backend.raw, SET_FEATURES);
    assert.deepEqual(pendingTwice(), []);
  });

  it('sends a setting with a descriptor again: setting the same once more changes nothing', () => {
    pair = new OldPair(handover, [kick]);
    pair.peeked(KICK, 1);
    const [message] = pendingTwice();
    assert.deepEqual([message?.output, message?.sent, message?.descriptors], [undefined, 0, 1]);
  });

  it('knows that a message of which a part is consumed was sent', () => {
    pair = new OldPair(handover, [{ ...kick, asks: true }]);
    pair.peeked(KICK, 1);
    const got = receive(pair.near.frontend.raw, new Uint8Array(1));
    for (const fd of got?.fds ?? []) new OwnedFd(fd).close();
    assert.deepEqual(pendingTwice()[0]?.output, Buffer.alloc(0));
  });

  for (const { title, message, questions } of [
    { title: 'a question with a descriptor was under way', message: { ...kick, asks: true }, questions: 0 },
    { title: 'it was being found out whether a message had been sent', message: kick, questions: 1 },
  ]) {
    it(`ends when ${title}`, () => {
      pair = new OldPair(handover, [message], questions);
      pair.peeked(KICK, 1);
      const { connections, problems } = open();
      assert.deepEqual([connections.length, problems.map(({ code }) => code)], [0, ['VC-RESUME']]);
      assert.deepEqual(pair.peers.map(isHungUp), [true, true]);
      assert.equal(existsSync(pair.path), false);
    });
  }
});
