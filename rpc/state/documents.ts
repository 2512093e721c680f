import { guestFeatures } from '../../compat-tables/entries.ts';
import { CompatError } from '../../compat-tables/errors.ts';
import { familyOf, featureNames } from '../../compat-tables/features.ts';
import { formatMask } from '../../compat-tables/mask.ts';
import type { Blocker, HostVersions, Limits } from '../../compat-tables/types.ts';
import type { HostRow, InterfaceRow, VersionRow } from './rows.ts';
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
  readonly backend: BackendDocument;
  /** The host's default; absent: the first usable version. */
  readonly default_version?: string;
  /** In the order of preference. */
  readonly versions: readonly VersionDocument[];
  readonly interfaces: readonly InterfaceDocument[];
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

/** What a document is made of: a State gives all three. */
export interface HostContents {
  readonly host: HostRow;
  readonly versions: readonly VersionRow[];
  readonly interfaces: readonly InterfaceRow[];
}

export function hostDocument({ host, versions, interfaces }: HostContents, now: Date): HostDocument {
  const { abilities, backend } = host;
  return {
    format: 1,
    kind: 'vhost-compat host',
    host: host.hostname || host.systemId,
    system_id: host.systemId,
    hostname: host.hostname,
    agent_version: host.agentVersion,
    time: now.toISOString(),
    backend: {
      ...present({ name: backend.get('name'), release: backend.get('release'), known_by: host.knownBy }),
      ...present({ features: hex(abilities?.virtioFeatures), protocol_features: hex(abilities?.protocolFeatures) }),
      limits: abilities?.limits ?? {},
    },
    ...present({ default_version: host.defaultVersion }),
    versions: versions.map(versionDocument),
    interfaces: interfaces.map(interfaceDocument),
  };
}

export function versionDocument(row: VersionRow): VersionDocument {
  return {
    version: row.version,
    device_type: row.deviceType,
    preference: row.preference,
    virtio_features: formatMask(row.virtioFeatures),
    feature_names: featureNames(familyOf(row.deviceType), guestFeatures(row.virtioFeatures)),
    ...present({
      protocol_features: hex(row.protocolFeatures),
      required_protocol_features: hex(row.requiredProtocolFeatures || undefined),
    }),
    limits: row.limits,
    digest: row.digest,
    tier: row.tier,
    usable: row.usable,
    blockers: row.blockers,
    covers: row.covers,
    summary: row.summary,
    origin: row.origin,
  };
}

export function interfaceDocument(row: InterfaceRow): InterfaceDocument {
  return {
    name: row.name,
    device_type: row.deviceType,
    frontend: row.frontend,
    backend: row.backend,
    ...present({ version: row.version }),
    state: row.state,
    ...present({ in_force: row.inForce, next_start: row.nextStart }),
    ...present({
      backend_features: hex(row.abilities?.virtioFeatures),
      backend_protocol_features: hex(row.abilities?.protocolFeatures),
    }),
    backend_limits: row.abilities?.limits ?? {},
    ...present({
      offered_features: hex(row.offeredFeatures),
      acked_features: hex(row.ackedFeatures),
      acked_protocol_features: hex(row.ackedProtocolFeatures),
      queue_pairs: row.queuePairs,
    }),
    ring_sizes: Object.fromEntries(row.ringSizes),
    ...present({ error: row.error, error_detail: row.errorDetail, since: row.since }),
  };
}

/** The versions of one device type as the selection wants them. */
export function hostVersions(document: HostDocument, deviceType = 'vhost-user-net'): HostVersions {
  const versions = document.versions
    .filter((one) => one.device_type === deviceType)
    .toSorted((a, b) => a.preference - b.preference)
    .map(({ version, digest, usable, blockers }) => ({ version, digest, usable, blockers }));
  return { host: document.host, deviceType, versions };
}

/** Reads the text of one document; `origin` names it in errors. Throws VC-DOCUMENT. */
export function parseDocument(text: string, origin: string): HostDocument {
  const documents = parseDocuments(text, origin);
  const [document] = documents;
  if (document === undefined || documents.length > 1)
    throw new CompatError('VC-DOCUMENT', `Cannot read ${origin}: it holds ${documents.length} documents; wanted one`);
  return document;
}

/** Reads one document, or an array of several (the dumps of a fleet in one file). Throws VC-DOCUMENT. */
export function parseDocuments(text: string, origin: string): HostDocument[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CompatError('VC-DOCUMENT', `Cannot read ${origin}: it is not JSON (${reason})`, { origin }, { cause });
  }
  try {
    if (Array.isArray(value)) return array(hostDocumentShape)(value, 'documents');
    return [hostDocumentShape(value, 'document')];
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    throw new CompatError(
      'VC-DOCUMENT',
      `Cannot read ${origin}: ${cause.message}`,
      { origin, path: cause.path },
      { cause },
    );
  }
}

const limitsShape = record(integer);
const tierShape = oneOf('both-ways', 'forward-only', 'best-effort');

const blockerShape: Check<Blocker> = openObject({ code: string, text: string, missing: array(string) });

const versionShape: Check<VersionDocument> = openObject(
  {
    ...{ version: string, device_type: string, preference: integer, virtio_features: hexMask },
    ...{ feature_names: array(string), limits: limitsShape, digest: digestShape, tier: tierShape },
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
  { default_version: string },
);

/** A host document of this format; members that it does not know are left out (a newer agent may say more). */
export const hostDocumentShape: Check<HostDocument> = (value, path) => {
  const { format } = openObject({ format: integer })(value, path);
  if (format !== 1) throw new ShapeError(`${path}.format`, `expected 1, got ${format}`);
  const document = anyHostShape(value, path);
  const seen = new Set<string>();
  document.versions.forEach(({ version, device_type }, index) => {
    const key = `${device_type} ${version}`;
    if (seen.has(key)) throw new ShapeError(`${path}.versions[${index}]`, `version "${version}" is there twice`);
    seen.add(key);
  });
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

function hex(mask: bigint | undefined): string | undefined {
  return mask === undefined ? undefined : formatMask(mask);
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function present<T extends Record<string, unknown>>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
