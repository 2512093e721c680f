/**
 * How many queues a device has. The limit `queue_pairs` is what the back-end answers to GET_QUEUE_NUM, and the column of
 * that name is how many a front-end has, both counted as the device type counts: queue pairs of a network device (QEMU,
 * net/vhost-user.c), single queues of every other (vhost-user protocol, "Multiple queue support"; QEMU,
 * `vhost_user_backend_init`).
 */
import { deviceTypeNamed, type QueueCount } from './device-types.ts';

/** The limit that is the answer to GET_QUEUE_NUM. */
export const QUEUE_LIMIT = 'queue_pairs';

const UNKNOWN: QueueCount = { counts: 'queues', beside: 0 };

export function queueCountOf(deviceType: string): QueueCount {
  return deviceTypeNamed(deviceType)?.queues ?? UNKNOWN;
}

/** For people: what the limit counts. */
export function queueUnit(deviceType: string): 'queue pairs' | 'queues' {
  return queueCountOf(deviceType).counts === 'pairs' ? 'queue pairs' : 'queues';
}

/** The name of a limit for people: a disk has no pairs. */
export function limitName(deviceType: string, name: string): string {
  return name === QUEUE_LIMIT && queueCountOf(deviceType).counts === 'queues' ? 'queues' : name;
}

/** Whether QEMU holds the number of queues against the answer (`vhost_user_backend_init`, `num_queues`). */
export function isCheckedByQemu(deviceType: string): boolean {
  return deviceTypeNamed(deviceType)?.state === 'qemu';
}

/** The queues of a device that has this ring and none above it. */
export function queuesUpTo(deviceType: string, ring: number): number {
  return queueCountOf(deviceType).counts === 'pairs' ? Math.floor(ring / 2) + 1 : ring + 1;
}

/** The first ring that a front-end may not have of a mode with so many queues; undefined: the count decides about none. */
export function firstRingBeyond(deviceType: string, queues: number): number | undefined {
  const row = deviceTypeNamed(deviceType)?.queues;
  if (row === undefined || row.fixed) return undefined;
  return row.counts === 'pairs' ? queues * 2 : queues + row.beside;
}
