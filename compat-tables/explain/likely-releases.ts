/**
 * Which back-end releases fit what a line says. QEMU's words hide bits that depend on its own properties; those that
 * show the back-end are compared, the others do not count.
 */
import { maskOf } from '../bits/mask.ts';
import { NET_MTU } from '../bits/named-masks.ts';
import { QEMU_FROM_BACKEND } from '../bits/qemu-from-backend.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import type { BackendRelease } from '../releases/release.ts';
import { NET_RELEASES } from '../releases/releases.ts';

const GUEST = ['GUEST_CSUM', 'GUEST_TSO4', 'GUEST_TSO6', 'GUEST_ECN', 'GUEST_UFO', 'GUEST_ANNOUNCE'] as const;
const HOST = ['CSUM', 'HOST_TSO4', 'HOST_TSO6', 'HOST_ECN', 'HOST_UFO'] as const;
const RING = ['MRG_RXBUF', 'INDIRECT_DESC', 'EVENT_IDX', 'VERSION_1'] as const;

/** Bits that QEMU's defaults show whenever the back-end offers them, and that every Linux guest takes. */
export const TELLING = maskOf(VIRTIO_NET, ...GUEST, ...HOST, ...RING);

/** QEMU shows MTU by itself. */
const FROM_BACKEND = QEMU_FROM_BACKEND & ~NET_MTU;

/** Back-ends that give exactly what this side can offer. */
export function releasesOffering(allowed: bigint): BackendRelease[] {
  return NET_RELEASES.filter(({ virtioFeatures }) => (virtioFeatures & TELLING) === (allowed & TELLING));
}

/** Back-ends on which a guest takes exactly these features: everything it has is offered, nothing telling is left. */
export function releasesUnder(guest: bigint): BackendRelease[] {
  return releasesOffering(guest).filter(({ virtioFeatures }) => (guest & FROM_BACKEND & ~virtioFeatures) === 0n);
}
