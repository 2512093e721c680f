import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { mayFail } from '../../fd/faults.ts';
import { RECEIPT_BYTES, type Receipt, sentBy } from '../../fd/libc-message.ts';
import { MappedPage, PAGE_BYTES } from '../../fd/mapped-page.ts';
import {
  decodeHead,
  decodeRecord,
  encodeHead,
  encodeRecord,
  formatOf,
  HEAD_BYTES,
  JOURNAL_FORMAT,
  JournalError,
  type JournalHead,
  type JournalRecord,
  RECORD_BYTES,
  type ReceiptNumber,
  type Side,
  SMALL_RECORD_BYTES,
} from './journal-format.ts';

const SUFFIX = '.journal';
const PLACES = [0, 1] as const;
/** In the page, a word for each side: the number of the record whose message of that side was consumed. */
const CONSUMED: Readonly<Record<Side, number>> = { frontend: 0, backend: 4 };
/** In the page: two receipts for the messages of each side. */
const RECEIPTS: Readonly<Record<Side, readonly [number, number]>> = {
  frontend: [64, 64 + RECEIPT_BYTES],
  backend: [64 + 2 * RECEIPT_BYTES, 64 + 3 * RECEIPT_BYTES],
};

/** What has to be said anew about a pair of the release before. */
export type Modernize = (head: JournalHead, record: JournalRecord) => { head: JournalHead; record: JournalRecord };

/**
 * Where a port records how far it has come. One file per port, on tmpfs: a head that is written once, a page that is mapped,
 * as it changes with every message, and places for records that do not fit there. Records are written to two places in
 * turn, so that the previous record is whole while the next is being written.
 */
export class Journal {
  #path: string;
  readonly #fd: number;
  readonly #page: MappedPage;
  readonly #receipts: Readonly<Record<Side, readonly [Receipt, Receipt]>>;
  #sequence = 0n;

  private constructor(path: string, fd: number, page: MappedPage) {
    this.#path = path;
    this.#fd = fd;
    this.#page = page;
    const both = ([first, second]: readonly [number, number]) =>
      [page.receiptAt(first), page.receiptAt(second)] as const;
    this.#receipts = { frontend: both(RECEIPTS.frontend), backend: both(RECEIPTS.backend) };
  }

  static create(folder: string, id: string, head: JournalHead, first: JournalRecord): Journal {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, id + SUFFIX);
    return Journal.#write(path, openSync(path, 'wx+', 0o600), head, first);
  }

  static #write(path: string, fd: number, head: JournalHead, first: JournalRecord): Journal {
    let journal: Journal | undefined;
    try {
      writeAll(fd, encodeHead(head), 0);
      journal = new Journal(path, fd, MappedPage.open(fd, HEAD_BYTES, new Uint8Array(0)));
      journal.write(first);
      return journal;
    } catch (error) {
      journal?.leave();
      if (!journal) closeSync(fd);
      unlinkSync(path);
      throw error;
    }
  }

  /** Opens what an earlier process left. Throws JournalError, or what the file system says. */
  static open(
    folder: string,
    id: string,
    modernize: Modernize,
  ): { journal: Journal; head: JournalHead; record: JournalRecord } {
    const path = join(folder, id + SUFFIX);
    const bytes = readFileSync(path);
    const head = decodeHead(bytes.subarray(0, HEAD_BYTES));
    const format = formatOf(bytes);
    const found = placesOf(format).flatMap(({ at, length }) => decodeRecord(bytes.subarray(at, at + length)) ?? []);
    const last = found.toSorted((a, b) => Number(a.sequence - b.sequence)).at(-1);
    if (last === undefined) throw new JournalError('it holds no whole record');
    const { sequence, record } = last;
    if (format !== JOURNAL_FORMAT) {
      if (last.asks) throw new JournalError('the release before was asking whether a message had been sent');
      const now = modernize(head, record);
      return { journal: Journal.#replace(path, now.head, now.record), ...now };
    }
    const page = bytes.subarray(HEAD_BYTES, HEAD_BYTES + PAGE_BYTES);
    const messages = record.messages
      .filter(({ from }) => page.readUInt32LE(CONSUMED[from]) !== wordOf(sequence))
      .map((one) => ({ ...one, sent: one.sent + sentBy(page.subarray(RECEIPTS[one.from][one.receipt])) }));
    const fd = openSync(path, 'r+');
    try {
      const journal = new Journal(path, fd, MappedPage.open(fd, HEAD_BYTES, page));
      journal.#sequence = sequence;
      return { journal, head, record: { ...record, messages } };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Takes the place of a journal of the release before, in one moment. */
  static #replace(path: string, head: JournalHead, record: JournalRecord): Journal {
    const fresh = `${path}.new`;
    const journal = Journal.#write(fresh, openSync(fresh, 'w+', 0o600), head, record);
    try {
      renameSync(fresh, path);
      journal.#path = path;
      return journal;
    } catch (error) {
      journal.remove();
      throw error;
    }
  }

  write(record: JournalRecord): void {
    const sequence = this.#sequence + 1n;
    const bytes = encodeRecord(sequence, record);
    const place = PLACES[Number(sequence % 2n)] ?? 0;
    if (bytes.length > SMALL_RECORD_BYTES) writeAll(this.#fd, bytes, largePlace(place));
    else {
      mayFail('journal');
      this.#page.bytes.set(bytes, smallPlace(place));
    }
    this.#sequence = sequence;
  }

  /** Where the kernel notes how much of a message of a side was sent. Not to be used once the journal was left. */
  receipt(side: Side, number: ReceiptNumber): Receipt {
    return this.#receipts[side][number];
  }

  /** The message of a side that the last record says is pending was consumed. */
  consumed(side: Side): void {
    this.#page.storeWord(CONSUMED[side], wordOf(this.#sequence));
  }

  /** Keeps the file, for the next process. */
  leave(): void {
    this.#page.close();
    closeSync(this.#fd);
  }

  /** The connection is over: no process goes on with it. */
  remove(): void {
    this.leave();
    unlinkSync(this.#path);
  }
}

/** The ids of the journals in a folder. */
export function journalIds(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
}

export function journalFile(id: string): string {
  return id + SUFFIX;
}

export function hasJournal(folder: string, id: string): boolean {
  return existsSync(join(folder, journalFile(id)));
}

/** Whether this release could go on with a journal; throws JournalError when not. */
export function checkJournal(folder: string, id: string): JournalHead {
  return decodeHead(readFileSync(join(folder, id + SUFFIX)).subarray(0, HEAD_BYTES));
}

export function removeJournal(folder: string, id: string): void {
  unlinkSync(journalPath(folder, id));
}

export function journalPath(folder: string, id: string): string {
  return join(folder, id + SUFFIX);
}

/** In the page, behind what was consumed. */
function smallPlace(place: number): number {
  return PAGE_BYTES - (PLACES.length - place) * SMALL_RECORD_BYTES;
}

function largePlace(place: number): number {
  return HEAD_BYTES + PAGE_BYTES + place * RECORD_BYTES;
}

/** Where records stand in a file. @internal for tests */
export function placesOf(format: number): { readonly at: number; readonly length: number }[] {
  if (format === 1) return PLACES.map((place) => ({ at: HEAD_BYTES + place * RECORD_BYTES, length: RECORD_BYTES }));
  const small = PLACES.map((place) => ({ at: HEAD_BYTES + smallPlace(place), length: SMALL_RECORD_BYTES }));
  return [...small, ...PLACES.map((place) => ({ at: largePlace(place), length: RECORD_BYTES }))];
}

function wordOf(sequence: bigint): number {
  return Number(sequence & 0xffff_ffffn);
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  mayFail('journal');
  const written = writeSync(fd, bytes, 0, bytes.length, position);
  if (written !== bytes.length) throw new JournalError(`the file took ${written} of ${bytes.length} bytes`);
}
