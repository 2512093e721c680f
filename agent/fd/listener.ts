import type { SocketFileOptions } from '../../base/socket-file.ts';
import { BoundSocket } from './bound-socket.ts';
import { acceptUnix, connectUnix, listenUnix } from './libc.ts';
import { OwnedFd } from './owned-fd.ts';

/** Peers that may wait to be accepted; one front-end or back-end is the rule. */
const BACKLOG = 16;
/** With the table of open files full, accepting fails again at once: pause instead. */
const EXHAUSTED_PAUSE_MS = 1000;

/** Listens on a path and hands on each connection. */
export class Listener {
  readonly #socket: BoundSocket;
  readonly #arrived: (fd: OwnedFd) => void;
  #held = false;
  #exhausted: NodeJS.Timeout | undefined;
  #open = true;

  /** @throws VC-ENDPOINT, VC-ENDPOINT-TAKEN */
  constructor(path: string, options: SocketFileOptions, arrived: (fd: OwnedFd) => void) {
    this.#arrived = arrived;
    const bind = (at: string): number => listenUnix(at, BACKLOG);
    const all = { ...options, purpose: 'listen on', knock: connectUnix, bind };
    this.#socket = new BoundSocket(path, all, () => this.#accept());
  }

  #accept(): void {
    while (this.#open && !this.#held) {
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
      this.#arrived(new OwnedFd(connection));
    }
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
    if (this.#open) this.#socket.listen(!this.#held && this.#exhausted === undefined);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#exhausted);
    this.#socket.close();
  }
}
