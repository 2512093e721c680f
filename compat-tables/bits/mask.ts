import { CompatError } from '../errors/compat-error.ts';
import { bitNumber, type FeatureFamily, MAX_MASK_BITS, VIRTIO_NET } from './features.ts';

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
