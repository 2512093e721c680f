import { writeSync } from 'node:fs';
import { Backoff } from '../../base/backoff.ts';
import type { MessageReader } from './fd-socket.ts';
import { SystemCallError } from './libc.ts';
import { peek, receive, receiveBytes, send, TruncatedError } from './libc-message.ts';
import {
  createPipe,
  emptyPipe,
  movePipe,
  peekOffset,
  peerAddress,
  setPeekOffset,
  shutdown,
  unreadBytes,
  unsentBytes,
} from './libc-stream.ts';
import { closeAll, OwnedFd, ownAll } from './owned-fd.ts';
import { Watch } from './watch.ts';

export interface ResumableSocketEvents {
  /** There may be a message to `peek` at. What this throws ends the connection. */
  readable(): void;
  /** The peer takes bytes again: time to `flush` or `send`. What this throws ends the connection. */
  writable(): void;
  /** Once, after everything was closed. Undefined: one side hung up. */
  closed(error: Error | undefined): void;
}

/** A whole message that is still in the kernel's queue, with copies of its descriptors. */
export interface Peeked<M> {
  readonly message: M;
  /** Nothing came behind it: the descriptors are certainly its own, and all of them. */
  readonly alone: boolean;
  /** The kernel had no room for some of the descriptors. */
  readonly truncated: boolean;
}

/** The peer began a message and did not send the rest. */
export class PartialMessageError extends Error {
  override readonly name = 'PartialMessageError';
}

/** A message that is not whole yet: read again when the timer fires. */
interface Partial {
  /** Undefined: it has fired, and nobody has read since. */
  timer: NodeJS.Timeout | undefined;
  readonly since: number;
  readonly backoff: Backoff;
  pauseMs: number;
}

/** What one look at the queue takes: more than all messages but rare ones have. Bytes of the next message are looked at again. */
const look = new Uint8Array(512);
/** Holds the largest message and a few short answers. */
const PIPE_BYTES = 16_384;
/** A message that is not whole yet keeps the socket readable, so it is read again after a pause that doubles. */
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 128;
/** No honest peer takes this long over one message. */
const PARTIAL_PATIENCE_MS = 10_000;

/**
 * A connected unix stream socket whose whole state the kernel keeps: another process can continue after this one was killed
 * between any two instructions. A message is peeked at, and consumed when it was handled; until then the socket's peek
 * offset is the number of bytes in hand. Bytes to send are staged in a pipe and moved from there by one system call: what
 * is no longer in the pipe was sent.
 */
export class ResumableSocket<M extends { readonly fds: readonly OwnedFd[] }> {
  readonly #socket: OwnedFd;
  readonly #pipe: OwnedFd;
  readonly #watch: Watch;
  readonly #reader: MessageReader<M>;
  readonly #patienceMs: number;
  /** The listener; it may be replaced. */
  events: ResumableSocketEvents;
  #open = true;
  #paused = false;
  #wantWritable = false;
  /** Bytes behind the first unread one that were peeked at. */
  #seen = 0;
  /** Bytes in the pipe. */
  #staged = 0;
  #held: Peeked<M> | undefined;
  #truncated = false;
  #drained = false;
  #partial: Partial | undefined;

  /** Owns the descriptors; makes a pipe if none is given. `patienceMs`: how long a message may stay incomplete. */
  constructor(
    socket: OwnedFd,
    pipe: OwnedFd | undefined,
    reader: MessageReader<M>,
    events: ResumableSocketEvents,
    patienceMs = PARTIAL_PATIENCE_MS,
  ) {
    this.#socket = socket;
    this.#reader = reader;
    this.#patienceMs = patienceMs;
    this.events = events;
    let made: OwnedFd | undefined;
    try {
      made = pipe ?? new OwnedFd(createPipe(PIPE_BYTES));
      this.#seen = Math.max(peekOffset(socket.raw), 0);
      this.#staged = unreadBytes(made.raw);
      if (pipe === undefined) setPeekOffset(socket.raw, 0);
      this.#watch = new Watch(socket.raw, (ready) => this.#ready(ready));
    } catch (error) {
      socket.close();
      (made ?? pipe)?.close();
      throw error;
    }
    this.#pipe = made;
  }

  #ready(ready: { readable: boolean; writable: boolean; disconnect: boolean; failed: boolean }): void {
    if (ready.writable || ready.failed) this.#guard(() => this.#writable());
    if (ready.readable || ready.failed) this.#guard(() => this.events.readable());
    if (ready.disconnect || ready.failed) this.close();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** The descriptors of the socket and the pipe, for a keeper that takes copies. */
  get descriptors(): readonly [socket: number, pipe: number] {
    return [this.#socket.raw, this.#pipe.raw];
  }

  /** Bytes of messages in hand: 0 when all that was begun is done. */
  get begun(): number {
    return this.#seen;
  }

  /** Bytes that can be read, those that were peeked at included. */
  get unread(): number {
    return unreadBytes(this.#socket.raw);
  }

  /** Above 0 while the peer has not read all that was sent to it. */
  get unsent(): number {
    return unsentBytes(this.#socket.raw);
  }

  /** The path that the peer listened on, by the name that it used itself. */
  get peerAddress(): string {
    return peerAddress(this.#socket.raw);
  }

  /** Bytes that are staged and not sent. */
  get staged(): number {
    return this.#staged;
  }

  /** The next whole message, the same until it is consumed; undefined when there is none (yet). */
  peek(): Peeked<M> | undefined {
    while (this.#open && this.#held === undefined) {
      const got = peek(this.#socket.raw, look);
      if (!got) {
        this.#waitForRest();
        return undefined;
      }
      const fds = ownAll(got.fds);
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
      // without descriptors, what follows does not matter
      const alone = (message.fds.length === 0 && !this.#truncated) || this.unread <= this.#seen;
      this.#held = { message, alone, truncated: this.#truncated };
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
    if (at === bytes) return message;
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
      const got = receiveBytes(this.#socket.raw, new Uint8Array(first && expectDescriptors ? 1 : this.#seen));
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
        fds.push(...ownAll(got.fds));
        this.#seen -= got.bytes;
        if (got.truncated) throw new TruncatedError(fds.length);
      }
      return fds;
    } catch (error) {
      closeAll(fds);
      throw error;
    }
  }

  /** Puts bytes into the pipe for `flush`; at most PIPE_BYTES in all. */
  stage(bytes: Uint8Array): void {
    const written = writeSync(this.#pipe.raw, bytes);
    if (written !== bytes.length) throw new Error(`Cannot stage ${bytes.length} bytes: the pipe took ${written}`);
    this.#staged += written;
  }

  /** Discards what is staged. */
  unstage(): void {
    emptyPipe(this.#pipe.raw);
    this.#staged = 0;
  }

  /** Sends what is staged; false when the peer does not take all of it now: `writable` comes later. */
  flush(): boolean {
    while (this.#staged > 0) {
      const moved = movePipe(this.#pipe.raw, this.#socket.raw, this.#staged);
      if (moved === undefined) return this.#want(true);
      this.#staged -= moved;
    }
    return !this.#want(false);
  }

  /**
   * Sends a message with descriptors, all of it or nothing: the kernel does not split a message shorter than half of the
   * send buffer. False when the peer does not take it now: `writable` comes later.
   */
  send(bytes: Uint8Array, fds: readonly OwnedFd[]): boolean {
    const raw = fds.map((fd) => fd.raw);
    const sent = send(this.#socket.raw, bytes, raw);
    if (sent === undefined) return this.#want(true);
    if (sent !== bytes.length) throw new Error(`Cannot send ${bytes.length} bytes at once: the kernel took ${sent}`);
    return !this.#want(false);
  }

  /** Returns false, for its callers to return. */
  #want(writable: boolean): false {
    this.#wantWritable = writable;
    this.#interest();
    return false;
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
    if (forBoth) shutdown(this.#socket.raw);
    this.#drop();
    this.#socket.close();
    this.#pipe.close();
    this.events.closed(error);
  }

  #drop(): void {
    closeAll(this.#held?.message.fds);
    this.#held = undefined;
    this.#reader.release();
  }
}
