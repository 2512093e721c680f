import type { Socket } from 'node:net';
import type { Json } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';

/** A message whose text is made while the peer takes it. */
export class Pieces {
  readonly texts: Iterator<string | Buffer, void>;
  /** Bytes that it keeps in use until it has been sent. */
  readonly bytes: number;

  constructor(texts: Iterator<string | Buffer, void>, bytes: number) {
    this.texts = texts;
    this.bytes = bytes;
  }
}

export type Outgoing = Json | Buffer | Pieces;

/** Characters that may wait for the end of the current task; with more, the peer could be reading already. */
const OUTBOX_LENGTH = 64 << 10;

/** One stretch of a message in pieces: what the kernel takes at once, or a time that nobody else notices. */
const STRETCH = { characters: 64 << 10, ms: 2 } as const;

/** A longer message is sent in pieces, so that what waits behind it can be told from what is left of it. */
const WHOLE_BYTES = 256 << 10;

/**
 * The messages on their way to one peer. What one task sends goes to the kernel together, at its end. A message in pieces is
 * made stretch by stretch, other work of the process between them, and no faster than the peer reads; what is sent meanwhile
 * follows it.
 */
export class MessageOutput {
  readonly #socket: Socket;
  #outbox: (string | Buffer | Pieces)[] = [];
  #length = 0;
  /** The message in pieces that is being sent. */
  #current: Pieces | undefined;
  #ending = false;
  #room: (() => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => this.#tellRoom());
    socket.on('close', () => {
      this.#outbox = [];
      this.#length = 0;
      this.#current = undefined;
      this.#tellRoom();
    });
  }

  /** Bytes that were sent and not yet taken by the kernel. */
  get bytes(): number {
    return this.#socket.writableLength + this.#length + (this.#current?.bytes ?? 0);
  }

  /** Those of them that wait behind the message that is being sent. */
  get bytesBehind(): number {
    return this.#socket.writableLength + this.#length;
  }

  /** True while the peer should take something before it is sent more. */
  get full(): boolean {
    return this.#socket.writableNeedDrain || this.#current !== undefined || this.#outbox.some(isPieces);
  }

  /** Sends a message, as JSON, serialised or in pieces. */
  send(message: Outgoing): void {
    const whole = Buffer.isBuffer(message) || isPieces(message) ? message : stringifyJson(message);
    const part = !isPieces(whole) && whole.length > WHOLE_BYTES ? inPieces(whole) : whole;
    this.#length += lengthOf(part);
    if (this.#outbox.push(part) === 1) queueMicrotask(() => this.flush());
    if (this.#length >= OUTBOX_LENGTH) this.flush();
  }

  flush(): void {
    if (this.#outbox.length === 0 || this.#current !== undefined) return;
    const outbox = this.#outbox;
    const at = outbox.findIndex(isPieces);
    const parts = (at < 0 ? outbox : outbox.slice(0, at)) as (string | Buffer)[];
    this.#outbox = at < 0 ? [] : outbox.slice(at + 1);
    this.#current = at < 0 ? undefined : (outbox[at] as Pieces);
    this.#length = this.#outbox.reduce((sum, part) => sum + lengthOf(part), 0);
    // As bytes, because the socket counts the characters of a string.
    if (parts.length > 0 && this.#socket.writable) this.#socket.write(joined(parts));
    if (this.#current !== undefined) this.#continue();
  }

  /** Resolves when everything sent was taken by the kernel, or the connection has ended. */
  async drained(): Promise<void> {
    this.flush();
    while (this.full && !this.#socket.destroyed) await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** Sends what is queued, then ends the connection. */
  end(): void {
    this.flush();
    if (this.#current === undefined) this.#socket.destroySoon();
    else this.#ending = true;
  }

  /** The next stretch, once the kernel has taken the last one and others have had their turn. */
  #continue(): void {
    if (this.#socket.writableNeedDrain) this.#socket.once('drain', () => setImmediate(() => this.#stretch()));
    else setImmediate(() => this.#stretch());
  }

  #stretch(): void {
    if (this.#current === undefined) return; // the connection has ended
    const until = performance.now() + STRETCH.ms;
    const parts: (string | Buffer)[] = [];
    let length = 0;
    try {
      while (length < STRETCH.characters && performance.now() < until) {
        const { value, done } = this.#current.texts.next();
        if (done === true) {
          this.#current = undefined;
          break;
        }
        parts.push(value);
        length += value.length;
      }
    } catch (error) {
      this.#socket.destroy(error as Error);
      return;
    }
    if (length > 0) this.#socket.write(joined(parts));
    if (this.#current !== undefined) {
      this.#continue();
      return;
    }
    this.flush();
    this.#tellRoom();
    if (this.#ending && this.#current === undefined) this.#socket.destroySoon();
  }

  #tellRoom(): void {
    const waiting = this.#room;
    this.#room = [];
    for (const tell of waiting) tell();
  }
}

function isPieces(part: unknown): part is Pieces {
  return part instanceof Pieces;
}

function inPieces(message: string | Buffer): Pieces {
  const bytes = Buffer.isBuffer(message) ? message : Buffer.from(message);
  return new Pieces(slices(bytes), bytes.length);
}

function* slices(bytes: Buffer): Generator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += STRETCH.characters) yield bytes.subarray(at, at + STRETCH.characters);
}

function lengthOf(part: string | Buffer | Pieces): number {
  return isPieces(part) ? part.bytes : part.length;
}

function joined(parts: readonly (string | Buffer)[]): Buffer {
  const [only] = parts;
  if (parts.length === 1 && Buffer.isBuffer(only)) return only;
  if (parts.every((part) => typeof part === 'string')) return Buffer.from(parts.join(''));
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}
