/**
 * A front-end whose guest has no driver yet: QEMU migrates it whatever it was offered, because the guest has taken nothing.
 * What its driver may take is another matter.
 */
import { guestFeatures } from '../bits/named-masks.ts';
import { decidedByBackend } from '../bits/qemu-from-backend.ts';
import { QUEUE_LIMIT } from '../bits/queue-counts.ts';
import type { Entry, Limits } from '../entries/entry.ts';
import type { MoveSubject } from './move-host.ts';
import { shortages } from './ring-and-queue-sizes.ts';

/** What a driver may take when it binds where the guest is now. */
export interface MayTake {
  /** Bits that back-ends decide about; undefined: not known. */
  readonly features: bigint | undefined;
  readonly limits: Limits;
}

/** The parts of its need that follow from having taken nothing. `entry`: the version in force, where its host has it. */
export function driverlessNeed({ deviceType, offered }: MoveSubject, entry: Entry | undefined) {
  const offer = offered ?? entry?.virtioFeatures;
  const seen = guestFeatures(offer ?? 0n);
  // the queues of the device are known from its front-end, and QEMU has no fewer for a smaller mode
  const { [QUEUE_LIMIT]: _queues, ...limits } = entry?.limits ?? {};
  const features = offer === undefined ? undefined : seen & decidedByBackend(deviceType);
  return { ...{ features: 0n, qemuAlone: 0n, seen }, mayTake: { features, limits } satisfies MayTake };
}

/** Whether a driver could take of such a mode all that it may take where it is. */
export function coversMayTake(features: bigint, limits: Limits | undefined, mayTake: MayTake | undefined): boolean {
  if (mayTake === undefined) return true;
  return ((mayTake.features ?? 0n) & ~features) === 0n && shortages(mayTake.limits, limits).length === 0;
}
