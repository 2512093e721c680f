import type { SocketFileOptions } from '../../base/socket-file.ts';
import { BoundSocket } from './bound-socket.ts';
import { acceptUnix, connectUnix, listenUnix } from './libc.ts';
import { ClosingTally, type OwnedFd, ownConnection } from './owned-fd.ts';

/** Peers that may wait to be accepted; one front-end or back-end is the rule. */
const BACKLOG = 16;
/** The others are told by the next turn of the event loop. */
const ACCEPTED_PER_TURN = BACKLOG;
/** With the table of open files full, accepting fails again at once: pause instead. */
const EXHAUSTED_PAUSE_MS = 1000;

/** Listens on a path and hands on each connection. */
export class Listener {
  readonly #socket: BoundSocket;
  readonly #arrived: (fd: OwnedFd) => void;
  #held = false;
  readonly #tally: ClosingTally;
  #exhausted: NodeJS.Timeout | undefined;
  #open = true;

  /** @throws VC-ENDPOINT, VC-ENDPOINT-TAKEN */
  constructor(
    path: string,
    options: SocketFileOptions,
    arrived: (fd: OwnedFd) => void,
    tally = new ClosingTally(() => this.roomAgain()),
  ) {
    this.#arrived = arrived;
    this.#tally = tally;
    const bind = (at: string): number => listenUnix(at, BACKLOG);
    const all = { ...options, purpose: 'listen on', connect: connectUnix, bind, tally };
    this.#socket = new BoundSocket(path, all, () => this.#accept());
  }

  #accept(): void {
    // not until none waits: whoever connects faster than we accept would keep all ports waiting
    for (let turn = 0; turn < ACCEPTED_PER_TURN && this.#open && !this.#held && !this.#tally.isFull; turn += 1) {
      let connection: number | undefined;
      try {
        connection = acceptUnix(this.#socket.raw);
      } catch {
        this.#exhausted = setTimeout(() => {
          this.#exhausted = undefined;
          this.#listen();
        }, EXHAUSTED_PAUSE_MS);
        this.#listen();
        return;
      }
      if (connection === undefined) return;
      this.#arrived(ownConnection(connection, this.#tally));
    }
    this.#listen();
  }

  /** Leaves new connections in the kernel's queue, until `resume`. */
  hold(): void {
    this.#held = true;
    this.#listen();
  }

  resume(): void {
    this.#held = false;
    this.#listen();
  }

  #listen(): void {
    if (this.#open) this.#socket.listen(!this.#held && !this.#tally.isFull && this.#exhausted === undefined);
  }

  /** Fewer connections of before are still being closed. */
  roomAgain(): void {
    this.#listen();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#exhausted);
    this.#socket.close();
  }
}
