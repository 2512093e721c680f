import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import type { Entry } from '../entries/entry.ts';

/**
 * Host.default_version is one name for all device types, and device types are name spaces: a default that only versions
 * of other types have does not count for this one. A default that no version has counts everywhere, so that its loss shows.
 */

type Named = Pick<Entry, 'version' | 'deviceType' | 'withdrawn'>;

/** The host's default for a device type; undefined: the first usable version of the type. */
export function defaultFor(
  deviceType: string,
  name: string | undefined,
  versions: readonly Named[],
): string | undefined {
  if (name === undefined) return undefined;
  const named = versions.filter(({ version }) => version === name);
  return named.length === 0 || named.some((one) => one.deviceType === deviceType) ? name : undefined;
}

/** The device types of the versions, the default type first. */
export function deviceTypesOf(versions: readonly Named[]): string[] {
  const types = [...new Set(versions.map(({ deviceType }) => deviceType))];
  const first = (type: string) => (type === DEFAULT_DEVICE_TYPE ? 0 : 1);
  return types.toSorted((a, b) => first(a) - first(b) || (a < b ? -1 : 1));
}

/**
 * The version that interfaces without a pin get, whether it is usable or not: one that is named as the default, else the first
 * usable one that is not withdrawn. `versions`: the most preferred first.
 */
export function effectiveDefault(
  deviceType: string,
  name: string | undefined,
  versions: readonly (Named & { readonly usable: boolean })[],
): string | undefined {
  const first = versions.find(
    (one) => one.usable && one.withdrawn === undefined && one.deviceType === deviceType,
  )?.version;
  return defaultFor(deviceType, name, versions) ?? first;
}
