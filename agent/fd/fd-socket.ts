import { SystemCallError } from './libc.ts';
import { receive, send, TruncatedError } from './libc-message.ts';
import { closeAll, type OwnedFd, ownAll } from './owned-fd.ts';
import { Watch } from './watch.ts';

/** Cuts a byte stream into messages. The socket knows no protocol, the reader no socket. */
export interface MessageReader<M> {
  /** The place for the next bytes: never longer than the rest of the current message part, never empty. */
  readonly room: Uint8Array;
  /** Takes the bytes in `room` and the descriptors, also when it throws; gives a message when one is whole. */
  took(bytes: number, fds: readonly OwnedFd[]): M | undefined;
  /** Closes the descriptors of a message that never became whole. */
  release(): void;
}

export interface FdSocketEvents<M> {
  /** The receiver owns the message and its descriptors; if this throws, the socket closes them and itself. */
  message(message: M): void;
  /** Once, after everything was closed. Undefined: one side hung up. */
  closed(error: Error | undefined): void;
  /** The send queue got its first message (true) or ran empty (false): time to pause or resume the sources. */
  backlog(waiting: boolean): void;
}

/** The peer does not read, and its send queue is full. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/** One busy peer must not starve the others. */
const READS_PER_TURN = 64;
/** Sources are paused at the first queued message, so more than a few can only be our own answers to a flood. */
const MAX_QUEUED = 64;

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

  /** Owns the descriptor from now on. */
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

  /** Messages that the peer has not taken yet, a half-sent one included. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Reads what has arrived without waiting for an event; `evenPaused` finds out whether the peer is gone. */
  readNow(evenPaused = false): void {
    this.#guard(() => {
      for (let i = 0; i < READS_PER_TURN && this.#open && (evenPaused || !this.#paused); i++) {
        const got = receive(this.#fd.raw, this.#reader.room);
        if (!got) return;
        const fds = ownAll(got.fds);
        if (got.truncated || got.bytes === 0) closeAll(fds);
        if (got.truncated) throw new TruncatedError(fds.length);
        if (got.bytes === 0) return this.destroy(undefined);
        this.#deliver(this.#reader.took(got.bytes, fds));
      }
    });
  }

  #deliver(message: M | undefined): void {
    if (message === undefined) return;
    try {
      this.#events.message(message);
    } catch (error) {
      closeAll(message.fds);
      throw error;
    }
  }

  /** Stops reading until `resume`. A hang-up is still noticed. */
  pause(): void {
    this.#paused = true;
    this.#interest();
  }

  resume(): void {
    this.#paused = false;
    this.#interest();
  }

  /** Queues a message. Its descriptors are closed when the kernel has them, or when the socket is closed. */
  write(data: Uint8Array, fds: readonly OwnedFd[] = []): void {
    if (!this.#open) closeAll(fds);
    if (!this.#open) return;
    const length = this.#queue.push({ data, fds });
    if (length === 1) this.#guard(() => this.#flush());
    if (length > MAX_QUEUED)
      this.destroy(new QueueFullError(`Cannot send: the peer does not read, and ${length} messages wait for it`));
  }

  #flush(): void {
    for (let head = this.#queue[0]; head; head = this.#queue[0]) {
      const raw = head.fds.map((fd) => fd.raw);
      const sent = send(this.#fd.raw, head.data, raw);
      if (sent === undefined) break;
      closeAll(head.fds);
      if (sent === head.data.length) this.#queue.shift();
      else this.#queue[0] = { data: head.data.subarray(sent), fds: [] };
    }
    const waiting = this.#queue.length > 0;
    if (waiting === this.#backlogged) return;
    this.#backlogged = waiting;
    this.#interest();
    this.#events.backlog(waiting);
  }

  #interest(): void {
    if (!this.#open) return;
    this.#watch.want({ readable: !this.#paused, writable: this.#backlogged, disconnect: this.#paused });
  }

  #guard(work: () => void): void {
    if (!this.#open) return;
    try {
      work();
    } catch (error) {
      this.destroy(SystemCallError.isHangUp(error) ? undefined : (error as Error));
    }
  }

  /** Closes the socket and every descriptor it still holds. */
  destroy(error: Error | undefined): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch.close();
    this.#fd.close();
    this.#reader.release();
    for (const { fds } of this.#queue.splice(0)) closeAll(fds);
    this.#events.closed(error);
  }
}
