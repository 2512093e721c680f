import { guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import { RELEASES } from '../../compat-tables/releases/releases.ts';
import type { Json } from '../../rpc/json/types.ts';
import { encodeHost, encodeVersion } from '../../rpc/state/columns.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import { entryOf, type HostRow, type InterfaceRow, isIntact, type VersionRow } from '../../rpc/state/rows.ts';
import { type HostView, hostBlockers } from './host-view.ts';

/**
 * What the host says of itself, as transactions: pure. Entries are immutable, so what was published under a name stays
 * what that name means on this host, whatever a table file says later.
 */

export interface InForce {
  /** The entries this host goes by, the most preferred first. */
  readonly entries: readonly Entry[];
  /** Those of the tables that are no longer what was published. */
  readonly changed: readonly Entry[];
  /** Published rows that do not hold what their digest stands for, and therefore count for nothing. */
  readonly broken: readonly VersionRow[];
}

export type InUse = (row: Pick<VersionRow, 'deviceType' | 'version'>) => boolean;

/**
 * The entries of the tables, with two exceptions: one that was published before with another digest stays as published,
 * and one that left the tables stays while it is in use.
 */
export function entriesInForce(loaded: readonly Entry[], published: readonly VersionRow[], inUse: InUse): InForce {
  // A guest is given only what the digest vouches for.
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
  const kept = intact.filter((row) => !known.has(entryKey(row)) && inUse(row)).map(entryOf);
  return { entries: [...entries, ...kept], changed, broken };
}

/**
 * Tells which versions must stay known because an interface names them, or because they are the host's default: without
 * it every interface that has no pin would be refused. From the rows: at a start there are no ports yet.
 */
export function versionsInUse(interfaces: readonly InterfaceRow[], hostDefault: string | undefined): InUse {
  const named = new Set(
    interfaces.flatMap(({ deviceType, version: pin, inForce }) =>
      [pin, inForce].flatMap((version) => (version === undefined ? [] : entryKey({ deviceType, version }))),
    ),
  );
  return (row) => row.version === hostDefault || named.has(entryKey(row));
}

/** The operations that make the published versions of a host what they should be; none when they are. */
export function versionOperations(
  host: HostRow,
  published: readonly VersionRow[],
  entries: readonly Entry[],
  views: ReadonlyMap<string, HostView | undefined>,
): Json[] {
  // Of two rows of one name the first counts; a second one can only be a mistake, and goes.
  const before = new Map(published.toReversed().map((row) => [entryKey(row), row]));
  const operations: Json[] = [];
  const added: Json[] = [];
  for (const [preference, entry] of entries.entries()) {
    const columns = encodeVersion(entry, hostBlockers(entry, views.get(entry.deviceType)), preference);
    const row = before.get(entryKey(entry));
    if (!row) {
      const name = `version${preference}`;
      operations.push({ op: 'insert', table: 'Compat_Version', 'uuid-name': name, row: columns });
      added.push(['named-uuid', name]);
    } else if (!sameColumns(columns, rowColumns(row))) {
      operations.push({
        op: 'update',
        table: 'Compat_Version',
        where: [['_uuid', '==', ['uuid', row.uuid]]],
        row: columns,
      });
    }
  }
  const wanted = new Set(entries.map(entryKey));
  const isKept = (row: VersionRow) => wanted.has(entryKey(row)) && before.get(entryKey(row)) === row;
  const gone: Json[] = published.filter((row) => !isKept(row)).map((row) => ['uuid', row.uuid]);
  const mutations: Json[] = [];
  if (gone.length > 0) mutations.push(['versions', 'delete', ['set', gone]]);
  if (added.length > 0) mutations.push(['versions', 'insert', ['set', added]]);
  if (mutations.length > 0)
    operations.push({ op: 'mutate', table: 'Host', where: [['_uuid', '==', ['uuid', host.uuid]]], mutations });
  return operations;
}

/** The Host columns that tell what is known of the back-end and how. */
export function backendColumns(view: HostView | undefined, measuredAt: number | undefined): Columns {
  if (!view) return encodeHost({ backend: {}, knownBy: undefined, abilities: undefined });
  const backend: Record<string, string> = { name: resembles(view.abilities) };
  if (view.knownBy === 'measured' && measuredAt !== undefined)
    backend['measured_at'] = new Date(measuredAt).toISOString();
  return encodeHost({ backend, knownBy: view.knownBy, abilities: view.abilities });
}

/** The known releases that answer the same, so that people see a name beside the mask: `ovs-2.15 … ovs-3.1`. */
export function resembles(abilities: Abilities): string {
  const same = RELEASES.filter(
    (release) =>
      guestFeatures(release.virtioFeatures) === guestFeatures(abilities.virtioFeatures) &&
      release.protocolFeatures === abilities.protocolFeatures &&
      (abilities.limits['queue_pairs'] ?? release.queuePairs) === release.queuePairs,
  ).map((release) => release.name);
  const first = same[0];
  const last = same.at(-1);
  if (first === undefined || last === undefined) return 'unknown release';
  return first === last ? `like ${first}` : `like ${first} … ${last}`;
}

function rowColumns(row: VersionRow): Columns {
  return { ...encodeVersion(entryOf(row), row.blockers, row.preference), usable: row.usable };
}

function sameColumns(a: Columns, b: Columns): boolean {
  return Object.keys(a).every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
}
