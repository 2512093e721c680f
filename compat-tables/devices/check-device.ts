/** May this device move to that host? From two documents alone, whatever the device type. */

import { Effort } from '../compare/effort.ts';
import { matrix } from '../compare/matrix.ts';
import type { Blocker, Tier } from '../entries/entry.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { DeviceDocument } from './device-document.ts';
import type { Collection } from './read-documents.ts';
import { isSchemeVersion, plainName } from './version-scheme.ts';
import { resolveCollections } from './versions-of-documents.ts';

export interface DeviceVerdict {
  readonly ok: boolean;
  /** The version that was asked for, or the fields of the device in words where it names no version. */
  readonly version: string;
  /** Digest and tier of that version on the target; undefined when the target does not know it. */
  readonly there: { readonly digest: string; readonly tier: Tier } | undefined;
  /** Why not; empty when it may. */
  readonly reasons: readonly DeviceReason[];
}

export interface DeviceReason extends Blocker {
  /** The host whose answer it is. */
  readonly host: string;
}

/** The document in the form that hosts are compared in. */
export function collectionOf({ host, version_scheme = 'opaque', self, compatible }: DeviceDocument): Collection {
  return { host, deviceType: self.device_type, scheme: version_scheme, self: [self], compatible };
}

/**
 * Whether the device of the source, or one that runs there in an older `version` of its collection, may move to the
 * target: the target takes it in, both mean the same by its version, and a version that moves forward only does not
 * move to an older host. Throws VC-VERSION-DEVICE-TYPE and VC-DOCUMENT.
 */
export function checkDevice(
  source: DeviceDocument,
  target: DeviceDocument,
  version?: string,
  effort = new Effort(),
): DeviceVerdict {
  if (source.self.device_type !== target.self.device_type) {
    const seen = `${source.host} has ${source.self.device_type}, ${target.host} has ${target.self.device_type}`;
    throw new CompatError('VC-VERSION-DEVICE-TYPE', `Cannot compare devices: ${seen}; wanted one device type`);
  }
  const [from, to] = [collectionOf(source), collectionOf(target)];
  const asked = askedFor(from, version, effort);
  // what runs goes on in a withdrawn version, and moves in it
  const hosts = resolveCollections([from, to], isNumber(asked, from) ? asked : undefined, effort).map((host) => {
    return { ...host, versions: host.versions.map((one) => ({ ...one, withdrawn: undefined })) };
  });
  const row = matrix(hosts, 'source', effort).rows.find((one) => one.version === asked);
  const here = row?.cells[0];
  if (row === undefined || here === undefined || here.state === 'unknown') {
    const text = `${source.host} does not know "${asked}"`;
    const reasons = [{ host: source.host, code: 'VC-VERSION-UNKNOWN', text, missing: [] }];
    return { ok: false, version: asked, there: undefined, reasons };
  }
  const cell = row.cells[1];
  const there = cell === undefined || cell.state === 'unknown' ? undefined : { digest: cell.digest, tier: row.tier };
  const reasons = row.cells.flatMap(({ host, reasons: own }) => own.map((one) => ({ ...one, host })));
  return { ok: row.common, version: asked, there, reasons };
}

/** Numbers that differ in the bugfix only are one version: 1.2.3 is asked for when a device is 1.2.7. */
function askedFor(from: Collection, version: string | undefined, effort: Effort): string {
  if (version === undefined) return nameOf(from, effort);
  const asked = plainName(version, from.scheme);
  const isOwn = from.self.some((one) => one.version !== undefined && plainName(one.version, from.scheme) === asked);
  return isOwn ? nameOf(from, effort) : asked;
}

/** Such a version has a meaning although no document may spell it. */
function isNumber(asked: string, { scheme }: Collection): boolean {
  return scheme !== 'opaque' && isSchemeVersion(asked);
}

/** The name under which answers speak of the device itself. */
function nameOf(collection: Collection, effort: Effort): string {
  const [own] = resolveCollections([{ ...collection, compatible: [] }], undefined, effort);
  const [first] = own?.versions ?? [];
  if (first !== undefined) return first.version;
  const text = `Cannot check ${collection.host}: its self has no version and no fields; wanted one of them`;
  throw new CompatError('VC-DOCUMENT', text);
}
