import { type PeerIdentity, peerAlive, samePeer } from '../../fd/peer.ts';
import type { StickyMode } from '../../orders/orders.ts';

/**
 * The most front-end processes of one interface that are remembered. Beyond it those that never accepted features are
 * forgotten first, the oldest of them before the others: a stranger who connects often takes no guest's mode away.
 */
const MAX_PROCESSES = 64;

interface Remembered extends StickyMode {
  /** It has accepted features: a guest runs with this mode. */
  readonly negotiated?: boolean | undefined;
}

/**
 * The modes that the front-end processes of one interface hold, each for as long as its process lives: a guest that
 * reconnects gets what it had, whoever else connected in between. The first of them is the guest of the interface.
 */
export class StickyModes {
  #all: readonly Remembered[];
  readonly #isAlive: (peer: PeerIdentity) => boolean;

  /** `known`: what was remembered by an earlier process, the guest of the interface first. */
  constructor(known: readonly StickyMode[], isAlive: (peer: PeerIdentity) => boolean = peerAlive) {
    this.#isAlive = isAlive;
    this.#all = known
      .filter(({ peer }) => isAlive(peer))
      .map((one, index) => (index === 0 ? { ...one, negotiated: true } : one));
  }

  get first(): StickyMode | undefined {
    return this.#all[0];
  }

  /** All of them, for the process after this one. */
  get all(): readonly StickyMode[] {
    return this.#all;
  }

  /** The mode that this process had before. */
  of(peer: PeerIdentity): StickyMode | undefined {
    return this.#all.find((one) => samePeer(one.peer, peer));
  }

  /** Those whose processes live. */
  living(): readonly StickyMode[] {
    return this.#all.filter(({ peer }) => this.#isAlive(peer));
  }

  /** A process got a mode. It stands behind one that lives until it has accepted features. False: it had that mode. */
  add({ version, digest, peer }: StickyMode): boolean {
    const at = this.#all.findIndex((one) => samePeer(one.peer, peer));
    const before = this.#all[at];
    if (before !== undefined && before.version === version && before.digest === digest) return false;
    if (before !== undefined) this.#all = this.#all.with(at, { ...before, version, digest, peer });
    else this.#all = [...this.#all.filter((one) => this.#isAlive(one.peer)), { version, digest, peer }];
    if (this.#all.length > MAX_PROCESSES) this.#forgetOne();
    return true;
  }

  #forgetOne(): void {
    const silent = this.#all.findIndex(({ negotiated }, index) => index > 0 && negotiated !== true);
    // the last one is the process that has just come
    this.#all = this.#all.toSpliced(silent > 0 && silent < this.#all.length - 1 ? silent : 1, 1);
  }

  /** This process has accepted features: it is the guest of the interface now. False: it was so before. */
  negotiated(peer: PeerIdentity): boolean {
    const sticky: Remembered | undefined = this.of(peer);
    if (!sticky || (sticky === this.first && sticky.negotiated === true)) return false;
    this.#all = [{ ...sticky, negotiated: true }, ...this.#all.filter((one) => one !== sticky)];
    return true;
  }

  /** Forgets those whose processes are gone, save that of the connected one. False: there are none. */
  expire(connected: PeerIdentity | undefined): boolean {
    const isConnected = (peer: PeerIdentity) => connected !== undefined && samePeer(peer, connected);
    const left = this.#all.filter(({ peer }) => isConnected(peer) || this.#isAlive(peer));
    if (left.length === this.#all.length) return false;
    this.#all = left;
    return true;
  }
}
