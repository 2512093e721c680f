/** All back-end releases that are known, and how they are named; for mock back-ends, forecasts and detection. */
import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import { CompatError } from '../errors/compat-error.ts';
import { DPDK_VHOST_RELEASES } from './dpdk-vhost.ts';
import {
  PASST_RELEASES,
  QEMU_STORAGE_DAEMON_RELEASES,
  QEMU_VIRTIOFSD_RELEASES,
  SPDK_BLK_RELEASES,
  SPDK_SCSI_RELEASES,
  VIRTIOFSD_RELEASES,
} from './other-backends.ts';
import { OVS_DPDK_RELEASES } from './ovs-dpdk.ts';
import { type BackendRelease, PROJECTS, projectOf, releasesOf } from './release.ts';

/** All releases and settings, in the order of the data. */
export const RELEASES: readonly BackendRelease[] = [
  ...releasesOf('ovs-dpdk', OVS_DPDK_RELEASES),
  ...releasesOf('passt', PASST_RELEASES),
  ...releasesOf('qemu-storage-daemon', QEMU_STORAGE_DAEMON_RELEASES),
  ...releasesOf('spdk-vhost-blk', SPDK_BLK_RELEASES),
  ...releasesOf('spdk-vhost-scsi', SPDK_SCSI_RELEASES),
  ...releasesOf('qemu-virtiofsd', QEMU_VIRTIOFSD_RELEASES),
  ...releasesOf('virtiofsd', VIRTIOFSD_RELEASES),
  ...releasesOf('dpdk-vhost', DPDK_VHOST_RELEASES),
];

/** The releases of the default device type, which explanations of network lines and remedies speak of. */
export const NET_RELEASES: readonly BackendRelease[] = releasesOfType(DEFAULT_DEVICE_TYPE);

export function releasesOfType(deviceType: string): BackendRelease[] {
  return RELEASES.filter((one) => one.deviceType === deviceType);
}

const BY_NAME: ReadonlyMap<string, BackendRelease> = new Map(RELEASES.map((one) => [one.name, one]));

/**
 * The release of a name such as `ovs-3.2`, `ovs-2.13.7+tso`, `ovs-3.2+server` or `dpdk-22.11.3`; a stable release is
 * found by the one it answers like. Throws VC-RELEASE-UNKNOWN with the names that exist.
 */
export function findRelease(name: string): BackendRelease {
  const found = releaseNamed(name);
  if (found) return found;
  throw new CompatError('VC-RELEASE-UNKNOWN', `Cannot find release "${name}": ${whatThereIs(name)}`, { release: name });
}

/**
 * The releases that words name: `ovs` and `dpdk` are all in their default settings, `ovs+tso` all with this setting,
 * `ovs-3.1+tso` one. Throws VC-RELEASE-UNKNOWN, and VC-VERSION-DEVICE-TYPE for words of more than one device type.
 */
export function namedReleases(words: readonly string[]): BackendRelease[] {
  const named = new Set(
    words.flatMap((word) => {
      const [, product = '', wanted = ''] = /^([a-z]+(?:-[a-z]+)*)(\+.*)?$/.exec(word) ?? [];
      const all = RELEASES.filter(
        ({ project, setting }) => projectOf(project).prefix === product && setting === wanted,
      );
      return all.length > 0 ? all : [findRelease(word)];
    }),
  );
  const types = new Set([...named].map(({ deviceType }) => deviceType));
  if (types.size > 1) {
    const text = `Cannot compare releases: they are of device types ${[...types].join(', ')}; wanted one`;
    throw new CompatError('VC-VERSION-DEVICE-TYPE', text, { types: [...types] });
  }
  return RELEASES.filter((one) => named.has(one));
}

function releaseNamed(name: string): BackendRelease | undefined {
  const { setting, sameRelease } = partsOf(name);
  return BY_NAME.get(name) ?? sameRelease.find((one) => one.setting === setting);
}

/** The setting of a name, and the known releases of its product and number. */
function partsOf(name: string): { setting: string; sameRelease: BackendRelease[] } {
  const [, product = '', release = '', setting = ''] = /^([a-z]+(?:-[a-z]+)*)-(\d+(?:\.\d+)*)(.*)$/.exec(name) ?? [];
  return {
    setting,
    sameRelease: RELEASES.filter((one) => projectOf(one.project).prefix === product && isWithin(release, one)),
  };
}

/** The names to suggest instead: the same number of a product, another setting, or all releases. */
function whatThereIs(name: string): string {
  const number = /\d+\.\d+.*/.exec(name)?.[0] ?? '';
  // a number alone is meant for a switch
  const meant = Object.values(PROJECTS)
    .filter(({ deviceType }) => deviceType === DEFAULT_DEVICE_TYPE)
    .map(({ prefix }) => `${prefix}-${number}`)
    .filter((one) => releaseNamed(one));
  const { sameRelease } = partsOf(name);
  if (meant.length > 0 && sameRelease.length === 0)
    return `no release has this name; did you mean ${meant.map((one) => `"${one}"`).join(' or ')}?`;
  const names = sameRelease.length > 0 ? sameRelease : RELEASES.filter(({ setting }) => setting === '');
  const hint = sameRelease.length > 0 ? '' : ', some with a setting such as +tso, +server or +iommu';
  return `wanted one of ${names.map((one) => one.name).join(', ')}${hint}`;
}

/** Whether a release lies between the first and the last of a row, both included. */
function isWithin(release: string, row: BackendRelease): boolean {
  const parts = release.split('.').length;
  return parts >= 2 && parts <= 3 && compare(release, row.release) >= 0 && compare(release, row.last) <= 0;
}

/** Releases by their numbers; a number that is not there counts as 0. */
function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let at = 0; at < 3; at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
