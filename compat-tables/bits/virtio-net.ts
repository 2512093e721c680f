/**
 * Feature bits of virtio-net devices (virtio specification, section 5.1.3, and Linux' virtio_net.h). Number 41 stands
 * for two things: for administration queues in the specification, for a vendor's receive coalescing in old devices.
 */
import { type FeatureRow, featureBits, featureFamily } from './feature-bits.ts';
import { RING_BITS, TRANSPORT_BITS, VHOST_BITS } from './virtio-common.ts';

/** Features that came after 1.2. */
const NEWER = 'virtio 1.4, section 5.1.3.1';

const NET = [
  {
    bit: 0,
    name: 'VIRTIO_NET_F_CSUM',
    meaning:
      'The back-end accepts transmit packets whose checksum is only partly computed, so the guest can leave checksumming to the host.',
    fromBackend: true,
  },
  {
    bit: 1,
    name: 'VIRTIO_NET_F_GUEST_CSUM',
    meaning:
      'The guest accepts received packets whose checksum is only partly computed or already vouched for by the host.',
    fromBackend: true,
  },
  {
    bit: 2,
    name: 'VIRTIO_NET_F_CTRL_GUEST_OFFLOADS',
    meaning: 'The guest may switch its receive offloads on and off at run time through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    requiresSource: 'its command travels on the control queue: virtio 1.2, section 5.1.6.5',
    note: 'The specification text does not list the control-queue dependency in its table, but the command travels on the control queue.',
  },
  {
    bit: 3,
    name: 'VIRTIO_NET_F_MTU',
    meaning: 'The device configuration space carries a maximum MTU that the guest should respect.',
    fromBackend: true,
    note: 'Offered by the back-end, but QEMU shows it to the guest only when host_mtu is set on the device.',
  },
  { bit: 5, name: 'VIRTIO_NET_F_MAC', meaning: 'The device configuration space carries the MAC address.' },
  {
    bit: 6,
    name: 'VIRTIO_NET_F_GSO',
    meaning: 'Old catch-all for segmentation offload; superseded by the per-protocol bits.',
    fromBackend: true,
    legacy: true,
    note: 'QEMU offers it to legacy drivers only, never to version-1 drivers.',
  },
  {
    bit: 7,
    name: 'VIRTIO_NET_F_GUEST_TSO4',
    meaning: 'The guest accepts received TCP/IPv4 packets larger than the MTU.',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
    fromBackend: true,
  },
  {
    bit: 8,
    name: 'VIRTIO_NET_F_GUEST_TSO6',
    meaning: 'The guest accepts received TCP/IPv6 packets larger than the MTU.',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
    fromBackend: true,
  },
  {
    bit: 9,
    name: 'VIRTIO_NET_F_GUEST_ECN',
    meaning: 'The guest accepts large received TCP packets that carry ECN marks.',
    requires: ['VIRTIO_NET_F_GUEST_TSO4 or VIRTIO_NET_F_GUEST_TSO6'],
    fromBackend: true,
  },
  {
    bit: 10,
    name: 'VIRTIO_NET_F_GUEST_UFO',
    meaning: 'The guest accepts received UDP packets larger than the MTU that are to be treated as IP fragments.',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
    fromBackend: true,
  },
  {
    bit: 11,
    name: 'VIRTIO_NET_F_HOST_TSO4',
    meaning: 'The back-end accepts transmit TCP/IPv4 packets larger than the MTU and segments them.',
    requires: ['VIRTIO_NET_F_CSUM'],
    fromBackend: true,
  },
  {
    bit: 12,
    name: 'VIRTIO_NET_F_HOST_TSO6',
    meaning: 'The back-end accepts transmit TCP/IPv6 packets larger than the MTU and segments them.',
    requires: ['VIRTIO_NET_F_CSUM'],
    fromBackend: true,
  },
  {
    bit: 13,
    name: 'VIRTIO_NET_F_HOST_ECN',
    meaning: 'The back-end accepts large transmit TCP packets that carry ECN marks.',
    requires: ['VIRTIO_NET_F_HOST_TSO4 or VIRTIO_NET_F_HOST_TSO6'],
    fromBackend: true,
    note: 'Offered without its prerequisites by some Open vSwitch releases; Linux guests negotiate it all the same.',
  },
  {
    bit: 14,
    name: 'VIRTIO_NET_F_HOST_UFO',
    meaning: 'The back-end accepts transmit UDP packets larger than the MTU and fragments them at IP level.',
    requires: ['VIRTIO_NET_F_CSUM'],
    fromBackend: true,
  },
  {
    bit: 15,
    name: 'VIRTIO_NET_F_MRG_RXBUF',
    meaning:
      'One received packet may be spread over several guest receive buffers. Changes the length of the packet header on legacy devices.',
    fromBackend: true,
  },
  { bit: 16, name: 'VIRTIO_NET_F_STATUS', meaning: 'The device configuration space carries a link status word.' },
  {
    bit: 17,
    name: 'VIRTIO_NET_F_CTRL_VQ',
    meaning: 'There is a control queue beside the data queues.',
    note: 'With vhost-user the control queue is served by QEMU, not by the back-end; current QEMU ignores what the back-end says about it.',
  },
  {
    bit: 18,
    name: 'VIRTIO_NET_F_CTRL_RX',
    meaning: 'The guest may set promiscuous and all-multicast mode through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    note: 'As for the control queue: current QEMU ignores what the back-end says about it.',
  },
  {
    bit: 19,
    name: 'VIRTIO_NET_F_CTRL_VLAN',
    meaning: 'The guest may set a VLAN filter through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  {
    bit: 20,
    name: 'VIRTIO_NET_F_CTRL_RX_EXTRA',
    meaning: 'Further receive modes (all-unicast, no-multicast, no-unicast, no-broadcast) through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  {
    bit: 21,
    name: 'VIRTIO_NET_F_GUEST_ANNOUNCE',
    meaning: 'The guest sends the gratuitous announcements after a migration when the device asks it to.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    fromBackend: true,
    note: 'When the guest has not negotiated it, QEMU falls back on asking the back-end to send a RARP (protocol feature 2).',
  },
  {
    bit: 22,
    name: 'VIRTIO_NET_F_MQ',
    meaning: 'More than one pair of receive and transmit queues, with automatic steering.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    fromBackend: true,
    note: 'QEMU shows it to the guest only when the device is configured with mq=on and several queue pairs.',
  },
  {
    bit: 23,
    name: 'VIRTIO_NET_F_CTRL_MAC_ADDR',
    meaning: 'The guest may change the MAC address through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  {
    bit: 41,
    name: 'VIRTIO_NET_F_GUEST_RSC4',
    meaning: 'The device coalesces received TCP/IPv4 packets; a vendor extension never standardised.',
    legacy: true,
    note: 'Collides with VIRTIO_F_ADMIN_VQ.',
  },
  {
    bit: 42,
    name: 'VIRTIO_NET_F_GUEST_RSC6',
    meaning: 'The device coalesces received TCP/IPv6 packets; a vendor extension never standardised.',
    legacy: true,
  },
  {
    bit: 50,
    name: 'VIRTIO_NET_F_DEVICE_STATS',
    meaning: 'The guest may read device statistics through the control queue.',
  },
  {
    bit: 51,
    name: 'VIRTIO_NET_F_HASH_TUNNEL',
    meaning: 'The device hashes the inner headers of encapsulated packets.',
    requires: ['VIRTIO_NET_F_CTRL_VQ', 'VIRTIO_NET_F_RSS or VIRTIO_NET_F_HASH_REPORT'],
    requiresSource: NEWER,
  },
  {
    bit: 52,
    name: 'VIRTIO_NET_F_VQ_NOTF_COAL',
    meaning: 'Interrupt moderation can be set per queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    requiresSource: NEWER,
  },
  {
    bit: 53,
    name: 'VIRTIO_NET_F_NOTF_COAL',
    meaning: 'Interrupt moderation can be set for the whole device.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  {
    bit: 54,
    name: 'VIRTIO_NET_F_GUEST_USO4',
    meaning: 'The guest accepts received UDP/IPv4 super-packets (segmentation, not fragmentation).',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
    fromBackend: true,
  },
  {
    bit: 55,
    name: 'VIRTIO_NET_F_GUEST_USO6',
    meaning: 'The guest accepts received UDP/IPv6 super-packets (segmentation, not fragmentation).',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
    fromBackend: true,
  },
  {
    bit: 56,
    name: 'VIRTIO_NET_F_HOST_USO',
    meaning: 'The back-end accepts transmit UDP super-packets and segments them.',
    requires: ['VIRTIO_NET_F_CSUM'],
    fromBackend: true,
  },
  {
    bit: 57,
    name: 'VIRTIO_NET_F_HASH_REPORT',
    meaning: 'The device reports a hash per received packet. Makes the packet header longer.',
    fromBackend: true,
  },
  {
    bit: 59,
    name: 'VIRTIO_NET_F_GUEST_HDRLEN',
    meaning: 'The driver gives the exact header length of each transmit packet.',
  },
  {
    bit: 60,
    name: 'VIRTIO_NET_F_RSS',
    meaning: 'The device steers received packets to queues by a configurable hash.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    fromBackend: true,
  },
  {
    bit: 61,
    name: 'VIRTIO_NET_F_RSC_EXT',
    meaning: 'The device reports details of coalesced segments.',
    requires: ['VIRTIO_NET_F_HOST_TSO4 or VIRTIO_NET_F_HOST_TSO6'],
    fromBackend: true,
  },
  { bit: 62, name: 'VIRTIO_NET_F_STANDBY', meaning: 'The device may stand in for another with the same MAC address.' },
  {
    bit: 63,
    name: 'VIRTIO_NET_F_SPEED_DUPLEX',
    meaning: 'The device configuration space carries link speed and duplex.',
  },
  {
    bit: 64,
    name: 'VIRTIO_NET_F_RSS_CONTEXT',
    meaning: 'Several steering contexts can be configured.',
    requires: ['VIRTIO_NET_F_CTRL_VQ', 'VIRTIO_NET_F_RSS'],
    requiresSource: NEWER,
  },
  {
    bit: 65,
    name: 'VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO',
    meaning: 'The guest accepts received super-packets inside a UDP tunnel. Makes the packet header longer.',
    requires: [
      'VIRTIO_NET_F_GUEST_TSO4',
      'VIRTIO_NET_F_GUEST_TSO6',
      'VIRTIO_NET_F_GUEST_USO4',
      'VIRTIO_NET_F_GUEST_USO6',
    ],
    requiresSource: NEWER,
  },
  {
    bit: 66,
    name: 'VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM',
    meaning: 'As bit 65, with the outer checksum left partial.',
    requires: ['VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO'],
    requiresSource: NEWER,
  },
  {
    bit: 67,
    name: 'VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO',
    meaning: 'The back-end accepts transmit super-packets inside a UDP tunnel. Makes the packet header longer.',
    requires: ['VIRTIO_NET_F_HOST_TSO4', 'VIRTIO_NET_F_HOST_TSO6', 'VIRTIO_NET_F_HOST_USO'],
    requiresSource: NEWER,
  },
  {
    bit: 68,
    name: 'VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM',
    meaning: 'As bit 67, with the outer checksum left partial.',
    requires: ['VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO'],
    requiresSource: NEWER,
  },
  {
    bit: 69,
    name: 'VIRTIO_NET_F_OUT_NET_HEADER',
    meaning: 'The driver gives the offset of the outer network header. Makes the packet header longer.',
  },
  {
    bit: 70,
    name: 'VIRTIO_NET_F_IPSEC',
    meaning: 'The device does inline IPsec processing.',
    note: 'A device that offers it is expected to offer bit 69 too.',
  },
] as const satisfies readonly FeatureRow[];

/** All that may stand in the feature word of a vhost-user network back-end. */
export const VIRTIO_NET = featureFamily('virtio-net', [
  ...featureBits('net', NET),
  ...RING_BITS,
  ...TRANSPORT_BITS,
  ...VHOST_BITS,
]);
