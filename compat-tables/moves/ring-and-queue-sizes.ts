/** Ring sizes, queues and memory: what an interface has of them, and where a version or a back-end gives less. */
import { isCheckedByQemu, limitName, QUEUE_LIMIT, queueCountOf } from '../bits/queue-counts.ts';
import type { Limits } from '../entries/entry.ts';
import { MEMORY_LIMIT } from '../entries/memory-slots.ts';
import type { MoveSubject } from './move-host.ts';

/** The queues, the largest ring and the memory regions of a device, as far as they were seen. */
export function sizesOf(subject: MoveSubject): Limits {
  const { ringSizes, memoryRegions } = subject;
  const queues = countedQueues(subject);
  return {
    ...(queues === undefined ? {} : { [QUEUE_LIMIT]: queues }),
    ...(ringSizes.length === 0 ? {} : { ring_size: Math.max(...ringSizes) }),
    ...(memoryRegions === undefined ? {} : { [MEMORY_LIMIT]: memoryRegions }),
  };
}

/** All queues of a device, as its type counts them. An earlier agent halved the rings of every type. */
function allQueues({ deviceType, queuePairs, rings = 0 }: MoveSubject): number | undefined {
  if (queueCountOf(deviceType).counts === 'pairs') return queuePairs;
  return queuePairs === undefined && rings === 0 ? undefined : Math.max(queuePairs ?? 0, rings);
}

/** Those that the answer to GET_QUEUE_NUM decides about. */
function countedQueues(subject: MoveSubject): number | undefined {
  const { counts, beside, fixed } = queueCountOf(subject.deviceType);
  const all = allQueues(subject);
  if (fixed || all === undefined || counts === 'pairs') return fixed ? undefined : all;
  const answered = subject.abilities?.limits[QUEUE_LIMIT];
  // a back-end that serves more than it answers leaves the rings beside the requests out
  const counted = answered !== undefined && all > answered ? all - beside : all;
  return beside > 0 && counted <= beside + 1 ? undefined : counted;
}

/** The queues for which QEMU wants the protocol feature MQ when there are several; undefined: not known, or of no matter. */
export function requestQueues(subject: MoveSubject): number | undefined {
  const { counts, beside } = queueCountOf(subject.deviceType);
  const all = allQueues(subject);
  if (counts === 'pairs' || all === undefined) return all;
  return isCheckedByQemu(subject.deviceType) ? all - beside : undefined;
}

/** A limit that is not enough. */
export interface Shortage {
  readonly name: string;
  readonly needed: number;
  readonly given: number;
}

/** Needs that exceed a limit; the first of `given` that states a limit counts; without one there is no limit. */
export function shortages(need: Limits, ...given: readonly (Limits | undefined)[]): Shortage[] {
  return Object.entries(need).flatMap(([name, needed]) => {
    const limits = given.find((one) => one !== undefined && Object.hasOwn(one, name));
    const most = limits?.[name];
    return most !== undefined && most < needed ? [{ name, needed, given: most }] : [];
  });
}

/** A shortage for people: `who` gives too little; `has`: what the interface has, in words; `more`: how to get more. */
export function shortageText(
  deviceType: string,
  who: string,
  { name, needed, given }: Shortage,
  has: string,
  more: string,
): { readonly text: string; readonly remedy: string } {
  if (name === MEMORY_LIMIT) return memoryText(who, needed, given, more);
  const qemu =
    name === QUEUE_LIMIT && isCheckedByQemu(deviceType)
      ? `: QEMU refuses it there (The maximum number of queues supported by the backend is ${given})`
      : '';
  return {
    text: `${who} gives ${limitName(deviceType, name)} ${given}, ${has}${qemu}`,
    remedy: `${more}, or start the guest with less.`,
  };
}

function memoryText(who: string, needed: number, given: number, more: string) {
  const why = 'QEMU refuses it there (a used vhost backend has no free memory slots left)';
  return {
    text: `${who} takes ${given} memory regions, the guest has ${needed}: ${why}`,
    remedy: `Unplug memory from the guest, or ${more}.`,
  };
}
