/**
 * A device that says itself what it is and what it can take in, for any device type: the knowledge stays with whoever
 * wrote the document, and a manager compares. The format is described in docs/documents.md.
 */
import type { Tier } from '../entries/entry.ts';
import type { Withdrawal } from '../entries/withdrawal.ts';

/** An array is a set: order and repetition do not matter. */
export type FieldValue = string | number | boolean | readonly string[];
/** In a `compatible` entry texts may hold `${variable}`, `${variable*2}` and `${variable/2}`. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** The values that a variable may have. */
export type Variable =
  | { readonly type: 'integer'; readonly values: readonly number[] }
  | { readonly type: 'integer'; readonly range: readonly [lowest: number, highest: number]; readonly step?: number }
  | { readonly type: 'string'; readonly values?: readonly string[] }
  | { readonly type: 'set'; readonly of: readonly string[]; readonly including?: readonly string[] };

/**
 * How version strings relate. `opaque`: equal or not. `major.minor.bugfix`: one device takes in what another of the same
 * device type was, if the majors are equal and its own minor is not lower; the bugfix number means nothing.
 */
export type Scheme = 'opaque' | 'major.minor.bugfix';
export const SCHEMES = ['opaque', 'major.minor.bugfix'] as const satisfies readonly Scheme[];

/** The device itself. */
export interface DeviceSelf {
  readonly device_type: string;
  readonly version?: string;
  readonly fields?: Fields;
}

/** One kind of device whose guest this one can take in. */
export interface CompatibleEntry {
  readonly version?: string;
  readonly fields?: Fields;
  readonly variables?: Readonly<Record<string, Variable>>;
  /** The digest of the table entry, for a version that has one. Otherwise the content itself is compared. */
  readonly digest?: string;
  /** Default `both-ways`. */
  readonly tier?: Tier;
  /** Taken in, and not chosen anew. */
  readonly withdrawn?: Withdrawal;
  readonly summary?: string;
}

export interface DeviceDocument {
  readonly format: 1;
  readonly kind: 'vhost-compat device';
  /** For people, and to name the document in answers. */
  readonly host: string;
  /** Default `opaque`. */
  readonly version_scheme?: Scheme;
  readonly self: DeviceSelf;
  /** In the order of preference. */
  readonly compatible: readonly CompatibleEntry[];
}
