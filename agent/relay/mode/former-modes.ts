import { join } from 'node:path';
import { type PeerIdentity, peerAlive } from '../../fd/peer.ts';
import type { StickyMode } from '../../orders/orders.ts';

/** The most interfaces that are remembered after their end, the oldest forgotten first. */
const MAX_INTERFACES = 10_000;

/**
 * The modes of front-end processes whose interface was removed or has other endpoints now: an interface that gets the socket of
 * such a process finds the mode that its guest runs with, so that nobody is re-masked by removing an interface and adding it again.
 */
export class FormerModes {
  /** By the front-end's socket. */
  readonly #bySocket = new Map<string, readonly StickyMode[]>();
  readonly #isAlive: (peer: PeerIdentity) => boolean;

  constructor(isAlive: (peer: PeerIdentity) => boolean = peerAlive) {
    this.#isAlive = isAlive;
  }

  /** An interface ended. `frontend`: its endpoint. */
  keep(frontend: string, modes: readonly StickyMode[]): void {
    const living = modes.filter(({ peer }) => this.#isAlive(peer));
    const socket = socketOf(frontend);
    this.#bySocket.delete(socket);
    if (living.length > 0) this.#bySocket.set(socket, living);
    const [oldest] = this.#bySocket.keys();
    if (this.#bySocket.size > MAX_INTERFACES && oldest !== undefined) this.#bySocket.delete(oldest);
  }

  /** An interface with this front-end endpoint begins: those of the processes that live. */
  take(frontend: string): readonly StickyMode[] {
    const socket = socketOf(frontend);
    const modes = this.#bySocket.get(socket) ?? [];
    this.#bySocket.delete(socket);
    return modes.filter(({ peer }) => this.#isAlive(peer));
  }
}

/**
 * The path by which processes of both sides meet, as text: nothing is looked up, which might take as long as somebody likes.
 * `/var/run` is `/run` everywhere.
 */
function socketOf(endpoint: string): string {
  return join('/', endpoint.slice(endpoint.indexOf(':') + 1)).replace(/^\/var\/run\//, '/run/');
}
