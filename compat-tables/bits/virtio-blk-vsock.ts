/**
 * Feature bits of block devices and sockets (virtio specification, sections 5.2.3 and 5.10.3), for lines of QEMU about
 * them. They have the scope `transport`: there is no scope for each device type.
 */
import { type FeatureRows, featureBits, featureFamily } from './feature-bits.ts';
import { RING_BITS, TRANSPORT_BITS, VHOST_BITS } from './virtio-common.ts';

/** QEMU's vhost-user-blk takes these from the back-end. */
const BLK_FROM_BACKEND = {
  VIRTIO_BLK_F_SIZE_MAX: { bit: 1, meaning: 'The largest size of one segment is given.' },
  VIRTIO_BLK_F_SEG_MAX: { bit: 2, meaning: 'The most segments of a request are given.' },
  VIRTIO_BLK_F_GEOMETRY: { bit: 4, meaning: 'The geometry of the disk is given.' },
  VIRTIO_BLK_F_RO: { bit: 5, meaning: 'The disk is read-only.' },
  VIRTIO_BLK_F_BLK_SIZE: { bit: 6, meaning: 'The block size is given.' },
  VIRTIO_BLK_F_FLUSH: { bit: 9, meaning: 'The guest may flush the cache of the disk.' },
  VIRTIO_BLK_F_TOPOLOGY: { bit: 10, meaning: 'Hints about optimal alignment are given.' },
  VIRTIO_BLK_F_CONFIG_WCE: { bit: 11, meaning: 'The guest may switch the write cache.' },
  VIRTIO_BLK_F_MQ: { bit: 12, meaning: 'More than one request queue.' },
  VIRTIO_BLK_F_DISCARD: { bit: 13, meaning: 'The guest may discard blocks.' },
  VIRTIO_BLK_F_WRITE_ZEROES: { bit: 14, meaning: 'The guest may write zeroes.' },
} as const satisfies FeatureRows;

const BLK_OTHERS = {
  VIRTIO_BLK_F_LIFETIME: { bit: 15, meaning: 'The device tells how worn its storage is.' },
  VIRTIO_BLK_F_SECURE_ERASE: { bit: 16, meaning: 'The guest may erase blocks for good.' },
  VIRTIO_BLK_F_ZONED: { bit: 17, meaning: 'The device is a zoned one.' },
} as const satisfies FeatureRows;

/** These come from the kernel of the host or the vhost-user-vsock back-end. */
const VSOCK_FROM_BACKEND = {
  VIRTIO_VSOCK_F_STREAM: { bit: 0, meaning: 'Stream sockets.' },
  VIRTIO_VSOCK_F_SEQPACKET: {
    bit: 1,
    meaning: 'Sockets that keep the borders of messages.',
    note: 'Newer kernels of the host offer it by themselves.',
  },
} as const satisfies FeatureRows;

const VSOCK_OTHERS = {
  VIRTIO_VSOCK_F_NO_IMPLIED_STREAM: { bit: 2, meaning: 'Stream sockets only when bit 0 is there.' },
} as const satisfies FeatureRows;

const COMMON = [...RING_BITS, ...TRANSPORT_BITS, ...VHOST_BITS];

export const VIRTIO_BLK = featureFamily(
  'virtio-blk',
  featureBits('transport', BLK_FROM_BACKEND, 'from-backend'),
  featureBits('transport', BLK_OTHERS),
  COMMON,
);
export const VIRTIO_VSOCK = featureFamily(
  'virtio-vsock',
  featureBits('transport', VSOCK_FROM_BACKEND, 'from-backend'),
  featureBits('transport', VSOCK_OTHERS),
  COMMON,
);
