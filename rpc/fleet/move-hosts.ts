import { suggestion } from '../../base/text.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import { parseMask } from '../../compat-tables/bits/mask.ts';
import { commonAbilities } from '../../compat-tables/compare/common-abilities.ts';
import { defaultFor } from '../../compat-tables/compare/default-version.ts';
import type { Abilities, Entry, Limits } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { type HostEntry, type MoveHost, type MoveSubject, ringsOf } from '../../compat-tables/moves/move-host.ts';
import { resembling } from '../../compat-tables/releases/resembles.ts';
import { entriesOf } from './host-devices.ts';
import type { HostDocument, InterfaceDocument, VersionDocument } from './host-document.ts';
import { comparable } from './selection.ts';

/** Host documents as compat-tables/moves takes them: masks are numbers, and one device type at a time. */

/** The hosts under distinct names, as in select and matrix. Throws VC-VERSION-DEVICE-TYPE. */
export function moveHosts(documents: readonly HostDocument[], deviceType = DEFAULT_DEVICE_TYPE): MoveHost[] {
  const names = comparable(documents, deviceType).map(({ host }) => host);
  return documents.map((document, index) => moveHost(document, deviceType, names[index] ?? document.host));
}

export function moveHost(document: HostDocument, deviceType = DEFAULT_DEVICE_TYPE, name = document.host): MoveHost {
  const abilities = abilitiesOf(document, deviceType);
  const alike = abilities === undefined ? [] : resembling(abilities, deviceType);
  return {
    ...{ name, id: document.system_id, deviceType, abilities, defaultVersion: defaultIn(document, deviceType) },
    // for other types only the back-ends of interfaces are known, and those were measured
    knownBy: deviceType === DEFAULT_DEVICE_TYPE ? document.backend.known_by : 'measured',
    backend: alike.length === 0 ? undefined : `like ${alike.slice(0, 2).join('; ')}`,
    versions: document.versions
      .filter((one) => one.device_type === deviceType)
      .toSorted((a, b) => a.preference - b.preference)
      .map(hostEntry),
    interfaces: document.interfaces.filter((one) => one.device_type === deviceType).map(moveSubject),
  };
}

/**
 * A host as the target of a move: as moveHost, but when only a document of its network device is known, its versions are
 * those that the document states in full, because a running guest is judged by its bits.
 */
export function moveTarget(document: HostDocument, deviceType: string, name: string): MoveHost {
  const host = moveHost(document, deviceType, name);
  if (deviceType !== DEFAULT_DEVICE_TYPE || host.versions.length > 0) return host;
  const own = (document.devices ?? []).filter(({ self }) => self.device_type === deviceType);
  const entries = own.flatMap((one) => entriesOf(one));
  const defaultVersion = host.defaultVersion ?? own[0]?.self.version;
  return { ...host, defaultVersion, versions: entries.map((entry) => ({ entry, usable: true, blockers: [] })) };
}

function moveSubject(one: InterfaceDocument): MoveSubject {
  return {
    ...{ name: one.name, deviceType: one.device_type },
    ...{ pin: one.version, inForce: one.in_force, nextStart: one.next_start },
    ...{ offered: mask(one.offered_features), acked: mask(one.acked_features) },
    ...{ ackedProtocol: mask(one.acked_protocol_features), queuePairs: one.queue_pairs },
    ringSizes: Object.values(one.ring_sizes),
    memoryRegions: one.memory_regions,
    rings: ringsOf(Object.keys(one.ring_sizes).map(Number)),
    ...{ state: one.state, detail: one.error_detail },
    abilities: words(one.backend_features, one.backend_protocol_features, one.backend_limits),
  };
}

/** One interface of a document. Throws VC-INTERFACE-UNKNOWN. */
export function interfaceIn({ host, system_id, interfaces }: HostDocument, name: string): MoveSubject {
  const found = interfaces.find((one) => one.name === name);
  if (found !== undefined) return moveSubject(found);
  const names = interfaces.map((one) => one.name);
  const text = `Cannot find interface "${name}" on host ${host}${suggestion(name, names)}`;
  throw new CompatError('VC-INTERFACE-UNKNOWN', text, { host: system_id, interface: name });
}

function entryOfDocument(one: VersionDocument): Entry {
  const { version, limits, tier, summary, covers, origin, digest, withdrawn } = one;
  return {
    ...{ version, deviceType: one.device_type, limits, tier, summary, covers, origin, digest, sources: [] },
    ...(withdrawn === undefined ? {} : { withdrawn }),
    virtioFeatures: mask(one.virtio_features) ?? 0n,
    protocolFeatures: mask(one.protocol_features),
    requiredProtocolFeatures: mask(one.required_protocol_features) ?? 0n,
  };
}

function defaultIn({ default_version, versions }: HostDocument, deviceType: string): string | undefined {
  const named = versions.map((one) => ({ version: one.version, deviceType: one.device_type }));
  return defaultFor(deviceType, default_version, named);
}

function hostEntry(one: VersionDocument): HostEntry {
  return { entry: entryOfDocument(one), usable: one.usable, blockers: one.blockers };
}

function abilitiesOf({ backend, interfaces }: HostDocument, deviceType: string): Abilities | undefined {
  if (deviceType === DEFAULT_DEVICE_TYPE) return words(backend.features, backend.protocol_features, backend.limits);
  const own = interfaces
    .filter((one) => one.device_type === deviceType)
    .flatMap((one) => moveSubject(one).abilities ?? []);
  return own.length === 0 ? undefined : commonAbilities(own);
}

function words(features: string | undefined, protocol: string | undefined, limits: Limits): Abilities | undefined {
  const virtioFeatures = mask(features);
  if (virtioFeatures === undefined) return undefined;
  return { virtioFeatures, protocolFeatures: mask(protocol) ?? 0n, limits };
}

function mask(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : parseMask(text);
}
