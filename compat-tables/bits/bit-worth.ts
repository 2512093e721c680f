/** The worth of a feature bit to a guest, and the setting with which QEMU shows it: to be read before a bit is masked. */

import { familyOf } from './device-types.ts';
import { decodeMask } from './mask.ts';

/** The cost for a guest without the bit, by specification name. Measured figures say so; others follow from the meaning. */
const COSTS: Readonly<Record<string, string>> = {
  VIRTIO_NET_F_CSUM: 'the guest computes the checksums of all it sends',
  VIRTIO_NET_F_GUEST_CSUM: 'the back-end checks and completes the checksums of all that the guest receives',
  VIRTIO_NET_F_MTU: 'nothing here: QEMU tells the guest the MTU by host_mtu, whatever the back-end offers',
  VIRTIO_NET_F_GSO: 'nothing for drivers of virtio 1.0: only legacy drivers are shown it',
  VIRTIO_NET_F_GUEST_TSO4: 'large TCP packets are cut before the guest receives them: more packets to handle',
  VIRTIO_NET_F_GUEST_TSO6: 'large TCP packets are cut before the guest receives them: more packets to handle',
  VIRTIO_NET_F_GUEST_ECN: 'large packets with ECN marks are cut before the guest receives them',
  VIRTIO_NET_F_GUEST_UFO: 'large UDP packets come in as fragments',
  VIRTIO_NET_F_HOST_TSO4: 'the guest cuts TCP streams into packets itself: several times the work for bulk sending',
  VIRTIO_NET_F_HOST_TSO6: 'the guest cuts TCP streams into packets itself: several times the work for bulk sending',
  VIRTIO_NET_F_HOST_ECN: 'large packets with ECN marks are cut by the guest; nothing without host TSO',
  VIRTIO_NET_F_HOST_UFO: 'the guest fragments large UDP packets itself; recent Linux does not use the bit',
  VIRTIO_NET_F_MRG_RXBUF: 'every receive buffer must hold the largest packet: more memory, slower reception',
  VIRTIO_NET_F_GUEST_ANNOUNCE: 'after a migration the back-end or QEMU announces the guest instead of the guest itself',
  VIRTIO_NET_F_MQ: 'one pair of queues: one processor of the guest does all the work of the interface',
  VIRTIO_NET_F_RSS: 'the guest cannot choose how packets are spread over its queues',
  VIRTIO_NET_F_HASH_REPORT: 'the guest computes packet hashes itself',
  VIRTIO_NET_F_GUEST_USO4: 'large UDP packets are cut before the guest receives them',
  VIRTIO_NET_F_GUEST_USO6: 'large UDP packets are cut before the guest receives them',
  VIRTIO_NET_F_HOST_USO: 'the guest cuts large UDP sends itself',
  VIRTIO_RING_F_INDIRECT_DESC:
    'long packets use up the ring: measured by Open vSwitch, 0.05 instead of 5.30 Gbit/s between two guests',
  VIRTIO_RING_F_EVENT_IDX: 'more notifications and interrupts than needed',
  VIRTIO_F_RING_PACKED: 'split rings: more cache misses, and no gain for guests that are not shown packed rings',
  VIRTIO_F_IN_ORDER: 'next to nothing: kernel drivers hardly use it',
  VIRTIO_F_ANY_LAYOUT: 'nothing for drivers of virtio 1.0, which may always do so',
  VIRTIO_F_NOTIFY_ON_EMPTY: 'nothing for drivers of virtio 1.0: only legacy drivers use it',
  VIRTIO_F_VERSION_1: 'the device is a legacy one; guests that want virtio 1.0 (disable-legacy=on) do not find it',
  VIRTIO_F_ACCESS_PLATFORM: 'no virtual IOMMU: a guest that runs its own user-space driver safely cannot',
  VIRTIO_F_RING_RESET: 'the guest cannot resize one ring without resetting the device',
};

/** Where QEMU's defaults do not show a bit: what has to be set, so that others may know that they are not concerned. */
const SHOWN_WITH: Readonly<Record<string, string>> = {
  VIRTIO_NET_F_MTU: 'host_mtu',
  VIRTIO_NET_F_GSO: 'a legacy driver',
  VIRTIO_NET_F_MQ: 'mq=on and several queues',
  VIRTIO_NET_F_RSS: 'rss=on',
  VIRTIO_NET_F_HASH_REPORT: 'hash=on',
  VIRTIO_NET_F_RSC_EXT: 'guest_rsc_ext=on',
  VIRTIO_F_RING_PACKED: 'packed=on',
  VIRTIO_F_IN_ORDER: 'in_order=on',
  VIRTIO_F_ACCESS_PLATFORM: 'iommu_platform=on',
  VIRTIO_F_NOTIFY_ON_EMPTY: 'a legacy driver',
  VIRTIO_F_ANY_LAYOUT: 'a legacy driver',
};

export interface BitWorth {
  readonly bit: number;
  readonly name: string;
  readonly meaning: string;
  /** The cost for a guest without it; undefined: not known. */
  readonly cost: string | undefined;
  /** The setting without which QEMU does not show the bit to a guest; undefined: it shows it by default. */
  readonly shownWith: string | undefined;
}

/** The bits of a mask, lowest first, with what they are worth. */
export function bitWorths(deviceType: string, mask: bigint): BitWorth[] {
  return decodeMask(familyOf(deviceType), mask).map(({ bit, name, meaning }) => ({
    bit,
    name,
    meaning,
    cost: COSTS[name],
    shownWith: SHOWN_WITH[name],
  }));
}
