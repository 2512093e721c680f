/** The needs of an interface at the host it moves to: features that back-ends decide about, ring sizes, queues. */

import { guestFeatures } from '../bits/named-masks.ts';
import { decidedByBackend } from '../bits/qemu-from-backend.ts';
import { type MigrationLack, migrationLacks } from '../compare/migration-lacks.ts';
import type { Entry, Limits } from '../entries/entry.ts';
import { type MoveHost, type MoveSubject, versionNamed } from './move-host.ts';
import { sizesOf } from './ring-and-queue-sizes.ts';

/**
 * What the answer is judged by: the features that the running guest took; all that its front-end was offered, because
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
  /** It is to move by post-copy. */
  readonly postcopy?: boolean | undefined;
  /** The offer where the guest runs now: it has seen all of this and chosen. */
  readonly seen: bigint;
}

/** Undefined when nothing tells the needs: the interface never started, and the version of its start is not known. */
export function needOf(subject: MoveSubject, home: MoveHost): Need | undefined {
  const backend = decidedByBackend(subject.deviceType);
  const entryNamed = (version: string | undefined): Entry | undefined =>
    home.versions.find(({ entry }) => entry.version === version)?.entry;
  const sizes = sizesOf(subject);
  const { queuePairs } = subject;
  if (subject.acked !== undefined) {
    const guest = guestFeatures(subject.acked);
    const inForce = entryNamed(subject.inForce);
    return {
      ...{ basis: 'acked', version: subject.inForce, limits: sizes, queuePairs },
      features: guest & backend,
      qemuAlone: guest & ~backend,
      seen: guestFeatures(subject.offered ?? inForce?.virtioFeatures ?? subject.acked) | guest,
    };
  }
  // a front-end is there, its driver is not yet: it may still take all that it was offered
  const running = subject.inForce !== undefined;
  const version = running ? subject.inForce : subject.nextStart;
  const entry = entryNamed(version);
  const offer = running ? (subject.offered ?? entry?.virtioFeatures) : entry?.virtioFeatures;
  if (offer === undefined) return undefined;
  const guest = guestFeatures(offer);
  return {
    ...{ basis: running ? 'in-force' : 'next-start', version, limits: { ...entry?.limits, ...sizes }, queuePairs },
    features: guest & backend,
    qemuAlone: 0n,
    seen: guest,
  };
}

/** Why QEMU would not migrate the interface away from its host, as migrationLacks says it. */
export function lacksAtHome(subject: MoveSubject, home: MoveHost): MigrationLack[] | undefined {
  const { offered, acked, ackedProtocol, abilities = home.abilities } = subject;
  const entry = versionNamed(home, subject.inForce ?? subject.nextStart)?.entry;
  return migrationLacks({ abilities, entry, offered, acked, ackedProtocol });
}
