/** A new entry from what back-ends can do: what `capture` and `baseline` define. */
import { ACCESS_PLATFORM, IOMMU_NEEDS } from '../bits/named-masks.ts';
import { digestOf } from '../entries/digest.ts';
import type { Abilities, Entry, Limits } from '../entries/entry.ts';
import { DEFINED, entryFile, readEntry } from '../entries/entry-file.ts';
import { withoutMemory } from '../entries/memory-slots.ts';

/** The mask that a back-end of these protocol features can keep, and the protocol features that it then needs. */
export function promiseOf(features: bigint, protocolFeatures: bigint): { features: bigint; required: bigint } {
  if ((features & ACCESS_PLATFORM) === 0n) return { features, required: 0n };
  if ((IOMMU_NEEDS & ~protocolFeatures) !== 0n) return { features: features & ~ACCESS_PLATFORM, required: 0n };
  return { features, required: IOMMU_NEEDS };
}

export interface EntryParts {
  readonly version: string;
  readonly deviceType: string;
  readonly abilities: Abilities;
  readonly summary: string;
  readonly covers: readonly string[];
  readonly sources: readonly string[];
}

/** The entry that promises all of the abilities, read back through the rules of table files. Throws VC-TABLE. */
export function makeEntry(parts: EntryParts): Entry {
  const { version, deviceType, abilities, summary, covers, sources } = parts;
  const { features, required } = promiseOf(abilities.virtioFeatures, abilities.protocolFeatures);
  const bare = {
    ...{ version, deviceType, virtioFeatures: features, protocolFeatures: undefined },
    ...{ requiredProtocolFeatures: required, limits: positive(abilities.limits), tier: 'both-ways' as const },
    ...{ summary, covers, sources, origin: DEFINED },
  };
  const entry = { ...bare, digest: digestOf(bare) };
  return readEntry(entryFile(entry), DEFINED);
}

/** A back-end that answers 0 to a limit states none. */
function positive(limits: Limits): Limits {
  return Object.fromEntries(
    Object.entries(withoutMemory(limits)).filter(([, value]) => Number.isInteger(value) && value >= 1),
  );
}
