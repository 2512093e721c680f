import { fstatSync } from 'node:fs';
import { mayFail } from './faults.ts';
import { type PollCallback, type PollHandle, type PollInterest, poll } from './libc.ts';

/** By descriptor. Keeps each native handle alive, too: one that is collected stops polling and does not say so. */
const watches = new Map<number, Watch>();

export interface Readiness {
  readonly readable: boolean;
  readonly writable: boolean;
  /** The peer hung up; only told when asked for. */
  readonly disconnect: boolean;
  /** The kernel reports an error on the socket; the next call on it says which. Nothing more is told after this. */
  readonly failed: boolean;
}

/**
 * Tells when a socket can be read or written, on node's own event loop. Guards koffi's poll handle, which aborts the
 * process on a descriptor that epoll refuses or that is watched already, and crashes when used after close.
 */
export class Watch {
  readonly #fd: number;
  readonly #callback: PollCallback;
  #handle: PollHandle | undefined;
  #interest: PollInterest = { readable: true, writable: false, disconnect: false };

  constructor(fd: number, onReady: (ready: Readiness) => void) {
    if (watches.has(fd)) throw new Error(`Cannot watch descriptor ${fd}: it is watched already`);
    if (!fstatSync(fd).isSocket()) throw new Error(`Cannot watch descriptor ${fd}: it is not a socket`);
    this.#fd = fd;
    this.#callback = (status, events) => {
      if (!this.#handle) return;
      try {
        onReady({ ...events, failed: status < 0 });
      } catch (error) {
        // koffi would throw it from whichever call of it comes next
        this.close();
        queueMicrotask(() => {
          throw error;
        });
      }
    };
    mayFail('watch');
    this.#handle = poll(fd, this.#interest, this.#callback);
    watches.set(fd, this);
  }

  /** Changes what is told: what is left out is not; nothing at all is allowed. */
  want({ readable = false, writable = false, disconnect = false }: Partial<PollInterest>): void {
    const { readable: before, writable: beforeWritable, disconnect: beforeDisconnect } = this.#interest;
    const same = readable === before && writable === beforeWritable && disconnect === beforeDisconnect;
    if (same || !this.#handle) return;
    const interest = { readable, writable, disconnect };
    this.#interest = interest;
    this.#handle.start(interest, this.#callback);
  }

  /** To be called before the descriptor is closed: its number may come back as another socket. */
  close(): void {
    this.#handle?.close();
    this.#handle = undefined;
    if (watches.get(this.#fd) === this) watches.delete(this.#fd);
  }
}
