import { closeApart } from './close-apart.ts';
import { type ClosingCost, closingCost, isSmallMemory } from './descriptor-kind.ts';
import { close } from './libc.ts';
import { isEndedAndEmpty, nameSenders, shutdown, urgentBytesInLine } from './libc-stream.ts';

/** Honest peers leave one now and then, for a moment. */
const MOST_CLOSING = 4;

/**
 * The connections of one endpoint that were ended and are still being closed, because of what their peers sent: who leaves
 * too many of them behind is not let in again until they are closed.
 */
export class ClosingTally {
  readonly #most: number;
  readonly #room: () => void;
  #closing = 0;

  /** `room` is called when there is room again. */
  constructor(room: () => void, most = MOST_CLOSING) {
    this.#room = room;
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#closing >= this.#most;
  }

  /** One more is being closed; the result is to be called when it is. */
  begin(): () => void {
    this.#closing += 1;
    return () => {
      this.#closing -= 1;
      this.#room();
    };
  }
}

/** A file descriptor with one owner, who closes it or passes it on with `take()`. */
export class OwnedFd {
  #fd: number;
  readonly #cost: ClosingCost | 'connection';
  readonly #tally: ClosingTally | undefined;

  /** `cost`: that of closing it; for what we made ourselves there is none. A `connection` ends for both sides. */
  constructor(fd: number, cost: ClosingCost | 'connection' = 'nothing', tally?: ClosingTally) {
    this.#fd = fd;
    this.#cost = cost;
    this.#tally = tally;
  }

  /** Closing it may wait for somebody else. */
  get isForeign(): boolean {
    return this.#cost === 'foreign';
  }

  /** The number, for a system call that does not keep it. */
  get raw(): number {
    if (this.#fd < 0) throw new Error('Cannot use a descriptor that was closed or handed on');
    return this.#fd;
  }

  /** Hands the number on; this object lets go of it. */
  take(): number {
    const fd = this.raw;
    this.#fd = -1;
    return fd;
  }

  /** Never waits: what may take time is closed apart. Closing again does nothing. */
  close(closed?: () => void): void {
    if (this.#fd < 0) return;
    if (this.#cost === 'connection') {
      void this.endConnection();
      return;
    }
    const fd = this.take();
    const cost = this.#cost;
    if (cost === 'nothing' || (cost === 'memory' && isSmallMemory(fd))) close(fd);
    else closeApart(fd, closed, cost === 'time' || cost === 'memory' ? 'kernel' : 'others');
  }

  /**
   * Ends a connection for both sides, whoever else holds a descriptor of it. Messages that nobody has read may carry
   * descriptors, which end with it. Settles when it is closed.
   */
  async endConnection(): Promise<void> {
    if (this.#fd < 0) return;
    const fd = this.take();
    shutdown(fd);
    if (isEndedAndEmpty(fd)) {
      close(fd);
      return;
    }
    const over = this.#tally?.begin();
    await new Promise<void>((resolve) => closeApart(fd, resolve));
    over?.();
  }

  /** Closes our descriptor of a connection that goes on: others have copies. */
  leaveConnection(): void {
    if (this.#fd >= 0) close(this.take());
  }
}

/** Owns a connection to a peer that is not trusted. */
export function ownConnection(fd: number, tally?: ClosingTally): OwnedFd {
  urgentBytesInLine(fd);
  nameSenders(fd);
  return new OwnedFd(fd, 'connection', tally);
}

/** Owns descriptors that were received; to be called in the line that receives them. */
export function ownAll(fds: readonly number[]): OwnedFd[] {
  return fds.map((fd) => new OwnedFd(fd, closingCost(fd)));
}

/**
 * A peer sent a descriptor that closes only when somebody else likes. It is being closed; until then whoever sent it must
 * not be able to send more of them.
 */
export class ForeignDescriptorError extends Error {
  override readonly name = 'ForeignDescriptorError';
  /** What is to be closed before its sender may come again. */
  readonly #closings: Promise<void>[];

  constructor(count: number, closings: Promise<void>[]) {
    super(
      `Cannot accept descriptors: ${count} of them may block whoever closes them (a file that another process or machine serves, a network socket); wanted memory, event counters, pipes or unix sockets`,
    );
    this.#closings = closings;
  }

  /** Waits for something else, too: the connection has more of them in its queue. */
  add(closing: Promise<void>): void {
    this.#closings.push(closing);
  }

  /** Settles when all of it is closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#closings);
  }
}

/** The same for those of a peer that is not trusted. @throws ForeignDescriptorError; all of them are closed then */
export function ownUntrusted(fds: readonly number[]): OwnedFd[] {
  const owned = ownAll(fds);
  const foreign = owned.filter((fd) => fd.isForeign);
  if (foreign.length === 0) return owned;
  closeAll(owned.filter((fd) => !fd.isForeign));
  throw new ForeignDescriptorError(foreign.length, [closeInTurn(foreign)]);
}

/** One after the other: whoever sends many that block takes one process of those that close for all ports. */
async function closeInTurn(fds: readonly OwnedFd[]): Promise<void> {
  for (const fd of fds) await new Promise<void>((resolve) => fd.close(resolve));
}

export function closeAll(fds: readonly OwnedFd[] = []): void {
  for (const fd of fds) fd.close();
}
