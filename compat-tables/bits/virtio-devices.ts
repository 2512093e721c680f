/**
 * Feature bits of the device types other than network cards that vhost-user serves (virtio specification, chapter 5).
 * They have the scope `transport`: there is no scope for each device type.
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
  VIRTIO_BLK_F_BARRIER: { bit: 0, legacy: true, meaning: 'The disk orders requests by barriers.' },
  VIRTIO_BLK_F_SCSI: { bit: 7, legacy: true, meaning: 'The disk takes SCSI packet commands.' },
  VIRTIO_BLK_F_LIFETIME: { bit: 15, meaning: 'The device tells how worn its storage is.' },
  VIRTIO_BLK_F_SECURE_ERASE: { bit: 16, meaning: 'The guest may erase blocks for good.' },
  VIRTIO_BLK_F_ZONED: { bit: 17, meaning: 'The device is a zoned one.' },
} as const satisfies FeatureRows;

/** QEMU's vhost-user-scsi takes these from the back-end. */
const SCSI_FROM_BACKEND = {
  VIRTIO_SCSI_F_HOTPLUG: { bit: 1, meaning: 'Disks may be added and removed while the guest runs.' },
} as const satisfies FeatureRows;

const SCSI_OTHERS = {
  VIRTIO_SCSI_F_INOUT: { bit: 0, meaning: 'One request may read and write.' },
  VIRTIO_SCSI_F_CHANGE: { bit: 2, meaning: 'The device tells of changes of its disks.' },
  VIRTIO_SCSI_F_T10_PI: { bit: 3, meaning: 'Requests carry protection information.' },
} as const satisfies FeatureRows;

const FS = {
  VIRTIO_FS_F_NOTIFICATION: { bit: 0, meaning: 'The device may send messages of its own accord.' },
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

/** QEMU's vhost-user-gpu shows these when the back-end offers them. */
const GPU_FROM_BACKEND = {
  VIRTIO_GPU_F_VIRGL: { bit: 0, meaning: '3D commands of virgl.' },
  VIRTIO_GPU_F_EDID: { bit: 1, meaning: 'The device describes its displays by EDID.' },
} as const satisfies FeatureRows;

const GPU_OTHERS = {
  VIRTIO_GPU_F_RESOURCE_UUID: { bit: 2, meaning: 'Resources may have names that other devices know.' },
  VIRTIO_GPU_F_RESOURCE_BLOB: { bit: 3, meaning: 'Resources may be plain memory.' },
  VIRTIO_GPU_F_CONTEXT_INIT: { bit: 4, meaning: 'The guest chooses the kind of each 3D context.' },
} as const satisfies FeatureRows;

const I2C = {
  VIRTIO_I2C_F_ZERO_LENGTH_REQUEST: { bit: 0, meaning: 'Requests without data.' },
} as const satisfies FeatureRows;

const GPIO = {
  VIRTIO_GPIO_F_IRQ: { bit: 0, meaning: 'Lines may interrupt the guest.' },
} as const satisfies FeatureRows;

const SOUND = {
  VIRTIO_SND_F_CTLS: { bit: 0, meaning: 'The device has controls such as a volume.' },
} as const satisfies FeatureRows;

const CRYPTO = {
  VIRTIO_CRYPTO_F_REVISION_1: { bit: 0, meaning: 'The second form of requests.' },
  VIRTIO_CRYPTO_F_CIPHER_STATELESS_MODE: { bit: 1, meaning: 'Ciphers without a session.' },
  VIRTIO_CRYPTO_F_HASH_STATELESS_MODE: { bit: 2, meaning: 'Hashes without a session.' },
  VIRTIO_CRYPTO_F_MAC_STATELESS_MODE: { bit: 3, meaning: 'Message authentication without a session.' },
  VIRTIO_CRYPTO_F_AEAD_STATELESS_MODE: { bit: 4, meaning: 'Authenticated encryption without a session.' },
  VIRTIO_CRYPTO_F_AKCIPHER_STATELESS_MODE: { bit: 5, meaning: 'Asymmetric ciphers without a session.' },
} as const satisfies FeatureRows;

/** Common bits that one or the other device of QEMU asks its back-end about, as their lists name them. */
type CommonName = (typeof RING_BITS | typeof TRANSPORT_BITS)[number]['name'];

/** What the lists of QEMU's storage devices have in common. */
const STORAGE = [
  ...['VIRTIO_RING_F_INDIRECT_DESC', 'VIRTIO_RING_F_EVENT_IDX', 'VIRTIO_F_NOTIFY_ON_EMPTY', 'VIRTIO_F_RING_RESET'],
  ...['VIRTIO_F_IN_ORDER', 'VIRTIO_F_NOTIFICATION_DATA'],
] as const satisfies readonly CommonName[];
const PACKED_STORAGE = [
  ...STORAGE,
  ...['VIRTIO_F_VERSION_1', 'VIRTIO_F_RING_PACKED', 'VIRTIO_F_ACCESS_PLATFORM'],
] as readonly CommonName[];

/**
 * `fromBackend`: what QEMU asks the back-end about; `others`: what it decides alone, or no QEMU knows. `asked`: the common
 * bits that it asks about; undefined: QEMU shows the guest the word of the back-end as it is (vhost-user-base.c).
 */
function family(title: string, fromBackend: FeatureRows, others: FeatureRows, asked?: readonly CommonName[]) {
  const common = [...RING_BITS, ...TRANSPORT_BITS].map((row) => {
    return { ...row, fromBackend: asked === undefined || asked.includes(row.name) };
  });
  return featureFamily(
    title,
    featureBits('transport', fromBackend, 'from-backend'),
    featureBits('transport', others),
    common,
    VHOST_BITS,
  );
}

export const VIRTIO_BLK = family('virtio-blk', BLK_FROM_BACKEND, BLK_OTHERS, PACKED_STORAGE);
export const VIRTIO_SCSI = family('virtio-scsi', SCSI_FROM_BACKEND, SCSI_OTHERS, STORAGE);
export const VIRTIO_FS = family('virtio-fs', {}, FS, PACKED_STORAGE);
export const VIRTIO_VSOCK = family('virtio-vsock', VSOCK_FROM_BACKEND, VSOCK_OTHERS, [
  ...[...STORAGE, 'VIRTIO_F_VERSION_1', 'VIRTIO_F_RING_PACKED'],
] as readonly CommonName[]);
export const VIRTIO_GPU = family('virtio-gpu', GPU_FROM_BACKEND, GPU_OTHERS, []);
export const VIRTIO_INPUT = family('virtio-input', {}, {});
export const VIRTIO_I2C = family('virtio-i2c', I2C, {}, ['VIRTIO_F_RING_RESET']);
export const VIRTIO_GPIO = family('virtio-gpio', GPIO, {});
export const VIRTIO_SOUND = family('virtio-sound', SOUND, {});
export const VIRTIO_RNG = family('virtio-rng', {}, {});
export const VIRTIO_CRYPTO = family('virtio-crypto', {}, CRYPTO, []);
