import { type PeerIdentity, peerAlive, samePeer } from '../fd/peer.ts';
import type { Sticky } from './modes.ts';

/** More processes than this do not take turns at one socket; the one that came first of them is forgotten. */
const MOST = 16;

/**
 * The modes that the front-end processes of one interface hold, each for as long as its process lives: whoever else comes
 * to the door in between, a guest that comes again gets what it had. The first of them is the one that the row shows
 * and that the next agent will know.
 */
export class Stickies {
  #all: readonly Sticky[];
  readonly #isAlive: (peer: PeerIdentity) => boolean;

  /** `known`: from an earlier life of the agent. */
  constructor(known: Sticky | undefined, isAlive: (peer: PeerIdentity) => boolean = peerAlive) {
    this.#isAlive = isAlive;
    this.#all = known && isAlive(known.peer) ? [known] : [];
  }

  get first(): Sticky | undefined {
    return this.#all[0];
  }

  /** What this process had before. */
  of(peer: PeerIdentity): Sticky | undefined {
    return this.#all.find((one) => samePeer(one.peer, peer));
  }

  /** Those whose processes live. */
  living(): readonly Sticky[] {
    return this.#all.filter(({ peer }) => this.#isAlive(peer));
  }

  /** A process got a mode. It stands behind one that lives until it has taken features. */
  add(sticky: Sticky): void {
    const at = this.#all.findIndex((one) => samePeer(one.peer, sticky.peer));
    if (at >= 0) this.#all = this.#all.with(at, sticky);
    else this.#all = [...this.living(), sticky];
    if (this.#all.length > MOST) this.#all = this.#all.toSpliced(1, 1);
  }

  /** This process has taken features: it is the guest of the interface now. */
  negotiated(peer: PeerIdentity): void {
    const sticky = this.of(peer);
    if (sticky && sticky !== this.first) this.#all = [sticky, ...this.#all.filter((one) => one !== sticky)];
  }

  /** Lets go of those whose processes are gone, save that of the connected one. False: there are none. */
  expire(connected: PeerIdentity | undefined): boolean {
    const left = this.#all.filter(
      ({ peer }) => (connected !== undefined && samePeer(peer, connected)) || this.#isAlive(peer),
    );
    if (left.length === this.#all.length) return false;
    this.#all = left;
    return true;
  }
}
