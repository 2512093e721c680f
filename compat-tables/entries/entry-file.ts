/** An entry made by a program, as the text of a table file: what `capture` writes and what hosts are told to define. */

import { familyOf, featureNames, PROTOCOL } from '../bits/features.ts';
import { formatMask } from '../bits/mask.ts';
import { IOMMU, IOMMU_NEEDS, notMigratable } from '../compare/check-entry.ts';
import { CompatError } from '../errors/compat-error.ts';
import { digestOf } from './digest.ts';
import type { Abilities, Entry, Limits } from './entry.ts';
import { entryKey, loadTables } from './load.ts';
import { guestFeatures } from './offer.ts';

/** Where entries come from that no file holds: clients gave them to the host. */
export const DEFINED = 'defined';

/** The mask that a back-end of these protocol features can keep, and the protocol features that it then needs. */
export function promiseOf(features: bigint, protocolFeatures: bigint): { features: bigint; required: bigint } {
  if ((features & IOMMU) === 0n) return { features, required: 0n };
  if ((IOMMU_NEEDS & ~protocolFeatures) !== 0n) return { features: features & ~IOMMU, required: 0n };
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
export function makeEntry(parts: EntryParts, sha256: (text: string) => string): Entry {
  const { version, deviceType, abilities, summary, covers, sources } = parts;
  const { features, required } = promiseOf(abilities.virtioFeatures, abilities.protocolFeatures);
  const bare = {
    ...{ version, deviceType, virtioFeatures: features, protocolFeatures: undefined },
    ...{ requiredProtocolFeatures: required, limits: positive(abilities.limits), tier: 'both-ways' as const },
    ...{ summary, covers, sources, origin: DEFINED },
  };
  const entry = { ...bare, digest: digestOf(bare, sha256) };
  return readEntry(entryFile(entry), DEFINED, sha256);
}

/** A table file with this entry alone. */
export function entryFile(entry: Entry): string {
  const { version, summary, virtioFeatures, protocolFeatures, requiredProtocolFeatures, limits, tier } = entry;
  const row = {
    ...{ version, summary, virtio_features: formatMask(virtioFeatures) },
    ...(protocolFeatures === undefined ? {} : { protocol_features: formatMask(protocolFeatures) }),
    ...(requiredProtocolFeatures === 0n
      ? {}
      : { requires_protocol_features: featureNames(PROTOCOL, requiredProtocolFeatures) }),
    ...{ limits, tier, covers: entry.covers, sources: entry.sources },
  };
  return `${JSON.stringify({ format: 1, device_type: entry.deviceType, entries: [row] }, null, 2)}\n`;
}

/** The one entry of such a text. Throws VC-TABLE. */
export function readEntry(text: string, origin: string, sha256: (text: string) => string): Entry {
  const { entries, problems } = loadTables([{ path: origin, text }], sha256);
  if (problems[0]) throw problems[0];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1)
    throw new CompatError('VC-TABLE', `Cannot use ${origin}: it holds ${entries.length} entries; wanted one`);
  return entry;
}

export interface DefinedEntries {
  readonly entries: readonly Entry[];
  readonly problems: readonly CompatError[];
}

/**
 * The entries that clients gave to a host, by version. What a table file defines already with the same content is not
 * said twice; with other content the table file stays, and so does what cannot be read.
 */
export function definedEntries(
  defined: ReadonlyMap<string, string>,
  tables: readonly Entry[],
  sha256: (text: string) => string,
): DefinedEntries {
  const entries: Entry[] = [];
  const problems: CompatError[] = [];
  for (const [name, text] of [...defined].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      const entry = readEntry(text, DEFINED, sha256);
      if (entry.version !== name)
        throw new CompatError('VC-TABLE', `Cannot use the definition of ${name}: it defines ${entry.version}`);
      const known = tables.find((one) => entryKey(one) === entryKey(entry));
      if (known === undefined) entries.push(entry);
      else if (known.digest !== entry.digest) throw clash(entry, known);
    } catch (error) {
      if (!(error instanceof CompatError)) throw error;
      problems.push(error);
    }
  }
  return { entries, problems };
}

function clash(entry: Entry, known: Entry): CompatError {
  const text = `Cannot define ${entry.version}: ${known.origin} has it with other content; that one stays in use`;
  return new CompatError('VC-VERSION-EXISTS', text, { version: entry.version });
}

/**
 * What to know of a version before guests are given it: it may be honoured where QEMU migrates nothing from, because
 * control bits and protocol features are the back-end's and no part of the promise. One note for all that lack the same.
 */
export function migrationNotes(
  backends: readonly { readonly name: string; readonly abilities: Abilities | undefined }[],
): string[] {
  const names = new Map<string, string[]>();
  for (const { name, abilities } of backends) {
    const reasons = abilities === undefined ? '' : notMigratable(abilities).join('; ');
    if (reasons !== '') names.set(reasons, [...(names.get(reasons) ?? []), name]);
  }
  return [...names].map(
    ([reasons, all]) => `QEMU migrates no guest from ${all.join(', ')}: ${reasons} [VC-MIGRATE-LOG]`,
  );
}

/** What a guest can see of an entry, by name. */
export function guestNames({ deviceType, virtioFeatures }: Entry): string[] {
  return featureNames(familyOf(deviceType), guestFeatures(virtioFeatures));
}

/** A back-end that answers 0 to a limit states none. */
function positive(limits: Limits): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => Number.isInteger(value) && value >= 1));
}
