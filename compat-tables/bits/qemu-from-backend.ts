/** Which feature bits QEMU takes from the back-end, and which it decides about alone. */
import { familyOf } from './device-types.ts';
import type { FeatureBit } from './feature-bits.ts';
import { MAX_MASK_BITS } from './mask.ts';
import { CONTROL_BITS, guestFeatures, NET_MTU } from './named-masks.ts';
import { VIRTIO_NET } from './virtio-net.ts';

const EVERYTHING = (1n << BigInt(MAX_MASK_BITS)) - 1n;

/** The bits that QEMU offers to a guest only when the back-end offers them; about the others it decides alone. */
export const QEMU_FROM_BACKEND = maskOfRows(({ fromBackend }) => fromBackend);

/** QEMU shows the MTU by its own property host_mtu, whatever the back-end offers (x-mtu-bypass-backend is on). */
const QEMU_ALONE = maskOfRows(({ fromBackend }) => !fromBackend) | NET_MTU;

/**
 * The bits of a device type that a guest gets only from the back-end. Bits that nobody has named count: QEMU passes on
 * only what it asks back-ends about. On device types other than network all bits count: QEMU shows some of them by itself,
 * but tells the back-end all that the guest took (`acked_features = guest_features`), and it has to know them.
 */
export function decidedByBackend(deviceType: string): bigint {
  const alone = familyOf(deviceType) === VIRTIO_NET ? QEMU_ALONE : 0n;
  return EVERYTHING & ~(alone | CONTROL_BITS);
}

/** The bits of a word that a guest may get because a back-end offers them. */
export function visibleBits(deviceType: string, features: bigint): bigint {
  return guestFeatures(features) & decidedByBackend(deviceType);
}

function maskOfRows(counts: (row: FeatureBit) => boolean): bigint {
  return VIRTIO_NET.bits.filter(counts).reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n);
}
