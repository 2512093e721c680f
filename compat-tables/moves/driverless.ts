/**
 * A front-end whose guest has no driver yet: QEMU migrates it whatever it was offered, because the guest has taken nothing.
 * What its driver finds there is another matter, which is told.
 */
import { familyOf } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import { decidedByBackend, visibleBits } from '../bits/qemu-from-backend.ts';
import { limitName, QUEUE_LIMIT } from '../bits/queue-counts.ts';
import type { Entry, Limits } from '../entries/entry.ts';
import type { Candidate, Question } from './fitting-versions.ts';
import type { Need } from './guest-needs.ts';
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

/** Whether a driver could take there all that it may take here. */
export function coversMayTake({ features, entry }: Candidate, { mayTake }: Need): boolean {
  if (mayTake === undefined) return true;
  return ((mayTake.features ?? 0n) & ~features) === 0n && shortages(mayTake.limits, entry?.limits).length === 0;
}

/** What changes for the driver. None when it has chosen. */
export function driverlessWarnings({ need, to }: Question, chosen: Candidate | undefined): string[] {
  const { mayTake } = need;
  if (mayTake === undefined) return [];
  const plain = 'the driver of the guest has chosen no features yet: QEMU migrates it as it is';
  if (chosen === undefined || mayTake.features === undefined) return [plain];
  const names = (mask: bigint) => featureNames(familyOf(to.deviceType), mask).join(', ');
  const lost = mayTake.features & ~chosen.features;
  const gained = visibleBits(to.deviceType, chosen.features) & ~need.seen;
  const binds = `when it binds on ${to.name} it is`;
  const changes = [
    ...(lost === 0n
      ? []
      : [
          `${binds} not shown ${names(lost)}, which it is offered here`,
          'should it bind before the move ends and take one of them, the migration fails',
        ]),
    ...(gained === 0n ? [] : [`${binds} shown ${names(gained)}, which it is not offered here`]),
    ...shortages(mayTake.limits, chosen.entry?.limits).map(
      ({ name, needed, given }) =>
        `${chosen.entry?.version} gives ${limitName(to.deviceType, name)} ${given}, and it may have ${needed} here`,
    ),
  ];
  return [[plain, ...changes].join('; ')];
}
