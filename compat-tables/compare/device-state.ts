/** Whether the state of a device can be moved at all: some types QEMU never moves, of others the back-end has the state. */
import { deviceTypeNamed } from '../bits/device-types.ts';
import { CONFIG, DEVICE_STATE } from '../bits/named-masks.ts';
import type { Abilities } from '../entries/entry.ts';

/**
 * Why QEMU would not move a device of this type from such a back-end, in words; none means that it would. Every release from
 * 2.12 to 10.2 marks the types that are never moved `unmigratable`; vhost-user-gpu has no state to save. `lack` says
 * whose the protocol features are.
 */
export function stateStays(
  deviceType: string,
  protocolFeatures: bigint,
  lack = 'the back-end does not offer',
): string[] {
  if (isNeverMoved(deviceType))
    return [`QEMU moves no ${deviceType}: it has no state that can be saved (State blocked by non-migratable device)`];
  if (deviceTypeNamed(deviceType)?.state === 'backend' && (protocolFeatures & DEVICE_STATE) === 0n)
    return [
      `${lack} VHOST_USER_PROTOCOL_F_DEVICE_STATE, which QEMU 8.2 and later use: the state of the ${deviceType} would stay behind`,
    ];
  return [];
}

/** Whether no back-end makes QEMU move such a device. */
export function isNeverMoved(deviceType: string): boolean {
  return deviceTypeNamed(deviceType)?.state === 'not-moved';
}

/** What to know of back-ends whose devices QEMU does not move: a note for each reason. */
export function stateNotes(
  deviceType: string,
  backends: readonly { readonly name: string; readonly abilities: Abilities | undefined }[],
): string[] {
  const reasons = backends.flatMap(({ name, abilities }) =>
    abilities === undefined ? [] : stateStays(deviceType, abilities.protocolFeatures, `${name} does not offer`),
  );
  return [...new Set(reasons)].map((reason) => `${reason} [VC-MIGRATE-STATE]`);
}

/**
 * The protocol features that the connection there has to have because this one has them, or because of what the device is:
 * DEVICE_STATE where the back-end has state (of a network device QEMU 10.1 and later move it), CONFIG where QEMU reads the
 * configuration from the back-end. `acked`: undefined when no front-end is connected.
 */
export function protocolNeeds(deviceType: string, acked: bigint | undefined): bigint {
  const row = deviceTypeNamed(deviceType);
  const state =
    row?.state === 'backend' ? DEVICE_STATE : row?.state === 'backend-if-any' ? (acked ?? 0n) & DEVICE_STATE : 0n;
  return state | (row?.readsConfig ? (acked ?? 0n) & CONFIG : 0n);
}

/** A type of which nothing is known here but its name. */
export function unknownTypeWarnings(deviceType: string): string[] {
  if (deviceTypeNamed(deviceType) !== undefined) return [];
  return [
    `nothing is known here of how QEMU migrates a ${deviceType} (its generic vhost-user device is not migrated): features, queues, ring sizes and memory are compared, its own conditions are not`,
  ];
}
