import { receive, SystemCallError, send } from './libc.ts';
import { OwnedFd } from './owned-fd.ts';
import { TruncatedError } from './truncated-error.ts';
import { Watch } from './watch.ts';

/** Cuts a byte stream into messages. The socket knows no protocol, the reader no socket. */
export interface MessageReader<M> {
  /** Where the next bytes go. Never longer than the rest of the current message part, and never empty. */
  readonly room: Uint8Array;
  /** Takes what came for `room`, the descriptors included, also when it throws; gives a message when one is whole. */
  took(bytes: number, fds: readonly OwnedFd[]): M | undefined;
  /** Closes the descriptors of a message that never became whole. */
  release(): void;
}

export interface FdSocketEvents<M> {
  /** The message and its descriptors are the receiver's now; if this throws, the socket closes them and itself. */
  message(message: M): void;
  /** Once, after everything was closed. Undefined: the peer hung up, or we did. */
  closed(error: Error | undefined): void;
  /** The send queue got its first message (true) or ran empty (false): the moment to pause and resume the sources. */
  backlog(waiting: boolean): void;
}

/** A peer does not read, and more waits for it than we keep. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/** So that one busy peer does not starve the others. */
const READS_PER_TURN = 64;
/** Sources are paused at the first waiting message, so more than a few can only be our own answers to a flood. */
const MAX_QUEUED = 64;
/** What it looks like when the other side is gone; not a fault. */
const HANG_UPS: readonly string[] = ['ECONNRESET', 'EPIPE'];

/** A connected unix stream socket that carries descriptors. */
export class FdSocket<M extends { readonly fds: readonly OwnedFd[] }> {
  readonly #fd: OwnedFd;
  readonly #watch: Watch;
  readonly #reader: MessageReader<M>;
  readonly #events: FdSocketEvents<M>;
  readonly #queue: { data: Uint8Array; fds: readonly OwnedFd[] }[] = [];
  #open = true;
  #paused = false;
  #backlogged = false;

  /** Takes the descriptor over. */
  constructor(fd: OwnedFd, reader: MessageReader<M>, events: FdSocketEvents<M>) {
    this.#fd = fd;
    this.#reader = reader;
    this.#events = events;
    try {
      this.#watch = new Watch(fd.raw, ({ readable, writable, disconnect, failed }) => {
        if (writable || failed) this.#guard(() => this.#flush());
        if (readable || failed) this.readNow(failed);
        if (disconnect || failed) this.destroy(undefined);
      });
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Messages that the peer has not taken yet, the one that is half sent included. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Reads what has arrived without waiting to be told. `even` when paused: to find out that the peer is gone. */
  readNow(evenPaused = false): void {
    this.#guard(() => {
      for (let i = 0; i < READS_PER_TURN && this.#open && (evenPaused || !this.#paused); i++) {
        const got = receive(this.#fd.raw, this.#reader.room);
        if (!got) return;
        const fds = got.fds.map((fd) => new OwnedFd(fd)); // owned in the line that receives them
        if (got.truncated) {
          for (const fd of fds) fd.close();
          throw new TruncatedError(fds.length);
        }
        if (got.bytes === 0) {
          for (const fd of fds) fd.close();
          return this.destroy(undefined);
        }
        this.#deliver(this.#reader.took(got.bytes, fds));
      }
    });
  }

  #deliver(message: M | undefined): void {
    if (message === undefined) return;
    try {
      this.#events.message(message);
    } catch (error) {
      for (const fd of message.fds) fd.close();
      throw error;
    }
  }

  /** Stops reading: nothing more is delivered until `resume`. A hang-up is noticed all the same. */
  pause(): void {
    this.#paused = true;
    this.#wantWhatIsDue();
  }

  resume(): void {
    this.#paused = false;
    this.#wantWhatIsDue();
  }

  /** Queues a message. Its descriptors are closed here once the kernel has them, or when the socket dies. */
  write(data: Uint8Array, fds: readonly OwnedFd[] = []): void {
    if (!this.#open) {
      for (const fd of fds) fd.close();
      return;
    }
    this.#queue.push({ data, fds });
    if (this.#queue.length === 1) {
      this.#guard(() => this.#flush());
    } else if (this.#queue.length > MAX_QUEUED) {
      this.destroy(
        new QueueFullError(`Cannot send: the peer does not read, and ${this.#queue.length} messages wait for it`),
      );
    }
  }

  #flush(): void {
    for (let head = this.#queue[0]; head; head = this.#queue[0]) {
      const sent = send(
        this.#fd.raw,
        head.data,
        head.fds.map((fd) => fd.raw),
      );
      if (sent === undefined) break;
      for (const fd of head.fds) fd.close();
      if (sent === head.data.length) this.#queue.shift();
      else this.#queue[0] = { data: head.data.subarray(sent), fds: [] };
    }
    const waiting = this.#queue.length > 0;
    if (waiting === this.#backlogged) return;
    this.#backlogged = waiting;
    this.#wantWhatIsDue();
    this.#events.backlog(waiting);
  }

  #wantWhatIsDue(): void {
    if (!this.#open) return;
    this.#watch.want({ readable: !this.#paused, writable: this.#backlogged, disconnect: this.#paused });
  }

  #guard(work: () => void): void {
    if (!this.#open) return;
    try {
      work();
    } catch (error) {
      const hungUp = error instanceof SystemCallError && HANG_UPS.includes(error.code);
      this.destroy(hungUp ? undefined : (error as Error));
    }
  }

  /** Closes the socket and every descriptor it still holds. */
  destroy(error: Error | undefined): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch.close();
    this.#fd.close();
    this.#reader.release();
    for (const { fds } of this.#queue.splice(0)) for (const fd of fds) fd.close();
    this.#events.closed(error);
  }
}
