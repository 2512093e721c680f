/** The abilities that several back-ends share: a version for all of their hosts may promise them. */
import type { Abilities } from '../entries/entry.ts';

/** The intersection of all features; a limit that one back-end does not state is taken from the others. */
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
