/** All back-end releases that are known, and how they are named; for mock back-ends, forecasts and detection. */
import { CompatError } from '../errors/compat-error.ts';
import { DPDK_VHOST_RELEASES } from './dpdk-vhost.ts';
import { OVS_DPDK_RELEASES } from './ovs-dpdk.ts';
import { type BackendRelease, PROJECTS, releasesOf } from './release.ts';

/** All releases and settings, in the order of the data. */
export const RELEASES: readonly BackendRelease[] = [
  ...releasesOf('ovs-dpdk', OVS_DPDK_RELEASES),
  ...releasesOf('dpdk-vhost', DPDK_VHOST_RELEASES),
];

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
 * `ovs-3.1+tso` one. Throws VC-RELEASE-UNKNOWN.
 */
export function namedReleases(words: readonly string[]): BackendRelease[] {
  const named = new Set(
    words.flatMap((word) => {
      const [, product = '', wanted = ''] = /^([a-z]+)(\+.*)?$/.exec(word) ?? [];
      const all = RELEASES.filter(({ project, setting }) => PROJECTS[project].prefix === product && setting === wanted);
      return all.length > 0 ? all : [findRelease(word)];
    }),
  );
  return RELEASES.filter((one) => named.has(one));
}

function releaseNamed(name: string): BackendRelease | undefined {
  const { setting, sameRelease } = partsOf(name);
  return BY_NAME.get(name) ?? sameRelease.find((one) => one.setting === setting);
}

/** The setting of a name, and the known releases of its product and number. */
function partsOf(name: string): { setting: string; sameRelease: BackendRelease[] } {
  const [, product = '', release = '', setting = ''] = /^([a-z]+)-(\d+(?:\.\d+)*)(.*)$/.exec(name) ?? [];
  return {
    setting,
    sameRelease: RELEASES.filter((one) => PROJECTS[one.project].prefix === product && isWithin(release, one)),
  };
}

/** The names to suggest instead: the same number of a product, another setting, or all releases. */
function whatThereIs(name: string): string {
  const number = /\d+\.\d+.*/.exec(name)?.[0] ?? '';
  const meant = Object.values(PROJECTS)
    .map(({ prefix }) => `${prefix}-${number}`)
    .filter((one) => releaseNamed(one));
  const { sameRelease } = partsOf(name);
  if (meant.length > 0 && sameRelease.length === 0)
    return `no release has this name; did you mean ${meant.map((one) => `"${one}"`).join(' or ')}?`;
  const names = sameRelease.length > 0 ? sameRelease : RELEASES.filter(({ setting }) => setting === '');
  const hint = sameRelease.length > 0 ? '' : ', some with a setting such as +tso, +server or +iommu';
  return `wanted one of ${names.map((one) => one.name).join(', ')}${hint}`;
}

/** Whether a release lies between the first and the last of a row; all three have to be of one line (`2.13`). */
function isWithin(release: string, row: BackendRelease): boolean {
  const [asked, first, last] = [release, row.release, row.last].map((text) => text.split('.').map(Number));
  if (!asked || !first || !last || asked[0] !== first[0] || asked[1] !== first[1] || asked.length > 3) return false;
  const patch = asked[2] ?? 0;
  return patch >= (first[2] ?? 0) && patch <= (last[2] ?? 0);
}
