import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { mayFail } from '../../fd/faults.ts';
import {
  decodeHead,
  decodeRecord,
  encodeHead,
  encodeRecord,
  HEAD_BYTES,
  JournalError,
  type JournalHead,
  type JournalRecord,
  RECORD_BYTES,
} from './journal-format.ts';

const SUFFIX = '.journal';

/**
 * Where a port records how far it has come. One file per port, on tmpfs: a head that is written once, and two places that
 * records are written to in turn, so that the previous record is whole while the next is being written.
 */
export class Journal {
  readonly #path: string;
  readonly #fd: number;
  #sequence: bigint;

  private constructor(path: string, fd: number, sequence: bigint) {
    this.#path = path;
    this.#fd = fd;
    this.#sequence = sequence;
  }

  static create(folder: string, id: string, head: JournalHead, first: JournalRecord): Journal {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, id + SUFFIX);
    const fd = openSync(path, 'wx+', 0o600);
    const journal = new Journal(path, fd, 0n);
    try {
      writeAll(fd, encodeHead(head), 0);
      journal.write(first);
      return journal;
    } catch (error) {
      journal.remove();
      throw error;
    }
  }

  /** Opens what an earlier process left. Throws JournalError, or what the file system says. */
  static open(folder: string, id: string): { journal: Journal; head: JournalHead; record: JournalRecord } {
    const path = join(folder, id + SUFFIX);
    const fd = openSync(path, 'r+');
    try {
      const head = decodeHead(readAt(fd, 0, HEAD_BYTES));
      const found = [0, 1].flatMap((place) => decodeRecord(readAt(fd, placeOf(place), RECORD_BYTES)) ?? []);
      const last = found.toSorted((a, b) => Number(a.sequence - b.sequence)).at(-1);
      if (last === undefined) throw new JournalError('it holds no whole record');
      return { journal: new Journal(path, fd, last.sequence), head, record: last.record };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  write(record: JournalRecord): void {
    const sequence = this.#sequence + 1n;
    writeAll(this.#fd, encodeRecord(sequence, record), placeOf(Number(sequence % 2n)));
    this.#sequence = sequence;
  }

  /** Keeps the file, for the next process. */
  leave(): void {
    closeSync(this.#fd);
  }

  /** The connection is over: no process goes on with it. */
  remove(): void {
    closeSync(this.#fd);
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

export function hasJournal(folder: string, id: string): boolean {
  return existsSync(join(folder, id + SUFFIX));
}

/** Whether this release could go on with a journal; throws JournalError when not. */
export function checkJournal(folder: string, id: string): JournalHead {
  return decodeHead(readFileSync(join(folder, id + SUFFIX)).subarray(0, HEAD_BYTES));
}

export function removeJournal(folder: string, id: string): void {
  unlinkSync(join(folder, id + SUFFIX));
}

function placeOf(number: number): number {
  return HEAD_BYTES + number * RECORD_BYTES;
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  mayFail('journal');
  const written = writeSync(fd, bytes, 0, bytes.length, position);
  if (written !== bytes.length) throw new JournalError(`the file took ${written} of ${bytes.length} bytes`);
}
