import { writeSync } from 'node:fs';
import { checked, libc, memoryAt } from './libc.ts';
import { Receipt } from './libc-message.ts';

const mapMemory = libc.func('int64_t mmap(uint64_t, uint64_t, int, int, int, int64_t)');
const lockMemory = libc.func('int mlock(uint64_t, uint64_t)');
const unmapMemory = libc.func('int munmap(uint64_t, uint64_t)');

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
export const PAGE_BYTES = 4096;

/** One for all pages. Only zeros, but for a moment. */
const blank = new Uint8Array(PAGE_BYTES);

interface Memory {
  readonly memory: ArrayBuffer;
  readonly bytes: Buffer;
  readonly words: Uint32Array;
}

/**
 * One page of a file as memory: what is stored in it stands in the file, with no system call, and also when this process
 * is killed by the next instruction.
 */
export class MappedPage {
  readonly #address: bigint;
  #memory: Memory | undefined;

  private constructor(address: bigint) {
    const memory = memoryAt(address, PAGE_BYTES);
    this.#address = address;
    this.#memory = { memory, bytes: Buffer.from(memory), words: new Uint32Array(memory) };
  }

  /**
   * The page at `position` of a file, which holds `content` from now on: it is written first, because storing where there
   * is no room ends the process. @throws SystemCallError, or what the file system says
   */
  static open(fd: number, position: number, content: Uint8Array): MappedPage {
    blank.set(content);
    const written = writeSync(fd, blank, 0, PAGE_BYTES, position);
    blank.fill(0);
    if (written !== PAGE_BYTES) throw new Error(`Cannot map a page: the file took ${written} of ${PAGE_BYTES} bytes`);
    const address = mapMemory(0, PAGE_BYTES, PROT_READ_WRITE, MAP_SHARED, fd, position) as number | bigint;
    checked('map a page', address === -1 || address === -1n ? -1 : 0);
    // the kernel can always write to it, even under memory pressure; where it may not be locked nothing else is lost
    lockMemory(BigInt(address), PAGE_BYTES);
    return new MappedPage(BigInt(address));
  }

  get #open(): Memory {
    if (!this.#memory) throw new Error('Cannot use a mapped page that was closed');
    return this.#memory;
  }

  /** The whole page. Not to be used after `close`. */
  get bytes(): Buffer {
    return this.#open.bytes;
  }

  /** Stores a word in one instruction; `at` is a multiple of 4. */
  storeWord(at: number, word: number): void {
    this.#open.words[at / 4] = word;
  }

  /** A receipt in the page, at a multiple of 8. Not to be used after `close`. */
  receiptAt(at: number): Receipt {
    return new Receipt(this.#open.memory, at, this.#address + BigInt(at));
  }

  close(): void {
    if (!this.#memory) return;
    this.#memory = undefined;
    unmapMemory(this.#address, PAGE_BYTES);
  }
}
