/** Warnings about the move of a front-end whose guest has no driver yet: what the driver finds there. */
import { familyOf } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { visibleBits } from '../bits/qemu-from-backend.ts';
import { limitName } from '../bits/queue-counts.ts';
import type { Candidate, Question } from './fitting-versions.ts';
import { shortages } from './ring-and-queue-sizes.ts';

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
