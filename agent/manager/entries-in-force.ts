import type { Entry } from '../../compat-tables/entries/entry.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import { entryOf, type InterfaceRow, isIntact, type VersionRow } from '../../rpc/state/read-rows.ts';

/**
 * The entries that a host goes by. Pure. Entries are immutable, so what was published under a name stays what that name
 * means on this host, whatever a table file says later.
 */

export interface InForce {
  /** The entries this host goes by, the most preferred first. */
  readonly entries: readonly Entry[];
  /** Entries of the tables with another content than was published. */
  readonly changed: readonly Entry[];
  /** Published rows whose content does not match their digest; they do not count. */
  readonly broken: readonly VersionRow[];
}

/** Whether a version has to stay known. */
export type InUse = (row: Pick<VersionRow, 'deviceType' | 'version'>) => boolean;

/**
 * The entries of the tables, with two exceptions: one that was published before with another digest stays as published,
 * and one that left the tables stays while it is in use.
 */
export function entriesInForce(loaded: readonly Entry[], published: readonly VersionRow[], inUse: InUse): InForce {
  // Every client of the database may write these rows; a guest gets only what matches its digest.
  const broken = published.filter((row) => !isIntact(row));
  const intact = published.filter((row) => !broken.includes(row));
  const before = new Map(intact.map((row) => [entryKey(row), row]));
  const changed: Entry[] = [];
  const entries = loaded.map((entry) => {
    const row = before.get(entryKey(entry));
    if (!row || row.digest === entry.digest) return entry;
    changed.push(entry);
    return entryOf(row);
  });
  const known = new Set(loaded.map(entryKey));
  const stillUsed = intact.filter((row) => !known.has(entryKey(row)) && inUse(row)).map(entryOf);
  return { entries: [...entries, ...stillUsed], changed, broken };
}

/**
 * The versions that have to stay known: those that an interface names, and the host's default, without which every
 * interface that has no pin would be refused. From the rows, because at the start there are no ports yet.
 */
export function versionsInUse(interfaces: readonly InterfaceRow[], hostDefault: string | undefined): InUse {
  const named = new Set(
    interfaces.flatMap(({ deviceType, version: pin, inForce }) =>
      [pin, inForce].flatMap((version) => (version === undefined ? [] : entryKey({ deviceType, version }))),
    ),
  );
  return (row) => row.version === hostDefault || named.has(entryKey(row));
}
