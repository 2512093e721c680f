import { Backoff } from '../../base/backoff.ts';
import { mayFail } from './faults.ts';
import type { MessageReader } from './fd-socket.ts';
import { SystemCallError } from './libc.ts';
import { peek, pinned, type Receipt, receive, receiveBytes, send, TruncatedError } from './libc-message.ts';
import { areSendersNamed, peekOffset, setPeekOffset } from './libc-stream.ts';
import { closeAll, ForeignDescriptorError, type OwnedFd, ownUntrusted } from './owned-fd.ts';
import { Watch } from './watch.ts';

export interface ResumableSocketEvents {
  /** There may be a message to `peek` at. What this throws ends the connection. */
  readable(): void;
  /** The peer takes bytes again: time to `send`. What this throws ends the connection. */
  writable(): void;
  /** Once, after everything was closed. Undefined: one side hung up. */
  closed(error: Error | undefined): void;
}

/** A whole message that is still in the kernel's queue, with copies of its descriptors. */
export interface Peeked<M> {
  readonly message: M;
  /** The look at the queue ended with it: the descriptors are certainly its own, and all of them. */
  readonly alone: boolean;
  /** The kernel had no room for some of the descriptors. */
  readonly truncated: boolean;
  /** The process that sent it; 0: unknown. */
  readonly sender: number;
}

/** The peer began a message and did not send the rest. */
export class PartialMessageError extends Error {
  override readonly name = 'PartialMessageError';
}

const NOTHING = new Uint8Array(0);

/** A message that is not whole yet: read again when the timer fires. */
interface Partial {
  /** Undefined: it has fired, and nobody has read since. */
  timer: NodeJS.Timeout | undefined;
  readonly since: number;
  readonly backoff: Backoff;
  pauseMs: number;
}

/** What one look at the queue takes: more than all messages but rare ones have. Bytes of the next message are looked at again. */
const look = pinned(512);
/** Where consumed bytes go, which were looked at before. */
const sink = pinned(8192);
/** A message that is not whole yet keeps the socket readable, so it is read again after a pause that doubles. */
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 128;
/** No honest peer takes this long over one message. */
const PARTIAL_PATIENCE_MS = 10_000;

/**
 * A connected unix stream socket whose whole state the kernel keeps: another process can continue after this one was killed
 * between any two instructions. A message is peeked at, and consumed when it was handled; until then the socket's peek
 * offset is the number of bytes in hand. What is sent, the kernel notes in a receipt (libc-message.ts).
 */
export class ResumableSocket<M extends { readonly fds: readonly OwnedFd[] }> {
  readonly #socket: OwnedFd;
  readonly #watch: Watch;
  readonly #reader: MessageReader<M>;
  readonly #patienceMs: number;
  /** The listener; it may be replaced. */
  events: ResumableSocketEvents;
  readonly #named: boolean;
  #open = true;
  #paused = false;
  #wantWritable = false;
  /** Bytes behind the first unread one that were peeked at. */
  #seen = 0;
  /** What was said and not sent yet. */
  #unsaid: Uint8Array = NOTHING;
  #held: Peeked<M> | undefined;
  #truncated = false;
  #drained = false;
  /** The last look went further than the message. */
  #behind = false;
  #partial: Partial | undefined;

  /** Owns the descriptor. `patienceMs`: how long a message may stay incomplete. */
  constructor(
    socket: OwnedFd,
    reader: MessageReader<M>,
    events: ResumableSocketEvents,
    patienceMs = PARTIAL_PATIENCE_MS,
  ) {
    this.#socket = socket;
    this.#reader = reader;
    this.#patienceMs = patienceMs;
    this.events = events;
    try {
      const offset = peekOffset(socket.raw);
      if (offset < 0) setPeekOffset(socket.raw, 0);
      this.#seen = Math.max(offset, 0);
      this.#named = areSendersNamed(socket.raw);
      this.#watch = new Watch(socket.raw, (ready) => this.#ready(ready));
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  #ready(ready: { readable: boolean; writable: boolean; disconnect: boolean; failed: boolean }): void {
    if (ready.writable || ready.failed) this.#guard(() => this.#writable());
    if (ready.readable || ready.failed) this.#guard(() => this.events.readable());
    if (ready.disconnect || ready.failed) this.close();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** For a keeper that takes a copy. */
  get descriptor(): number {
    return this.#socket.raw;
  }

  /** Bytes of messages in hand: 0 when all that was begun is done. */
  get begun(): number {
    return this.#seen;
  }

  /** The next whole message, the same until it is consumed; undefined when there is none (yet). */
  peek(): Peeked<M> | undefined {
    while (this.#open && this.#held === undefined) {
      const got = peek(this.#socket.raw, look);
      if (!got) {
        this.#waitForRest();
        return undefined;
      }
      const fds = ownUntrusted(got.fds);
      if (got.bytes === 0) {
        closeAll(fds);
        this.close();
        return undefined;
      }
      // each further peek brings the descriptors of the same message again, or those of the next one
      const first = this.#seen === 0;
      if (first) this.#truncated = got.truncated;
      else closeAll(fds);
      // the kernel ends a read behind a message with descriptors, whatever follows
      this.#drained = got.bytes < look.length && fds.length === 0 && !got.truncated;
      const message = this.#assemble(got.bytes, first ? fds : []);
      if (message === undefined) continue;
      this.#stopWaiting();
      // without descriptors, what follows does not matter; with some, the kernel ends a look behind them
      const alone = (message.fds.length === 0 && !this.#truncated) || !this.#behind;
      this.#held = { message, alone, truncated: this.#truncated, sender: got.pid };
    }
    return this.#held;
  }

  /** Nothing came behind the message that was peeked at last. What comes later is told by `readable`. */
  get drained(): boolean {
    return this.#drained;
  }

  /** Hands on what was peeked at up to the end of the first message, and leaves the offset there. */
  #assemble(bytes: number, fds: readonly OwnedFd[]): M | undefined {
    let message: M | undefined;
    let at = 0;
    while (at < bytes && message === undefined) {
      const { room } = this.#reader;
      const part = look.subarray(at, Math.min(bytes, at + room.length));
      room.set(part);
      this.#seen += part.length;
      message = this.#reader.took(part.length, at === 0 ? fds : []);
      at += part.length;
    }
    this.#behind = at < bytes;
    if (!this.#behind) return message;
    this.#drained = false;
    try {
      setPeekOffset(this.#socket.raw, this.#seen);
    } catch (error) {
      closeAll(message?.fds);
      throw error;
    }
    return message;
  }

  /** Forgets what was peeked at: the next peek begins at the first unread byte. */
  rewind(): void {
    this.#drop();
    if (!this.#open) return;
    setPeekOffset(this.#socket.raw, 0);
    this.#seen = 0;
  }

  /**
   * Takes what was peeked at out of the kernel's queue. True: there were descriptors beside it; when they are expected,
   * beside its first byte, which is then taken alone, and `begun` is called.
   */
  consume(expectDescriptors: boolean, begun?: () => void): boolean {
    this.#held = undefined;
    let carried = false;
    for (let first = true; this.#seen > 0; first = false) {
      const length = first && expectDescriptors ? 1 : Math.min(this.#seen, sink.length);
      const got = receiveBytes(this.#socket.raw, sink, length, this.#named);
      if (!got || got.bytes === 0) throw new Error(`Cannot consume ${this.#seen} bytes that were peeked at`);
      if (first || !expectDescriptors) carried ||= got.truncated;
      this.#seen -= got.bytes;
      if (first && this.#seen > 0) begun?.();
    }
    return carried;
  }

  /** The same, but returns the descriptors: they are certain even when more than one message waits. */
  take(): OwnedFd[] {
    this.#held = undefined;
    const fds: OwnedFd[] = [];
    try {
      while (this.#seen > 0) {
        const got = receive(this.#socket.raw, new Uint8Array(this.#seen));
        if (!got || got.bytes === 0) throw new Error(`Cannot take ${this.#seen} bytes that were peeked at`);
        fds.push(...ownUntrusted(got.fds));
        this.#seen -= got.bytes;
        if (got.truncated) throw new TruncatedError(fds.length);
      }
      return fds;
    } catch (error) {
      closeAll(fds);
      throw error;
    }
  }

  /**
   * Sends what the peer takes now, the descriptors with the first byte; returns how many bytes. Undefined: none, `writable`
   * comes later. `receipt`: where the kernel notes it.
   */
  send(bytes: Uint8Array, fds: readonly OwnedFd[], receipt?: Receipt): number | undefined {
    mayFail('sendmmsg');
    const raw = fds.map((fd) => fd.raw);
    const sent = send(this.#socket.raw, bytes, raw, receipt);
    this.#want(sent === undefined);
    return sent;
  }

  /** Sends something of our own, now or, in `flush`, when the peer takes it. */
  say(bytes: Uint8Array): void {
    this.#unsaid = this.#unsaid.length === 0 ? bytes : Buffer.concat([this.#unsaid, bytes]);
    this.flush();
  }

  flush(): void {
    while (this.#unsaid.length > 0) {
      const sent = this.send(this.#unsaid, []);
      if (sent === undefined) return;
      this.#unsaid = this.#unsaid.subarray(sent);
    }
  }

  #want(writable: boolean): void {
    if (this.#wantWritable === writable) return;
    this.#wantWritable = writable;
    this.#interest();
  }

  #writable(): void {
    if (!this.#wantWritable) return;
    this.#wantWritable = false;
    this.events.writable();
    this.#interest();
  }

  /** Stops `readable` until `resume`; a hang-up is still noticed. */
  pause(): void {
    this.#paused = true;
    this.#interest();
  }

  resume(): void {
    this.#paused = false;
    // the timer fired during the pause
    if (this.#partial && this.#partial.timer === undefined) this.#lookLater(this.#partial);
    this.#interest();
  }

  #interest(): void {
    if (!this.#open) return;
    const readable = !this.#paused && this.#partial === undefined;
    this.#watch.want({ readable, writable: this.#wantWritable, disconnect: !readable });
  }

  #waitForRest(): void {
    if (this.#seen === 0) return;
    const now = performance.now();
    const backoff = new Backoff({ firstMs: FIRST_LOOK_MS, longestMs: LONGEST_LOOK_MS });
    this.#partial ??= { timer: undefined, since: now, backoff, pauseMs: 0 };
    const partial = this.#partial;
    if (now - partial.since > this.#patienceMs) {
      const saw = `${this.#seen} bytes came, and no more for ${this.#patienceMs} ms`;
      throw new PartialMessageError(`Cannot wait longer for the rest of a message: ${saw}`);
    }
    partial.pauseMs = partial.backoff.next();
    clearTimeout(partial.timer);
    this.#lookLater(partial);
    this.#interest();
  }

  #lookLater(partial: Partial): void {
    partial.timer = setTimeout(() => {
      partial.timer = undefined;
      this.#guard(() => this.events.readable());
    }, partial.pauseMs);
  }

  #stopWaiting(): void {
    if (this.#partial === undefined) return;
    clearTimeout(this.#partial.timer);
    this.#partial = undefined;
    this.#interest();
  }

  #guard(work: () => void): void {
    if (!this.#open) return;
    try {
      work();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Ends the connection because of an error; a hang-up is none. */
  fail(error: Error): void {
    this.close(SystemCallError.isHangUp(error) ? undefined : error);
  }

  /** Ends the connection for both sides, even when a keeper has a copy of the descriptor. */
  close(error?: Error): void {
    this.#end(error, true);
  }

  /** Closes the descriptors; a connection of which a keeper has a copy continues. */
  leave(): void {
    this.#end(undefined, false);
  }

  #end(error: Error | undefined, forBoth: boolean): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#partial?.timer);
    this.#watch.close();
    this.#drop();
    if (forBoth) {
      const closed = this.#socket.endConnection();
      if (error instanceof ForeignDescriptorError) error.add(closed);
    } else this.#socket.leaveConnection();
    this.events.closed(error);
  }

  #drop(): void {
    closeAll(this.#held?.message.fds);
    this.#held = undefined;
    this.#reader.release();
  }
}
