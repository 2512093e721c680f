/** Lines of programs that nothing names: the fallbacks, which only see masks. */
import { decodeMask } from '../../bits/mask.ts';
import type { Device } from '../device.ts';
import type { MessageRow } from './message-row.ts';

const MAC = 1n << 5n;
const VERSION_1 = 1n << 32n;
/** The features of rings and transport begin here; below are those of the device type. */
const RING_BITS_FROM = 24n;

export const OTHER_MESSAGES: readonly MessageRow[] = [
  // A row of a table of failures, as people paste it: a name of theirs and two masks. No words tell a mask from any other
  // number, so the numbers themselves have to look like feature words.
  {
    id: 'two-masks',
    program: 'unknown program',
    // exactly two hexadecimal numbers, and no range of addresses; "features A vs B" is the row feature-mask
    pattern:
      /^(?!.*\b0x[\da-f]+\b.*\b0x[\da-f]+\b.*\b0x)(?!.*\bfeatures?\b.*\W(?:vs\.?|and|or)\W+0x)(?!.*0x[\da-f]+-0x).*?\b(?<features>0x[\da-f]{4,32})\b.*?\b(?<allowed>0x[\da-f]{4,32})\b/i,
    example: '| INDIRECT_DESC | 0x130afe7a7 | 0x168bfe7e7 |',
    source: 'tables that people make of failures',
    means:
      'A line with two masks that is no known message. It is taken as QEMU\'s "Features {features} unsupported. Allowed features: {allowed}": the first mask is what an arriving guest has, the second what the device here can offer. If the masks are something else, none of this holds.',
    fallback: true,
    holds: ({ features = '0x0' }, device) => isFeatureWord(BigInt(features), device),
  },
  // Tried after two-masks: one of two masks must not be taken for the only one.
  {
    id: 'feature-mask',
    program: 'unknown program',
    pattern: /\bfeatures?\b.*?(?<negotiated>0x[\da-f]{4,32})\b(?:\W+(?:vs\.?|and|or)\W+(?<other>0x[\da-f]{4,32})\b)?/i,
    example: 'the port is created with less features 0x50008000 vs 0x60003140',
    source: 'reports that people write',
    tells: 'course',
    means: 'A line with the word features and a mask. Nothing more is known of it.',
    fallback: true,
  },
];

/** Each bit of the guest has a name, and those are there that no guest of today is without. */
function isFeatureWord(guest: bigint, { type, known, family }: Device): boolean {
  if (known === 'unknown') return false;
  // numbers of a program's text are small; every guest has taken something of the rings or of the transport
  if (guest >> RING_BITS_FROM === 0n) return false;
  const always = type === 'net' ? MAC : VERSION_1;
  return (guest & always) !== 0n && decodeMask(family, guest).every((bit) => bit.known);
}
