/** Lines of our own programs, told by their error codes. */

import type { FeatureFamily } from '../bits/feature-bits.ts';
import { parseMask } from '../bits/mask.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import type { Entry } from '../entries/entry.ts';
import { CATALOGUE, type ErrorCode } from '../errors/catalogue.ts';
import type { Device } from './device.ts';
import { explainedMask, type LineExplanation } from './explanation.ts';
import { explainLack, NOTHING_MISSING } from './missing-features.ts';

const OUR_MISSING = /does not offer ((?:VIRTIO|VHOST)_[A-Z0-9_]+(?:, (?:VIRTIO|VHOST)_[A-Z0-9_]+)*)/;

/** Explains a line with one of our codes: the catalogue has the words, the line may name the missing features. */
export function explainCode(code: ErrorCode, line: string, entries: readonly Entry[]): LineExplanation {
  const { title, meaning, remedy } = CATALOGUE[code];
  const names = OUR_MISSING.exec(line)?.[1];
  const protocol = names?.startsWith('VHOST_USER_PROTOCOL_') === true;
  const family = protocol ? PROTOCOL : VIRTIO_NET;
  const mask = names === undefined ? undefined : readNames(names, family);
  const device: Device = { type: 'net', known: 'guessed', family };
  const about = mask === undefined ? NOTHING_MISSING : explainLack(mask, device, protocol ? [] : entries);
  return {
    id: code,
    program: 'vhost-compat',
    means: `${title.slice(0, 1).toUpperCase()}${title.slice(1)}. ${meaning}`,
    tells: 'cause',
    culprits: [],
    remedies: [code === 'VC-ACK-OUTSIDE-OFFER' ? (faultOfFrontend(line) ?? remedy) : remedy],
    device: mask === undefined || protocol ? undefined : device,
    masks: explainedMask('missing', mask, family),
    missing: about.missing,
    fits: about.fits,
    prevention: protocol ? undefined : about.prevention,
  };
}

/** What to do about bits that no version can have, because QEMU decides about them alone; undefined: there are none. */
function faultOfFrontend(line: string): string | undefined {
  const names = (line.match(/\b(?:VIRTIO|VHOST)_[A-Z0-9_]+/g) ?? []).filter((name) => {
    const bit = VIRTIO_NET.byName.get(name);
    return bit?.guestVisible === true && !bit.fromBackend;
  });
  if (names.length === 0) return undefined;
  return `No version has ${names.join(', ')}: this is a fault of the front-end, which accepted what nobody offered. Report its release.`;
}

/** Undefined where a name is not known to this release: the line is explained all the same. */
function readNames(names: string, family: FeatureFamily): bigint | undefined {
  try {
    return parseMask(names, family);
  } catch {
    return undefined;
  }
}
