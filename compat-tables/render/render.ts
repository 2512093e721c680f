/**
 * An entry in the words of those who enforce it in the front-end: properties of QEMU's virtio-net-pci, attributes of
 * libvirt's <driver>. Only what differs from the defaults is said. QEMU shows a bit when its property is on and the
 * back-end offers it, so properties matter for the bits that QEMU takes from the back-end (FeatureBit.fromBackend);
 * about the others the mode says nothing that a back-end could keep.
 */

import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import { bitNumber, bitsOf, featureNames, maskOf } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import { QEMU_FROM_BACKEND } from '../bits/qemu-from-backend.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import type { Entry } from '../entries/entry.ts';
import { CompatError } from '../errors/compat-error.ts';

type LibvirtElement = 'driver' | 'host' | 'guest';

/** The switch of one bit. */
export interface QemuProperty {
  /** Short name of the bit. */
  readonly bit: string;
  readonly property: string;
  /** Whether the guest is shown the bit when nobody says anything. */
  readonly shown: boolean;
  /** The property is on when the bit is hidden. */
  readonly inverted?: boolean;
  /** What has to be set too when the bit is hidden. */
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
const ALWAYS_ON = maskOf(
  VIRTIO_NET,
  ...(['MAC', 'STATUS', 'CTRL_VQ', 'CTRL_RX', 'CTRL_VLAN', 'CTRL_RX_EXTRA', 'CTRL_MAC_ADDR'] as const),
  'CTRL_GUEST_OFFLOADS',
);
/** Hidden unless somebody says what the mode does not hold. */
const NEEDS_A_VALUE: ReadonlyMap<number, string> = new Map([
  [bitNumber(VIRTIO_NET, 'MTU'), 'needs the MTU itself: host_mtu=SIZE, in libvirt <mtu size=…/>'],
  [bitNumber(VIRTIO_NET, 'STANDBY'), 'needs the device that it stands in for: failover=on, in libvirt <teaming …/>'],
  [bitNumber(VIRTIO_NET, 'SPEED_DUPLEX'), 'needs the speed itself: speed=MBIT,duplex=full'],
]);
const MQ = bitNumber(VIRTIO_NET, 'MQ');
const ACCESS_PLATFORM = bitNumber(VIRTIO_NET, 'ACCESS_PLATFORM');

/** The property that hides or shows a bit of virtio-net; undefined when there is none. */
export function propertyOf(bit: number): QemuProperty | undefined {
  return BY_BIT.get(bit);
}

/** `packed=on`: what shows (or hides) the bit; several are joined with commas. */
export function setting({ property, inverted, hiddenWith }: QemuProperty, shown: boolean): string {
  const own = `${property}=${shown === (inverted !== true) ? 'on' : 'off'}`;
  return shown || hiddenWith === undefined ? own : `${own},${hiddenWith}`;
}

/** A bit of the mode that the front-end cannot be told about. */
export interface NotExpressible {
  readonly bit: number;
  readonly name: string;
  readonly family: 'virtio' | 'protocol';
  /** What the mode wants. */
  readonly wanted: 'shown' | 'hidden';
  readonly why: string;
  /** The property of QEMU that would do it, where there is one. */
  readonly property?: string;
}

export interface Rendered {
  /** Properties of `-device virtio-net-pci`, in the order of the bits. */
  readonly device: readonly string[];
  /** Properties of `-netdev vhost-user`. */
  readonly netdev: readonly string[];
  readonly libvirt: string;
  readonly notExpressible: { readonly qemu: readonly NotExpressible[]; readonly libvirt: readonly NotExpressible[] };
}

/** What of an entry matters here; a row of the database has it too. */
export type Renderable = Pick<Entry, 'version' | 'deviceType' | 'virtioFeatures' | 'protocolFeatures' | 'limits'>;

/** QEMU's own default for rx_queue_size and tx_queue_size, which is also the least that it takes. */
const RING_LEAST = 256;

/**
 * `queues`: how many queue pairs the device shall have. Throws VC-MODE-LIMIT when the entry does not promise as many, and
 * when it promises smaller rings than any device of QEMU has.
 */
export function renderEntry(entry: Renderable, queues = 1): Rendered {
  if (entry.deviceType !== DEFAULT_DEVICE_TYPE) {
    const message = `Cannot render version "${entry.version}": it is of device type ${entry.deviceType}; wanted ${DEFAULT_DEVICE_TYPE}`;
    throw new CompatError('VC-VERSION-DEVICE-TYPE', message, { version: entry.version });
  }
  const mask = guestFeatures(entry.virtioFeatures);
  refuseTooManyQueues(entry, mask, queues);
  refuseSmallRings(entry);
  const device: string[] = [];
  const attributes: Record<LibvirtElement, string[]> = { driver: [], host: [], guest: [] };
  const qemu: NotExpressible[] = protocolLimits(entry);
  const libvirt: NotExpressible[] = [...qemu];
  for (const bit of bitsOf(QEMU_FROM_BACKEND | mask)) {
    const wantsIt = (mask & (1n << BigInt(bit))) !== 0n;
    if (bit === MQ && queues === 1 && wantsIt) continue;
    const row = BY_BIT.get(bit);
    const lack = (why: string, property?: string): NotExpressible => {
      return { ...named(bit), wanted: wantsIt ? 'shown' : 'hidden', why, ...(property && { property }) };
    };
    if (row === undefined) {
      const why = withoutProperty(bit, wantsIt);
      if (why !== undefined) for (const list of [qemu, libvirt]) list.push(lack(why));
      continue;
    }
    if (row.shown === wantsIt) continue;
    const property = setting(row, wantsIt);
    if (row.since === undefined) device.push(...property.split(','));
    else qemu.push(lack(`QEMU has the property from ${row.since} on; before, it never shows the bit`, property));
    if (row.libvirt) attributes[row.libvirt[0]].push(`${row.libvirt[1]}='${bit === MQ ? queues : onOff(wantsIt)}'`);
    else libvirt.push(lack('libvirt has no attribute for it', property));
    if (bit === ACCESS_PLATFORM && wantsIt) {
      // QEMU refuses it on a device that also speaks the legacy protocol, as those on conventional PCI do
      device.push('disable-legacy=on');
      libvirt.push(
        lack("the device has to be modern only: <model type='virtio-non-transitional'/>", 'disable-legacy=on'),
      );
    }
  }
  const netdev = queues > 1 ? [`queues=${queues}`] : [];
  return { device, netdev, libvirt: driverXml(attributes), notExpressible: { qemu, libvirt } };
}

function named(bit: number): Pick<NotExpressible, 'bit' | 'name' | 'family'> {
  return { bit, name: featureNames(VIRTIO_NET, 1n << BigInt(bit)).join(), family: 'virtio' };
}

/** Why a bit without a property does not come out as the mode has it; undefined: it does. */
function withoutProperty(bit: number, wantsIt: boolean): string | undefined {
  const told = NEEDS_A_VALUE.get(bit);
  if (told !== undefined) return wantsIt ? told : undefined;
  if (!wantsIt) return 'QEMU shows it whenever the back-end offers it';
  return (ALWAYS_ON & (1n << BigInt(bit))) !== 0n ? undefined : 'QEMU has no property that shows it';
}

/** Protocol features are agreed between QEMU and the back-end; no property cuts them. */
function protocolLimits({ protocolFeatures }: Renderable): NotExpressible[] {
  if (protocolFeatures === undefined) return [];
  const hidden = PROTOCOL.bits.filter(({ bit }) => (protocolFeatures & (1n << BigInt(bit))) === 0n);
  return hidden.map(({ bit, name }) => {
    return {
      bit,
      name,
      family: 'protocol',
      wanted: 'hidden',
      why: 'the front-end has no switch for protocol features',
    };
  });
}

function refuseTooManyQueues({ version, limits }: Renderable, mask: bigint, queues: number): void {
  const most = (mask & (1n << BigInt(MQ))) === 0n ? 1 : limits['queue_pairs'];
  if (most === undefined || queues <= most) return;
  const message = `Cannot render version "${version}" with ${queues} queue pairs: it promises ${most}`;
  throw new CompatError('VC-MODE-LIMIT', message, { version });
}

/** A larger limit needs no property: the default is the least that there is. */
function refuseSmallRings({ version, limits }: Renderable): void {
  const limit = limits['ring_size'];
  if (limit === undefined || limit >= RING_LEAST) return;
  const message = `Cannot render version "${version}": rings of ${limit}; QEMU's are not below ${RING_LEAST}, so no QEMU guest starts in it`;
  throw new CompatError('VC-MODE-LIMIT', message, { version });
}

function driverXml({ driver, host, guest }: Readonly<Record<LibvirtElement, readonly string[]>>): string {
  const open = ['<driver', ...driver].join(' ');
  const inner = [
    ...(host.length > 0 ? [`  <host ${host.join(' ')}/>`] : []),
    ...(guest.length > 0 ? [`  <guest ${guest.join(' ')}/>`] : []),
  ];
  return inner.length === 0 ? `${open}/>` : [`${open}>`, ...inner, '</driver>'].join('\n');
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
