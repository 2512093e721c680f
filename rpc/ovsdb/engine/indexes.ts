import { compareDatum, equalDatum } from '../notation/datum-algebra.ts';
import { type Datum, datumToText } from '../notation/notation.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';
import { englishList } from '../notation/ovsdb-text.ts';
import type { ColumnSchema } from '../notation/schema.ts';
import { type ChangeSet, columnsKey, type Row, type RowChange, type TableRows } from './table-rows.ts';

/**
 * Unique indexes (RFC 7047, section 3.2, `indexes`). They are checked at commit only, so that a transaction may swap the values
 * of two rows; `TableRows.indexes` holds the committed rows and is updated after the commit.
 */

/** @throws OvsdbError constraint, if two rows would have the same values */
export function checkIndexes({ changes }: ChangeSet): void {
  const claimed = new Map<Map<string, Row>, Map<string, Row>>();
  for (const { row, before, after } of changes) {
    if (after === undefined || before === after) continue;
    row.table.schema.indexes.forEach((columns, i) => {
      const committed = row.table.indexes[i] as Map<string, Row>;
      const key = columnsKey(after, columns);
      const mine = claimed.get(committed) ?? new Map<string, Row>();
      claimed.set(committed, mine);
      const other = mine.get(key) ?? stillThere(committed.get(key), key, columns);
      if (other !== undefined && other !== row) throw duplicate(columns, row, other);
      mine.set(key, row);
    });
  }
}

/** The committed row, if this transaction neither deletes it nor changes its values in the index. */
function stillThere(row: Row | undefined, key: string, columns: readonly ColumnSchema[]): Row | undefined {
  if (row?.change === undefined) return row;
  const { after } = row.change;
  return after !== undefined && columnsKey(after, columns) === key ? row : undefined;
}

/** As later releases of ovsdb-server do, the first row is the one that comes last in the order of all values but UUIDs. */
function duplicate(columns: readonly ColumnSchema[], a: Row, b: Row): OvsdbError {
  const names = `column${columns.length > 1 ? 's' : ''} ${englishList(columns.map(({ name }) => `"${name}"`))}`;
  const [first, second] = compareRows(a, b) < 0 ? [b, a] : [a, b];
  return new OvsdbError(
    'constraint',
    `Transaction causes multiple rows in "${a.table.schema.name}" table to have identical values ` +
      `(${valuesText(a.fields, columns)}) for index on ${names}.  ` +
      `First row, with UUID ${first.uuid}, ${origin(first, columns)}  ` +
      `Second row, with UUID ${second.uuid}, ${origin(second, columns)}`,
  );
}

/** UUIDs are random, so they do not count. */
function compareRows(a: Row, b: Row): number {
  for (const { index, type } of a.table.schema.columnList) {
    if (type.key.type === 'uuid' || type.value?.type === 'uuid') continue;
    const order = compareDatum(a.fields[index] as Datum, b.fields[index] as Datum, type);
    if (order !== 0) return order;
  }
  return 0;
}

function valuesText(fields: readonly Datum[], columns: readonly ColumnSchema[]): string {
  return englishList(columns.map(({ index, type }) => datumToText(fields[index] as Datum, type)));
}

function origin({ change }: Row, columns: readonly ColumnSchema[]): string {
  if (change === undefined || change.before === change.after) {
    return 'existed in the database before this transaction and was not modified by the transaction.';
  }
  const { before, after } = change;
  if (before === undefined) return 'was inserted by this transaction.';
  const same = columns.every(({ index }) => equalDatum(before[index] as Datum, after?.[index] as Datum));
  return same
    ? "existed in the database before this transaction, which modified some of the row's columns but not any columns in this index."
    : `had the following index values before the transaction: ${valuesText(before, columns)}.`;
}

type Moved = Pick<RowChange, 'row' | 'before' | 'after'>;

/** Updates the indexes after a commit: all old entries go first, because rows may have swapped their values. */
export function updateIndexes({ effective }: { readonly effective: readonly Moved[] }): void {
  for (const { row, before } of effective) if (before !== undefined) forEachKey(row.table, before, remove);
  for (const { row, after } of effective) if (after !== undefined) enterFields(row, after);
  for (const { row, before, after } of effective) row.table.lookups.update(row, before, after);
}

/** Enters a row that was just read from the disk. */
export function enterRow(row: Row): void {
  enterFields(row, row.fields);
}

function enterFields(row: Row, fields: readonly Datum[]): void {
  forEachKey(row.table, fields, (index, key) => index.set(key, row));
}

const remove = (index: Map<string, Row>, key: string): boolean => index.delete(key);

function forEachKey(
  { schema, indexes }: TableRows,
  fields: readonly Datum[],
  found: (index: Map<string, Row>, key: string) => void,
): void {
  indexes.forEach((index, i) => {
    found(index, columnsKey(fields, schema.indexes[i] as readonly ColumnSchema[]));
  });
}
