import { familyOf, featureNames } from '../../compat-tables/bits/features.ts';
import { formatMask } from '../../compat-tables/bits/mask.ts';
import type { Abilities, Blocker, Entry, KnownBy } from '../../compat-tables/entries/entry.ts';
import { guestFeatures } from '../../compat-tables/entries/offer.ts';
import type { Json } from '../json/types.ts';
import { ovsMap, ovsOptional, ovsSet } from '../ovsdb/notation/values.ts';

/** Typed objects as columns in OVSDB notation, for insert and update: the way back of rows.ts. */

/** Columns of one row in OVSDB notation. */
export type Columns = Readonly<Record<string, Json>>;

export interface HostFacts {
  readonly systemId: string;
  readonly hostname: string;
  readonly agentVersion: string;
  /** What may be said of the back-end beside its abilities: `name`, `release`, `dpdk`, … */
  readonly backend: Readonly<Record<string, string>>;
  readonly knownBy: KnownBy | undefined;
  readonly abilities: Abilities | undefined;
}

/** The part of an Interface row that the agent writes. An absent member stays as it is; `undefined` empties the column. */
export interface InterfaceStatus {
  readonly state?: string;
  readonly inForce?: string | undefined;
  readonly nextStart?: string | undefined;
  readonly abilities?: Abilities | undefined;
  readonly offeredFeatures?: bigint | undefined;
  readonly ackedFeatures?: bigint | undefined;
  readonly ackedProtocolFeatures?: bigint | undefined;
  readonly queuePairs?: number | undefined;
  readonly ringSizes?: ReadonlyMap<number, number>;
  readonly error?: string | undefined;
  readonly errorDetail?: string | undefined;
  readonly since?: number | undefined;
  readonly peer?: ReadonlyMap<string, string>;
  readonly statistics?: ReadonlyMap<string, number | bigint>;
}

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
export function encodeHost(facts: Partial<HostFacts>): Columns {
  const columns: Record<string, Json> = {};
  if (facts.systemId !== undefined) columns['system_id'] = facts.systemId;
  if (facts.hostname !== undefined) columns['hostname'] = facts.hostname;
  if (facts.agentVersion !== undefined) columns['agent_version'] = facts.agentVersion;
  if (facts.backend !== undefined || facts.knownBy !== undefined) {
    const knownBy = facts.knownBy === undefined ? {} : { known_by: facts.knownBy };
    columns['backend'] = ovsMap({ ...facts.backend, ...knownBy });
  }
  if ('abilities' in facts) Object.assign(columns, encodeAbilities(facts.abilities));
  return columns;
}

/** All columns of a Compat_Version row. */
export function encodeVersion(entry: Entry, blockers: readonly Blocker[], preference: number): Columns {
  const names = featureNames(familyOf(entry.deviceType), guestFeatures(entry.virtioFeatures));
  return {
    name: entry.version,
    device_type: entry.deviceType,
    preference,
    virtio_features: formatMask(entry.virtioFeatures),
    feature_names: set(names),
    protocol_features: optionalMask(entry.protocolFeatures),
    required_protocol_features: optionalMask(entry.requiredProtocolFeatures || undefined),
    limits: ovsMap(entry.limits),
    digest: entry.digest,
    tier: entry.tier,
    usable: blockers.length === 0,
    blockers: set(blockers.map(encodeBlocker)),
    covers: set(entry.covers),
    origin: entry.origin,
    sources: set(entry.sources),
    summary: entry.summary,
  };
}

/** One JSON text, its members in fixed order: equal blockers are equal texts. */
export function encodeBlocker({ code, text, missing }: Blocker): string {
  return JSON.stringify({ code, text, missing });
}

/** Status columns of an Interface row; see InterfaceStatus. */
export function encodeInterfaceStatus(status: InterfaceStatus): Columns {
  const parts = (Object.keys(status) as (keyof InterfaceStatus)[]).map((name) =>
    (STATUS[name] as (value: unknown) => Columns)(status[name]),
  );
  return Object.assign({}, ...parts) as Columns;
}

/** All columns of an Event row. */
export function encodeEvent(facts: EventFacts): Columns {
  return {
    system_id: facts.systemId,
    interface: ovsOptional(facts.interface),
    time: facts.time,
    kind: facts.kind,
    code: ovsOptional(facts.code),
    text: facts.text,
    details: ovsMap(facts.details ?? {}),
  };
}

const STATUS: { readonly [K in keyof InterfaceStatus]-?: (value: InterfaceStatus[K]) => Columns } = {
  state: (state) => ({ state: state ?? '' }),
  inForce: (version) => ({ in_force: ovsOptional(version) }),
  nextStart: (version) => ({ next_start: ovsOptional(version) }),
  abilities: (abilities) => encodeAbilities(abilities),
  offeredFeatures: (mask) => ({ offered_features: optionalMask(mask) }),
  ackedFeatures: (mask) => ({ acked_features: optionalMask(mask) }),
  ackedProtocolFeatures: (mask) => ({ acked_protocol_features: optionalMask(mask) }),
  queuePairs: (pairs) => ({ queue_pairs: ovsOptional(pairs) }),
  ringSizes: (sizes) => ({ ring_sizes: ovsMap(sizes ?? new Map()) }),
  error: (code) => ({ error: ovsOptional(code) }),
  errorDetail: (text) => ({ error_detail: ovsOptional(text) }),
  since: (ms) => ({ since: ovsOptional(ms) }),
  peer: (peer) => ({ peer: ovsMap(peer ?? new Map()) }),
  statistics: (counters) => ({ statistics: ovsMap(counters ?? new Map()) }),
};

function encodeAbilities(abilities: Abilities | undefined): Columns {
  return {
    backend_features: optionalMask(abilities?.virtioFeatures),
    backend_protocol_features: optionalMask(abilities?.protocolFeatures),
    backend_limits: ovsMap(abilities?.limits ?? {}),
  };
}

function optionalMask(mask: bigint | undefined): Json {
  return ovsOptional(mask === undefined ? undefined : formatMask(mask));
}

/** Without doubles: a set that holds one twice is an error for the server. */
function set(texts: readonly string[]): Json {
  return ovsSet([...new Set(texts)].sort());
}
