/** A line of another program: what its row of the message tables says, and what its masks tell. */

import { MAX_MASK_BITS, parseMask } from '../bits/mask.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import type { Entry } from '../entries/entry.ts';
import { type Device, guessDevice } from './device.ts';
import { explainedMask, type LineExplanation } from './explanation.ts';
import { filled, type MessageRow } from './messages/message-row.ts';
import { explainLack, explainMove, type MissingFeatures, NOTHING_MISSING } from './missing-features.ts';
import { shownValues } from './values.ts';

type Groups = Readonly<Record<string, string | undefined>>;

/** Explains a line that `row` knows. `told`: the device that the row or the text names. */
export function explainMessage(
  row: MessageRow,
  groups: Groups,
  told: Device | undefined,
  entries: readonly Entry[],
): LineExplanation {
  const { missing: lacking, features, allowed, negotiated, other, protocol } = groups;
  const guest = readMask(features);
  const hasVirtioMask = [features, lacking, negotiated, other].some((one) => one !== undefined);
  const device = hasVirtioMask ? (told ?? guessDevice(guest ?? readMask(negotiated))) : undefined;
  const family = device?.family ?? VIRTIO_NET;
  const masks = [
    ...explainedMask('guest', guest, family),
    ...explainedMask('allowed', readMask(allowed), family),
    ...explainedMask('negotiated', readMask(negotiated), family),
    ...explainedMask('other', readMask(other), family),
    ...explainedMask('protocol', readMask(protocol), PROTOCOL),
  ];
  const given = { guest, allowed: readMask(allowed), lacking: readMask(lacking), cut: allowed === undefined };
  const about = missingFeatures(row, given, device, entries);
  const missing = about.missing.reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n);
  const lacksProtocol = row.lacks?.family === 'protocol';
  const values = shownValues(groups);
  return {
    id: row.id,
    program: row.program,
    means: filled(row.means, values),
    tells: row.tells ?? 'cause',
    device,
    masks: [...masks, ...(missing === 0n ? [] : explainedMask('missing', missing, lacksProtocol ? PROTOCOL : family))],
    missing: about.missing,
    culprits: [
      ...(row.culprit === undefined ? [] : [filled(row.culprit, values)]),
      ...tooLong([features, allowed, lacking, negotiated, other, protocol]),
      ...about.culprits,
    ],
    remedies: [...(row.remedy === undefined ? [] : [filled(row.remedy, values)]), ...about.remedies],
    fits: about.fits,
    prevention: about.prevention,
  };
}

interface Masks {
  readonly guest: bigint | undefined;
  readonly allowed: bigint | undefined;
  readonly lacking: bigint | undefined;
  /** The line has no second mask. */
  readonly cut: boolean;
}

function missingFeatures(
  { lacks }: MessageRow,
  { guest, allowed, lacking, cut }: Masks,
  device: Device | undefined,
  entries: readonly Entry[],
): MissingFeatures {
  if (lacks !== undefined) {
    const family = lacks.family === 'protocol' ? PROTOCOL : VIRTIO_NET;
    // the row has its own culprit and remedy; the bits are the same on every device type
    const { missing } = explainLack(
      parseMask(lacks.names.join(' '), family),
      { type: 'net', known: 'said', family },
      [],
    );
    return { ...NOTHING_MISSING, missing };
  }
  if (device === undefined) return NOTHING_MISSING;
  if (guest !== undefined && allowed !== undefined) return explainMove(guest, allowed, device, entries);
  if (lacking !== undefined) return explainLack(lacking, device, entries);
  if (guest === undefined || !cut) return NOTHING_MISSING;
  const culprits = [
    'The line is cut off: what the destination allows ("Allowed features: 0x…") tells what is missing.',
  ];
  return { ...NOTHING_MISSING, culprits };
}

/** A mask of an altered or foreign line may be too long to be one; `tooLong` says so. */
export function readMask(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const mask = BigInt(text);
  return mask >> BigInt(MAX_MASK_BITS) === 0n ? mask : undefined;
}

/** So much of a number is shown that it can be found in the line. */
const SHOWN_DIGITS = 18;

function tooLong(masks: readonly (string | undefined)[]): string[] {
  return masks.flatMap((text) =>
    text === undefined || readMask(text) !== undefined
      ? []
      : [
          `The mask ${text.slice(0, SHOWN_DIGITS)}… has more than ${MAX_MASK_BITS} bits: it was altered, or is no feature mask.`,
        ],
  );
}
