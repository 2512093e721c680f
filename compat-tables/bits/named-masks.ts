/** The single bits and sets of bits that the code asks for by name, each declared once. */
import { maskOf } from './mask.ts';
import { PROTOCOL } from './vhost-user-protocol.ts';
import { VIRTIO_NET } from './virtio-net.ts';

/** The back-end can record which pages it writes; without it QEMU does not migrate. */
export const LOG_ALL = maskOf(VIRTIO_NET, 'VHOST_F_LOG_ALL');
/** The back-end has protocol features. */
export const PROTOCOL_FEATURES = maskOf(VIRTIO_NET, 'VHOST_USER_F_PROTOCOL_FEATURES');
/** vhost-user's own bits in the virtio word: never guest ABI, never part of a promise. */
export const CONTROL_BITS = LOG_ALL | PROTOCOL_FEATURES;
/** Rings of one descriptor area; they do not recover when a device is set up anew under a running driver. */
export const RING_PACKED = maskOf(VIRTIO_NET, 'VIRTIO_F_RING_PACKED');
/** Without it a device is a legacy one. */
export const VERSION_1 = maskOf(VIRTIO_NET, 'VIRTIO_F_VERSION_1');
/** The back-end can translate the addresses of a virtual IOMMU. */
export const ACCESS_PLATFORM = maskOf(VIRTIO_NET, 'VIRTIO_F_ACCESS_PLATFORM');
/** A network device may have several queue pairs. */
export const NET_MQ = maskOf(VIRTIO_NET, 'VIRTIO_NET_F_MQ');
/** A network device has a control queue, which most front-ends serve themselves. */
export const NET_CTRL_VQ = maskOf(VIRTIO_NET, 'VIRTIO_NET_F_CTRL_VQ');
/** The guest announces itself where it arrives. */
export const GUEST_ANNOUNCE = maskOf(VIRTIO_NET, 'VIRTIO_NET_F_GUEST_ANNOUNCE');
/** The device tells its guest an MTU. */
export const NET_MTU = maskOf(VIRTIO_NET, 'VIRTIO_NET_F_MTU');

/** The back-end tells its number of queues: without it QEMU uses one queue pair. */
export const PROTOCOL_MQ = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_MQ');
/** The back-end takes shared memory for the record of written pages. */
export const LOG_SHMFD = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_LOG_SHMFD');
/** The back-end waits for pages of a guest whose memory is still on its way. */
export const PROTOCOL_PAGEFAULT = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_PAGEFAULT');
/** The back-end announces a guest that does not do so itself. */
export const PROTOCOL_RARP = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_RARP');
/** The back-end answers every request that asks for it. */
export const REPLY_ACK = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_REPLY_ACK');
/** QEMU reads the configuration of the device from the back-end. */
export const CONFIG = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_CONFIG');
/** The back-end hands over the state that it has of the device. */
export const DEVICE_STATE = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_DEVICE_STATE');
/** Memory regions are added one by one, and the back-end tells how many it takes. */
export const MEM_SLOTS = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS');
/** The back-end has a socket for requests of its own. */
const BACKEND_REQ = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_BACKEND_REQ');
/** QEMU refuses a back-end that offers a virtual IOMMU without both, whether or not the guest has one. */
export const IOMMU_NEEDS = REPLY_ACK | BACKEND_REQ;

/** The part of a virtio word that a guest can see: everything but the control bits. */
export function guestFeatures(mask: bigint): bigint {
  return mask & ~CONTROL_BITS;
}
