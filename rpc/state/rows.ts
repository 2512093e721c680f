import { parseMask } from '../../compat-tables/bits/mask.ts';
import type { Abilities, Blocker, Entry, KnownBy, Limits, Tier } from '../../compat-tables/entries/entry.ts';
import type { MoveSubject } from '../../compat-tables/moves/needs.ts';
import type { ReplicaRow } from '../ovsdb/client/replica.ts';

/**
 * The rows of the Vhost_Compat database as typed objects. Reading never throws: a column that a newer or an older agent
 * writes otherwise must not hide the rest of the host. The way back is in columns.ts.
 */

export interface HostRow {
  readonly uuid: string;
  readonly systemId: string;
  readonly hostname: string;
  readonly agentVersion: string;
  /** `name`, `release`, `dpdk`, `known_by` and whatever else the agent says of the back-end. */
  readonly backend: ReadonlyMap<string, string>;
  readonly knownBy: KnownBy | undefined;
  /** What is known of the back-end; undefined while nothing is. */
  readonly abilities: Abilities | undefined;
  /** UUIDs of rows in Compat_Version and Interface. */
  readonly versions: readonly string[];
  readonly interfaces: readonly string[];
  /** Undefined: the first usable version. */
  readonly defaultVersion: string | undefined;
  /** Version → table file with this one entry, given by clients. */
  readonly definedVersions: ReadonlyMap<string, string>;
  readonly nextCfg: number;
  readonly curCfg: number;
  readonly otherConfig: ReadonlyMap<string, string>;
  readonly externalIds: ReadonlyMap<string, string>;
  /** The last sign of life of its agent, milliseconds since 1970, when that is long ago; only with the option `life`. */
  readonly staleSince?: number;
}

export interface VersionRow {
  readonly uuid: string;
  readonly version: string;
  readonly deviceType: string;
  /** 0 is the most preferred. */
  readonly preference: number;
  readonly virtioFeatures: bigint;
  readonly featureNames: readonly string[];
  /** Undefined: as the back-end offers them. */
  readonly protocolFeatures: bigint | undefined;
  readonly requiredProtocolFeatures: bigint;
  readonly limits: Limits;
  readonly digest: string;
  readonly tier: Tier;
  readonly usable: boolean;
  readonly blockers: readonly Blocker[];
  readonly covers: readonly string[];
  readonly origin: string;
  readonly sources: readonly string[];
  readonly summary: string;
}

export interface InterfaceRow {
  readonly uuid: string;
  readonly name: string;
  readonly deviceType: string;
  /** As written by the client, `listen:PATH` or `connect:PATH`; may be wrong (parseEndpoint tells). */
  readonly frontend: string;
  readonly backend: string;
  /** The pin; undefined: the host's default. */
  readonly version: string | undefined;
  readonly state: string;
  readonly inForce: string | undefined;
  readonly nextStart: string | undefined;
  /** What this interface's own back-end answered; undefined while it was never measured. */
  readonly abilities: Abilities | undefined;
  readonly offeredFeatures: bigint | undefined;
  readonly ackedFeatures: bigint | undefined;
  readonly ackedProtocolFeatures: bigint | undefined;
  readonly queuePairs: number | undefined;
  /** Ring index → descriptors. */
  readonly ringSizes: ReadonlyMap<number, number>;
  /** A code of the catalogue, and the sentence that goes with it. */
  readonly error: string | undefined;
  readonly errorDetail: string | undefined;
  /** When `state` was entered, milliseconds since 1970. */
  readonly since: number | undefined;
  readonly peer: ReadonlyMap<string, string>;
  readonly statistics: ReadonlyMap<string, number | bigint>;
  readonly otherConfig: ReadonlyMap<string, string>;
  readonly externalIds: ReadonlyMap<string, string>;
}

export interface EventRow {
  readonly uuid: string;
  readonly systemId: string;
  readonly interface: string | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: string;
  readonly code: string | undefined;
  readonly text: string;
  readonly details: ReadonlyMap<string, string>;
}

export function readHost(row: ReplicaRow): HostRow {
  const backend = textMap(row['backend']);
  return {
    uuid: text(row['_uuid']),
    systemId: text(row['system_id']),
    hostname: text(row['hostname']),
    agentVersion: text(row['agent_version']),
    backend,
    knownBy: KNOWN_BY.find((word) => word === backend.get('known_by')),
    abilities: abilities(row),
    versions: texts(row['versions']),
    interfaces: texts(row['interfaces']),
    defaultVersion: optionalText(row['default_version']),
    definedVersions: textMap(row['defined_versions']),
    nextCfg: optionalNumber(row['next_cfg']) ?? 0,
    curCfg: optionalNumber(row['cur_cfg']) ?? 0,
    otherConfig: textMap(row['other_config']),
    externalIds: textMap(row['external_ids']),
  };
}

export function readVersion(row: ReplicaRow): VersionRow {
  const virtioFeatures = mask(row['virtio_features']);
  const blockers = texts(row['blockers']).map(readBlocker);
  if (virtioFeatures === undefined) {
    blockers.push({
      code: 'VC-MASK',
      text: `the database holds "${text(row['virtio_features'])}" as the virtio features of this version`,
      missing: [],
    });
  }
  return {
    uuid: text(row['_uuid']),
    version: text(row['name']),
    deviceType: text(row['device_type']),
    preference: optionalNumber(row['preference']) ?? 0,
    virtioFeatures: virtioFeatures ?? 0n,
    featureNames: texts(row['feature_names']),
    protocolFeatures: mask(row['protocol_features']),
    requiredProtocolFeatures: mask(row['required_protocol_features']) ?? 0n,
    limits: limits(row['limits']),
    digest: text(row['digest']),
    tier: TIERS.find((word) => word === row['tier']) ?? 'best-effort',
    usable: row['usable'] === true && virtioFeatures !== undefined,
    blockers,
    covers: texts(row['covers']),
    origin: text(row['origin']),
    sources: texts(row['sources']),
    summary: text(row['summary']),
  };
}

export function readInterface(row: ReplicaRow): InterfaceRow {
  return {
    uuid: text(row['_uuid']),
    name: text(row['name']),
    deviceType: text(row['device_type']),
    frontend: text(row['frontend']),
    backend: text(row['backend']),
    version: optionalText(row['version']),
    state: text(row['state']),
    inForce: optionalText(row['in_force']),
    nextStart: optionalText(row['next_start']),
    abilities: abilities(row),
    offeredFeatures: mask(row['offered_features']),
    ackedFeatures: mask(row['acked_features']),
    ackedProtocolFeatures: mask(row['acked_protocol_features']),
    queuePairs: optionalNumber(row['queue_pairs']),
    ringSizes: new Map(pairs(row['ring_sizes']).map(([ring, size]) => [Number(ring), Number(size)])),
    error: optionalText(row['error']),
    errorDetail: optionalText(row['error_detail']),
    since: optionalNumber(row['since']),
    peer: textMap(row['peer']),
    statistics: new Map(
      pairs(row['statistics']).map(([name, value]) => [
        String(name),
        typeof value === 'bigint' ? value : Number(value),
      ]),
    ),
    otherConfig: textMap(row['other_config']),
    externalIds: textMap(row['external_ids']),
  };
}

export function readEvent(row: ReplicaRow): EventRow {
  return {
    uuid: text(row['_uuid']),
    systemId: text(row['system_id']),
    interface: optionalText(row['interface']),
    time: optionalNumber(row['time']) ?? 0,
    kind: text(row['kind']),
    code: optionalText(row['code']),
    text: text(row['text']),
    details: textMap(row['details']),
  };
}

/** The table entry behind a published version, for the checks of compat-tables. */
export function entryOf(row: VersionRow): Entry {
  const { version, deviceType, virtioFeatures, protocolFeatures, requiredProtocolFeatures } = row;
  const { limits, tier, summary, covers, sources, origin, digest } = row;
  return {
    ...{ version, deviceType, virtioFeatures, protocolFeatures, requiredProtocolFeatures },
    ...{ limits, tier, summary, covers, sources, origin, digest },
  };
}

/** One blocker as it stands in Compat_Version.blockers: JSON text. Text of any other form is shown as it is. */
export function readBlocker(stored: string): Blocker {
  try {
    const value: unknown = JSON.parse(stored);
    if (typeof value === 'object' && value !== null && 'code' in value && 'text' in value) {
      const missing = 'missing' in value && Array.isArray(value.missing) ? value.missing.map(String) : [];
      return { code: String(value.code), text: String(value.text), missing };
    }
  } catch {
    // falls through: what is no JSON is a sentence
  }
  return { code: 'VC-INTERNAL', text: stored, missing: [] };
}

const KNOWN_BY: readonly KnownBy[] = ['measured', 'detected', 'declared'];
const TIERS: readonly Tier[] = ['both-ways', 'forward-only', 'best-effort'];

function abilities(row: ReplicaRow): Abilities | undefined {
  const virtioFeatures = mask(row['backend_features']);
  if (virtioFeatures === undefined) return undefined;
  return {
    virtioFeatures,
    protocolFeatures: mask(row['backend_protocol_features']) ?? 0n,
    limits: limits(row['backend_limits']),
  };
}

type Value = ReplicaRow[string];

function text(value: Value): string {
  return typeof value === 'string' ? value : '';
}

function optionalText(value: Value): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function optionalNumber(value: Value): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

function mask(value: Value): bigint | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  try {
    return parseMask(value);
  } catch {
    return undefined;
  }
}

function texts(value: Value): string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
}

function pairs(value: Value): [unknown, unknown][] {
  return value instanceof Map ? [...value] : [];
}

function textMap(value: Value): Map<string, string> {
  return new Map(pairs(value).map(([name, one]) => [String(name), String(one)]));
}

function limits(value: Value): Limits {
  return Object.fromEntries(pairs(value).map(([name, one]) => [String(name), Number(one)]));
}

/** An interface as the questions about moves see it. */
export function subjectOf(row: InterfaceRow): MoveSubject {
  const { name, deviceType, inForce, nextStart, queuePairs, abilities } = row;
  return {
    ...{ name, deviceType, pin: row.version, inForce, nextStart, queuePairs, abilities },
    ...{ offered: row.offeredFeatures, acked: row.ackedFeatures, ackedProtocol: row.ackedProtocolFeatures },
    ringSizes: [...row.ringSizes.values()],
  };
}
