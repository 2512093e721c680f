/** What to do about one error: the remedy of its code, where its text does not say more. */
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import { CATALOGUE, type ErrorCode } from './catalogue.ts';

/** How an error says that its features are no version's. */
export const NO_VERSION_HAS = 'no version has';

/** What to do about a front-end that did not accept what a migration needs. */
export const FRONTEND_LOGS = 'Give the guest a front-end that accepts it, as QEMU does since 2.5.';

export function remedyOf(code: ErrorCode, text: string): string {
  if (code === 'VC-MIGRATE-LOG' && text.includes('front-end did not accept')) return FRONTEND_LOGS;
  return (code === 'VC-ACK-OUTSIDE-OFFER' ? faultOfFrontend(text) : undefined) ?? CATALOGUE[code].remedy;
}

/** What to do about features that no version can have, so that no pin brings them; undefined: there are none. */
function faultOfFrontend(text: string): string | undefined {
  const names = text.match(/\b(?:VIRTIO|VHOST)_[A-Z0-9_]+/g) ?? [];
  const alone = names.filter((name) => isDecidedByQemuAlone(name));
  if (alone.length === 0 && !text.includes(NO_VERSION_HAS)) return undefined;
  const which = alone.length > 0 ? alone : names;
  return `No version has ${which.join(', ')}: this is a fault of the front-end, which accepted what nobody offered. Report its release.`;
}

function isDecidedByQemuAlone(name: string): boolean {
  const bit = VIRTIO_NET.byName.get(name);
  return bit?.guestVisible === true && !bit.fromBackend;
}
