/** A name beside a mask: which releases answer so. */

import { guestFeatures } from '../bits/named-masks.ts';
import type { Abilities } from '../entries/entry.ts';
import { spansOf, spanText } from '../explain/likely-releases.ts';
import { RELEASES } from './releases.ts';

/** The known releases and settings with the same offer, in words: `Open vSwitch 2.15 to 3.1.7 (default, +server)`. */
export function resembling({ virtioFeatures, protocolFeatures }: Abilities): string[] {
  const alike = RELEASES.filter((one) => guestFeatures(one.virtioFeatures) === guestFeatures(virtioFeatures));
  const exact = alike.filter((one) => one.protocolFeatures === protocolFeatures);
  return spansOf(exact.length > 0 ? exact : alike).map(spanText);
}
