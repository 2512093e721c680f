/**
 * Masks as text, as names and as bits. Masks are `bigint`; a bit without a name keeps its number and is never dropped in
 * silence.
 */
import { editDistance } from '../../base/text.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { FeatureBit, FeatureFamily, FeatureScope, ShortName } from './feature-bits.ts';
import { VIRTIO_NET } from './virtio-net.ts';

/** Masks may grow to this many bits; virtio defines some above 63 already, although no vhost-user message carries them. */
export const MAX_MASK_BITS = 128;

/** `0xd7c66a7ca`: how masks stand in tables, in the database and in answers. */
export function formatMask(mask: bigint): string {
  return `0x${mask.toString(16)}`;
}

/**
 * Reads `0x…`, a decimal number, or names (specification names, short names, `bit 57`) separated by commas, spaces or
 * bars; throws VC-MASK. `names` are virtio-net's unless given.
 */
export function parseMask(text: string, names: FeatureFamily = VIRTIO_NET): bigint {
  const wanted = 'wanted a number such as 0x140008000, or feature names';
  const trimmed = text.trim();
  if (trimmed === '') throw new CompatError('VC-MASK', `Cannot read mask "${text}": it is empty; ${wanted}`);
  if (!/^[-+\d]/.test(trimmed)) return maskOfNames(trimmed, names);
  if (!/^(?:0x[\da-f]+|\d+)$/i.test(trimmed))
    throw new CompatError('VC-MASK', `Cannot read mask "${text}": it is not a number; ${wanted}`);
  // Length first: a number of a million digits would take its time to be read.
  if (trimmed.length <= 2 + MAX_MASK_BITS) {
    const mask = BigInt(trimmed);
    if (mask < 1n << BigInt(MAX_MASK_BITS)) return mask;
  }
  throw new CompatError('VC-MASK', `Cannot read mask "${text.slice(0, 40)}…": it has more than ${MAX_MASK_BITS} bits`);
}

function maskOfNames(text: string, names: FeatureFamily): bigint {
  const parts = text
    .replace(/\bbit\s+(\d)/gi, 'bit$1')
    .split(/[\s,|]+/)
    .filter((part) => part !== '');
  return parts.reduce((mask, part) => mask | (1n << BigInt(bitNumber(names, part))), 0n);
}

/** The mask of names, long or short; a wrong name does not compile. For text from outside there is `parseMask`. */
export function maskOf<N extends string>(
  family: FeatureFamily<N>,
  ...names: readonly (NoInfer<N> | ShortName<NoInfer<N>>)[]
): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(bitNumber(family, name))), 0n);
}

/** The number that a name, alias, short name or `bit 57` stands for; throws VC-MASK with the nearest known name. */
export function bitNumber(family: FeatureFamily, name: string): number {
  const numbered = /^bit ?(\d{1,4})$/i.exec(name);
  if (numbered) {
    const bit = Number(numbered[1]);
    if (bit < MAX_MASK_BITS) return bit;
    throw new CompatError('VC-MASK', `Cannot read feature "${name}": wanted a bit from 0 to ${MAX_MASK_BITS - 1}`);
  }
  const wanted = name.toUpperCase();
  const found = family.byName.get(wanted);
  if (found) return found.bit;
  const nearest = nearestName(family, wanted);
  throw new CompatError(
    'VC-MASK',
    `Cannot read feature "${name}": no ${family.title} feature has this name; the nearest is ${nearest}`,
    { name, nearest },
  );
}

/** The bits that are set, lowest first. */
export function bitsOf(mask: bigint): number[] {
  const bits: number[] = [];
  for (let rest = mask, bit = 0; rest > 0n; rest >>= 1n, bit += 1) if (rest & 1n) bits.push(bit);
  return bits;
}

/** Specification names, lowest bit first; a number with two names gives both (`A|B`), one without is `bit 57`. */
export function featureNames(family: FeatureFamily, mask: bigint): string[] {
  return bitsOf(mask).map((bit) => nameOfBit(family.byBit.get(bit) ?? [], bit));
}

/** One bit of a mask, explained; the name is as `featureNames` gives it. */
export interface DecodedBit extends Omit<FeatureBit, 'aliases' | 'scope'> {
  /** Undefined for a bit that nobody has named. */
  readonly scope: FeatureScope | undefined;
  readonly known: boolean;
}

/** Every bit of the mask, lowest first, with what is known of it. */
export function decodeMask(family: FeatureFamily, mask: bigint): DecodedBit[] {
  return bitsOf(mask).map((bit) => {
    const rows = family.byBit.get(bit) ?? [];
    const [first] = rows;
    const notes = rows.flatMap(({ note }) => note ?? []);
    return {
      bit,
      name: nameOfBit(rows, bit),
      short: rows.map(({ short }) => short).join('|') || `bit ${bit}`,
      meaning: rows.map(({ meaning }) => meaning).join(' Or: ') || 'No known feature has this number.',
      scope: first?.scope,
      requires: first?.requires ?? [],
      requiresSource: first?.requiresSource ?? '',
      fromBackend: first?.fromBackend ?? false,
      // What is not a control bit reaches the guest, named or not.
      guestVisible: first?.guestVisible ?? true,
      legacy: first?.legacy ?? false,
      note: notes.length > 0 ? notes.join(' ') : undefined,
      known: first !== undefined,
    };
  });
}

function nameOfBit(rows: readonly FeatureBit[], bit: number): string {
  return rows.map(({ name }) => name).join('|') || `bit ${bit}`;
}

function nearestName(family: FeatureFamily, wanted: string): string {
  let nearest = '';
  let least = Number.POSITIVE_INFINITY;
  for (const [name, row] of family.byName) {
    const distance = editDistance(wanted, name);
    if (distance < least) [least, nearest] = [distance, row.name];
  }
  return nearest;
}
