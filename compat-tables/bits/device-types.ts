/** The vhost-user device types that are known by more than their name: one row each. */
import type { FeatureFamily } from './feature-bits.ts';
import { VIRTIO_COMMON } from './virtio-common.ts';
import {
  VIRTIO_BLK,
  VIRTIO_CRYPTO,
  VIRTIO_FS,
  VIRTIO_GPIO,
  VIRTIO_GPU,
  VIRTIO_I2C,
  VIRTIO_INPUT,
  VIRTIO_RNG,
  VIRTIO_SCSI,
  VIRTIO_SOUND,
  VIRTIO_VSOCK,
} from './virtio-devices.ts';
import { VIRTIO_NET } from './virtio-net.ts';

export interface DeviceType {
  /** The name space of its versions. */
  readonly name: string;
  /** The names of its virtio word. */
  readonly features: FeatureFamily;
  /** The limit that says how many queues it has; undefined: how this type counts is not known. */
  readonly queueLimit: string | undefined;
}

/**
 * The device type when nobody names one. The back-end releases that ship are of this type, and so are the Host row's
 * columns about the back-end.
 */
export const DEFAULT_DEVICE_TYPE = 'vhost-user-net';

const DEVICE_TYPES: readonly DeviceType[] = [
  { name: DEFAULT_DEVICE_TYPE, features: VIRTIO_NET, queueLimit: 'queue_pairs' },
  { name: 'vhost-user-blk', features: VIRTIO_BLK, queueLimit: undefined },
  { name: 'vhost-user-scsi', features: VIRTIO_SCSI, queueLimit: undefined },
  { name: 'vhost-user-fs', features: VIRTIO_FS, queueLimit: undefined },
  { name: 'vhost-user-vsock', features: VIRTIO_VSOCK, queueLimit: undefined },
  { name: 'vhost-user-gpu', features: VIRTIO_GPU, queueLimit: undefined },
  { name: 'vhost-user-input', features: VIRTIO_INPUT, queueLimit: undefined },
  { name: 'vhost-user-i2c', features: VIRTIO_I2C, queueLimit: undefined },
  { name: 'vhost-user-gpio', features: VIRTIO_GPIO, queueLimit: undefined },
  { name: 'vhost-user-sound', features: VIRTIO_SOUND, queueLimit: undefined },
  { name: 'vhost-user-rng', features: VIRTIO_RNG, queueLimit: undefined },
  { name: 'vhost-user-crypto', features: VIRTIO_CRYPTO, queueLimit: undefined },
];

const FAMILIES: ReadonlyMap<string, FeatureFamily> = new Map(
  DEVICE_TYPES.map(({ name, features }) => [name, features]),
);

const PREFIX = 'vhost-user-';

/** The device types by their short names: `net`, `blk`. */
export const DEVICE_FAMILIES: ReadonlyMap<string, FeatureFamily> = new Map(
  DEVICE_TYPES.map(({ name, features }) => [name.slice(PREFIX.length), features]),
);

/** The names of a device type's virtio word; for device types we do not know, those that every device has. */
export function familyOf(deviceType: string): FeatureFamily {
  return FAMILIES.get(deviceType) ?? VIRTIO_COMMON;
}
