import { memoize } from '../../base/memoize.ts';
import { digestOf } from '../../compat-tables/entries/digest.ts';
import type { Abilities, Entry, KnownBy } from '../../compat-tables/entries/entry.ts';
import { type MoveSubject, ringsOf } from '../../compat-tables/moves/move-host.ts';
import type { ReplicaRow } from '../ovsdb/client/replica.ts';
import { maskIn } from './model/codec.ts';
import { type RowOf, readColumns } from './model/column.ts';
import { COMPAT_VERSION } from './model/compat-version.ts';
import { EVENT } from './model/event.ts';
import { HOST } from './model/host.ts';
import { INTERFACE } from './model/interface.ts';

/**
 * The rows of the database as typed objects, as rpc/state/model declares them. Reading never throws: a column that a newer
 * or an older agent writes otherwise must not hide the rest of the host. Each row of a replica is read once: it never
 * changes, a change brings a new one. The way back is in encode-rows.ts.
 */

interface Identified {
  readonly uuid: string;
}

export interface HostRow extends Identified, RowOf<typeof HOST> {
  readonly knownBy: KnownBy | undefined;
  /** What all back-ends of the host can do; undefined while nothing is known. */
  readonly abilities: Abilities | undefined;
  /** The last heartbeat of its agent, milliseconds since 1970, when that is long ago; only with the option `life`. */
  readonly staleSince?: number;
}

export interface VersionRow extends Identified, RowOf<typeof COMPAT_VERSION> {}

export interface InterfaceRow extends Identified, RowOf<typeof INTERFACE> {
  /** What its own back-end answered; undefined while it was never measured. */
  readonly abilities: Abilities | undefined;
}

export interface EventRow extends Identified, RowOf<typeof EVENT> {}

const KNOWN_BY: readonly KnownBy[] = ['measured', 'detected', 'declared'];

export const readHost = memoize((row: ReplicaRow): HostRow => {
  const host = readColumns(HOST, row);
  const knownBy = KNOWN_BY.find((word) => word === host.backend.get('known_by'));
  return { uuid: row._uuid, ...host, knownBy, abilities: abilitiesIn(row) };
});

/** A version whose mask cannot be read is not usable, whatever its row says. */
export const readVersion = memoize((row: ReplicaRow): VersionRow => {
  const version = readColumns(COMPAT_VERSION, row);
  if (maskIn(row['virtio_features']) !== undefined) return { uuid: row._uuid, ...version };
  const seen = String(row['virtio_features'] ?? '');
  const text = `the database holds "${seen}" as the virtio features of this version`;
  const blockers = [...version.blockers, { code: 'VC-MASK', text, missing: [] }];
  return { uuid: row._uuid, ...version, usable: false, blockers };
});

export const readInterface = memoize((row: ReplicaRow): InterfaceRow => {
  return { uuid: row._uuid, ...readColumns(INTERFACE, row), abilities: abilitiesIn(row) };
});

export const readEvent = memoize((row: ReplicaRow): EventRow => {
  return { uuid: row._uuid, ...readColumns(EVENT, row) };
});

function abilitiesIn(row: ReplicaRow): Abilities | undefined {
  const virtioFeatures = maskIn(row['backend_features']);
  if (virtioFeatures === undefined) return undefined;
  const protocolFeatures = maskIn(row['backend_protocol_features']) ?? 0n;
  return { virtioFeatures, protocolFeatures, limits: INTERFACE.backend_limits.codec.read(row['backend_limits']) };
}

/** The table entry of a published version. */
export const entryOf = memoize((row: VersionRow): Entry => {
  const { version, deviceType, virtioFeatures, protocolFeatures, requiredProtocolFeatures } = row;
  const { limits, tier, summary, covers, sources, origin, digest, withdrawn } = row;
  return {
    ...{ version, deviceType, virtioFeatures, protocolFeatures, requiredProtocolFeatures },
    ...{ limits, tier, summary, covers, sources, origin, digest },
    ...(withdrawn === undefined ? {} : { withdrawn }),
  };
});

/** Whether a version holds what its digest stands for: every client of the database may write its row. */
export const isIntact = memoize((row: VersionRow): boolean => digestOf(entryOf(row)) === row.digest);

/** An interface as compat-tables/moves takes it. */
export function subjectOf(row: InterfaceRow): MoveSubject {
  const { name, deviceType, inForce, nextStart, queuePairs, memoryRegions, abilities } = row;
  return {
    ...{ name, deviceType, pin: row.version, inForce, nextStart, queuePairs, memoryRegions, abilities },
    ...{ offered: row.offeredFeatures, acked: row.ackedFeatures, ackedProtocol: row.ackedProtocolFeatures },
    ringSizes: [...row.ringSizes.values()],
    rings: ringsOf([...row.ringSizes.keys()]),
  };
}
