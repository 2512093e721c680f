/** The part of an explanation that is about missing features: who is behind it, and what would have helped. */
import type { Entry } from '../entries/entry.ts';
import { spansOf } from '../releases/resembles.ts';
import type { Device } from './device.ts';
import type { Explanation } from './explanation.ts';
import { releasesOffering, releasesUnder } from './likely-releases.ts';
import { type DecidedBy, isForeign, isOfferedByAll, type MissingBit, missingBits } from './missing-bits.ts';
import { type KnownSide, prevention } from './prevention.ts';
import { moveRemedies, pinRemedies } from './remedies.ts';

export type MissingFeatures = Pick<Explanation, 'missing' | 'culprits' | 'remedies' | 'fits' | 'prevention'>;

const NO_FITS: Explanation['fits'] = { guest: [], here: [] };

export const NOTHING_MISSING: MissingFeatures = {
  missing: [],
  culprits: [],
  remedies: [],
  fits: NO_FITS,
  prevention: undefined,
};

/** A guest with `guest` came to a side that can offer `allowed`. */
export function explainMove(
  guest: bigint,
  allowed: bigint,
  device: Device,
  entries: readonly Entry[],
): MissingFeatures {
  const missing = missingBits(guest & ~allowed, device);
  if (missing.length === 0) {
    const culprits = ['All that the guest has is allowed: this cannot be the whole line, or it was altered.'];
    return { missing, culprits, remedies: [], fits: NO_FITS, prevention: undefined };
  }
  const isNet = device.type === 'net';
  // with a bit that no back-end of ours has, the other bits are no sign of one
  const foreign = isNet && missing.some(isForeign);
  const source: KnownSide = { releases: isNet && !foreign ? releasesUnder(guest) : [], seen: guest };
  const here: KnownSide = { releases: isNet && !foreign ? releasesOffering(allowed) : [], seen: allowed };
  const prevented = isNet ? prevention(entries, missing, [source, here], foreign) : undefined;
  return {
    missing,
    fits: { guest: spansOf(source.releases), here: spansOf(here.releases) },
    prevention: prevented,
    culprits: culprits(missing, device, here),
    remedies: [...moveRemedies(missing, here.releases), ...(foreign ? [] : pinRemedies(prevented))],
  };
}

/** Features are missing on the connection to a back-end; of the rest nothing is known. */
export function explainLack(lacking: bigint, device: Device, entries: readonly Entry[]): MissingFeatures {
  const missing = missingBits(lacking, device);
  const prevented = device.type === 'net' ? prevention(entries, missing, [], false) : undefined;
  return {
    missing,
    fits: NO_FITS,
    prevention: prevented,
    culprits: [
      'The back-end was updated, downgraded or reconfigured while the guest ran, or the path leads to another port or mode now.',
    ],
    remedies: [
      'Give the back-end its former release or setting back: the guest recovers at once. Otherwise stop and start the guest; a reboot inside is not enough.',
      ...pinRemedies(prevented),
    ],
  };
}

function culprits(missing: readonly MissingBit[], device: Device, here: KnownSide): string[] {
  const foreign = missing.filter((one) => device.type === 'net' && isForeign(one));
  const others = missing.filter((one) => !foreign.includes(one));
  const decided = (by: DecidedBy) => others.filter(({ decidedBy }) => decidedBy === by);
  const offered = here.releases.length > 0 ? decided('both').filter((one) => isOfferedByAll(one, here.releases)) : [];
  const either = decided('both').filter((one) => !offered.includes(one));
  const say = (bits: readonly MissingBit[], text: (names: string) => string) =>
    bits.length === 0 ? [] : [text(bits.map(({ name }) => name).join(', '))];
  return [
    ...say(
      decided('back-end'),
      (names) => `The back-end here does not offer ${names}; QEMU shows that only when the back-end does.`,
    ),
    ...say(
      decided('QEMU'),
      (names) =>
        `QEMU decides about ${names} by itself, whatever the back-end offers: the device was started with other properties, or on another machine type, here than at the source.`,
    ),
    ...say(
      offered,
      (names) =>
        `The back-end here would offer ${names}, as far as the other bits tell: the device was started without the property that shows it.`,
    ),
    ...say(
      either,
      (names) =>
        `${names} needs both: the device here was started without the property that shows it, or the back-end does not offer it.`,
    ),
    ...say(
      foreign,
      (names) =>
        `No vhost-user back-end of the tables offers ${names}: it comes from the kernel of the source (tap, vhost-net) or another back-end, and from its release of QEMU; one of them is older here.`,
    ),
    ...say(
      decided('unknown'),
      (names) => `Nothing tells what ${names} stands for here: add the lines around this one, which name the device.`,
    ),
  ];
}
