import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import { type PeerIdentity, peerAlive, samePeer } from '../fd/peer.ts';

/** The mode that a front-end process got, and which process that is. */
export interface StickyMode {
  readonly version: string;
  readonly digest: string;
  readonly peer: PeerIdentity;
}

/** The most front-end processes of one interface that are remembered; beyond it the second oldest is forgotten. */
const MAX_PROCESSES = 16;

/**
 * The modes that the front-end processes of one interface hold, each for as long as its process lives: a guest that
 * reconnects gets what it had, whoever else connected in between. The first of them stands in the row of the interface, and
 * so survives a restart of the agent.
 */
export class StickyModes {
  #all: readonly StickyMode[];
  readonly #isAlive: (peer: PeerIdentity) => boolean;

  /** `known`: the mode that stood in the row when the agent started. */
  constructor(known: StickyMode | undefined, isAlive: (peer: PeerIdentity) => boolean = peerAlive) {
    this.#isAlive = isAlive;
    this.#all = known && isAlive(known.peer) ? [known] : [];
  }

  get first(): StickyMode | undefined {
    return this.#all[0];
  }

  /** The mode that this process had before. */
  of(peer: PeerIdentity): StickyMode | undefined {
    return this.#all.find((one) => samePeer(one.peer, peer));
  }

  /** Those whose processes live. */
  living(): readonly StickyMode[] {
    return this.#all.filter(({ peer }) => this.#isAlive(peer));
  }

  /** A process got a mode. It stands behind one that lives until it has accepted features. */
  add(sticky: StickyMode): void {
    const at = this.#all.findIndex((one) => samePeer(one.peer, sticky.peer));
    if (at >= 0) this.#all = this.#all.with(at, sticky);
    else this.#all = [...this.living(), sticky];
    if (this.#all.length > MAX_PROCESSES) this.#all = this.#all.toSpliced(1, 1);
  }

  /** This process has accepted features: it is the guest of the interface now. */
  negotiated(peer: PeerIdentity): void {
    const sticky = this.of(peer);
    if (sticky && sticky !== this.first) this.#all = [sticky, ...this.#all.filter((one) => one !== sticky)];
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

/** The column `peer` of an interface: the process that holds the mode in force, and the digest of that mode. */
export function peerColumn({ peer, digest }: StickyMode): Map<string, string> {
  const { pid, startTime, bootId, socket } = peer;
  const column = { pid: String(pid), start_time: startTime, boot_id: bootId, digest };
  return new Map(Object.entries(socket === undefined ? column : { ...column, socket }));
}

/** The sticky mode that an earlier agent wrote to the row; undefined when there is none or it cannot be read. */
export function readSticky({ inForce: version, peer: column }: InterfaceRow): StickyMode | undefined {
  const [startTime, bootId, digest] = ['start_time', 'boot_id', 'digest'].map((key) => column.get(key));
  const pid = Number(column.get('pid'));
  if (version === undefined || !Number.isSafeInteger(pid)) return undefined;
  if (startTime === undefined || bootId === undefined || digest === undefined) return undefined;
  const socket = column.get('socket');
  return { version, digest, peer: { pid, startTime, bootId, ...(socket !== undefined && { socket }) } };
}
