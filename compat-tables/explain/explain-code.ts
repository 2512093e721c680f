/** Lines of our own programs, told by their error codes. */

import type { FeatureFamily } from '../bits/feature-bits.ts';
import { parseMask } from '../bits/mask.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import type { Entry } from '../entries/entry.ts';
import { CATALOGUE, type ErrorCode } from '../errors/catalogue.ts';
import { remedyOf } from '../errors/remedy.ts';
import type { Device } from './device.ts';
import { explainedMask, type LineExplanation } from './explanation.ts';
import { explainLack, NOTHING_MISSING } from './missing-features.ts';

const OUR_MISSING = /does not offer ((?:VIRTIO|VHOST)_[A-Z0-9_]+(?:, (?:VIRTIO|VHOST)_[A-Z0-9_]+)*)/;

/** Explains a line with one of our codes: the catalogue has the words, the line may name the missing features. */
export function explainCode(code: ErrorCode, line: string, entries: readonly Entry[]): LineExplanation {
  const { title, meaning } = CATALOGUE[code];
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
    remedies: [remedyOf(code, line)],
    device: mask === undefined || protocol ? undefined : device,
    masks: explainedMask('missing', mask, family),
    missing: about.missing,
    fits: about.fits,
    prevention: protocol ? undefined : about.prevention,
  };
}

/** Undefined where a name is not known to this release: the line is explained all the same. */
function readNames(names: string, family: FeatureFamily): bigint | undefined {
  try {
    return parseMask(names, family);
  } catch {
    return undefined;
  }
}
