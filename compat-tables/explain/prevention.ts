/** Which version of the tables, pinned on both hosts beforehand, would have kept a line from being written. */

import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import type { Entry } from '../entries/entry.ts';
import { type BackendRelease, isOfOneGuest } from '../releases/release.ts';
import { TELLING } from './likely-releases.ts';
import type { MissingBit } from './missing-bits.ts';

export interface Prevention {
  /** Most preferred first. */
  readonly versions: readonly string[];
  /** Why there is none, or what the answer rests on. */
  readonly note: string;
}

/** What is known of one side: the back-ends that fit, and the bits seen there. */
export interface KnownSide {
  readonly releases: readonly BackendRelease[];
  readonly seen: bigint;
}

/**
 * `sides`: what has to honour the version, as far as it is known. `foreign`: the bits are of no back-end that the tables
 * know, so the interface may not be a vhost-user one at all.
 */
export function prevention(
  entries: readonly Entry[],
  missing: readonly MissingBit[],
  sides: readonly KnownSide[],
  foreign: boolean,
): Prevention {
  const own = missing.filter(({ decidedBy }) => decidedBy === 'QEMU').map(({ name }) => name);
  if (own.length > 0) {
    const note = `No version can prevent it: QEMU decides about ${own.join(', ')} by itself. Give the device the same properties on both hosts.`;
    return { versions: [], note };
  }
  if (missing.some(({ decidedBy, name }) => decidedBy === 'unknown' || name.startsWith('VHOST_')))
    return { versions: [], note: 'No version covers these bits.' };
  const bits = missing.reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n);
  const fit = entries.filter((entry) => {
    const promise = guestFeatures(entry.virtioFeatures);
    // a last resort is not to be recommended
    if (entry.deviceType !== DEFAULT_DEVICE_TYPE || entry.tier === 'best-effort' || entry.withdrawn) return false;
    if (isOfOneGuest(entry.version)) return false;
    return (promise & bits) === 0n && sides.every(honours(promise));
  });
  const versions = fit.map(({ version }) => version);
  if (versions.length > 0) return { versions, note: noteOn(sides, foreign) };
  const note =
    'No version of the tables leaves out these bits and fits both back-ends: define an entry of your own without them.';
  return { versions: [], note };
}

function noteOn(sides: readonly KnownSide[], foreign: boolean): string {
  if (foreign)
    return 'Only if this is a vhost-user interface; for any other, hide the bits with the properties of QEMU.';
  return sides.length > 0
    ? 'They leave out what is missing, and both back-ends can honour them, as far as the masks tell.'
    : 'They leave out what is missing; `vhost-compat list-versions` says which the back-end can honour.';
}

/** By every release that may stand there; where none fits, by the bits that were seen. */
function honours(promise: bigint): (side: KnownSide) => boolean {
  return ({ releases, seen }) =>
    releases.length > 0
      ? releases.every(({ virtioFeatures }) => (promise & ~virtioFeatures) === 0n)
      : (promise & TELLING & ~seen) === 0n;
}
