import { createHash } from 'node:crypto';
import { checkDevice, collectionOf, type DeviceVerdict } from '../../compat-tables/documents/check.ts';
import { type Collection, resolveCollections } from '../../compat-tables/documents/resolve.ts';
import type { DeviceDocument } from '../../compat-tables/documents/types.ts';
import { type Drift, driftOf } from '../../compat-tables/drift.ts';
import { CompatError } from '../../compat-tables/errors.ts';
import { type Matrix, matrix } from '../../compat-tables/matrix.ts';
import { type Policy, type SelectableHost, type Selection, select } from '../../compat-tables/select.ts';
import { devicesOf } from './devices.ts';
import { type HostDocument, hostVersions } from './documents.ts';

/** Selection over host documents, for one device type. */

export interface SelectionOptions {
  /** Default `vhost-user-net`, or the only device type that there is. */
  readonly deviceType?: string | undefined;
  /** Default `source`: the order of the first host rules. */
  readonly policy?: Policy | undefined;
}

const NET = 'vhost-user-net';

export function selectVersion(documents: readonly HostDocument[], options: SelectionOptions = {}): Selection {
  return select(comparable(documents, options.deviceType), options.policy ?? 'source');
}

/** With a policy, versions that move forward only are held against the directions that it asks for. */
export function versionMatrix(documents: readonly HostDocument[], options: SelectionOptions = {}): Matrix {
  return matrix(comparable(documents, options.deviceType), options.policy);
}

/** Versions to which the hosts give different contents. */
export function versionDrift(documents: readonly HostDocument[], deviceType?: string): Drift[] {
  return driftOf(comparable(documents, deviceType));
}

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/**
 * The hosts as the selection wants them, under names that tell them apart: where documents carry the same host name (two
 * agents on one machine), the system id is added, and a number where that does not help either. A host's own versions
 * count where it has some of the device type; else its device documents do.
 */
export function comparable(documents: readonly HostDocument[], deviceType = usualType(documents)): SelectableHost[] {
  const hosts = documents.map((document) => hostVersions(document, deviceType));
  const known = hosts.some(({ versions }) => versions.length > 0);
  if (!known || documents.some(({ versions, devices }) => versions.length === 0 && devices !== undefined)) {
    const collections = hosts.map((host, index) => collectionIn(documents[index] ?? {}, host, deviceType));
    if (collections.some(({ self }) => self.length > 0)) return named(documents, resolved(collections, hosts));
  }
  if (!known) refuseUnknownType(documents, deviceType);
  return named(documents, hosts);
}

/** The device type of all that documents hold, when they hold one; else the usual one. */
export function usualType(documents: readonly HostDocument[]): string {
  let only: string | undefined;
  for (const { versions, devices = [] } of documents) {
    for (const { device_type } of versions) {
      only ??= device_type;
      if (device_type === NET || device_type !== only) return NET;
    }
    for (const { self } of devices) {
      only ??= self.device_type;
      if (self.device_type !== only) return NET;
    }
  }
  return only ?? NET;
}

/**
 * Whether what runs on the source, in the given version or in the one that the host itself is, may move to the target;
 * from their device documents alone. Throws VC-VERSION-DEVICE-TYPE when one of them has no device of the type.
 */
export function checkDocuments(
  source: HostDocument,
  target: HostDocument,
  { deviceType = usualType([source]), version }: { readonly deviceType?: string; readonly version?: string } = {},
): DeviceVerdict {
  return checkDevice(deviceIn(source, deviceType), deviceIn(target, deviceType), sha256, version);
}

function deviceIn({ host, devices, versions, default_version }: HostDocument, deviceType: string): DeviceDocument {
  const there = devices ?? devicesOf(host, versions, default_version);
  const own = there.find(({ self }) => self.device_type === deviceType);
  if (own !== undefined) return own;
  const types = there.map(({ self }) => self.device_type).join(', ') || 'none';
  throw new CompatError(
    'VC-VERSION-DEVICE-TYPE',
    `Cannot find a device of type "${deviceType}" on ${host}: it has ${types}`,
  );
}

/** Several devices of one type on one host are one collection: what it is, and what any of them takes in. */
function collectionIn(
  { devices = [] }: Pick<HostDocument, 'devices'>,
  host: SelectableHost,
  deviceType: string,
): Collection {
  const own = devices.filter(({ self }) => self.device_type === deviceType);
  const [first, ...others] = own;
  const scheme = first?.version_scheme ?? 'opaque';
  if (host.versions.length > 0) {
    // Versions with blockers say more than a document; names and digests are what the others are asked about.
    const compatible = host.versions.map(({ version, digest, tier }) => ({ version, digest, ...(tier && { tier }) }));
    return { host: host.host, deviceType, scheme, self: [], compatible };
  }
  if (first !== undefined && others.length === 0) return collectionOf(first);
  return {
    ...{ host: host.host, deviceType, scheme },
    self: own.map(({ self }) => self),
    compatible: own.flatMap(({ compatible }) => compatible),
  };
}

/** The hosts that have versions of their own keep them. */
function resolved(collections: readonly Collection[], hosts: readonly SelectableHost[]): SelectableHost[] {
  return resolveCollections(collections, sha256).map((one, index) => {
    const own = hosts[index];
    return own !== undefined && own.versions.length > 0 ? own : one;
  });
}

function refuseUnknownType(documents: readonly HostDocument[], deviceType: string): void {
  const there = new Set(
    documents.flatMap(({ versions, devices = [] }) => [
      ...versions.map((one) => one.device_type),
      ...devices.map(({ self }) => self.device_type),
    ]),
  );
  if (there.size === 0 || there.has(deviceType)) return;
  throw new CompatError(
    'VC-VERSION-DEVICE-TYPE',
    `Cannot compare hosts for device type "${deviceType}": none of them has a version of it; they have ${[...there].sort().join(', ')}`,
  );
}

function named(documents: readonly HostDocument[], hosts: readonly SelectableHost[]): SelectableHost[] {
  if (new Set(documents.map(({ host }) => host)).size === documents.length) return [...hosts];
  const names = distinct(documents, [
    ({ host }) => host,
    ({ host, system_id }) => `${host} (${system_id})`,
    ({ host, system_id }, index) => `${host} (${system_id}) #${index + 1}`,
  ]);
  return hosts.map((one, index) => ({ ...one, host: names[index] ?? one.host }));
}

type Naming = (document: HostDocument, index: number) => string;

/** For each document the shortest of the given names that no other document has. */
function distinct(documents: readonly HostDocument[], namings: readonly Naming[]): string[] {
  let names = documents.map(() => '');
  for (const naming of namings) {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    names = documents.map((document, index) => {
      const name = names[index] ?? '';
      return name === '' || (counts.get(name) ?? 0) > 1 ? naming(document, index) : name;
    });
  }
  return names;
}
