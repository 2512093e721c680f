import { DEFAULT_DEVICE_TYPE, familyOf } from '../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../compat-tables/bits/mask.ts';
import { guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import type { SelectableHost } from '../../compat-tables/compare/matrix.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { HostRow, InterfaceRow, VersionRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import { devicesOf } from './devices.ts';
import {
  anyDocumentShape,
  asHost,
  type HostDocument,
  type InterfaceDocument,
  type VersionDocument,
  versionsOf,
} from './document-shapes.ts';
import { array, ShapeError } from './shape.ts';

export {
  type AnyDocument,
  anyDocumentShape,
  asHost,
  type BackendDocument,
  type HostDocument,
  hostDocumentShape,
  type InterfaceDocument,
  type VersionDocument,
} from './document-shapes.ts';

/** What a document is made of: a State gives all three. */
export interface HostContents {
  readonly host: HostRow;
  readonly versions: readonly VersionRow[];
  readonly interfaces: readonly InterfaceRow[];
}

/** One host of the database as a document, for other managers and for selection. */
export function describeHost(state: State, host: HostRow = state.host(), now: Date = new Date()): HostDocument {
  return hostDocument({ host, versions: state.versions(host), interfaces: state.interfaces(host) }, now);
}

export function hostDocument({ host, versions, interfaces }: HostContents, now: Date): HostDocument {
  const { abilities, backend } = host;
  const name = host.hostname || host.systemId;
  const documents = versions.map(versionDocument);
  return {
    format: 1,
    kind: 'vhost-compat host',
    host: name,
    system_id: host.systemId,
    hostname: host.hostname,
    agent_version: host.agentVersion,
    time: now.toISOString(),
    ...(host.staleSince === undefined ? {} : { stale_since: new Date(host.staleSince).toISOString() }),
    backend: {
      ...present({ name: backend.get('name'), release: backend.get('release'), known_by: host.knownBy }),
      ...present({ features: hex(abilities?.virtioFeatures), protocol_features: hex(abilities?.protocolFeatures) }),
      limits: abilities?.limits ?? {},
    },
    ...present({ default_version: host.defaultVersion }),
    versions: documents,
    interfaces: interfaces.map(interfaceDocument),
    devices: devicesOf(name, documents, host.defaultVersion),
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
export function hostVersions({ host, versions }: HostDocument, deviceType = DEFAULT_DEVICE_TYPE): SelectableHost {
  const { versions: own, ballot } = versionsOf(versions, deviceType);
  return ballot === undefined ? { host, deviceType, versions: own } : { host, deviceType, versions: own, ballot };
}

/** Reads the text of one document; `origin` names it in errors. Throws VC-DOCUMENT. */
export function parseDocument(text: string, origin: string): HostDocument {
  const documents = parseDocuments(text, origin);
  const [document] = documents;
  if (document === undefined || documents.length > 1)
    throw new CompatError('VC-DOCUMENT', `Cannot read ${origin}: it holds ${documents.length} documents; wanted one`);
  return document;
}

/**
 * Reads one document, or an array of several (the dumps of a fleet in one file). A device document becomes that of a host
 * of which nothing else is known. Throws VC-DOCUMENT.
 */
export function parseDocuments(text: string, origin: string): HostDocument[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CompatError('VC-DOCUMENT', `Cannot read ${origin}: it is not JSON (${reason})`, { origin }, { cause });
  }
  try {
    const documents = Array.isArray(value)
      ? array(anyDocumentShape)(value, 'documents')
      : [anyDocumentShape(value, 'document')];
    return documents.map(asHost);
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

function hex(mask: bigint | undefined): string | undefined {
  return mask === undefined ? undefined : formatMask(mask);
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function present<T extends Record<string, unknown>>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
