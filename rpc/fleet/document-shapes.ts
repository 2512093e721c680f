import { type Ballot, ballotOf } from '../../compat-tables/compare/ballot.ts';
import type { DeviceDocument } from '../../compat-tables/devices/device-document.ts';
import type { Blocker, Limits } from '../../compat-tables/entries/entry.ts';
import { deviceDocumentShape } from './device-shapes.ts';
import {
  array,
  boolean,
  type Check,
  hexMask,
  integer,
  oneOf,
  openObject,
  record,
  ShapeError,
  string,
} from './shape.ts';

/**
 * A host as one JSON document: what `describe` prints, what the management API answers, and what a selection reads when
 * no host is alive. Members have the names of the database columns; masks are "0x…" texts; what is not known is absent.
 */
export interface HostDocument {
  readonly format: 1;
  readonly kind: 'vhost-compat host';
  /** The name for people: the host name, or the system id when there is none. */
  readonly host: string;
  readonly system_id: string;
  readonly hostname: string;
  readonly agent_version: string;
  /** When the document was made, ISO 8601. */
  readonly time: string;
  /** The last sign of life of its agent, ISO 8601, when that was long before; absent: it was alive, or nothing is known. */
  readonly stale_since?: string;
  readonly backend: BackendDocument;
  /** The host's default; absent: the first usable version. */
  readonly default_version?: string;
  /** In the order of preference. */
  readonly versions: readonly VersionDocument[];
  readonly interfaces: readonly InterfaceDocument[];
  /** For managers that know nothing of back-ends: what the host is and can take in, for each device type. */
  readonly devices?: readonly DeviceDocument[];
}

export interface BackendDocument {
  readonly name?: string;
  readonly release?: string;
  readonly known_by?: 'measured' | 'detected' | 'declared';
  readonly features?: string;
  readonly protocol_features?: string;
  readonly limits: Limits;
}

export interface VersionDocument {
  readonly version: string;
  readonly device_type: string;
  readonly preference: number;
  readonly virtio_features: string;
  /** Names of the bits that a guest can see. */
  readonly feature_names: readonly string[];
  readonly protocol_features?: string;
  readonly required_protocol_features?: string;
  readonly limits: Limits;
  readonly digest: string;
  readonly tier: 'both-ways' | 'forward-only' | 'best-effort';
  readonly usable: boolean;
  readonly blockers: readonly Blocker[];
  readonly covers: readonly string[];
  readonly summary: string;
  readonly origin: string;
}

export interface InterfaceDocument {
  readonly name: string;
  readonly device_type: string;
  readonly frontend: string;
  readonly backend: string;
  /** The pin; absent: the host's default. */
  readonly version?: string;
  readonly state: string;
  readonly in_force?: string;
  readonly next_start?: string;
  readonly backend_features?: string;
  readonly backend_protocol_features?: string;
  readonly backend_limits: Limits;
  readonly offered_features?: string;
  readonly acked_features?: string;
  readonly acked_protocol_features?: string;
  readonly queue_pairs?: number;
  /** Ring index → descriptors. */
  readonly ring_sizes: Readonly<Record<string, number>>;
  readonly error?: string;
  readonly error_detail?: string;
  /** When the state was entered, milliseconds since 1970. */
  readonly since?: number;
}

/**
 * One copy of each of the few texts that a fleet repeats: comparing copies of a text is what a selection over thousands
 * of documents would spend its time on. Forgotten when there are more of them than any fleet has.
 */
const pool = new Map<string, string>();
const POOL_SIZE = 10_000;

function pooled(check: Check<string>): Check<string> {
  return (value, path) => {
    const text = check(value, path);
    const known = pool.get(text);
    if (known !== undefined) return known;
    if (pool.size >= POOL_SIZE) pool.clear();
    pool.set(text, text);
    return text;
  };
}

/** What is known of lists that are of one device type and in the order of preference, as their agents write them. */
const inOrder = new WeakMap<readonly VersionDocument[], { readonly type: string; readonly ballot: Ballot }>();

/** One for all equal lists, reasons aside; bounded as the texts are. */
const ballots = new Map<string, Ballot>();

function sharedBallot(versions: readonly VersionDocument[]): Ballot {
  const key = versions.map(({ version, digest, tier, usable }) => `${version} ${digest} ${tier} ${usable}`).join('\n');
  const known = ballots.get(key);
  if (known !== undefined) return known;
  if (ballots.size >= POOL_SIZE) ballots.clear();
  const ballot = ballotOf(versions);
  ballots.set(key, ballot);
  return ballot;
}

/** The versions of one device type, most preferred first: the list itself where it is that already. */
export function versionsOf(
  versions: readonly VersionDocument[],
  deviceType: string,
): { readonly versions: readonly VersionDocument[]; readonly ballot?: Ballot } {
  if (versions.length === 0) return { versions };
  const ready = inOrder.get(versions);
  if (ready?.type === deviceType) return { versions, ballot: ready.ballot };
  const own = versions.filter((one) => one.device_type === deviceType);
  return { versions: own.toSorted((a, b) => a.preference - b.preference) };
}

const limitsShape = record(integer);
const tierShape = oneOf('both-ways', 'forward-only', 'best-effort');

const blockerShape: Check<Blocker> = openObject({ code: string, text: string, missing: array(string) });

const versionShape: Check<VersionDocument> = openObject(
  {
    ...{ version: pooled(string), device_type: pooled(string), preference: integer, virtio_features: hexMask },
    ...{ feature_names: array(string), limits: limitsShape, digest: pooled(digestShape), tier: tierShape },
    ...{ usable: boolean, blockers: array(blockerShape), covers: array(string), summary: string, origin: string },
  },
  { protocol_features: hexMask, required_protocol_features: hexMask },
);

const interfaceShape: Check<InterfaceDocument> = openObject(
  {
    ...{ name: string, device_type: string, frontend: string, backend: string, state: string },
    ...{ backend_limits: limitsShape, ring_sizes: limitsShape },
  },
  {
    ...{ version: string, in_force: string, next_start: string },
    ...{ backend_features: hexMask, backend_protocol_features: hexMask },
    ...{ offered_features: hexMask, acked_features: hexMask, acked_protocol_features: hexMask },
    ...{ queue_pairs: integer, error: string, error_detail: string, since: integer },
  },
);

const backendShape: Check<BackendDocument> = openObject(
  { limits: limitsShape },
  {
    ...{ name: string, release: string, known_by: oneOf('measured', 'detected', 'declared') },
    ...{ features: hexMask, protocol_features: hexMask },
  },
);

const anyHostShape: Check<Omit<HostDocument, 'format'>> = openObject(
  {
    ...{ kind: oneOf('vhost-compat host'), host: nameShape, system_id: string, hostname: string },
    ...{ agent_version: string, time: string, backend: backendShape },
    ...{ versions: array(versionShape), interfaces: array(interfaceShape) },
  },
  { stale_since: string, default_version: string, devices: array(deviceDocumentShape, 1000) },
);

const kindShape = openObject({ kind: oneOf('vhost-compat host', 'vhost-compat device') });

/** What a comparison takes: a host, or one device of which nothing else is known. */
export type AnyDocument = HostDocument | DeviceDocument;

export const anyDocumentShape: Check<AnyDocument> = (value, path) =>
  kindShape(value, path).kind === 'vhost-compat host'
    ? hostDocumentShape(value, path)
    : deviceDocumentShape(value, path);

/** What is not known of a device alone; one for all of them, because a fleet's documents are read at the speed of memory. */
const UNKNOWN = { backend: { limits: {} }, versions: [], interfaces: [] } as const;

/** A device alone is a host of which only that device is known. */
export function asHost(document: AnyDocument): HostDocument {
  if (document.kind === 'vhost-compat host') return document;
  const { host } = document;
  return {
    ...{ format: 1, kind: 'vhost-compat host', host, system_id: host, hostname: host },
    ...{ agent_version: '', time: '', ...UNKNOWN, devices: [document] },
  };
}

/** A host document of this format; members that it does not know are left out (a newer agent may say more). */
export const hostDocumentShape: Check<HostDocument> = (value, path) => {
  const { format } = openObject({ format: integer })(value, path);
  if (format !== 1) throw new ShapeError(`${path}.format`, `expected 1, got ${format}`);
  const document = anyHostShape(value, path);
  const { versions } = document;
  const seen = new Set<string>();
  versions.forEach(({ version, device_type }, index) => {
    const key = `${device_type} ${version}`;
    if (seen.has(key)) throw new ShapeError(`${path}.versions[${index}]`, `version "${version}" is there twice`);
    seen.add(key);
  });
  const type = versions[0]?.device_type;
  const ready = ({ device_type, preference }: VersionDocument, index: number) =>
    device_type === type && preference >= (versions[index - 1]?.preference ?? preference);
  if (type !== undefined && versions.every(ready)) inOrder.set(versions, { type, ballot: sharedBallot(versions) });
  return { format: 1, ...document };
};

function nameShape(value: unknown, path: string): string {
  const name = string(value, path);
  if (name === '') throw new ShapeError(path, 'expected a name, got ""');
  return name;
}

function digestShape(value: unknown, path: string): string {
  const digest = string(value, path);
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new ShapeError(path, `expected 64 hexadecimal digits, got "${digest}"`);
  return digest;
}
