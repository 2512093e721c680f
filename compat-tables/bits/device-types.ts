/** The vhost-user device types that are known by more than their name: one row each. */
import type { FeatureFamily } from './feature-bits.ts';
import { VIRTIO_COMMON } from './virtio-common.ts';
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
];

const FAMILIES: ReadonlyMap<string, FeatureFamily> = new Map(
  DEVICE_TYPES.map(({ name, features }) => [name, features]),
);

/** The names of a device type's virtio word; for device types we do not know, those that every device has. */
export function familyOf(deviceType: string): FeatureFamily {
  return FAMILIES.get(deviceType) ?? VIRTIO_COMMON;
}
