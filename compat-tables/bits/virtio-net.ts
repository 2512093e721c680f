/**
 * Feature bits of virtio-net devices (virtio specification, section 5.1.3, and Linux' virtio_net.h). Number 41 stands
 * for two things: for administration queues in the specification, for a vendor's receive coalescing in old devices.
 */
import { type FeatureRows, featureBits, featureFamily } from './feature-bits.ts';
import { RING_BITS, TRANSPORT_BITS, VHOST_BITS } from './virtio-common.ts';

/** Features that came after 1.2. */
const NEWER = 'virtio 1.4, section 5.1.3.1';

/** QEMU offers these to the guest only when the back-end does. */
const FROM_BACKEND = {
  VIRTIO_NET_F_CSUM: {
    bit: 0,
    meaning:
      'The back-end accepts transmit packets whose checksum is only partly computed, so the guest can leave checksumming to the host.',
  },
  VIRTIO_NET_F_GUEST_CSUM: {
    bit: 1,
    meaning:
      'The guest accepts received packets whose checksum is only partly computed or already vouched for by the host.',
  },
  VIRTIO_NET_F_MTU: {
    bit: 3,
    meaning: 'The device configuration space carries a maximum MTU that the guest should respect.',
    note: 'Offered by the back-end, but QEMU shows it to the guest only when host_mtu is set on the device.',
  },
  VIRTIO_NET_F_GSO: {
    bit: 6,
    meaning: 'Old catch-all for segmentation offload; superseded by the per-protocol bits.',
    legacy: true,
    note: 'QEMU offers it to legacy drivers only, never to version-1 drivers.',
  },
  VIRTIO_NET_F_GUEST_TSO4: {
    bit: 7,
    meaning: 'The guest accepts received TCP/IPv4 packets larger than the MTU.',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
  },
  VIRTIO_NET_F_GUEST_TSO6: {
    bit: 8,
    meaning: 'The guest accepts received TCP/IPv6 packets larger than the MTU.',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
  },
  VIRTIO_NET_F_GUEST_ECN: {
    bit: 9,
    meaning: 'The guest accepts large received TCP packets that carry ECN marks.',
    requires: ['VIRTIO_NET_F_GUEST_TSO4 or VIRTIO_NET_F_GUEST_TSO6'],
  },
  VIRTIO_NET_F_GUEST_UFO: {
    bit: 10,
    meaning: 'The guest accepts received UDP packets larger than the MTU that are to be treated as IP fragments.',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
  },
  VIRTIO_NET_F_HOST_TSO4: {
    bit: 11,
    meaning: 'The back-end accepts transmit TCP/IPv4 packets larger than the MTU and segments them.',
    requires: ['VIRTIO_NET_F_CSUM'],
  },
  VIRTIO_NET_F_HOST_TSO6: {
    bit: 12,
    meaning: 'The back-end accepts transmit TCP/IPv6 packets larger than the MTU and segments them.',
    requires: ['VIRTIO_NET_F_CSUM'],
  },
  VIRTIO_NET_F_HOST_ECN: {
    bit: 13,
    meaning: 'The back-end accepts large transmit TCP packets that carry ECN marks.',
    requires: ['VIRTIO_NET_F_HOST_TSO4 or VIRTIO_NET_F_HOST_TSO6'],
    note: 'Offered without its prerequisites by some Open vSwitch releases; Linux guests negotiate it all the same.',
  },
  VIRTIO_NET_F_HOST_UFO: {
    bit: 14,
    meaning: 'The back-end accepts transmit UDP packets larger than the MTU and fragments them at IP level.',
    requires: ['VIRTIO_NET_F_CSUM'],
  },
  VIRTIO_NET_F_MRG_RXBUF: {
    bit: 15,
    meaning:
      'One received packet may be spread over several guest receive buffers. Changes the length of the packet header on legacy devices.',
  },
  VIRTIO_NET_F_GUEST_ANNOUNCE: {
    bit: 21,
    meaning: 'The guest sends the gratuitous announcements after a migration when the device asks it to.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    note: 'When the guest has not negotiated it, QEMU falls back on asking the back-end to send a RARP (protocol feature 2).',
  },
  VIRTIO_NET_F_MQ: {
    bit: 22,
    meaning: 'More than one pair of receive and transmit queues, with automatic steering.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    note: 'QEMU shows it to the guest only when the device is configured with mq=on and several queue pairs.',
  },
  VIRTIO_NET_F_GUEST_USO4: {
    bit: 54,
    meaning: 'The guest accepts received UDP/IPv4 super-packets (segmentation, not fragmentation).',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
  },
  VIRTIO_NET_F_GUEST_USO6: {
    bit: 55,
    meaning: 'The guest accepts received UDP/IPv6 super-packets (segmentation, not fragmentation).',
    requires: ['VIRTIO_NET_F_GUEST_CSUM'],
  },
  VIRTIO_NET_F_HOST_USO: {
    bit: 56,
    meaning: 'The back-end accepts transmit UDP super-packets and segments them.',
    requires: ['VIRTIO_NET_F_CSUM'],
  },
  VIRTIO_NET_F_HASH_REPORT: {
    bit: 57,
    meaning: 'The device reports a hash per received packet. Makes the packet header longer.',
  },
  VIRTIO_NET_F_RSS: {
    bit: 60,
    meaning: 'The device steers received packets to queues by a configurable hash.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  VIRTIO_NET_F_RSC_EXT: {
    bit: 61,
    meaning: 'The device reports details of coalesced segments.',
    requires: ['VIRTIO_NET_F_HOST_TSO4 or VIRTIO_NET_F_HOST_TSO6'],
  },
} as const satisfies FeatureRows;

/** QEMU decides about these alone, or no QEMU knows them. */
const OTHERS = {
  VIRTIO_NET_F_CTRL_GUEST_OFFLOADS: {
    bit: 2,
    meaning: 'The guest may switch its receive offloads on and off at run time through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    requiresSource: 'its command travels on the control queue: virtio 1.2, section 5.1.6.5',
    note: 'The specification text does not list the control-queue dependency in its table, but the command travels on the control queue.',
  },
  VIRTIO_NET_F_MAC: { bit: 5, meaning: 'The device configuration space carries the MAC address.' },
  VIRTIO_NET_F_STATUS: { bit: 16, meaning: 'The device configuration space carries a link status word.' },
  VIRTIO_NET_F_CTRL_VQ: {
    bit: 17,
    meaning: 'There is a control queue beside the data queues.',
    note: 'With vhost-user the control queue is served by QEMU, not by the back-end; current QEMU ignores what the back-end says about it.',
  },
  VIRTIO_NET_F_CTRL_RX: {
    bit: 18,
    meaning: 'The guest may set promiscuous and all-multicast mode through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    note: 'As for the control queue: current QEMU ignores what the back-end says about it.',
  },
  VIRTIO_NET_F_CTRL_VLAN: {
    bit: 19,
    meaning: 'The guest may set a VLAN filter through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  VIRTIO_NET_F_CTRL_RX_EXTRA: {
    bit: 20,
    meaning: 'Further receive modes (all-unicast, no-multicast, no-unicast, no-broadcast) through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  VIRTIO_NET_F_CTRL_MAC_ADDR: {
    bit: 23,
    meaning: 'The guest may change the MAC address through the control queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  VIRTIO_NET_F_GUEST_RSC4: {
    bit: 41,
    meaning: 'The device coalesces received TCP/IPv4 packets; a vendor extension never standardised.',
    legacy: true,
    note: 'Collides with VIRTIO_F_ADMIN_VQ.',
  },
  VIRTIO_NET_F_GUEST_RSC6: {
    bit: 42,
    meaning: 'The device coalesces received TCP/IPv6 packets; a vendor extension never standardised.',
    legacy: true,
  },
  VIRTIO_NET_F_DEVICE_STATS: { bit: 50, meaning: 'The guest may read device statistics through the control queue.' },
  VIRTIO_NET_F_HASH_TUNNEL: {
    bit: 51,
    meaning: 'The device hashes the inner headers of encapsulated packets.',
    requires: ['VIRTIO_NET_F_CTRL_VQ', 'VIRTIO_NET_F_RSS or VIRTIO_NET_F_HASH_REPORT'],
    requiresSource: NEWER,
  },
  VIRTIO_NET_F_VQ_NOTF_COAL: {
    bit: 52,
    meaning: 'Interrupt moderation can be set per queue.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
    requiresSource: NEWER,
  },
  VIRTIO_NET_F_NOTF_COAL: {
    bit: 53,
    meaning: 'Interrupt moderation can be set for the whole device.',
    requires: ['VIRTIO_NET_F_CTRL_VQ'],
  },
  VIRTIO_NET_F_GUEST_HDRLEN: { bit: 59, meaning: 'The driver gives the exact header length of each transmit packet.' },
  VIRTIO_NET_F_STANDBY: { bit: 62, meaning: 'The device may stand in for another with the same MAC address.' },
  VIRTIO_NET_F_SPEED_DUPLEX: { bit: 63, meaning: 'The device configuration space carries link speed and duplex.' },
  VIRTIO_NET_F_RSS_CONTEXT: {
    bit: 64,
    meaning: 'Several steering contexts can be configured.',
    requires: ['VIRTIO_NET_F_CTRL_VQ', 'VIRTIO_NET_F_RSS'],
    requiresSource: NEWER,
  },
  VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO: {
    bit: 65,
    meaning: 'The guest accepts received super-packets inside a UDP tunnel. Makes the packet header longer.',
    requires: [
      'VIRTIO_NET_F_GUEST_TSO4',
      'VIRTIO_NET_F_GUEST_TSO6',
      'VIRTIO_NET_F_GUEST_USO4',
      'VIRTIO_NET_F_GUEST_USO6',
    ],
    requiresSource: NEWER,
  },
  VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM: {
    bit: 66,
    meaning: 'As bit 65, with the outer checksum left partial.',
    requires: ['VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO'],
    requiresSource: NEWER,
  },
  VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO: {
    bit: 67,
    meaning: 'The back-end accepts transmit super-packets inside a UDP tunnel. Makes the packet header longer.',
    requires: ['VIRTIO_NET_F_HOST_TSO4', 'VIRTIO_NET_F_HOST_TSO6', 'VIRTIO_NET_F_HOST_USO'],
    requiresSource: NEWER,
  },
  VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM: {
    bit: 68,
    meaning: 'As bit 67, with the outer checksum left partial.',
    requires: ['VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO'],
    requiresSource: NEWER,
  },
  VIRTIO_NET_F_OUT_NET_HEADER: {
    bit: 69,
    meaning: 'The driver gives the offset of the outer network header. Makes the packet header longer.',
  },
  VIRTIO_NET_F_IPSEC: {
    bit: 70,
    meaning: 'The device does inline IPsec processing.',
    note: 'A device that offers it is expected to offer bit 69 too.',
  },
} as const satisfies FeatureRows;

/** All that may stand in the feature word of a vhost-user network back-end. */
export const VIRTIO_NET = featureFamily('virtio-net', [
  ...featureBits('net', FROM_BACKEND, 'from-backend'),
  ...featureBits('net', OTHERS),
  ...RING_BITS,
  ...TRANSPORT_BITS,
  ...VHOST_BITS,
]);
