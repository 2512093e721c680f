/** The needs of an interface at the host it moves to: features that back-ends decide about, ring sizes, queues. */

import { guestFeatures } from '../bits/named-masks.ts';
import { decidedByBackend } from '../bits/qemu-from-backend.ts';
import { protocolNeeds } from '../compare/device-state.ts';
import type { Abilities, Entry, Limits } from '../entries/entry.ts';
import { offeredProtocolFeatures } from '../entries/entry.ts';
import { driverlessNeed, type MayTake } from './may-take.ts';
import type { MoveHost, MoveSubject } from './move-host.ts';
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

/** The features that the front-end is, or will be, offered: they tell whether QEMU migrates the guest at all. */
export function wordsOf(
  subject: MoveSubject,
  home: MoveHost,
): Pick<Abilities, 'virtioFeatures' | 'protocolFeatures'> | undefined {
  const abilities = subject.abilities ?? home.abilities;
  const name = subject.inForce ?? subject.nextStart;
  const entry = home.versions.find((one) => one.entry.version === name)?.entry;
  const virtioFeatures = subject.offered ?? abilities?.virtioFeatures;
  const backend = abilities?.protocolFeatures;
  const offered = entry === undefined || backend === undefined ? backend : offeredProtocolFeatures(entry, backend);
  const protocolFeatures = subject.ackedProtocol ?? offered;
  if (virtioFeatures === undefined || protocolFeatures === undefined) return undefined;
  return { virtioFeatures, protocolFeatures };
}
