/** Back-end releases that are known, as data: what each answers over the socket, for mock back-ends and for detection. */
import { CompatError } from '../errors/compat-error.ts';
import { DPDK_VHOST_RELEASES } from './dpdk-vhost.ts';
import { OVS_DPDK_RELEASES } from './ovs-dpdk.ts';
import type { ReleaseRow } from './release-row.ts';

export type Project = 'ovs-dpdk' | 'dpdk-vhost';

/** One release in one setting. */
export interface BackendRelease {
  /** `ovs-3.1+tso`, `dpdk-22.11`. */
  readonly name: string;
  readonly project: Project;
  readonly release: string;
  /** The last release that answers so: `release` to `last` are the same here. */
  readonly last: string;
  /** `''`, `+server`, `+tso`, … */
  readonly setting: string;
  readonly virtioFeatures: bigint;
  readonly protocolFeatures: bigint;
  /** What GET_QUEUE_NUM answers; 1 where the release does not know the message. */
  readonly queuePairs: number;
  /** The most descriptors a ring may have. */
  readonly ringSize: number;
}

/** The specification's limit (virtio, section 2.7); every release takes that much, the older ones without a check. */
const RING_SIZE = 32768;

/** All releases and settings, in the order of the data. */
export const RELEASES: readonly BackendRelease[] = [
  ...expand('ovs-dpdk', 'ovs', OVS_DPDK_RELEASES),
  ...expand('dpdk-vhost', 'dpdk', DPDK_VHOST_RELEASES),
];

const BY_NAME: ReadonlyMap<string, BackendRelease> = new Map(RELEASES.map((one) => [one.name, one]));

/**
 * The release of a name such as `ovs-3.2`, `ovs-2.13.7+tso`, `ovs-3.2+server` or `dpdk-22.11.3`; a stable release is
 * found by the one it answers like. Throws VC-RELEASE-UNKNOWN with the names that exist.
 */
export function findRelease(name: string): BackendRelease {
  const found = BY_NAME.get(name);
  if (found) return found;
  const [, product = '', release = '', setting = ''] = /^([a-z]+)-(\d+(?:\.\d+)*)(.*)$/.exec(name) ?? [];
  const sameRelease = RELEASES.filter((one) => one.name.startsWith(`${product}-`) && isWithin(release, one));
  const fit = sameRelease.find((one) => one.setting === setting);
  if (fit) return fit;
  const names = sameRelease.length > 0 ? sameRelease : RELEASES.filter((one) => one.setting === '');
  const hint = sameRelease.length > 0 ? '' : ', some with a setting such as +tso, +server or +iommu';
  throw new CompatError(
    'VC-RELEASE-UNKNOWN',
    `Cannot find release "${name}": wanted one of ${names.map((one) => one.name).join(', ')}${hint}`,
    { release: name },
  );
}

function expand(project: Project, prefix: string, rows: readonly ReleaseRow[]): BackendRelease[] {
  return rows.flatMap(({ release, last, protocol, queuePairs, answers }) =>
    Object.entries(answers).map(([setting, answer]) => {
      const words = typeof answer === 'bigint' ? { virtio: answer, protocol } : answer;
      return {
        name: `${prefix}-${release}${setting}`,
        project,
        release,
        last,
        setting,
        virtioFeatures: words.virtio,
        protocolFeatures: words.protocol,
        queuePairs,
        ringSize: RING_SIZE,
      };
    }),
  );
}

/** Whether a release lies between the first and the last of a row; all three have to be of one line (`2.13`). */
function isWithin(release: string, row: BackendRelease): boolean {
  const [asked, first, last] = [release, row.release, row.last].map((text) => text.split('.').map(Number));
  if (!asked || !first || !last || asked[0] !== first[0] || asked[1] !== first[1] || asked.length > 3) return false;
  const patch = asked[2] ?? 0;
  return patch >= (first[2] ?? 0) && patch <= (last[2] ?? 0);
}
