/** Versions × hosts: what each host says of each version, with the reasons. */

import type { Blocker, Tier } from '../entries/entry.ts';
import { withdrawalText } from '../entries/withdrawal.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { Effort } from './effort.ts';
import { notReached } from './forward-only.ts';
import type { Policy, SelectableHost, SelectableVersion } from './selection-input.ts';

/** `differs`: usable there, but its content is not that of the other hosts. `withdrawn`: usable, but not to be chosen. */
export type CellState = 'usable' | 'blocked' | 'unknown' | 'differs' | 'withdrawn';

export interface MatrixCell {
  readonly host: string;
  readonly state: CellState;
  /** Empty when the host does not know the version. */
  readonly digest: string;
  /** Why not, empty when usable. */
  readonly reasons: readonly Blocker[];
}

export interface MatrixRow {
  readonly version: string;
  /** One per host, in the order of the hosts. */
  readonly cells: readonly MatrixCell[];
  /** Usable on every host, the same on every host that knows it, and movable to all of them. */
  readonly common: boolean;
  /** The strictest that a host gives it. */
  readonly tier: Tier;
}

export interface Matrix {
  readonly deviceType: string;
  readonly hosts: readonly string[];
  /** In the order of the first host, then what the following ones add. */
  readonly rows: readonly MatrixRow[];
}

/** Steps that a cell is worth, with its reasons in words. */
const CELL = 25;

/**
 * Every version that any host knows, on every host; throws VC-VERSION-DEVICE-TYPE when the hosts are not of one type.
 * With a policy, a version that moves forward only is held against the directions that the policy asks for.
 */
export function matrix(hosts: readonly SelectableHost[], policy?: Policy, effort?: Effort): Matrix {
  const deviceType = commonType(hosts);
  const known = hosts.map(({ versions }) => firstOfEach(versions));
  const names = new Set(known.flatMap((versions) => [...versions.keys()]));
  effort?.spend(CELL * names.size * hosts.length);
  let behind: ReadonlyMap<number, string> | undefined;
  const rows = [...names].map((version) => {
    const statuses = known.map((versions) => versions.get(version));
    const tier = strictest(statuses);
    if (tier === 'forward-only' && policy !== undefined) behind ??= notReached(hosts, policy);
    const asked = hosts.map(({ host }, index) => ({
      host,
      status: statuses[index],
      behind: tier === 'forward-only' ? behind?.get(index) : undefined,
    }));
    return rowOf(version, tier, asked);
  });
  return { deviceType, hosts: hosts.map(({ host }) => host), rows };
}

/** The device type of all hosts, empty of none; throws VC-VERSION-DEVICE-TYPE. */
export function commonType(hosts: readonly SelectableHost[]): string {
  const deviceType = hosts[0]?.deviceType ?? '';
  const other = hosts.find((host) => host.deviceType !== deviceType);
  if (other === undefined) return deviceType;
  const seen = `${hosts[0]?.host} has ${deviceType}, ${other.host} has ${other.deviceType}`;
  throw new CompatError('VC-VERSION-DEVICE-TYPE', `Cannot compare versions: ${seen}; wanted one device type`);
}

function firstOfEach(versions: readonly SelectableVersion[]): Map<string, SelectableVersion> {
  const byName = new Map<string, SelectableVersion>();
  for (const status of versions) if (!byName.has(status.version)) byName.set(status.version, status);
  return byName;
}

function strictest(statuses: readonly (SelectableVersion | undefined)[]): Tier {
  const tiers = new Set(statuses.map((status) => status?.tier));
  return tiers.has('forward-only') ? 'forward-only' : tiers.has('best-effort') ? 'best-effort' : 'both-ways';
}

interface Asked {
  readonly host: string;
  readonly status: SelectableVersion | undefined;
  /** Why the version does not move to this host. */
  readonly behind: string | undefined;
}

function rowOf(version: string, tier: Tier, asked: readonly Asked[]): MatrixRow {
  // The first host that knows the version is what the others are held against; who is right, nobody can say here.
  const reference = asked.find(({ status }) => status !== undefined);
  const cells = asked.map((one) => cellOf(one, reference));
  return { version, cells, common: cells.every(({ state }) => state === 'usable'), tier };
}

function cellOf({ host, status, behind }: Asked, reference: Asked | undefined): MatrixCell {
  if (status === undefined) {
    const reasons = [{ code: 'VC-VERSION-UNKNOWN', text: 'no table there defines the version', missing: [] }];
    return { host, state: 'unknown', digest: '', reasons };
  }
  const { digest } = status;
  const differences = differenceOf(status, reference);
  const backward = behind === undefined ? [] : [{ code: 'VC-MOVE-DIRECTION', text: behind, missing: [] }];
  const withdrawn = withdrawnReason(status);
  const reasons = [...(status.usable ? backward : blockersOf(status)), ...withdrawn, ...differences];
  if (reasons.length === 0) return { host, state: 'usable', digest, reasons };
  const usable = differences.length > 0 ? 'differs' : withdrawn.length > 0 ? 'withdrawn' : 'blocked';
  return { host, state: status.usable ? usable : 'blocked', digest, reasons };
}

function withdrawnReason({ withdrawn }: SelectableVersion): Blocker[] {
  if (withdrawn === undefined) return [];
  return [{ code: 'VC-VERSION-WITHDRAWN', text: `it ${withdrawalText(withdrawn)}`, missing: [] }];
}

function blockersOf({ blockers }: SelectableVersion): readonly Blocker[] {
  if (blockers.length > 0) return blockers;
  return [{ code: 'VC-VERSION-UNUSABLE', text: 'the host calls it not usable and gives no reason', missing: [] }];
}

function differenceOf({ digest }: SelectableVersion, reference: Asked | undefined): Blocker[] {
  if (reference?.status === undefined || reference.status.digest === digest) return [];
  const text = `its content (${brief(digest)}) is not that of ${reference.host} (${brief(reference.status.digest)})`;
  return [{ code: 'VC-DIGEST-DIFFERS', text, missing: [] }];
}

/** Enough of a digest for people to compare. */
function brief(digest: string): string {
  return digest === '' ? 'no digest' : digest.slice(0, 12);
}
