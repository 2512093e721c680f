import type { Atom } from '../notation/atoms.ts';
import type { Datum } from '../notation/notation.ts';

interface Fielded {
  readonly fields: readonly Datum[];
}

/**
 * Rows by the value of a scalar column, for conditions on columns without an index in the schema. A lookup is made when a
 * table was searched for a column's value a few times, and updated from then on.
 */
export class Lookups<R extends Fielded> {
  readonly #searches = new Map<number, number>();
  readonly #byColumn = new Map<number, Map<Atom, Set<R>>>();

  /** The rows with this value as of the last commit; undefined: search the table. `quiet`: no row has changed since then. */
  find(rows: ReadonlyMap<string, R>, column: number, value: Atom, quiet: boolean): ReadonlySet<R> | undefined {
    const lookup = this.#byColumn.get(column) ?? (quiet ? this.#make(rows, column) : undefined);
    return lookup === undefined ? undefined : (lookup.get(value) ?? NOTHING);
  }

  #make(rows: ReadonlyMap<string, R>, column: number): Map<Atom, Set<R>> | undefined {
    if (rows.size < WORTHWHILE_ROWS || this.#byColumn.size >= MOST) return undefined;
    const searches = (this.#searches.get(column) ?? 0) + 1;
    this.#searches.set(column, searches);
    if (searches < WORTHWHILE_SEARCHES) return undefined;
    const lookup = new Map<Atom, Set<R>>();
    this.#byColumn.set(column, lookup);
    for (const row of rows.values()) add(lookup, row.fields[column]?.keys[0], row);
    return lookup;
  }

  /** After a commit. */
  update(row: R, before: readonly Datum[] | undefined, after: readonly Datum[] | undefined): void {
    for (const [column, lookup] of this.#byColumn) {
      const [old, now] = [before?.[column]?.keys[0], after?.[column]?.keys[0]];
      if (old === now) continue;
      const former = old === undefined ? undefined : lookup.get(old);
      if (former?.delete(row) && former.size === 0 && old !== undefined) lookup.delete(old);
      add(lookup, now, row);
    }
  }
}

/** A small table is searched as fast as looked up. */
const WORTHWHILE_ROWS = 100;
const WORTHWHILE_SEARCHES = 3;

/** Each takes some hundred bytes per row, and time at every change. */
const MOST = 4;

const NOTHING: ReadonlySet<never> = new Set();

function add<R>(lookup: Map<Atom, Set<R>>, value: Atom | undefined, row: R): void {
  if (value === undefined) return;
  const rows = lookup.get(value);
  if (rows === undefined) lookup.set(value, new Set([row]));
  else rows.add(row);
}
