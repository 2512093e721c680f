import type { MachineOptions } from '../peers/migration.ts';

/** A guest that has a version, or the host's default, and the version that its interface has at the destination. */
export interface Pair extends MachineOptions {
  readonly kind: string;
  /** The same guest goes to all of them, one after the other, as long as it stays where it is. */
  readonly source: string;
  readonly destination: string;
  /** Where the destination's QEMU is started with another card than the source's. */
  readonly destinationDevice?: MachineOptions['device'];
}

/** No pin: what the host gives. */
export const DEFAULT = 'default';

/** All that the test's back-ends have to offer, so that agents can cut it to any release's: DPDK with TSO and IOMMU. */
export const BACKEND_OPTIONS = { tso: 1, 'iommu-support': 1 };

const OVS_3_2 = 0xd7c66a7cbn;
const bit = (number: number): bigint => 1n << BigInt(number);

export interface SiteEntry {
  readonly name: string;
  readonly mask: bigint;
  readonly limits?: { readonly queue_pairs?: number; readonly ring_size?: number };
  /** Set where the second host has other content under the same name. */
  readonly elsewhere?: bigint;
}

/** Offers that no release makes by itself: one bit or one limit differs. */
export const SITE_ENTRIES: readonly SiteEntry[] = [
  { name: 'site.no-mrg', mask: OVS_3_2 & ~bit(15) },
  { name: 'site.no-packed', mask: OVS_3_2 & ~bit(34) },
  { name: 'site.no-mtu', mask: OVS_3_2 & ~bit(3) },
  { name: 'site.no-gso', mask: OVS_3_2 & ~bit(6) },
  { name: 'site.no-mq', mask: OVS_3_2 & ~bit(22) },
  { name: 'site.no-announce', mask: OVS_3_2 & ~bit(21) },
  { name: 'site.no-version-1', mask: OVS_3_2 & ~bit(32) },
  { name: 'site.one-pair', mask: OVS_3_2, limits: { queue_pairs: 1 } },
  { name: 'site.two-pairs', mask: OVS_3_2, limits: { queue_pairs: 2 } },
  { name: 'site.ring-256', mask: OVS_3_2, limits: { ring_size: 256 } },
  { name: 'site.ring-1024', mask: OVS_3_2, limits: { ring_size: 1024 } },
  // The real word of a TSO port without the bit that TSO needs by the specification.
  { name: 'site.tso-without-csum', mask: 0xd7c669fcbn & ~bit(0) },
  { name: 'site.rss', mask: OVS_3_2 | bit(60) },
  { name: 'site.drifted', mask: OVS_3_2, elsewhere: OVS_3_2 & ~bit(29) },
];

const ovs = (release: string): string => `upstream.ovs-dpdk.v${release}`;
const dpdk = (release: string): string => `upstream.dpdk-vhost.v${release}`;

/** One kind of question: from a version to others, with the same guest. */
function ask(
  kind: string,
  source: string,
  destinations: readonly string[],
  machine: MachineOptions & Pick<Pair, 'destinationDevice'> = {},
): Pair[] {
  return destinations.map((destination) => ({ kind, source, destination, ...machine }));
}

const off = (...names: string[]): { device: Record<string, string> } => {
  return { device: Object.fromEntries(names.map((name) => [name, 'off'])) };
};
const PACKED = { device: { packed: 'on' } };
const LEGACY = { device: { 'disable-modern': 'on', 'disable-legacy': 'off' } };
const MTU = { device: { host_mtu: '1500' } };
const IOMMU = { device: { iommu_platform: 'on', 'disable-legacy': 'on' } };
const TWO = { queues: 2 };

/** The refused destinations of a source stand before those that let the guest in: it is booted once for all of them. */
export const PAIRS: readonly Pair[] = [
  // Releases of Open vSwitch in their default settings.
  ...ask('release', ovs('3.2'), [ovs('2.13'), ovs('2.8'), ovs('2.6'), ovs('3.2')]),
  ...ask('release', ovs('2.13'), [ovs('2.8'), ovs('2.6'), ovs('3.2')]),
  ...ask('release', ovs('2.13'), [ovs('2.11')]),
  ...ask('release', ovs('2.11'), [ovs('2.13'), ovs('3.2'), ovs('2.8'), ovs('2.11')]),
  ...ask('release', ovs('2.8'), [ovs('2.6'), ovs('2.13')]),
  ...ask('release', ovs('2.6'), [ovs('2.8')]),
  ...ask('release', ovs('2.6'), [ovs('3.2')]),
  ...ask('release', ovs('2.5'), [ovs('3.2')]),
  ...ask('default', DEFAULT, [ovs('2.13'), DEFAULT]),

  // With and without userspace TSO, and what is common to both.
  ...ask('tso', ovs('3.2'), [ovs('2.13.1+tso'), ovs('3.2+portable'), dpdk('19.11.13')]),
  ...ask('tso', ovs('2.13.1+tso'), [ovs('2.13'), ovs('3.2'), 'site.tso-without-csum', ovs('2.13+tso')]),
  ...ask('tso', ovs('2.13+tso'), [ovs('2.13.1+tso'), dpdk('18.11')]),
  ...ask('tso', ovs('3.2+portable'), [ovs('2.15+portable'), ovs('2.13.1+tso')]),
  ...ask('tso', ovs('2.15+portable'), [ovs('2.13')]),
  ...ask('tso', 'site.tso-without-csum', [ovs('2.13.1+tso')]),
  ...ask('tso', ovs('3.2'), [ovs('2.13.1+tso')], off('host_ecn')),
  ...ask('tso', ovs('2.13.1+tso'), [ovs('2.13'), ovs('3.2')], off('host_tso4', 'host_tso6')),

  // The vhost port of plain DPDK, and between it and the switch.
  ...ask('dpdk', dpdk('18.11'), [dpdk('19.11.13'), dpdk('17.05'), ovs('2.13+tso')]),
  ...ask('dpdk', dpdk('19.11.13'), [dpdk('20.11+linear-buffer'), ovs('3.2'), dpdk('18.11')]),
  ...ask('dpdk', dpdk('17.05'), [ovs('2.8'), dpdk('16.07'), dpdk('18.02')]),
  ...ask('dpdk', ovs('2.8'), [dpdk('16.07'), dpdk('17.05')]),
  ...ask('dpdk', dpdk('20.11+linear-buffer'), [ovs('3.2')]),

  // A guest that takes less than its mode gives.
  ...ask('driver', ovs('3.2'), [ovs('2.8'), ovs('2.13')], off('csum')),
  ...ask('driver', ovs('2.11'), [ovs('2.13')], off('host_ufo')),
  ...ask('driver', ovs('2.8'), [ovs('2.6')], off('indirect_desc')),
  ...ask('driver', ovs('2.13'), [ovs('2.8')], off('event_idx')),
  ...ask(
    'driver',
    ovs('2.13'),
    [ovs('2.6'), ovs('2.8')],
    off('event_idx', 'any_layout', 'guest_ecn', 'guest_ufo', 'host_ecn'),
  ),
  ...ask('driver', ovs('3.2'), ['site.no-mrg', 'site.no-announce', ovs('3.2')]),
  ...ask('driver', ovs('3.2'), ['site.no-mrg'], off('mrg_rxbuf')),
  ...ask('driver', ovs('3.2'), ['site.no-announce'], off('guest_announce')),

  // Packed rings: shown by QEMU only when asked for.
  ...ask('packed', ovs('3.2'), ['site.no-packed', ovs('3.2')], PACKED),
  ...ask('packed', ovs('3.2'), ['site.no-packed']),
  ...ask('packed', 'site.no-packed', [ovs('3.2')], PACKED),

  // The MTU is a matter of the device: of the back-end's word it does not depend.
  ...ask('mtu', ovs('3.2'), ['site.no-mtu'], MTU),
  ...ask('mtu', 'site.no-mtu', [ovs('3.2')], MTU),
  ...ask('mtu', ovs('3.2'), [ovs('3.2')], { ...MTU, destinationDevice: {} }),
  ...ask('mtu', ovs('3.2'), [ovs('3.2')], { destinationDevice: MTU.device }),

  // Drivers from before virtio 1.0.
  ...ask('legacy', ovs('3.2'), ['site.no-gso', 'site.no-version-1'], LEGACY),
  ...ask('legacy', ovs('3.2'), ['site.no-version-1', 'site.no-gso']),
  // Open vSwitch 2.4 is a legacy device by its word, on another PCI card than the rest unless that is legacy only, too.
  ...ask('legacy', 'site.no-version-1', [ovs('3.2')]),
  ...ask('legacy', 'site.no-version-1', [ovs('3.2')], LEGACY),
  ...ask('legacy', ovs('2.4'), [ovs('3.2'), ovs('2.4')]),
  ...ask('legacy', ovs('2.4'), [ovs('3.2')], LEGACY),

  // Numbers of queues.
  ...ask('queues', ovs('3.2'), ['site.one-pair', 'site.no-mq', dpdk('23.11'), 'site.two-pairs'], TWO),
  ...ask('queues', 'site.two-pairs', [ovs('3.2')], TWO),
  ...ask('queues', ovs('3.2'), ['site.one-pair']),
  ...ask('queues', ovs('3.2'), ['site.no-mq']),

  // Sizes of rings.
  ...ask('rings', ovs('3.2'), ['site.ring-256', 'site.ring-1024'], { rxQueueSize: 1024 }),
  ...ask('rings', ovs('3.2'), ['site.ring-256']),
  ...ask('rings', 'site.ring-256', ['site.ring-1024']),

  // A virtual IOMMU's bit.
  ...ask('iommu', ovs('3.2+iommu'), [ovs('3.2')]),
  ...ask('iommu', ovs('3.2+iommu'), [ovs('3.2'), ovs('3.2+iommu')], IOMMU),

  // What the agents themselves refuse: a word that the back-end cannot give, one name with two contents.
  ...ask('agent', ovs('3.2'), ['site.rss']),
  ...ask('agent', 'site.drifted', ['site.drifted']),
];

/** How people and the document call a pair. */
export function pairName({ source, destination, destinationDevice, ...machine }: Pair): string {
  const there = destinationDevice === undefined ? '' : ` (there: ${deviceText(destinationDevice)})`;
  return `${source} to ${destination}, ${machineText(machine)}${there}`;
}

export function machineText({ device = {}, queues, rxQueueSize }: MachineOptions): string {
  const size = rxQueueSize === undefined ? [] : [`rx_queue_size=${rxQueueSize}`];
  const options = { ...(queues === undefined ? {} : { queues: String(queues) }), ...device };
  return deviceText(options, size);
}

function deviceText(options: Readonly<Record<string, string>>, more: readonly string[] = []): string {
  const texts = [...Object.entries(options).map(([name, value]) => `${name}=${value}`), ...more];
  return texts.length === 0 ? 'defaults' : texts.join(' ');
}
