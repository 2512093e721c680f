import { writeSync } from 'node:fs';
import { Backoff } from '../../base/backoff.ts';
import type { MessageReader } from './fd-socket.ts';
import { peek, receive, receiveBytes, SystemCallError, send } from './libc.ts';
import {
  createPipe,
  emptyPipe,
  movePipe,
  peekOffset,
  setPeekOffset,
  shutdown,
  unreadBytes,
  unsentBytes,
} from './libc-stream.ts';
import { OwnedFd } from './owned-fd.ts';
import { TruncatedError } from './truncated-error.ts';
import { Watch } from './watch.ts';

export interface ResumableSocketEvents {
  /** There may be something to `peek` at. What this throws ends the channel. */
  readable(): void;
  /** The peer takes bytes again: time to `flush` or `send` what waited. What this throws ends the channel. */
  writable(): void;
  /** Once, after everything was closed. Undefined: the peer hung up, or we did. */
  closed(error: Error | undefined): void;
}

/** A whole message that still stands in the kernel's queue, with copies of descriptors. */
export interface Peeked<M> {
  readonly message: M;
  /** Nothing came behind it, so that the descriptors are certainly its own and all of them. */
  readonly alone: boolean;
  /** The kernel had no room for some of the descriptors. */
  readonly truncated: boolean;
}

/** Somebody began a message and does not go on. */
export class PartialMessageError extends Error {
  override readonly name = 'PartialMessageError';
}

/** A message that is not whole: looked at again when the timer fires. */
interface Partial {
  /** Undefined: it has fired, and nobody has looked since. */
  timer: NodeJS.Timeout | undefined;
  readonly since: number;
  readonly backoff: Backoff;
  pauseMs: number;
}

/** Holds the largest message and a few short answers. */
const PIPE_BYTES = 16_384;
/** A message that is not whole yet keeps the socket readable, so it is looked at again after a pause, doubled each time. */
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 128;
/** No honest peer takes this long over one message. */
const PARTIAL_PATIENCE_MS = 10_000;
/** What it looks like when the other side is gone; not a fault. */
const HANG_UPS: readonly string[] = ['ECONNRESET', 'EPIPE'];

/**
 * A connected unix stream socket whose whole state the kernel keeps, so that another process can go on with it after this
 * one was killed between any two instructions. A message is peeked at, and consumed only when all is done that it calls
 * for; until then the socket's peek offset is the number of bytes that are being dealt with. Bytes to send are staged in a
 * pipe and moved from there by one system call: what is not in the pipe any more was sent.
 */
export class ResumableSocket<M extends { readonly fds: readonly OwnedFd[] }> {
  readonly #socket: OwnedFd;
  readonly #pipe: OwnedFd;
  readonly #watch: Watch;
  readonly #reader: MessageReader<M>;
  readonly #patienceMs: number;
  #events: ResumableSocketEvents;
  #open = true;
  #paused = false;
  #wantWritable = false;
  /** Bytes behind the first unread one that were peeked at. */
  #seen = 0;
  /** What the pipe holds. */
  #staged = 0;
  #held: Peeked<M> | undefined;
  #truncated = false;
  #partial: Partial | undefined;

  /** Takes the descriptors over; without a pipe it makes one. `patienceMs`: how long a message may stay in pieces. */
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
    this.#events = events;
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
    if (ready.readable || ready.failed) this.#guard(() => this.#events.readable());
    if (ready.disconnect || ready.failed) this.close();
  }

  get events(): ResumableSocketEvents {
    return this.#events;
  }

  /** Hands the channel to another listener. */
  set events(events: ResumableSocketEvents) {
    this.#events = events;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** The descriptors of socket and pipe, for a keeper that takes copies. */
  get descriptors(): readonly [socket: number, pipe: number] {
    return [this.#socket.raw, this.#pipe.raw];
  }

  /** Bytes of messages that are being dealt with: 0 when all that was begun is done. */
  get begun(): number {
    return this.#seen;
  }

  /** Bytes that can be read, those included that were peeked at. */
  get unread(): number {
    return unreadBytes(this.#socket.raw);
  }

  /** Above 0 while the peer has not read all that was sent to it. */
  get unsent(): number {
    return unsentBytes(this.#socket.raw);
  }

  /** Bytes that are staged and not sent yet. */
  get staged(): number {
    return this.#staged;
  }

  /** The next whole message, the same until it is consumed; undefined when there is none (yet). */
  peek(): Peeked<M> | undefined {
    while (this.#open && this.#held === undefined) {
      const got = peek(this.#socket.raw, this.#reader.room);
      if (!got) {
        this.#waitForRest();
        return undefined;
      }
      const fds = got.fds.map((fd) => new OwnedFd(fd));
      if (got.bytes === 0) {
        for (const fd of fds) fd.close();
        this.close();
        return undefined;
      }
      // Each further peek brings the descriptors of the same message again, or those of the next one.
      const first = this.#seen === 0;
      if (first) this.#truncated = got.truncated;
      else for (const fd of fds) fd.close();
      this.#seen += got.bytes;
      const message = this.#reader.took(got.bytes, first ? fds : []);
      if (message === undefined) continue;
      this.#stopWaiting();
      // Only of a message with descriptors it is asked whose they are.
      const alone = (message.fds.length === 0 && !this.#truncated) || this.unread <= this.#seen;
      this.#held = { message, alone, truncated: this.#truncated };
    }
    return this.#held;
  }

  /** Forgets what was peeked at and begins again at the first unread byte. */
  rewind(): void {
    this.#drop();
    if (!this.#open) return;
    setPeekOffset(this.#socket.raw, 0);
    this.#seen = 0;
  }

  /**
   * Takes what was peeked at out of the kernel's queue. True: descriptors stood beside it; when they are expected, beside
   * its first byte, where they belong; that byte is then taken alone, and `begun` told.
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

  /** The same, but keeps the descriptors: the way to know them when more than one message waits. */
  take(): OwnedFd[] {
    this.#held = undefined;
    const fds: OwnedFd[] = [];
    try {
      while (this.#seen > 0) {
        const got = receive(this.#socket.raw, new Uint8Array(this.#seen));
        if (!got || got.bytes === 0) throw new Error(`Cannot take ${this.#seen} bytes that were peeked at`);
        fds.push(...got.fds.map((fd) => new OwnedFd(fd)));
        this.#seen -= got.bytes;
        if (got.truncated) throw new TruncatedError(fds.length);
      }
      return fds;
    } catch (error) {
      for (const fd of fds) fd.close();
      throw error;
    }
  }

  /** Puts bytes where `flush` sends them from; together at most PIPE_BYTES. */
  stage(bytes: Uint8Array): void {
    const written = writeSync(this.#pipe.raw, bytes);
    if (written !== bytes.length) throw new Error(`Cannot stage ${bytes.length} bytes: the pipe took ${written}`);
    this.#staged += written;
  }

  /** Throws away what is staged. */
  unstage(): void {
    emptyPipe(this.#pipe.raw);
    this.#staged = 0;
  }

  /** Sends what is staged; false when the peer does not take all of it now, `writable` is told later. */
  flush(): boolean {
    while (this.#staged > 0) {
      const moved = movePipe(this.#pipe.raw, this.#socket.raw, this.#staged);
      if (moved === undefined) return this.#want(true);
      this.#staged -= moved;
    }
    return !this.#want(false);
  }

  /**
   * Sends a message with descriptors, all of it or nothing: the kernel keeps a message that is shorter than half of the
   * send buffer in one piece. False when the peer does not take it now, `writable` is told later.
   */
  send(bytes: Uint8Array, fds: readonly OwnedFd[]): boolean {
    const raw = fds.map((fd) => fd.raw);
    const sent = send(this.#socket.raw, bytes, raw);
    if (sent === undefined) return this.#want(true);
    if (sent !== bytes.length) throw new Error(`Cannot send ${bytes.length} bytes at once: the kernel took ${sent}`);
    return !this.#want(false);
  }

  /** False always, to be returned. */
  #want(writable: boolean): false {
    this.#wantWritable = writable;
    this.#interest();
    return false;
  }

  #writable(): void {
    if (!this.#wantWritable) return;
    this.#wantWritable = false;
    this.#events.writable();
    this.#interest();
  }

  /** Stops telling of what can be read; a hang-up is noticed all the same. */
  pause(): void {
    this.#paused = true;
    this.#interest();
  }

  resume(): void {
    this.#paused = false;
    // The look was due while nobody wanted to look.
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
    const now = Date.now();
    this.#partial ??= {
      timer: undefined,
      since: now,
      backoff: new Backoff({ firstMs: FIRST_LOOK_MS, longestMs: LONGEST_LOOK_MS }),
      pauseMs: 0,
    };
    const partial = this.#partial;
    if (now - partial.since > this.#patienceMs)
      throw new PartialMessageError(
        `Cannot wait longer for the rest of a message: ${this.#seen} bytes came, and no more for ${this.#patienceMs} ms`,
      );
    partial.pauseMs = partial.backoff.next();
    clearTimeout(partial.timer);
    this.#lookLater(partial);
    this.#interest();
  }

  #lookLater(partial: Partial): void {
    partial.timer = setTimeout(() => {
      partial.timer = undefined;
      this.#guard(() => this.#events.readable());
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

  /** Ends the channel because of an error; a peer that is gone is none. */
  fail(error: Error): void {
    const hungUp = error instanceof SystemCallError && HANG_UPS.includes(error.code);
    this.close(hungUp ? undefined : error);
  }

  /** Ends the connection for both sides, also when a keeper has a copy of the descriptor. */
  close(error?: Error): void {
    this.#end(error, true);
  }

  /** Lets go of the descriptors; a connection of which a keeper has a copy goes on. */
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
    this.#events.closed(error);
  }

  #drop(): void {
    for (const fd of this.#held?.message.fds ?? []) fd.close();
    this.#held = undefined;
    this.#reader.release();
  }
}
