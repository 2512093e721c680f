/**
 * The nouns of the product, as plain data. Masks are `bigint`: virtio has feature bits above 63, and bitwise operators
 * on `number` cut at 32.
 */
import { CONTROL_BITS, guestFeatures } from '../bits/named-masks.ts';
import type { Withdrawal } from './withdrawal.ts';

/** How far a mode may be trusted: moves both ways, moves to newer hosts only, or works with a loud refusal at worst. */
export type Tier = 'both-ways' | 'forward-only' | 'best-effort';

/**
 * Upper bounds that belong to a mode, by name; a name that this release does not know is carried along untouched.
 * `queue_pairs`: what GET_QUEUE_NUM answers, counted as bits/queue-counts.ts says. `ring_size`: the most descriptors SET_VRING_NUM may ask for.
 */
export type Limits = Readonly<Record<string, number>>;

/** One row of the compat table: a version string and the exact promise behind it. Immutable once published. */
export interface Entry {
  readonly version: string;
  readonly deviceType: string;
  /** The word a back-end of this kind answers to GET_FEATURES, control bits included when it has them. */
  readonly virtioFeatures: bigint;
  /** At most these protocol features pass the relay; undefined: as the back-end offers them. */
  readonly protocolFeatures: bigint | undefined;
  /** Protocol features without which the mode cannot be honoured. */
  readonly requiredProtocolFeatures: bigint;
  readonly limits: Limits;
  readonly tier: Tier;
  /** Nothing chooses it anew. */
  readonly withdrawn?: Withdrawal | undefined;
  readonly summary: string;
  /** Releases and settings that behave so, in words: `Open vSwitch 2.13 to 3.1`. */
  readonly covers: readonly string[];
  /** Where the figures come from: repository, tag and path. */
  readonly sources: readonly string[];
  /** The table file the entry was read from. */
  readonly origin: string;
  /** SHA-256, hexadecimal, over the canonical content: see digest.ts. */
  readonly digest: string;
}

/** The features and limits of a back-end, as far as they are known. */
export interface Abilities {
  readonly virtioFeatures: bigint;
  readonly protocolFeatures: bigint;
  /** `queue_pairs`, `ring_size`, …: the most that the back-end gives. A name that is absent is not known and not checked. */
  readonly limits: Limits;
}

/** How abilities came to be known. Measured beats detected beats declared. */
export type KnownBy = 'measured' | 'detected' | 'declared';

/** One reason why a host cannot honour a version. */
export interface Blocker {
  readonly code: string;
  /** For people: what is missing, by name. */
  readonly text: string;
  /** The virtio feature names that are missing, empty when the reason is another. */
  readonly missing: readonly string[];
}

/** One version as one host sees it. */
export interface VersionStatus {
  readonly version: string;
  readonly digest: string;
  readonly usable: boolean;
  readonly blockers: readonly Blocker[];
}

/** The versions of one device type that one host knows, in its order of preference. */
export interface HostVersionList {
  readonly host: string;
  readonly deviceType: string;
  readonly versions: readonly VersionStatus[];
}

/** The offer to the front-end: the guest bits of the entry, and the control bits of the back-end at hand. */
export function offeredFeatures(entry: Pick<Entry, 'virtioFeatures'>, backendFeatures: bigint): bigint {
  return guestFeatures(entry.virtioFeatures) | (backendFeatures & CONTROL_BITS);
}

/** The back-end's protocol features, cut to the entry's when it limits them. */
export function offeredProtocolFeatures(entry: Pick<Entry, 'protocolFeatures'>, backendProtocol: bigint): bigint {
  return entry.protocolFeatures === undefined ? backendProtocol : backendProtocol & entry.protocolFeatures;
}
