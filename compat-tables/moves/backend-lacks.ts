/** What the back-end of a destination lacks for a guest, whichever version would stand before it. */
import { checkEntry } from '../compare/check-entry.ts';
import type { Abilities, Blocker } from '../entries/entry.ts';
import { limitsThrough } from '../entries/memory-slots.ts';
import { type Candidate, candidate, closest, type Question } from './fitting-versions.ts';
import type { Need } from './guest-needs.ts';
import { lackingProtocol } from './protocol-needs.ts';
import { type Shortage, shortages } from './ring-and-queue-sizes.ts';

export interface BackendLacks {
  readonly features: bigint;
  readonly shortages: readonly Shortage[];
  /** Protocol features by name. */
  readonly protocol: readonly string[];
}

/** Nothing of a back-end that is not known. */
export function backendLacks({ need, to }: Question): BackendLacks {
  const { abilities, deviceType } = to;
  if (abilities === undefined) return { features: 0n, shortages: [], protocol: [] };
  // a version can keep the virtual IOMMU from a guest that does without; a bare back-end cannot
  const offer = to.versions.length === 0 ? abilities.virtioFeatures : need.features;
  return {
    features: need.features & ~abilities.virtioFeatures,
    shortages: shortages(need.limits, limitsThrough(undefined, abilities)),
    protocol: lackingProtocol(need, deviceType, abilities, { offer, protocol: abilities.protocolFeatures }),
  };
}

/** Features that stand in the way at a destination with none that fits: those of its back-end, else of the closest version. */
export function missingThere(question: Question, candidates: readonly Candidate[]): bigint {
  return backendLacks(question).features || (closest(candidates)?.missing ?? 0n);
}

/** A version that has all that the guest took. */
export interface Wanting {
  readonly version: string;
  /** What it would need besides of a back-end that had what is missing now; empty: it would be usable. */
  readonly blockers: readonly Blocker[];
}

/** The version, usable now or not, that would need least besides what is missing. */
export function wouldDo(question: Question): Wanting | undefined {
  const { to, need } = question;
  const enough = withNeeds(to.abilities ?? NOTHING, need);
  return to.versions
    .filter(({ entry }) => {
      const { missing, differs, backward } = candidate(question, entry);
      return missing === 0n && !differs && !backward && shortages(need.limits, entry.limits).length === 0;
    })
    .map(({ entry }) => ({ version: entry.version, blockers: checkEntry(entry, enough) }))
    .toSorted((a, b) => weightOf(a) - weightOf(b))[0];
}

const NOTHING: Abilities = { virtioFeatures: 0n, protocolFeatures: 0n, limits: {} };

/** The back-end as it would have to be at least. */
function withNeeds({ virtioFeatures, limits }: Abilities, need: Need): Abilities {
  const raised = Object.entries(need.limits).map(([name, needed]) => [name, Math.max(needed, limits[name] ?? needed)]);
  return {
    virtioFeatures: virtioFeatures | need.features,
    protocolFeatures: ~0n,
    limits: { ...limits, ...Object.fromEntries(raised) },
  };
}

function weightOf({ blockers }: Wanting): number {
  return blockers.reduce((sum, { missing }) => sum + Math.max(missing.length, 1), 0);
}
