import { memoize } from '../../base/memoize.ts';
import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { featureNames } from '../../compat-tables/bits/mask.ts';
import { guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import type { Abilities, Blocker, Entry, KnownBy } from '../../compat-tables/entries/entry.ts';
import { type Columns, encodeColumns } from './model/column.ts';
import { COMPAT_VERSION } from './model/compat-version.ts';
import { EVENT } from './model/event.ts';
import { HOST } from './model/host.ts';
import { INTERFACE } from './model/interface.ts';
import type { InterfaceRow } from './read-rows.ts';

/** Typed objects as columns in OVSDB notation, for insert and update: the way back of read-rows.ts. */

export interface HostFacts {
  readonly systemId: string;
  readonly hostname: string;
  readonly agentVersion: string;
  /** What keeps the agent from its work, by error code. */
  readonly problems: ReadonlyMap<string, string>;
  /** The back-end in words: `name`, `release`, `measured_at`, … */
  readonly backend: Readonly<Record<string, string>>;
  readonly knownBy: KnownBy | undefined;
  readonly abilities: Abilities | undefined;
}

/** The properties of a row that the agent keeps saying. */
type StatusProperty<C> = C extends { readonly role: 'status'; readonly of: infer P extends string }
  ? P
  : C extends { readonly role: 'status'; readonly property: infer P extends string }
    ? P
    : never;
export type InterfaceStatusProperty = StatusProperty<(typeof INTERFACE)[keyof typeof INTERFACE]>;

/** The status of an interface. An absent member stays as it is; `undefined` empties the column. */
export type InterfaceStatus = { readonly [P in InterfaceStatusProperty]?: InterfaceRow[P] | undefined };

export interface EventFacts {
  readonly systemId: string;
  readonly interface?: string | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: string;
  readonly code?: string | undefined;
  readonly text: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** Host columns that the agent owns, the references and counters apart; give some to change some. */
export function encodeHost({ backend, knownBy, ...facts }: Partial<HostFacts>): Columns {
  if (backend === undefined && knownBy === undefined) return encodeColumns(HOST, facts);
  const words = { ...backend, ...(knownBy === undefined ? {} : { known_by: knownBy }) };
  return encodeColumns(HOST, { ...facts, backend: new Map(Object.entries(words)) });
}

/** The columns of an entry that are the same on every host. */
const encodeEntry = memoize((entry: Entry): Columns => {
  const names = featureNames(familyOf(entry.deviceType), guestFeatures(entry.virtioFeatures));
  return encodeColumns(COMPAT_VERSION, { withdrawn: undefined, ...entry, featureNames: names });
});

/** All columns of a Compat_Version row. */
export function encodeVersion(entry: Entry, blockers: readonly Blocker[], preference: number): Columns {
  const judged = encodeColumns(COMPAT_VERSION, { usable: blockers.length === 0, blockers, preference });
  return { ...encodeEntry(entry), ...judged };
}

export function encodeInterfaceStatus(status: InterfaceStatus): Columns {
  return encodeColumns(INTERFACE, status);
}

/** All columns of an Event row. */
export function encodeEvent({ details = {}, ...facts }: EventFacts): Columns {
  const absent = { interface: undefined, code: undefined };
  return encodeColumns(EVENT, { ...absent, ...facts, details: new Map(Object.entries(details)) });
}
