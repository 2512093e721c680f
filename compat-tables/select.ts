/**
 * The first version that all hosts can honour. Clients compare strings only; whatever a version means, and why a host
 * lacks it, was decided on that host and comes along as its blockers.
 */
import { type Matrix, type MatrixRow, matrix } from './matrix.ts';
import type { HostVersions } from './types.ts';

export { type CellState, type Matrix, type MatrixCell, type MatrixRow, matrix } from './matrix.ts';

/**
 * `source`: the first version in the first host's order that all others have, as a running machine's source is given.
 * `consensus`: the order of hosts does not matter: smallest worst rank, then smallest sum of ranks, then name.
 */
export type Policy = 'source' | 'consensus';
export const POLICIES = ['source', 'consensus'] as const satisfies readonly Policy[];

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
  /** Who has which content, only when the hosts do not agree on it. */
  readonly digests?: readonly { readonly host: string; readonly digest: string }[];
}

export interface Selection {
  readonly version: string | undefined;
  readonly digest: string | undefined;
  readonly policy: Policy;
  readonly hosts: readonly string[];
  readonly rows: readonly SelectionRow[];
}

/** Chooses for the hosts given; no host at all has no common version. Throws VC-VERSION-DEVICE-TYPE. */
export function select(hosts: readonly HostVersions[], policy: Policy): Selection {
  const table = matrix(hosts);
  const chosen = hosts.length === 0 ? undefined : CHOOSE[policy](table, hosts);
  return {
    version: chosen?.version,
    digest: chosen?.cells[0]?.digest,
    policy,
    hosts: table.hosts,
    rows: table.rows.map(selectionRow),
  };
}

const CHOOSE: Readonly<Record<Policy, (table: Matrix, hosts: readonly HostVersions[]) => MatrixRow | undefined>> = {
  // The rows of a matrix begin with the first host's versions, in its order.
  source: (table) => table.rows.find(({ common }) => common),
  consensus: (table, hosts) => {
    const ranks = ranksOf(hosts);
    const better = (a: MatrixRow, b: MatrixRow): number => {
      const [x, y] = [ranks.get(a.version), ranks.get(b.version)];
      if (x === undefined || y === undefined) return 0;
      return x.worst - y.worst || x.sum - y.sum || (a.version < b.version ? -1 : 1);
    };
    return table.rows.filter(({ common }) => common).sort(better)[0];
  },
};

/** A rank is the place among the versions that the host can use: those it cannot use must not push others down. */
function ranksOf(hosts: readonly HostVersions[]): Map<string, { worst: number; sum: number }> {
  const ranks = new Map<string, { worst: number; sum: number }>();
  for (const { versions } of hosts) {
    const usable = new Set(versions.filter((one) => one.usable).map(({ version }) => version));
    [...usable].forEach((version, rank) => {
      const { worst, sum } = ranks.get(version) ?? { worst: 0, sum: 0 };
      ranks.set(version, { worst: Math.max(worst, rank), sum: sum + rank });
    });
  }
  return ranks;
}

function selectionRow({ version, cells, common }: MatrixRow): SelectionRow {
  const lacking = cells.flatMap(({ host, reasons }) =>
    reasons.map(({ code, text, missing }) => ({ host, code, reason: text, missing })),
  );
  const digests = cells.filter(({ state }) => state !== 'unknown').map(({ host, digest }) => ({ host, digest }));
  const agreed = digests.every(({ digest }) => digest === digests[0]?.digest);
  const usableSomewhere = cells.some(({ state }) => state === 'usable' || state === 'differs');
  return { version, common, usableSomewhere, lacking, ...(agreed ? {} : { digests }) };
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
