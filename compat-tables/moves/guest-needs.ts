/** The needs of an interface at the host it moves to: features that back-ends decide about, ring sizes, queues. */

import { guestFeatures } from '../bits/named-masks.ts';
import { decidedByBackend } from '../bits/qemu-from-backend.ts';
import { protocolNeeds } from '../compare/device-state.ts';
import { type Connection, type MigrationLack, migrationLacks } from '../compare/migration-lacks.ts';
import type { Entry, Limits } from '../entries/entry.ts';
import { driverlessNeed, type MayTake } from './may-take.ts';
import { type MoveHost, type MoveSubject, versionNamed } from './move-host.ts';
import { requestQueues, sizesOf } from './ring-and-queue-sizes.ts';

/**
 * What the answer is judged by: the features that the running guest took; nothing, because a front-end is connected and
 * the guest's driver has not chosen yet; all that the version of the next start promises; or two documents alone, where
 * nothing else is known of a device.
 */
export type Basis = 'acked' | 'in-force' | 'next-start' | 'document';

export interface Need {
  readonly basis: Basis;
  /** The version in force, or that of the next start. */
  readonly version: string | undefined;
  /** Bits that the destination has to offer. */
  readonly features: bigint;
  /** Bits that the guest has and QEMU decides about alone. */
  readonly qemuAlone: bigint;
  readonly limits: Limits;
  /** Measured: QEMU tells it when it connects. Undefined: not known, and `limits` has the promise only. */
  readonly queuePairs: number | undefined;
  /** Protocol features that the connection there has to have. */
  readonly protocol: bigint;
  /** It is to move by post-copy. */
  readonly postcopy?: boolean | undefined;
  /** The offer where the guest runs now: it has seen all of this and chosen. */
  readonly seen: bigint;
  /** What its driver may still take; absent when it has chosen, or none is connected. */
  readonly mayTake?: MayTake;
}

/** Undefined when nothing tells the needs: the interface never started, and the version of its start is not known. */
export function needOf(subject: MoveSubject, home: MoveHost): Need | undefined {
  const backend = decidedByBackend(subject.deviceType);
  const entryNamed = (version: string | undefined): Entry | undefined =>
    home.versions.find(({ entry }) => entry.version === version)?.entry;
  const sizes = sizesOf(subject);
  const queuePairs = requestQueues(subject);
  const protocol = protocolNeeds(subject.deviceType, subject.ackedProtocol);
  if (subject.acked !== undefined) {
    const guest = guestFeatures(subject.acked);
    const inForce = entryNamed(subject.inForce);
    return {
      ...{ basis: 'acked', version: subject.inForce, limits: sizes, queuePairs, protocol },
      features: guest & backend,
      qemuAlone: guest & ~backend,
      seen: guestFeatures(subject.offered ?? inForce?.virtioFeatures ?? subject.acked) | guest,
    };
  }
  if (subject.inForce !== undefined) {
    const common = { version: subject.inForce, limits: sizes, queuePairs, protocol };
    return { basis: 'in-force', ...common, ...driverlessNeed(subject, entryNamed(subject.inForce)) };
  }
  const version = subject.nextStart;
  const entry = entryNamed(version);
  if (entry === undefined) return undefined;
  const guest = guestFeatures(entry.virtioFeatures);
  return {
    ...{ basis: 'next-start', version, queuePairs, protocol },
    limits: { ...entry.limits, ...sizes },
    features: guest & backend,
    qemuAlone: 0n,
    seen: guest,
  };
}

/** Why QEMU would not migrate the interface away from its host, as migrationLacks says it. */
export function lacksAtHome(subject: MoveSubject, home: MoveHost): MigrationLack[] | undefined {
  return migrationLacks(connectionOf(subject, home));
}

/** The interface and what stands behind it. */
export function connectionOf(subject: MoveSubject, home: MoveHost): Connection {
  const { offered, acked, ackedProtocol, abilities = home.abilities } = subject;
  const entry = versionNamed(home, subject.inForce ?? subject.nextStart)?.entry;
  return { abilities, entry, offered, acked, ackedProtocol };
}
