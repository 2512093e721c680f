/** What several back-ends have in common: what a version for all of their hosts may promise. */
import type { Abilities } from '../entries/entry.ts';

/** What all back-ends offer; a limit that one of them does not state is that of the others. */
export function commonAbilities(all: readonly Abilities[]): Abilities {
  const limits: Record<string, number> = {};
  for (const one of all)
    for (const [name, value] of Object.entries(one.limits)) limits[name] = Math.min(value, limits[name] ?? value);
  const [first = { virtioFeatures: 0n, protocolFeatures: 0n }] = all;
  return {
    virtioFeatures: all.reduce((mask, one) => mask & one.virtioFeatures, first.virtioFeatures),
    protocolFeatures: all.reduce((mask, one) => mask & one.protocolFeatures, first.protocolFeatures),
    limits,
  };
}
