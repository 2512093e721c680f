/**
 * The first version that all hosts can honour. Clients compare strings only; whatever a version means, and why a host
 * lacks it, was decided on that host and comes along as its blockers.
 *
 * The answer takes one pass over the hosts. The reasons, a cell for each version on each host, are made when somebody
 * looks at them.
 */

import { type DifferingDigests, differingDigests } from './differing-digests.ts';
import type { Effort } from './effort.ts';
import { notReached } from './forward-only.ts';
import { commonType, type MatrixRow, matrix } from './matrix.ts';
import {
  type CompactVersions,
  compactVersions,
  FORWARD_ONLY_MARK,
  type Policy,
  type SelectableHost,
  USABLE_MARK,
} from './selection-input.ts';

export interface Lack {
  readonly host: string;
  /** A code of the catalogue. */
  readonly code: string;
  readonly reason: string;
  /** Virtio feature names. */
  readonly missing: readonly string[];
}

export interface SelectionRow {
  readonly version: string;
  readonly common: boolean;
  /** Whether at least one host could honour it. */
  readonly usableSomewhere: boolean;
  /** The hosts that stand in the way and why, one for each reason; empty when common. */
  readonly lacking: readonly Lack[];
  /** The content on each host, only when the hosts do not agree on it. */
  readonly digests?: readonly { readonly host: string; readonly digest: string }[];
}

export interface Selection {
  readonly version: string | undefined;
  readonly digest: string | undefined;
  readonly policy: Policy;
  readonly hosts: readonly string[];
  /** Made when it is first read. */
  readonly rows: readonly SelectionRow[];
  /** Versions to which the hosts give different contents; made when it is first read. */
  readonly drift: readonly DifferingDigests[];
}

/** Chooses for the hosts given; no host at all has no common version. Throws VC-VERSION-DEVICE-TYPE. */
export function selectCommonVersion(hosts: readonly SelectableHost[], policy: Policy, effort?: Effort): Selection {
  commonType(hosts);
  const tallies = count(hosts);
  const chosen = CHOOSE[policy](common(tallies, hosts, policy));
  let rows: readonly SelectionRow[] | undefined;
  let drift: readonly DifferingDigests[] | undefined;
  return {
    version: chosen?.version,
    digest: chosen?.digest,
    policy,
    hosts: hosts.map(({ host }) => host),
    get rows() {
      rows ??= matrix(hosts, policy, effort).rows.map(selectionRow);
      return rows;
    },
    get drift() {
      drift ??= tallies.some(({ differs }) => differs) ? differingDigests(hosts) : [];
      return drift;
    },
  };
}

/** The figures of one version that the choice needs. */
interface Tally {
  readonly version: string;
  /** The digest on the first host that knows the version. */
  readonly digest: string;
  differs: boolean;
  forwardOnly: boolean;
  /** On how many hosts it is usable, with this digest. */
  usable: number;
  /** A rank is the place among the versions that the host can use: those it cannot use must not push others down. */
  worst: number;
  sum: number;
  /** That of the version which stood behind this one in the list that was counted last. */
  next: Tally | undefined;
}

/** One tally for each version, in the order of the first host, then what the following ones add. */
function count(hosts: readonly SelectableHost[]): Tally[] {
  const tallies: Tally[] = [];
  const byName = new Map<string, Tally>();
  for (const [{ versions, digests, marks }, times] of distinctLists(hosts)) {
    let rank = 0;
    let before: Tally | undefined;
    for (let place = 0; place < marks.length; place += 1) {
      const version = versions[place] ?? '';
      const digest = digests[place] ?? '';
      const mark = marks[place] ?? 0;
      // Most lists are alike: what followed last time follows again.
      let tally = before === undefined ? tallies[0] : before.next;
      if (tally?.version !== version) tally = byName.get(version);
      if (tally === undefined) {
        tally = { version, digest, differs: false, forwardOnly: false, usable: 0, worst: 0, sum: 0, next: undefined };
        tallies.push(tally);
        byName.set(version, tally);
      }
      if (before !== undefined) before.next = tally;
      before = tally;
      if ((mark & FORWARD_ONLY_MARK) !== 0) tally.forwardOnly = true;
      const same = tally.digest === digest;
      if (!same) tally.differs = true;
      if ((mark & USABLE_MARK) === 0) continue;
      if (same) tally.usable += times;
      if (rank > tally.worst) tally.worst = rank;
      tally.sum += rank * times;
      rank += 1;
    }
  }
  return tallies;
}

/** The different lists, in the order of the first host that has each, and how many hosts have it. */
function distinctLists(hosts: readonly SelectableHost[]): Map<CompactVersions, number> {
  const lists = new Map<CompactVersions, number>();
  for (const { versions, compact = compactVersions(versions) } of hosts)
    lists.set(compact, (lists.get(compact) ?? 0) + 1);
  return lists;
}

/** The versions that all hosts can honour and between which they may move, in the order of the tallies. */
function common(tallies: readonly Tally[], hosts: readonly SelectableHost[], policy: Policy): Tally[] {
  const everywhere = tallies.filter(({ usable }) => hosts.length > 0 && usable === hosts.length);
  if (!everywhere.some(({ forwardOnly }) => forwardOnly) || notReached(hosts, policy).size === 0) return everywhere;
  return everywhere.filter(({ forwardOnly }) => !forwardOnly);
}

const CHOOSE: Readonly<Record<Policy, (common: readonly Tally[]) => Tally | undefined>> = {
  // The tallies begin with the first host's versions, in its order.
  source: ([first]) => first,
  consensus: (all) => [...all].sort(byRank)[0],
};

function byRank(a: Tally, b: Tally): number {
  return a.worst - b.worst || a.sum - b.sum || (a.version < b.version ? -1 : 1);
}

function selectionRow({ version, cells, common: isCommon }: MatrixRow): SelectionRow {
  const lacking = cells.flatMap(({ host, reasons }) =>
    reasons.map(({ code, text, missing }) => ({ host, code, reason: text, missing })),
  );
  const digests = cells.filter(({ state }) => state !== 'unknown').map(({ host, digest }) => ({ host, digest }));
  const agreed = digests.every(({ digest }) => digest === digests[0]?.digest);
  const usableSomewhere = cells.some(({ state }) => ['usable', 'differs', 'withdrawn'].includes(state));
  return { version, common: isCommon, usableSomewhere, lacking, ...(agreed ? {} : { digests }) };
}

/** The selection for people: the answer, then each version with the hosts that lack it and why. */
export function explainSelection(selection: Selection): string[] {
  const { version, policy, hosts, rows } = selection;
  const answer =
    version === undefined
      ? `No version is usable on all of: ${hosts.join(', ') || 'no host'}`
      : `Selected ${version} (policy ${policy}) for: ${hosts.join(', ')}`;
  const shown = rows.filter(({ usableSomewhere }) => usableSomewhere);
  const hidden = rows.filter(({ usableSomewhere }) => !usableSomewhere).map((row) => row.version);
  return [
    answer,
    ...shown.flatMap((row) => [
      `  ${row.version}: ${row.common ? 'common to all' : 'not common'}${row.version === version ? ', selected' : ''}`,
      ...row.lacking.map(({ host, code, reason }) => `    ${host}: ${reason} [${code}]`),
    ]),
    ...(hidden.length > 0 ? [`  usable on none of them: ${hidden.join(', ')}`] : []),
  ];
}
