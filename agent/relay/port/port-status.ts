import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import type { Endpoint } from '../../../compat-tables/protocol/endpoint.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { RelayStep } from '../handover/journal-format.ts';
import type { Handover } from '../handover/stored-pair.ts';

export interface PortConfig {
  readonly name: string;
  readonly deviceType: string;
  readonly frontend: Endpoint;
  readonly backend: Endpoint;
  /** Numeric group of the socket files that the agent makes. */
  readonly socketGroup?: number | undefined;
}

export interface PortOptions {
  /** How long a back-end may take to answer all questions about its features; default 5000. */
  readonly measureTimeoutMs?: number;
  /** How long a peer may leave a message incomplete; default 10,000. */
  readonly partialPatienceMs?: number | undefined;
  /** Hands the connections to the next process; undefined: they end with this one. */
  readonly handover?: Handover | undefined;
  /** For tests that end the process between two steps. */
  readonly atStep?: ((step: RelayStep) => void) | undefined;
}

export type PortState =
  | 'waiting-backend'
  | 'measuring'
  /** The back-end is connected, but no mode may be offered: the front-end's socket is closed. */
  | 'refused'
  | 'waiting-frontend'
  | 'connected'
  | 'negotiated'
  | 'stopped'
  /** An endpoint cannot be used now; the port goes on trying. */
  | 'error';

const STATISTICS = [
  ...['messages_to_backend', 'messages_to_frontend', 'descriptors_to_backend', 'descriptors_to_frontend'],
  ...['backend_connects', 'frontend_connects', 'frontend_busy'],
  ...['refusals', 'faults', 'unknown_requests', 'unsolicited_replies'],
] as const;

export type StatisticName = (typeof STATISTICS)[number];
export type Statistics = Record<StatisticName, number>;

export function noStatistics(): Statistics {
  return Object.fromEntries(STATISTICS.map((name) => [name, 0])) as Statistics;
}

export interface PortStatus {
  readonly state: PortState;
  /** In `waiting-backend`: the endpoint and its last attempt, as in `connect:/run/b: ECONNREFUSED, tried every second`. */
  readonly waitingFor?: string | undefined;
  /** What the connected back-end can do; undefined until it was measured. */
  readonly abilities?: Abilities | undefined;
  /** The mode of the connected front-end; the members from here to `peer` describe that connection. */
  readonly mode?: Entry | undefined;
  readonly offered?: bigint | undefined;
  readonly acked?: bigint | undefined;
  readonly ackedProtocol?: bigint | undefined;
  readonly queuePairs?: number | undefined;
  readonly memoryRegions?: number | undefined;
  /** Ring index → descriptors. */
  readonly ringSizes: ReadonlyMap<number, number>;
  readonly peer?: PeerIdentity | undefined;
  readonly error?: CompatError | undefined;
  /** When the state was entered, milliseconds since 1970. */
  readonly since: number;
  readonly statistics: Readonly<Statistics>;
}

export type ModeDecision = { readonly mode: Entry } | { readonly refused: CompatError };

export type PortEventKind =
  /** A back-end was asked what it can do. */
  | 'measured'
  | 'backend-lost'
  | 'frontend-connected'
  | 'frontend-left'
  /** The front-end accepted features, for the first time or others than before. */
  | 'negotiated'
  /** No mode may be offered, or a front-end asked for what it may not have. */
  | 'refused'
  /** Another process speaks on the front-end's connection. */
  | 'changed-hands'
  /** A second front-end was sent away. */
  | 'busy'
  /** A message waits until there is room for its descriptors. */
  | 'starved'
  /** Connections of an earlier agent go on with this one. */
  | 'resumed'
  /** The connections would not outlive the agent. */
  | 'not-kept'
  /** A peer broke the protocol, or a socket failed. */
  | 'fault'
  /** An endpoint cannot be used. */
  | 'endpoint';

export interface PortEvent {
  readonly kind: PortEventKind;
  /** A code of the catalogue, when something went wrong. */
  readonly code?: string;
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface PortHooks {
  /**
   * Asked when a front-end connects (`peer` given) and, without a peer, whether to open the front-end's socket at all.
   * The answer for a peer must be the mode that it had before, as long as it lives.
   */
  decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision;
  /** Another process has the connection of a front-end with this mode now, which is its mode as well. */
  joined?(mode: Entry, peer: PeerIdentity): void;
  /** Some part of the status changed. */
  changed(): void;
  event(event: PortEvent): void;
}
