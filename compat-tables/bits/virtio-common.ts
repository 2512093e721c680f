/**
 * Bits that every device type has: how the queues work, how device and transport work, and the two numbers that
 * vhost-user uses for itself. Virtio specification, sections 2.7 and 2.8 (rings) and 6 (reserved feature bits).
 */
import { type FeatureRow, featureBits, featureFamily } from './feature-bits.ts';

const RING = [
  {
    bit: 24,
    name: 'VIRTIO_F_NOTIFY_ON_EMPTY',
    meaning: 'The device interrupts when it has used every available buffer even if the guest suppressed interrupts.',
    fromBackend: true,
    legacy: true,
  },
  {
    bit: 27,
    name: 'VIRTIO_F_ANY_LAYOUT',
    meaning:
      'The guest may cut packet header and payload into descriptors in any way. Always true for version-1 devices.',
    fromBackend: true,
    legacy: true,
    note: 'The kernel vhost driver uses the same number for a private bit that never reaches the guest.',
  },
  {
    bit: 28,
    name: 'VIRTIO_RING_F_INDIRECT_DESC',
    aliases: ['VIRTIO_F_INDIRECT_DESC'],
    meaning: 'A descriptor may point to a table of further descriptors.',
    fromBackend: true,
  },
  {
    bit: 29,
    name: 'VIRTIO_RING_F_EVENT_IDX',
    aliases: ['VIRTIO_F_EVENT_IDX'],
    meaning: 'Each side tells the other at which ring index it next wants to be notified.',
    fromBackend: true,
  },
  {
    bit: 34,
    name: 'VIRTIO_F_RING_PACKED',
    meaning: 'The queues use the packed layout instead of the split one.',
    fromBackend: true,
    note: 'QEMU shows it only with packed=on. Ring state saved for one layout cannot be restored to the other.',
  },
  {
    bit: 35,
    name: 'VIRTIO_F_IN_ORDER',
    meaning: 'The device uses buffers in the order in which they were made available.',
    fromBackend: true,
    note: 'QEMU shows it only with in_order=on, a property that came after QEMU 9.0; off by default.',
  },
] as const satisfies readonly FeatureRow[];

const TRANSPORT = [
  {
    bit: 32,
    name: 'VIRTIO_F_VERSION_1',
    meaning:
      'The device follows virtio 1.0 or later rather than the legacy interface. Changes the packet header length and byte order.',
    fromBackend: true,
  },
  {
    bit: 33,
    name: 'VIRTIO_F_ACCESS_PLATFORM',
    aliases: ['VIRTIO_F_IOMMU_PLATFORM'],
    meaning: "Addresses given to the device are subject to the platform's translation (a virtual IOMMU, for example).",
    fromBackend: true,
    note: 'QEMU shows it only with iommu_platform=on.',
  },
  {
    bit: 36,
    name: 'VIRTIO_F_ORDER_PLATFORM',
    meaning: "Memory accesses of driver and device must be ordered with the platform's own barriers.",
  },
  { bit: 37, name: 'VIRTIO_F_SR_IOV', meaning: 'The PCI device has virtual functions.' },
  {
    bit: 38,
    name: 'VIRTIO_F_NOTIFICATION_DATA',
    meaning: "The guest's notifications carry extra data (queue and position).",
    fromBackend: true,
  },
  {
    bit: 39,
    name: 'VIRTIO_F_NOTIF_CONFIG_DATA',
    meaning: 'The guest uses a device-given value in its notifications instead of the queue number.',
  },
  {
    bit: 40,
    name: 'VIRTIO_F_RING_RESET',
    meaning: 'The guest may reset one queue without resetting the device.',
    fromBackend: true,
  },
  {
    bit: 41,
    name: 'VIRTIO_F_ADMIN_VQ',
    meaning: 'The device has administration queues.',
    note: 'The same number was used earlier by a vendor extension for virtio-net (receive coalescing of TCP/IPv4).',
  },
  {
    bit: 43,
    name: 'VIRTIO_F_SUSPEND',
    meaning: 'The driver may suspend the device through the status field (first in virtio 1.4).',
  },
] as const satisfies readonly FeatureRow[];

/** vhost-user's own: they stand in the same word as the virtio features, and no guest ever sees them. */
const CONTROL = [
  {
    bit: 26,
    name: 'VHOST_F_LOG_ALL',
    meaning: 'The back-end can record which guest memory pages it writes, which live migration needs.',
    note: 'Between front-end and back-end only. Without it (or without protocol feature 1) QEMU refuses to migrate.',
  },
  {
    bit: 30,
    name: 'VHOST_USER_F_PROTOCOL_FEATURES',
    meaning: 'The back-end has a second, vhost-user-only set of feature bits that can be asked for and set.',
    note: 'The virtio specification keeps this number unused, so a guest never sees it.',
  },
] as const satisfies readonly FeatureRow[];

export const RING_BITS = featureBits('ring', RING);
export const TRANSPORT_BITS = featureBits('transport', TRANSPORT);
export const VHOST_BITS = featureBits('vhost', CONTROL);

/** For device types whose own bits we do not know. */
export const VIRTIO_COMMON = featureFamily('virtio', [...RING_BITS, ...TRANSPORT_BITS, ...VHOST_BITS]);
