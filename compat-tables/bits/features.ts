/** Names ↔ masks. Masks are `bigint`; a bit without a name keeps its number and is never dropped in silence. */
import { editDistance } from '../../base/text.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { FeatureBit, FeatureFamily, FeatureScope, ShortName } from './feature-bits.ts';
import { PROTOCOL } from './vhost-user-protocol.ts';
import { VIRTIO_COMMON } from './virtio-common.ts';
import { VIRTIO_NET } from './virtio-net.ts';

export type { FeatureBit, FeatureFamily, FeatureScope } from './feature-bits.ts';
export { PROTOCOL, VIRTIO_COMMON, VIRTIO_NET };

/** Masks may grow to this many bits; virtio defines some above 63 already, although no vhost-user message carries them. */
export const MAX_MASK_BITS = 128;

/** The back-end can record which pages it writes; without it QEMU does not migrate. */
export const LOG_ALL = maskOf(VIRTIO_NET, 'VHOST_F_LOG_ALL');
/** Rings of one descriptor area; they do not recover when a device is set up anew under a running driver. */
export const RING_PACKED = maskOf(VIRTIO_NET, 'VIRTIO_F_RING_PACKED');
/** The back-end has protocol features. */
export const PROTOCOL_FEATURES = maskOf(VIRTIO_NET, 'VHOST_USER_F_PROTOCOL_FEATURES');
/** vhost-user's own bits in the virtio word: never guest ABI, never part of a promise. */
export const CONTROL_BITS = LOG_ALL | PROTOCOL_FEATURES;
/** The bits that QEMU offers to a guest only when the back-end offers them; about the others it decides alone. */
export const QEMU_FROM_BACKEND = VIRTIO_NET.bits
  .filter(({ fromBackend }) => fromBackend)
  .reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n);

const FAMILIES: Readonly<Record<string, FeatureFamily>> = { 'vhost-user-net': VIRTIO_NET };

/** The names of a device type's virtio word; for device types we do not know, those that every device has. */
export function familyOf(deviceType: string): FeatureFamily {
  return Object.hasOwn(FAMILIES, deviceType) ? (FAMILIES[deviceType] ?? VIRTIO_COMMON) : VIRTIO_COMMON;
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
  const found = family.bits.find((one) => namesOf(one).includes(wanted));
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
  return bitsOf(mask).map((bit) => nameOfBit(rowsOf(family, bit), bit));
}

/** One bit of a mask, explained. */
export interface DecodedBit {
  readonly bit: number;
  /** As `featureNames` gives it. */
  readonly name: string;
  readonly short: string;
  readonly meaning: string;
  /** Undefined for a bit that nobody has named. */
  readonly scope: FeatureScope | undefined;
  readonly requires: readonly string[];
  /** Where that is said. */
  readonly requiresSource: string;
  readonly fromBackend: boolean;
  readonly guestVisible: boolean;
  readonly legacy: boolean;
  readonly note: string | undefined;
  readonly known: boolean;
}

/** Every bit of the mask, lowest first, with what is known of it. */
export function decodeMask(family: FeatureFamily, mask: bigint): DecodedBit[] {
  return bitsOf(mask).map((bit) => {
    const rows = rowsOf(family, bit);
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

function rowsOf(family: FeatureFamily, bit: number): FeatureBit[] {
  return family.bits.filter((one) => one.bit === bit);
}

function nameOfBit(rows: readonly FeatureBit[], bit: number): string {
  return rows.map(({ name }) => name).join('|') || `bit ${bit}`;
}

function namesOf({ name, short, aliases }: FeatureBit): readonly string[] {
  return [name, short, ...aliases];
}

function nearestName(family: FeatureFamily, wanted: string): string {
  let nearest = '';
  let least = Number.POSITIVE_INFINITY;
  for (const bit of family.bits) {
    for (const name of namesOf(bit)) {
      const distance = editDistance(wanted, name);
      if (distance < least) [least, nearest] = [distance, bit.name];
    }
  }
  return nearest;
}
