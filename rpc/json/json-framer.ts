import { isUtf8 } from 'node:buffer';
import type { Json } from './json-value.ts';
import { parseJson64 } from './parse64.ts';

/** The byte stream is not what it should be. Where the next message begins is unknown, so the connection must be closed. */
export class JsonStreamError extends Error {
  override readonly name = 'JsonStreamError';
}

export interface FramerOptions {
  /** Longest message in bytes. 64 MiB: what ovsdb-server was seen to serve at once; nobody sends more by intention. */
  readonly bytes?: number;
  /** Deepest nesting. 512: OVSDB needs less than 20, and recursive readers are safe far beyond 512. */
  readonly depth?: number;
  /** Refuse strings with U+0000 or lone surrogates: they cannot be stored in C strings and UTF-8 (RFC 7047, section 3.1). */
  readonly plainText?: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const POINT = 0x2e;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const NOTHING = Buffer.alloc(0);
/** 2^53 has 16 digits: from there on JSON.parse may round. */
const LONG_NUMBER = 16;

/**
 * Cuts a byte stream into JSON objects. RFC 7047 has no framing: one object follows another, with white space between them
 * or without. Brackets are counted outside strings; what stands between them is JSON.parse's to judge, so a message is
 * accepted exactly when JSON.parse accepts it. Bytes may come in any portions, cut inside a character too.
 */
export class JsonFramer {
  readonly #maxBytes: number;
  readonly #maxDepth: number;
  readonly #plainText: boolean;
  #buffer = NOTHING;
  #held = 0;
  #messageBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #digits = 0;
  #exact = false;
  #broken: JsonStreamError | undefined;

  constructor(options: FramerOptions = {}) {
    this.#maxBytes = options.bytes ?? 64 << 20;
    this.#maxDepth = options.depth ?? 512;
    this.#plainText = options.plainText ?? false;
  }

  /** True between two messages: nothing of a next one has come. */
  get idle(): boolean {
    return this.#depth === 0;
  }

  /** Bytes that are kept of a message that has begun. */
  get heldBytes(): number {
    return this.#buffer.length;
  }

  /** The length in bytes of the message that `push` gave last. */
  get messageBytes(): number {
    return this.#messageBytes;
  }

  /**
   * Gives every message that ends in this chunk; run it to its end before the next chunk is pushed. After an error the
   * stream is lost, and every further call throws the same error.
   *
   * @throws JsonStreamError
   */
  *push(chunk: Buffer): Generator<Json, void> {
    if (this.#broken) throw this.#broken;
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk[i] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (c === BACKSLASH) this.#escaped = true;
        else if (c === QUOTE) this.#inString = false;
        continue;
      }
      if (this.#depth === 0) {
        if (isSpace(c)) continue;
        if (c !== OPEN_OBJECT) throw this.#break(`saw byte 0x${c.toString(16).padStart(2, '0')}; wanted "{"`);
        start = i;
      }
      if (this.#countDigit(c)) continue;
      if (c === QUOTE) this.#inString = true;
      else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
        if (++this.#depth > this.#maxDepth) throw this.#break(`it is nested more than ${this.#maxDepth} levels deep`);
      } else if ((c === CLOSE_OBJECT || c === CLOSE_ARRAY) && --this.#depth === 0) {
        yield this.#finish(chunk.subarray(start, i + 1));
      }
    }
    if (this.#depth > 0) this.#hold(chunk.subarray(start));
  }

  /**
   * Notices numbers that JSON.parse would round: those of many digits, the fraction counted too, and those with an
   * exponent. A digit too many only costs time.
   */
  #countDigit(c: number): boolean {
    if (c >= 0x30 && c <= 0x39) {
      if (++this.#digits >= LONG_NUMBER) this.#exact = true;
      return true;
    }
    if (this.#digits === 0) return false;
    if (c === POINT) return true;
    if (c === 0x65 || c === 0x45) this.#exact = true;
    this.#digits = 0;
    return false;
  }

  /** Keeps the beginning of a message. Into one buffer: a list of chunks would cost a hundred bytes for each byte sent alone. */
  #hold(part: Buffer): void {
    const length = this.#held + part.length;
    if (length > this.#maxBytes) throw this.#break(`it is longer than ${this.#maxBytes} bytes`);
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length, 4096));
      this.#buffer.copy(larger, 0, 0, this.#held);
      this.#buffer = larger;
    }
    part.copy(this.#buffer, this.#held);
    this.#held = length;
  }

  #finish(last: Buffer): Json {
    if (this.#held > 0) this.#hold(last);
    else if (last.length > this.#maxBytes) throw this.#break(`it is longer than ${this.#maxBytes} bytes`);
    const bytes = this.#held > 0 ? this.#buffer.subarray(0, this.#held) : last;
    this.#messageBytes = bytes.length;
    const parse = this.#exact ? parseJson64 : (JSON.parse as (text: string) => Json);
    this.#buffer = NOTHING;
    this.#held = 0;
    this.#digits = 0;
    this.#exact = false;
    if (!isUtf8(bytes)) throw this.#break('it is not UTF-8');
    const text = bytes.toString('utf8');
    let value: Json;
    try {
      value = parse(text);
    } catch (cause) {
      throw this.#break((cause as Error).message, cause);
    }
    // Raw UTF-8 has neither, so only a text with escapes can bring them in.
    if (this.#plainText && text.includes('\\u') && !isPlain(value)) {
      throw this.#break('a string contains U+0000 or half a surrogate pair');
    }
    return value;
  }

  #break(reason: string, cause?: unknown): JsonStreamError {
    this.#buffer = NOTHING;
    this.#broken = new JsonStreamError(`Cannot read message: ${reason}`, cause === undefined ? {} : { cause });
    return this.#broken;
  }
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d;
}

/** Whether each string can be written as UTF-8 and read by C programs: no half of a surrogate pair, no NUL. */
export function isPlain(value: Json): boolean {
  if (typeof value === 'string') return !/[\0\p{Surrogate}]/u.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.entries(value).every(([name, member]) => isPlain(name) && isPlain(member));
}
