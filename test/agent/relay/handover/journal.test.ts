import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { close, socketPair } from '../../../../agent/fd/libc.ts';
import { send } from '../../../../agent/fd/libc-message.ts';
import { Journal, type Modernize } from '../../../../agent/relay/handover/journal.ts';
import {
  encodeRecord,
  type JournalHead,
  type JournalRecord,
  type PendingMessage,
  SMALL_RECORD_BYTES,
} from '../../../../agent/relay/handover/journal-format.ts';
import { openDescriptors, temporaryFolder } from '../../support.ts';
import { HEAD, recordOf } from './keepers.ts';

const WHOLE: JournalHead = { ...HEAD, inodes: ['1:1', '1:2', '1:3', '1:4'] };
const message = (from: PendingMessage['from'], request: number): PendingMessage => ({
  ...{ from, to: from === 'frontend' ? 'backend' : 'frontend', via: 'peeked', request },
  ...{ descriptors: 0, bytes: 20, sent: 0, receipt: 0 },
});
const pending = (...messages: PendingMessage[]): JournalRecord => ({ ...recordOf(0), messages });
const [REQUEST, REPLY] = [message('frontend', 2), message('backend', 1)];
const LARGE: JournalRecord = {
  ...recordOf(0),
  state: { ...recordOf(0).state, pending: Array.from({ length: 200 }, (_, request) => ({ request })) },
};

/** Nothing has to be said anew. */
const asItIs: Modernize = (head, record) => ({ head, record });

describe('a journal', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let before = 0;
  beforeEach(() => {
    before = openDescriptors();
    folder = temporaryFolder();
  });
  afterEach(() => {
    folder.remove();
    assert.equal(openDescriptors(), before, 'every descriptor is closed');
  });
  /** What the next process reads, when this one is ended now. */
  function read(): JournalRecord {
    const { journal, head, record } = Journal.open(folder.path, 'a', asItIs);
    journal.leave();
    assert.deepEqual(head, WHOLE);
    return record;
  }

  it('tells what is pending of each side, and no more when it was consumed', () => {
    const journal = Journal.create(folder.path, 'a', WHOLE, recordOf(0));
    assert.deepEqual(read(), recordOf(0));
    journal.write(pending(REQUEST));
    assert.deepEqual(read().messages, [REQUEST]);
    journal.write(pending(REQUEST, REPLY));
    assert.deepEqual(read().messages, [REQUEST, REPLY]);
    journal.consumed('backend');
    assert.deepEqual(read().messages, [REQUEST]);
    journal.consumed('frontend');
    assert.deepEqual(read(), pending());
    journal.write(pending(REPLY));
    assert.deepEqual(read().messages, [REPLY], 'what was consumed earlier says nothing about this one');
    journal.remove();
    assert.deepEqual(readdirSync(folder.path), []);
  });

  it('goes on in the next process where it was', () => {
    Journal.create(folder.path, 'a', WHOLE, pending(REQUEST)).leave();
    const { journal, record } = Journal.open(folder.path, 'a', asItIs);
    assert.deepEqual(record.messages, [REQUEST]);
    journal.consumed('frontend');
    assert.deepEqual(read().messages, []);
    journal.write(recordOf(7));
    assert.deepEqual(read(), recordOf(7));
    journal.leave();
  });

  it('holds records that do not fit into its page, in turn with others', () => {
    assert.ok(encodeRecord(1n, LARGE).length > SMALL_RECORD_BYTES);
    const journal = Journal.create(folder.path, 'a', WHOLE, LARGE);
    for (const record of [recordOf(1), LARGE, LARGE, recordOf(2), recordOf(3), LARGE]) {
      journal.write(record);
      assert.deepEqual(read(), record);
    }
    journal.remove();
  });

  it('has receipts that outlive the process: how much was sent of what is pending', () => {
    const [near, far] = socketPair();
    const journal = Journal.create(folder.path, 'a', WHOLE, recordOf(0));
    const sentNow = (): number | undefined => read().messages[0]?.sent;
    journal.receipt('frontend', 0).arm();
    journal.write(pending(REQUEST));
    assert.equal(sentNow(), 0);
    send(near, new Uint8Array(7), [], journal.receipt('frontend', 0));
    assert.equal(sentNow(), 7);
    journal.receipt('frontend', 1).arm();
    assert.equal(sentNow(), 7, 'the journal names the other one');
    journal.write(pending({ ...REQUEST, sent: 7, receipt: 1 }));
    assert.equal(sentNow(), 7);
    send(near, new Uint8Array(13), [], journal.receipt('frontend', 1));
    assert.equal(sentNow(), 20);
    for (const fd of [near, far]) close(fd);
    assert.throws(() => send(near, new Uint8Array(13), [], journal.receipt('frontend', 0)));
    journal.leave();
  });

  it('says nothing of what was not sent because nobody was there', () => {
    const [near, far] = socketPair();
    close(far);
    const journal = Journal.create(folder.path, 'a', WHOLE, recordOf(0));
    journal.receipt('backend', 1).arm();
    journal.write(pending({ ...REPLY, receipt: 1 }));
    assert.throws(() => send(near, new Uint8Array(7), [], journal.receipt('backend', 1)), /EPIPE/);
    assert.equal(read().messages[0]?.sent, 0);
    close(near);
    journal.leave();
  });
});
