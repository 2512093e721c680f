import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import { type DifferingDigests, differingDigests } from '../../compat-tables/compare/differing-digests.ts';
import { Effort } from '../../compat-tables/compare/effort.ts';
import { type Matrix, matrix } from '../../compat-tables/compare/matrix.ts';
import { type Selection, selectCommonVersion } from '../../compat-tables/compare/select.ts';
import type { Policy, SelectableHost } from '../../compat-tables/compare/selection-input.ts';
import { checkDevice, collectionOf, type DeviceVerdict } from '../../compat-tables/devices/check-device.ts';
import type { DeviceDocument } from '../../compat-tables/devices/device-document.ts';
import type { Collection } from '../../compat-tables/devices/read-documents.ts';
import { resolveCollections } from '../../compat-tables/devices/versions-of-documents.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { devicesOf } from './host-devices.ts';
import type { HostDocument } from './host-document.ts';
import { hostVersions } from './host-versions.ts';

/** Steps that a version of a document is worth. */
const READING = 10;

/** Selection over host documents, for one device type. */

export interface SelectionOptions {
  /** Default: the only device type of the documents, else `DEFAULT_DEVICE_TYPE`. */
  readonly deviceType?: string | undefined;
  /** Default `source`: the order of the first host decides. */
  readonly policy?: Policy | undefined;
  /** What it may cost with its reasons, for documents that others sent. */
  readonly effort?: Effort | undefined;
}

export function selectVersion(documents: readonly HostDocument[], options: SelectionOptions = {}): Selection {
  const { deviceType, policy = 'source', effort } = options;
  return selectCommonVersion(comparable(documents, deviceType, effort), policy, effort);
}

/** With a policy, forward-only versions are judged by the directions of moves that it asks for. */
export function versionMatrix(documents: readonly HostDocument[], options: SelectionOptions = {}): Matrix {
  return matrix(comparable(documents, options.deviceType), options.policy);
}

/** Versions that have different contents on different hosts. */
export function versionDrift(documents: readonly HostDocument[], deviceType?: string): DifferingDigests[] {
  return differingDigests(comparable(documents, deviceType));
}

/**
 * The hosts as the selection takes them, under distinct names: where documents have the same host name (two agents on one
 * machine), the system id is added, and a number where that is the same too. A host's own versions count when it has some
 * of the device type, else its device documents.
 */
export function comparable(
  documents: readonly HostDocument[],
  deviceType?: string,
  effort = new Effort(),
): SelectableHost[] {
  const guess = deviceType ?? usualType(documents.slice(0, 1));
  const first = gather(documents, guess);
  const type = deviceType ?? (first.ofOneType ? guess : usualType(documents));
  const { hosts, collections, known, speaking } = type === guess ? first : gather(documents, type);
  if ((!known || speaking) && collections.some((one) => one !== undefined && one.self.length > 0))
    return named(documents, resolved(documents, collections, hosts, effort));
  if (!known) refuseUnknownType(documents, type);
  return named(documents, hosts);
}

/** The hosts, for one device type. */
interface Gathered {
  readonly hosts: readonly SelectableHost[];
  /** The collections of the hosts that have no versions of the type. */
  readonly collections: readonly (Collection | undefined)[];
  /** Whether some host has versions of the type. */
  readonly known: boolean;
  /** Whether some document has devices and no versions of any type. */
  readonly speaking: boolean;
  /** Whether the documents hold only this type; not determined for the default type. */
  readonly ofOneType: boolean;
}

/** Reads each document once: those of a fleet are far apart in memory. */
function gather(documents: readonly HostDocument[], deviceType: string): Gathered {
  let [known, speaking, ofOneType] = [false, false, deviceType !== DEFAULT_DEVICE_TYPE];
  const collections: (Collection | undefined)[] = [];
  const hosts = documents.map((document) => {
    const host = hostVersions(document, deviceType);
    if (host.versions.length > 0) known = true;
    else if (document.versions.length === 0 && document.devices !== undefined) speaking = true;
    if (ofOneType && !holdsOnly(document, deviceType)) ofOneType = false;
    collections.push(host.versions.length > 0 ? undefined : collectionIn(document, deviceType));
    return host;
  });
  return { hosts, collections, known, speaking, ofOneType };
}

function holdsOnly({ versions, devices = [] }: HostDocument, deviceType: string): boolean {
  return (
    versions.every(({ device_type }) => device_type === deviceType) &&
    devices.every(({ self }) => self.device_type === deviceType)
  );
}

/** The only device type of the documents, else the default type. */
export function usualType(documents: readonly HostDocument[]): string {
  let only: string | undefined;
  for (const { versions, devices = [] } of documents) {
    for (const { device_type } of versions) {
      only ??= device_type;
      if (device_type === DEFAULT_DEVICE_TYPE || device_type !== only) return DEFAULT_DEVICE_TYPE;
    }
    for (const { self } of devices) {
      only ??= self.device_type;
      if (self.device_type !== only) return DEFAULT_DEVICE_TYPE;
    }
  }
  return only ?? DEFAULT_DEVICE_TYPE;
}

/**
 * Whether a device of the source, in the given version or its own, may move to the target, by their device documents
 * alone. Throws VC-VERSION-DEVICE-TYPE when one of them has no device of the type.
 */
export function checkDocuments(
  source: HostDocument,
  target: HostDocument,
  {
    deviceType = usualType([source]),
    version,
    effort = new Effort(),
  }: { readonly deviceType?: string; readonly version?: string | undefined; readonly effort?: Effort | undefined } = {},
): DeviceVerdict {
  effort.spend(READING * (source.versions.length + target.versions.length));
  return checkDevice(deviceIn(source, deviceType), deviceIn(target, deviceType), version, effort);
}

/** The document of the host's device of this type; undefined: it has none. */
export function deviceOf(document: HostDocument, deviceType: string): DeviceDocument | undefined {
  return allDevices(document).find(({ self }) => self.device_type === deviceType);
}

function allDevices({ host, devices, versions, default_version }: HostDocument): readonly DeviceDocument[] {
  return devices ?? devicesOf(host, versions, default_version);
}

function deviceIn(document: HostDocument, deviceType: string): DeviceDocument {
  const own = deviceOf(document, deviceType);
  if (own !== undefined) return own;
  const types = allDevices(document).map(({ self }) => self.device_type);
  const text = `Cannot find a device of type "${deviceType}" on ${document.host}: it has ${types.join(', ') || 'none'}`;
  throw new CompatError('VC-VERSION-DEVICE-TYPE', text);
}

/** Several devices of one type on a host are one collection: what each is, and what any of them takes in. */
function collectionIn({ host, devices = [] }: HostDocument, deviceType: string): Collection {
  const isOwn = ({ self }: DeviceDocument) => self.device_type === deviceType;
  const own = devices.every(isOwn) ? devices : devices.filter(isOwn);
  const [first] = own;
  if (first !== undefined && own.length === 1) return collectionOf(first);
  return {
    ...{ host, deviceType, scheme: first?.version_scheme ?? 'opaque' },
    self: own.map(({ self }) => self),
    compatible: own.flatMap(({ compatible }) => compatible),
  };
}

/** A collection of a host's versions; the other hosts are asked about their names and digests. */
function collectionFrom(
  { devices = [] }: Pick<HostDocument, 'devices'>,
  { host, deviceType, versions }: SelectableHost,
): Collection {
  const scheme = devices.find(({ self }) => self.device_type === deviceType)?.version_scheme ?? 'opaque';
  const compatible = versions.map(({ version, digest, tier }) => ({ version, digest, ...(tier && { tier }) }));
  return { host, deviceType, scheme, self: [], compatible };
}

/** The hosts with resolved collections; those that have versions of their own keep them. */
function resolved(
  documents: readonly HostDocument[],
  collections: readonly (Collection | undefined)[],
  hosts: readonly SelectableHost[],
  effort: Effort,
): SelectableHost[] {
  const asked = hosts.map((host, index) => collections[index] ?? collectionFrom(documents[index] ?? {}, host));
  return resolveCollections(asked, undefined, effort).map((one, index) => {
    const own = hosts[index];
    return own !== undefined && own.versions.length > 0 ? own : one;
  });
}

function refuseUnknownType(documents: readonly HostDocument[], deviceType: string): void {
  const stated = documents.flatMap(({ versions, devices = [] }) => [...versions, ...devices.map(({ self }) => self)]);
  const there = new Set(stated.map(({ device_type }) => device_type));
  if (there.size === 0 || there.has(deviceType)) return;
  const text = `Cannot compare hosts for device type "${deviceType}": none of them has a version of it; they have ${[...there].sort().join(', ')}`;
  throw new CompatError('VC-VERSION-DEVICE-TYPE', text);
}

/** Distinct names of the hosts, one for each document. */
export function hostNames(documents: readonly HostDocument[]): string[] {
  return distinct(documents, [
    ({ host }) => host,
    ({ host, system_id }) => `${host} (${system_id})`,
    ({ host, system_id }, index) => `${host} (${system_id}) #${index + 1}`,
  ]);
}

function named(documents: readonly HostDocument[], hosts: readonly SelectableHost[]): SelectableHost[] {
  if (new Set(hosts.map(({ host }) => host)).size === hosts.length) return [...hosts];
  const names = hostNames(documents);
  return hosts.map((one, index) => ({ ...one, host: names[index] ?? one.host }));
}

type Naming = (document: HostDocument, index: number) => string;

/** For each document the first of the given names that no other document has. */
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
