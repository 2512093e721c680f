/** The input of a selection: the policy, and the hosts with their lists of versions. */
import type { HostVersionList, Tier, VersionStatus } from '../entries/entry.ts';
import type { Withdrawal } from '../entries/withdrawal.ts';

/** A version as one host sees it, with the tier that its table gives it. */
export interface SelectableVersion extends VersionStatus {
  /** Absent: `both-ways`. */
  readonly tier?: Tier;
  /** Not selected, wherever it is usable. */
  readonly withdrawn?: Withdrawal | undefined;
}

export interface SelectableHost extends HostVersionList {
  readonly versions: readonly SelectableVersion[];
  /** The list in short, for comparing many hosts: made beforehand, and shared by hosts with equal lists. */
  readonly compact?: CompactVersions;
}

/**
 * `source`: the first version in the first host's order that all others have, as a running machine's source is given.
 * `consensus`: the order of hosts does not matter: smallest worst rank, then smallest sum of ranks, then name.
 */
export type Policy = 'source' | 'consensus';
export const POLICIES = ['source', 'consensus'] as const satisfies readonly Policy[];

/**
 * A list of versions in its order, each once, with digest and mark beside it: a fleet's lists are read at the speed of
 * memory. Equal lists may share one.
 */
export interface CompactVersions {
  readonly versions: readonly string[];
  readonly digests: readonly string[];
  readonly marks: Uint8Array;
}

export const USABLE_MARK = 1;
export const FORWARD_ONLY_MARK = 2;

export function compactVersions(versions: readonly SelectableVersion[]): CompactVersions {
  const seen = new Set<string>();
  // Of equal names the first counts.
  const list = versions.filter(({ version }) => seen.size < seen.add(version).size);
  return {
    versions: list.map(({ version }) => version),
    digests: list.map(({ digest }) => digest),
    marks: Uint8Array.from(list, ({ usable, tier, withdrawn }) => {
      return (usable && withdrawn === undefined ? USABLE_MARK : 0) | (tier === 'forward-only' ? FORWARD_ONLY_MARK : 0);
    }),
  };
}
