import { readFileSync, statSync } from 'node:fs';
import { StoreError } from './store.ts';

/**
 * A SQLite file as it is on the disk, with what its write-ahead log adds, in memory. SQLite itself would have to make files
 * beside it, which a full disk or a read-only file system does not let it do. The formats are those of
 * https://sqlite.org/fileformat2.html.
 */

const WAL_MAGIC = 0x377f0682;
const WAL_HEADER = 32;
const FRAME_HEADER = 24;
/** Bytes 18 and 19 of the file: how to write and read it; 1: without a log, as memory is. */
const FORMAT_AT = 18;
const WITHOUT_LOG = 1;

/** Reads a file and its log. @throws StoreError if it is no file that can be read */
export function readSqliteImage(file: string): Buffer {
  const [image, log] = [readBytes(file) ?? Buffer.alloc(0), readBytes(`${file}-wal`)];
  const whole = log === undefined || image.length === 0 ? image : withLog(image, log);
  if (whole.length > FORMAT_AT + 1) whole.fill(WITHOUT_LOG, FORMAT_AT, FORMAT_AT + 2);
  return whole;
}

/** Undefined: there is none. */
function readBytes(file: string): Buffer | undefined {
  try {
    if (!statSync(file).isFile()) throw new Error('it is no regular file');
    return readFileSync(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StoreError('OVSDB-STORE-UNREADABLE', `Cannot open database ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The pages of all transactions in the log that were committed, in the place of those of the file. */
function withLog(image: Buffer, log: Buffer): Buffer {
  if (log.length < WAL_HEADER || (log.readUInt32BE(0) & ~1) >>> 0 !== WAL_MAGIC) return image;
  const sums = new Sums((log.readUInt32BE(0) & 1) === 1);
  const pageSize = log.readUInt32BE(8);
  const salts = log.subarray(16, 24);
  sums.add(log.subarray(0, 24));
  if (!sums.are(log, 24) || pageSize < 512 || pageSize > 65_536) return image;
  let whole = image;
  /** Of the transaction that is being read; it counts when its last page has come. */
  let begun: [page: number, bytes: Buffer][] = [];
  for (let at = WAL_HEADER; at + FRAME_HEADER + pageSize <= log.length; at += FRAME_HEADER + pageSize) {
    const header = log.subarray(at, at + FRAME_HEADER);
    const bytes = log.subarray(at + FRAME_HEADER, at + FRAME_HEADER + pageSize);
    sums.add(header.subarray(0, 8));
    sums.add(bytes);
    // what follows is left over from before the log was begun anew, or was not written to its end
    if (!header.subarray(8, 16).equals(salts) || !sums.are(header, 16)) break;
    begun.push([header.readUInt32BE(0), bytes]);
    const pages = header.readUInt32BE(4);
    if (pages === 0) continue;
    whole = resized(whole, pages * pageSize);
    for (const [page, content] of begun) if (page >= 1 && page <= pages) content.copy(whole, (page - 1) * pageSize);
    begun = [];
  }
  return whole;
}

function resized(bytes: Buffer, length: number): Buffer {
  return bytes.length >= length ? bytes.subarray(0, length) : Buffer.concat([bytes], length);
}

/** The checksum of the log, which goes on from frame to frame. */
class Sums {
  readonly #bigEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian;
  }

  add(bytes: Buffer): void {
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      this.#first = (this.#first + this.#word(bytes, at) + this.#second) >>> 0;
      this.#second = (this.#second + this.#word(bytes, at + 4) + this.#first) >>> 0;
    }
  }

  #word(bytes: Buffer, at: number): number {
    return this.#bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
  }

  are(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first && bytes.readUInt32BE(at + 4) === this.#second;
  }
}
