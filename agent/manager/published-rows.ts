import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import { resembling } from '../../compat-tables/releases/resembles.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { encodeHost, encodeVersion } from '../../rpc/state/encode-rows.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import { entryOf, type HostRow, type VersionRow } from '../../rpc/state/read-rows.ts';
import { type HostView, hostBlockers } from './host-view.ts';
import { whereUuid } from './pending-writes.ts';

/** What a host publishes, as operations on its rows. Pure. */

/** The operations that turn the published versions of a host into what they should be; none when they already are. */
export function versionOperations(
  host: HostRow,
  published: readonly VersionRow[],
  entries: readonly Entry[],
  views: ReadonlyMap<string, HostView | undefined>,
): Json[] {
  // Of two rows with one name the first counts; a second one can only be a mistake, and is deleted.
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
      operations.push({ op: 'update', table: 'Compat_Version', where: whereUuid(row.uuid), row: columns });
    }
  }
  const wanted = new Set(entries.map(entryKey));
  const isKept = (row: VersionRow) => wanted.has(entryKey(row)) && before.get(entryKey(row)) === row;
  const gone: Json[] = published.filter((row) => !isKept(row)).map((row) => ['uuid', row.uuid]);
  const mutations: Json[] = [];
  if (gone.length > 0) mutations.push(['versions', 'delete', ['set', gone]]);
  if (added.length > 0) mutations.push(['versions', 'insert', ['set', added]]);
  if (mutations.length > 0) operations.push({ op: 'mutate', table: 'Host', where: whereUuid(host.uuid), mutations });
  return operations;
}

/** The Host columns that say what the back-end can do and how that is known. `measuredAt`: milliseconds since 1970. */
export function backendColumns(view: HostView | undefined, measuredAt?: number): Columns {
  if (!view) return encodeHost({ backend: {}, knownBy: undefined, abilities: undefined });
  const { knownBy, abilities } = view;
  const date = measuredAt === undefined ? {} : { measured_at: new Date(measuredAt).toISOString() };
  return encodeHost({ backend: { name: backendName(abilities), ...date }, knownBy, abilities });
}

/** A name beside the masks: the releases that offer the same, such as `like Open vSwitch 2.15 to 3.7.1 (+tso)`. */
function backendName(abilities: Abilities): string {
  const releases = resembling(abilities);
  return releases.length === 0 ? 'unknown release' : `like ${releases.join('; ')}`;
}

function rowColumns(row: VersionRow): Columns {
  return { ...encodeVersion(entryOf(row), row.blockers, row.preference), usable: row.usable };
}

function sameColumns(a: Columns, b: Columns): boolean {
  return Object.keys(a).every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
}
