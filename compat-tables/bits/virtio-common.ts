/**
 * Bits that every device type has: how the queues work, how device and transport work, and the two numbers that
 * vhost-user uses for itself. Virtio specification, sections 2.7 and 2.8 (rings) and 6 (reserved feature bits).
 */
import { type FeatureRows, featureBits, featureFamily } from './feature-bits.ts';

/** QEMU offers these and the next to the guest only when the back-end does. */
const RING_FROM_BACKEND = {
  VIRTIO_F_NOTIFY_ON_EMPTY: {
    bit: 24,
    meaning: 'The device interrupts when it has used every available buffer even if the guest suppressed interrupts.',
    legacy: true,
  },
  VIRTIO_F_ANY_LAYOUT: {
    bit: 27,
    meaning:
      'The guest may cut packet header and payload into descriptors in any way. Always true for version-1 devices.',
    legacy: true,
    note: 'The kernel vhost driver uses the same number for a private bit that never reaches the guest.',
  },
  VIRTIO_RING_F_INDIRECT_DESC: {
    bit: 28,
    aliases: ['VIRTIO_F_INDIRECT_DESC'],
    meaning: 'A descriptor may point to a table of further descriptors.',
  },
  VIRTIO_RING_F_EVENT_IDX: {
    bit: 29,
    aliases: ['VIRTIO_F_EVENT_IDX'],
    meaning: 'Each side tells the other at which ring index it next wants to be notified.',
  },
  VIRTIO_F_RING_PACKED: {
    bit: 34,
    meaning: 'The queues use the packed layout instead of the split one.',
    note: 'QEMU shows it only with packed=on. Ring state saved for one layout cannot be restored to the other.',
  },
  VIRTIO_F_IN_ORDER: {
    bit: 35,
    meaning: 'The device uses buffers in the order in which they were made available.',
    note: 'QEMU shows it only with in_order=on, a property that came after QEMU 9.0; off by default.',
  },
} as const satisfies FeatureRows;

const TRANSPORT_FROM_BACKEND = {
  VIRTIO_F_VERSION_1: {
    bit: 32,
    meaning:
      'The device follows virtio 1.0 or later rather than the legacy interface. Changes the packet header length and byte order.',
  },
  VIRTIO_F_ACCESS_PLATFORM: {
    bit: 33,
    aliases: ['VIRTIO_F_IOMMU_PLATFORM'],
    meaning: "Addresses given to the device are subject to the platform's translation (a virtual IOMMU, for example).",
    note: 'QEMU shows it only with iommu_platform=on.',
  },
  VIRTIO_F_NOTIFICATION_DATA: { bit: 38, meaning: "The guest's notifications carry extra data (queue and position)." },
  VIRTIO_F_RING_RESET: { bit: 40, meaning: 'The guest may reset one queue without resetting the device.' },
} as const satisfies FeatureRows;

/** QEMU decides about these alone, or no QEMU knows them. */
const TRANSPORT_OTHERS = {
  VIRTIO_F_ORDER_PLATFORM: {
    bit: 36,
    meaning: "Memory accesses of driver and device must be ordered with the platform's own barriers.",
  },
  VIRTIO_F_SR_IOV: { bit: 37, meaning: 'The PCI device has virtual functions.' },
  VIRTIO_F_NOTIF_CONFIG_DATA: {
    bit: 39,
    meaning: 'The guest uses a device-given value in its notifications instead of the queue number.',
  },
  VIRTIO_F_ADMIN_VQ: {
    bit: 41,
    meaning: 'The device has administration queues.',
    note: 'The same number was used earlier by a vendor extension for virtio-net (receive coalescing of TCP/IPv4).',
  },
  VIRTIO_F_SUSPEND: {
    bit: 43,
    meaning: 'The driver may suspend the device through the status field (first in virtio 1.4).',
  },
} as const satisfies FeatureRows;

/** vhost-user's own: they stand in the same word as the virtio features, and no guest ever sees them. */
const CONTROL = {
  VHOST_F_LOG_ALL: {
    bit: 26,
    meaning: 'The back-end can record which guest memory pages it writes, which live migration needs.',
    note: 'Between front-end and back-end only. Without it (or without protocol feature 1) QEMU refuses to migrate.',
  },
  VHOST_USER_F_PROTOCOL_FEATURES: {
    bit: 30,
    meaning: 'The back-end has a second, vhost-user-only set of feature bits that can be asked for and set.',
    note: 'The virtio specification keeps this number unused, so a guest never sees it.',
  },
} as const satisfies FeatureRows;

export const RING_BITS = featureBits('ring', RING_FROM_BACKEND, 'from-backend');
export const TRANSPORT_BITS = [
  ...featureBits('transport', TRANSPORT_FROM_BACKEND, 'from-backend'),
  ...featureBits('transport', TRANSPORT_OTHERS),
];
export const VHOST_BITS = featureBits('vhost', CONTROL);

/** For device types whose own bits we do not know. */
export const VIRTIO_COMMON = featureFamily('virtio', [...RING_BITS, ...TRANSPORT_BITS, ...VHOST_BITS]);
