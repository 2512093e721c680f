import { isId } from '../notation/ovsdb-text.ts';

/** Marks a file as ours for file(1) and for `PRAGMA application_id`: "OVSD". */
export const APPLICATION_ID = 0x4f565344;

/** Version of the layout, in `PRAGMA user_version`. */
export const LAYOUT_VERSION = 1;

/** OVSDB ids have no `$`, so that it marks names that SQLite cannot have as they are. */
const MARK = '$';

/**
 * The SQLite names of tables or columns, by their OVSDB names: the same, but `sqlite_…`, which SQLite reserves, follows a mark,
 * and a name that differs from earlier ones in case only, which SQLite does not tell apart, gets a mark and a number.
 */
export function sqliteNames(names: readonly string[]): Map<string, string> {
  const counts = new Map<string, number>();
  const result = new Map<string, string>();
  for (const name of names) {
    if (!isId(name)) throw new Error(`${name} is no id, though the schema was checked`);
    const folded = name.toLowerCase();
    const earlier = counts.get(folded) ?? 0;
    counts.set(folded, earlier + 1);
    const safe = folded.startsWith('sqlite_') ? `${MARK}${name}` : name;
    result.set(name, earlier === 0 ? safe : `${safe}${MARK}${earlier}`);
  }
  return result;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
