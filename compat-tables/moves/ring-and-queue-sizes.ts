/** Ring sizes and queue pairs: what an interface has of them, and where a version or a back-end gives less. */
import type { Limits } from '../entries/entry.ts';
import type { MoveSubject } from './move-host.ts';

/** The queue pairs and the largest ring of a device, as far as they were seen. */
export function sizesOf({ queuePairs, ringSizes }: MoveSubject): Limits {
  return {
    ...(queuePairs === undefined ? {} : { queue_pairs: queuePairs }),
    ...(ringSizes.length === 0 ? {} : { ring_size: Math.max(...ringSizes) }),
  };
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
