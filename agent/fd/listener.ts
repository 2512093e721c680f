import type { SocketFile, SocketFileOptions } from '../../base/socket-file.ts';
import { bindEndpoint } from './bind-endpoint.ts';
import { acceptUnix, connectUnix, listenUnix } from './libc.ts';
import { OwnedFd } from './owned-fd.ts';
import { Watch } from './watch.ts';

/** Peers that may wait to be accepted; one front-end or back-end is the rule. */
const BACKLOG = 16;
/** With the table of open files full, accepting fails at once again and again: look away for a while. */
const EXHAUSTED_PAUSE_MS = 1000;

/** Listens on a path and hands on what connects; replaces the socket file of a dead process, and removes its own at the end. */
export class Listener {
  readonly #file: SocketFile<OwnedFd>;
  readonly #watch: Watch;
  readonly #arrived: (fd: OwnedFd) => void;
  #held = false;
  #exhausted: NodeJS.Timeout | undefined;
  #open = true;

  /** Throws VC-ENDPOINT (the path cannot be used) or VC-ENDPOINT-TAKEN (somebody serves it). */
  constructor(path: string, options: SocketFileOptions, arrived: (fd: OwnedFd) => void) {
    this.#arrived = arrived;
    this.#file = bindEndpoint('listen on', path, options, {
      knock: connectUnix,
      bind: (at) => listenUnix(at, BACKLOG),
    });
    try {
      this.#watch = new Watch(this.#file.bound.raw, () => this.#accept());
    } catch (error) {
      this.#file.remove();
      this.#file.bound.close();
      throw error;
    }
  }

  #accept(): void {
    while (this.#open && !this.#held) {
      let connection: number | undefined;
      try {
        connection = acceptUnix(this.#file.bound.raw);
      } catch {
        this.#exhausted = setTimeout(() => this.#lookAgain(), EXHAUSTED_PAUSE_MS);
        this.#interest();
        return;
      }
      if (connection === undefined) return;
      this.#arrived(new OwnedFd(connection));
    }
  }

  #lookAgain(): void {
    this.#exhausted = undefined;
    this.#interest();
  }

  /** Leaves what connects in the kernel's queue, until `resume`. */
  hold(): void {
    this.#held = true;
    this.#interest();
  }

  resume(): void {
    this.#held = false;
    this.#interest();
  }

  #interest(): void {
    const readable = this.#open && !this.#held && this.#exhausted === undefined;
    this.#watch.want({ readable, writable: false, disconnect: false });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#exhausted);
    this.#watch.close();
    this.#file.remove();
    this.#file.bound.close();
  }
}
