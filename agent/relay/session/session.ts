import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { offeredFeatures, offeredProtocolFeatures } from '../../../compat-tables/entries/entry.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';

/** A reply that the front-end waits for: the back-end's, or one of ours in its turn. */
export interface PendingReply {
  readonly request: number;
  /** Our own reply, sent when all replies before it have been. */
  readonly answer?: Uint8Array;
  /** The front-end that asked has left: the reply is dropped. */
  readonly dropped?: true;
  /** What SET_FEATURES asked for: acked once the back-end says that it succeeded. */
  readonly features?: bigint;
}

/** What a session is about; the same from its first message to its last. */
export interface SessionContext {
  readonly interface: string;
  readonly mode: Entry;
  /** Those of the back-end, as it was measured: no version here has more. */
  readonly abilities: Abilities;
}

/** All that a session has learned. Plain data, never changed in place. */
export interface SessionState {
  readonly offered: bigint;
  readonly offeredProtocol: bigint;
  readonly acked: bigint | undefined;
  readonly ackedProtocol: bigint | undefined;
  /** Rings that were started and not stopped since; the device runs while there are any. */
  readonly started: readonly number[];
  /** Ring index → descriptors. */
  readonly ringSizes: ReadonlyMap<number, number>;
  /** Queues of the device as its type counts them, used by the guest or not: by the highest ring that was set up, enabled or started. */
  readonly queuePairs: number | undefined;
  /** Regions of guest memory that the back-end has; undefined: none were shared yet. */
  readonly memoryRegions?: number;
  /** The answer to GET_MAX_MEM_SLOTS; undefined: the front-end has not asked. */
  readonly memorySlots?: number;
  /** More than questions has gone to the back-end. */
  readonly relayed: boolean;
  /** Memory follows the guest in a postcopy migration: the back-end answers a memory table with one of its own. */
  readonly postcopy: boolean;
  readonly pending: readonly PendingReply[];
}

/** What is to be done about a message. The session does none of it. */
export type Action =
  /** Send it on as it came, with its descriptors. */
  | { readonly do: 'forward' }
  /** Send the reply on with another number in it. */
  | { readonly do: 'forwardChanged'; readonly bytes: Uint8Array }
  /** Answer the front-end in the back-end's place. */
  | { readonly do: 'answer'; readonly bytes: Uint8Array }
  /** Refuse what the front-end may not have. With `close` its connection is closed. */
  | { readonly do: 'refuse'; readonly error: CompatError; readonly close: boolean; readonly learned?: Learned }
  | { readonly do: 'count'; readonly what: 'unknown_requests' | 'unsolicited_replies' };

/** Abilities of the back-end that are not what was measured. */
export type Learned = Partial<Abilities>;

/** The decision about one message: the session after it, and what is to be done. */
export interface Step {
  readonly state: SessionState;
  readonly actions: readonly Action[];
}

/** What a message changes in the session. */
export type SessionChange = Partial<SessionState>;

/** The one action of nearly all messages. */
export const FORWARD: Action = { do: 'forward' };
export const JUST_FORWARD: readonly Action[] = [FORWARD];

/** `owed`: replies to an earlier front-end that are still to come. */
export function beginSession(
  { mode }: Omit<SessionContext, 'abilities'>,
  abilities: Abilities,
  owed: readonly PendingReply[] = [],
): SessionState {
  return {
    offered: offeredFeatures(mode, abilities.virtioFeatures),
    offeredProtocol: offeredProtocolFeatures(mode, abilities.protocolFeatures),
    ...{ acked: undefined, ackedProtocol: undefined, queuePairs: undefined, relayed: false, postcopy: false },
    ...{ started: [], ringSizes: new Map(), pending: owed },
  };
}

/** The front-end of this session has said something, to this process or to an earlier one. */
export function hasSpoken({ relayed, acked, ackedProtocol, pending }: SessionState): boolean {
  return relayed || acked !== undefined || ackedProtocol !== undefined || pending.some(({ dropped }) => !dropped);
}
