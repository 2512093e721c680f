import { isId } from '../notation/ovsdb-text.ts';

/** Marks a file as ours for file(1) and for `PRAGMA application_id`: "OVSD". */
export const APPLICATION_ID = 0x4f565344;

/** Version of the layout, in `PRAGMA user_version`. */
export const LAYOUT_VERSION = 1;

/** Names with a `$` are no OVSDB ids, so that they are free for what SQLite cannot have under its own name. */
const MARK = '$';

/**
 * The SQLite names of tables or columns, by their OVSDB names: the same, but SQLite takes `a` and `A` for one name and keeps
 * `sqlite_…` for itself, so that such names are followed by a mark, and those written like an earlier one by its number.
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
