/** What a selection wants to know of a host's list, close together: a fleet's lists are read at the speed of memory. */
import type { Tier, VersionStatus } from '../entries/entry.ts';

/** The versions of a list in its order, each once, with digest and mark beside it. Equal lists may share one. */
export interface Ballot {
  readonly versions: readonly string[];
  readonly digests: readonly string[];
  readonly marks: Uint8Array;
}

export const USABLE = 1;
export const FORWARD_ONLY = 2;

export function ballotOf(versions: readonly (VersionStatus & { readonly tier?: Tier })[]): Ballot {
  const seen = new Set<string>();
  // Of equal names the first counts.
  const list = versions.filter(({ version }) => seen.size < seen.add(version).size);
  return {
    versions: list.map(({ version }) => version),
    digests: list.map(({ digest }) => digest),
    marks: Uint8Array.from(list, ({ usable, tier }) => {
      return (usable ? USABLE : 0) | (tier === 'forward-only' ? FORWARD_ONLY : 0);
    }),
  };
}
