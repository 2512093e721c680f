/** The properties of QEMU's virtio-net-pci that show or hide feature bits, and libvirt's attributes for them: a row each. */
import { bitNumber, maskOf } from '../bits/mask.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';

export type LibvirtElement = 'driver' | 'host' | 'guest';

/** The switch of one bit. */
export interface QemuProperty {
  /** Short name of the bit. */
  readonly bit: string;
  readonly property: string;
  /** Whether the guest is shown the bit when nobody says anything. */
  readonly shown: boolean;
  /** The property is on when the bit is hidden. */
  readonly inverted?: boolean;
  /** A property that has to be set too when the bit is hidden. */
  readonly hiddenWith?: string;
  /** The first QEMU release that has it, when that is after 7.2. */
  readonly since?: string;
  /** Where libvirt (9.0) has it; absent: it has not. */
  readonly libvirt?: readonly [element: LibvirtElement, attribute: string];
}

/** QEMU's virtio-net-pci, `-device virtio-net-pci,help`. */
export const QEMU_PROPERTIES: readonly QemuProperty[] = [
  { bit: 'CSUM', property: 'csum', shown: true, libvirt: ['host', 'csum'] },
  { bit: 'GUEST_CSUM', property: 'guest_csum', shown: true, libvirt: ['guest', 'csum'] },
  { bit: 'GSO', property: 'gso', shown: true, libvirt: ['host', 'gso'] },
  { bit: 'GUEST_TSO4', property: 'guest_tso4', shown: true, libvirt: ['guest', 'tso4'] },
  { bit: 'GUEST_TSO6', property: 'guest_tso6', shown: true, libvirt: ['guest', 'tso6'] },
  { bit: 'GUEST_ECN', property: 'guest_ecn', shown: true, libvirt: ['guest', 'ecn'] },
  { bit: 'GUEST_UFO', property: 'guest_ufo', shown: true, libvirt: ['guest', 'ufo'] },
  { bit: 'HOST_TSO4', property: 'host_tso4', shown: true, libvirt: ['host', 'tso4'] },
  { bit: 'HOST_TSO6', property: 'host_tso6', shown: true, libvirt: ['host', 'tso6'] },
  { bit: 'HOST_ECN', property: 'host_ecn', shown: true, libvirt: ['host', 'ecn'] },
  { bit: 'HOST_UFO', property: 'host_ufo', shown: true, libvirt: ['host', 'ufo'] },
  { bit: 'MRG_RXBUF', property: 'mrg_rxbuf', shown: true, libvirt: ['host', 'mrg_rxbuf'] },
  { bit: 'GUEST_ANNOUNCE', property: 'guest_announce', shown: true },
  { bit: 'MQ', property: 'mq', shown: false, libvirt: ['driver', 'queues'] },
  { bit: 'NOTIFY_ON_EMPTY', property: 'notify_on_empty', shown: true },
  { bit: 'ANY_LAYOUT', property: 'any_layout', shown: true },
  { bit: 'INDIRECT_DESC', property: 'indirect_desc', shown: true },
  { bit: 'EVENT_IDX', property: 'event_idx', shown: true, libvirt: ['driver', 'event_idx'] },
  // behind a port of PCI Express a device has no legacy side unless told, and with neither side it does not start
  { bit: 'VERSION_1', property: 'disable-modern', shown: true, inverted: true, hiddenWith: 'disable-legacy=off' },
  { bit: 'ACCESS_PLATFORM', property: 'iommu_platform', shown: false, libvirt: ['driver', 'iommu'] },
  { bit: 'RING_PACKED', property: 'packed', shown: false, libvirt: ['driver', 'packed'] },
  { bit: 'IN_ORDER', property: 'in_order', shown: false, since: '9.1' },
  { bit: 'RING_RESET', property: 'queue_reset', shown: true },
  { bit: 'GUEST_USO4', property: 'guest_uso4', shown: true, since: '8.2' },
  { bit: 'GUEST_USO6', property: 'guest_uso6', shown: true, since: '8.2' },
  { bit: 'HOST_USO', property: 'host_uso', shown: true, since: '8.2' },
  { bit: 'HASH_REPORT', property: 'hash', shown: false, libvirt: ['driver', 'rss_hash_report'] },
  { bit: 'RSS', property: 'rss', shown: false, libvirt: ['driver', 'rss'] },
  { bit: 'RSC_EXT', property: 'guest_rsc_ext', shown: false },
];

const BY_BIT: ReadonlyMap<number, QemuProperty> = new Map(
  QEMU_PROPERTIES.map((row) => [bitNumber(VIRTIO_NET, row.bit), row]),
);
/** On in QEMU whatever the back-end says; no other bit without a row is ever shown by itself. */
export const ALWAYS_ON = maskOf(
  VIRTIO_NET,
  ...(['MAC', 'STATUS', 'CTRL_VQ', 'CTRL_RX', 'CTRL_VLAN', 'CTRL_RX_EXTRA', 'CTRL_MAC_ADDR'] as const),
  'CTRL_GUEST_OFFLOADS',
);
/** Hidden unless somebody says what the mode does not hold. */
export const NEEDS_A_VALUE: ReadonlyMap<number, string> = new Map([
  [bitNumber(VIRTIO_NET, 'MTU'), 'needs the MTU itself: host_mtu=SIZE, in libvirt <mtu size=…/>'],
  [bitNumber(VIRTIO_NET, 'STANDBY'), 'needs the device that it stands in for: failover=on, in libvirt <teaming …/>'],
  [bitNumber(VIRTIO_NET, 'SPEED_DUPLEX'), 'needs the speed itself: speed=MBIT,duplex=full'],
]);

/** The property that hides or shows a bit of virtio-net; undefined when there is none. */
export function propertyOf(bit: number): QemuProperty | undefined {
  return BY_BIT.get(bit);
}

/** `packed=on`: what shows (or hides) the bit; several are joined with commas. */
export function propertySetting({ property, inverted, hiddenWith }: QemuProperty, shown: boolean): string {
  const own = `${property}=${shown === (inverted !== true) ? 'on' : 'off'}`;
  return shown || hiddenWith === undefined ? own : `${own},${hiddenWith}`;
}
