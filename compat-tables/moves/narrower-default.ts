/** Running interfaces that use more than a new default version of their host gives. */

import { familyOf } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import { decidedByBackend } from '../bits/qemu-from-backend.ts';
import { limitName } from '../bits/queue-counts.ts';
import type { Entry } from '../entries/entry.ts';
import type { MoveSubject } from './move-host.ts';
import { shortages, sizesOf } from './ring-and-queue-sizes.ts';

export interface UserBeyond {
  readonly interface: string;
  /** Features that its guest uses and the version does not have. */
  readonly features: readonly string[];
  /** Limits that it goes beyond, in words. */
  readonly limits: readonly string[];
}

/**
 * The running interfaces without a pin that use more than the version gives. They keep it while they run, but a guest
 * like them could no longer come to this host, and they would not find it again at their next start.
 */
export function usersBeyond(entry: Entry, interfaces: readonly MoveSubject[]): UserBeyond[] {
  return interfaces
    .filter(({ pin, deviceType }) => pin === undefined && deviceType === entry.deviceType)
    .map((subject) => beyond(entry, subject))
    .filter(({ features, limits }) => features.length + limits.length > 0);
}

function beyond({ deviceType, virtioFeatures, limits }: Entry, subject: MoveSubject): UserBeyond {
  const used = guestFeatures(subject.acked ?? 0n) & decidedByBackend(deviceType);
  const sizes = subject.acked === undefined ? {} : sizesOf(subject);
  return {
    interface: subject.name,
    features: featureNames(familyOf(deviceType), used & ~virtioFeatures),
    limits: shortages(sizes, limits).map(({ name, needed }) => `${limitName(deviceType, name)} ${needed}`),
  };
}
