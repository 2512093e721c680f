/**
 * The device types of the virtio specification that vhost-user serves, one row each: the names of its features, how its
 * queues count, and what QEMU wants of a back-end before it migrates a guest. Sources: virtio specification, chapter 5;
 * QEMU 7.2 to 10.2, hw/virtio/vhost-user*.c, hw/block/vhost-user-blk.c, hw/scsi/vhost-user-scsi.c, hw/net/virtio-net.c,
 * hw/display/vhost-user-gpu.c and hw/virtio/virtio-crypto.c.
 */
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

/** What the answer to GET_QUEUE_NUM counts: rings by twos, or single ones. */
export interface QueueCount {
  readonly counts: 'pairs' | 'queues';
  /** Rings beside those for requests (control, events, high priority): some back-ends leave them out of the count. */
  readonly beside: number;
  /** Every device of the type has the same rings: the answer decides about nothing. */
  readonly fixed?: true;
}

/**
 * Where the state of the device is. `qemu`: in QEMU and in the memory of the guest. `backend`: in the back-end, and QEMU
 * migrates only where both back-ends have the protocol feature DEVICE_STATE. `backend-if-any`: in a back-end that has it.
 * `not-moved`: QEMU moves no such device.
 */
export type StatePlace = 'qemu' | 'backend' | 'backend-if-any' | 'not-moved';

export interface DeviceType {
  /** The name space of its versions. */
  readonly name: string;
  /** The names of its virtio word. */
  readonly features: FeatureFamily;
  readonly queues: QueueCount;
  readonly state: StatePlace;
  /** QEMU asks the back-end for the configuration of the device, and starts none without the protocol feature CONFIG. */
  readonly readsConfig?: true;
}

/**
 * The device type when nobody names one. The back-end releases that ship are of this type, and so are the Host row's
 * columns about the back-end.
 */
export const DEFAULT_DEVICE_TYPE = 'vhost-user-net';

const PAIRS: QueueCount = { counts: 'pairs', beside: 1 };
const QUEUES: QueueCount = { counts: 'queues', beside: 0 };
const FIXED: QueueCount = { ...QUEUES, fixed: true };

const DEVICE_TYPES: readonly DeviceType[] = [
  { name: DEFAULT_DEVICE_TYPE, features: VIRTIO_NET, queues: PAIRS, state: 'backend-if-any' },
  { name: 'vhost-user-blk', features: VIRTIO_BLK, queues: QUEUES, state: 'qemu', readsConfig: true },
  { name: 'vhost-user-scsi', features: VIRTIO_SCSI, queues: { ...QUEUES, beside: 2 }, state: 'qemu' },
  { name: 'vhost-user-fs', features: VIRTIO_FS, queues: { ...QUEUES, beside: 1 }, state: 'backend' },
  { name: 'vhost-user-vsock', features: VIRTIO_VSOCK, queues: FIXED, state: 'not-moved', readsConfig: true },
  { name: 'vhost-user-gpu', features: VIRTIO_GPU, queues: FIXED, state: 'not-moved', readsConfig: true },
  { name: 'vhost-user-input', features: VIRTIO_INPUT, queues: FIXED, state: 'not-moved', readsConfig: true },
  { name: 'vhost-user-i2c', features: VIRTIO_I2C, queues: FIXED, state: 'not-moved' },
  { name: 'vhost-user-gpio', features: VIRTIO_GPIO, queues: FIXED, state: 'not-moved', readsConfig: true },
  { name: 'vhost-user-sound', features: VIRTIO_SOUND, queues: FIXED, state: 'not-moved', readsConfig: true },
  { name: 'vhost-user-rng', features: VIRTIO_RNG, queues: FIXED, state: 'not-moved' },
  { name: 'vhost-user-crypto', features: VIRTIO_CRYPTO, queues: { ...QUEUES, beside: 1 }, state: 'not-moved' },
  // of these no own bits are named here
  { name: 'vhost-user-scmi', features: VIRTIO_COMMON, queues: FIXED, state: 'not-moved' },
  { name: 'vhost-user-spi', features: VIRTIO_COMMON, queues: FIXED, state: 'not-moved', readsConfig: true },
];

/** Other names of a type: QEMU's device is vhost-user-snd, the specification says sound. */
const ALIASES: Readonly<Record<string, string>> = {
  'vhost-user-snd': 'vhost-user-sound',
  'vhost-user-vga': 'vhost-user-gpu',
};

const BY_NAME: ReadonlyMap<string, DeviceType> = new Map(DEVICE_TYPES.map((one) => [one.name, one]));

export const DEVICE_TYPE_NAMES: readonly string[] = DEVICE_TYPES.map(({ name }) => name);

const PREFIX = 'vhost-user-';

/** The device types by their short names: `net`, `blk`. */
export const DEVICE_FAMILIES: ReadonlyMap<string, FeatureFamily> = new Map(
  DEVICE_TYPES.map(({ name, features }) => [name.slice(PREFIX.length), features]),
);

/** The row of a device type; undefined: it has none, and its name is all that is known. */
export function deviceTypeNamed(name: string): DeviceType | undefined {
  return BY_NAME.get(Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name);
}

/** The names of a device type's virtio word; for device types we do not know, those that every device has. */
export function familyOf(deviceType: string): FeatureFamily {
  return deviceTypeNamed(deviceType)?.features ?? VIRTIO_COMMON;
}
