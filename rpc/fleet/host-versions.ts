import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { SelectableHost } from '../../compat-tables/compare/selection-input.ts';
import { type CompactVersions, compactVersions } from '../../compat-tables/compare/selection-input.ts';
import type { HostDocument, VersionDocument } from './host-document.ts';
import { COMPACT_LISTS } from './shared-copies.ts';

/** Lists that are of one device type and in the order of preference, as their agents write them. */
const ORDERED = new WeakMap<readonly VersionDocument[], { readonly type: string; readonly compact: CompactVersions }>();

/** Notes of a list that was read whether it can be compared as it stands. */
export function rememberOrder(versions: readonly VersionDocument[]): void {
  const type = versions[0]?.device_type;
  const ordered = ({ device_type, preference }: VersionDocument, index: number) =>
    device_type === type && preference >= (versions[index - 1]?.preference ?? preference);
  if (type === undefined || !versions.every(ordered)) return;
  const key = versions
    .map(
      ({ version, digest, tier, usable, withdrawn }) =>
        `${version} ${digest} ${tier} ${usable} ${withdrawn !== undefined}`,
    )
    .join('\n');
  ORDERED.set(versions, { type, compact: COMPACT_LISTS.get(key, () => compactVersions(versions)) });
}

/** The versions of one device type as the selection wants them, most preferred first. */
export function hostVersions({ host, versions }: HostDocument, deviceType = DEFAULT_DEVICE_TYPE): SelectableHost {
  if (versions.length === 0) return { host, deviceType, versions };
  const ordered = ORDERED.get(versions);
  if (ordered?.type === deviceType) return { host, deviceType, versions, compact: ordered.compact };
  const own = versions.filter((one) => one.device_type === deviceType);
  return { host, deviceType, versions: own.toSorted((a, b) => a.preference - b.preference) };
}
