import { ZERO_UUID } from '../notation/atoms.ts';
import { filterDatum } from '../notation/datum-algebra.ts';
import type { Datum } from '../notation/notation.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';
import type { ColumnSchema } from '../notation/schema.ts';
import {
  type ChangeSet,
  forEachReference,
  type Row,
  type RowChange,
  type TableRows,
  type Tables,
} from './table-rows.ts';

/**
 * Referential integrity at commit (RFC 7047, section 3.2, `refType`, and ovsdb(7), "Referential integrity"). Each row counts
 * the strong references to it; a row outside the root set lives while there is one from another row. Weak references vanish
 * with their target; each row knows its weak sources, so that only those are examined.
 */

function tableNamed(tables: Tables, name: string): TableRows {
  const table = tables.get(name);
  if (table === undefined) throw new Error(`no table ${name}, though the schema was checked`);
  return table;
}

/** Calls `found` for every strong reference from the row to another row; references to itself do not count. */
function forEachStrong(
  row: Row,
  fields: readonly Datum[],
  columns: readonly ColumnSchema[],
  found: (uuid: string, table: string, column: ColumnSchema) => void,
): void {
  for (const column of columns) {
    forEachReference(fields[column.index] as Datum, column, 'strong', (uuid, table) => {
      if (uuid !== row.uuid) found(uuid, table, column);
    });
  }
}

/** The change of the row behind a reference, deleted ones included; undefined if there never was one. */
function target(txn: ChangeSet, table: string, uuid: string): RowChange | undefined {
  const into = tableNamed(txn.tables, table);
  const row = into.rows.get(uuid);
  return row === undefined ? txn.deletedChange(into, uuid) : txn.touch(row);
}

/** @throws OvsdbError referential, if a reference leads nowhere or a deleted row is still referred to */
export function countStrongReferences(txn: ChangeSet): void {
  for (const change of txn.changes) {
    const { row, before, after, columns } = change;
    if (row.table.schema.strongColumns.length === 0) continue;
    const touched = row.table.schema.strongColumns.filter(({ index }) => columns.includes(index));
    if (before !== undefined) {
      forEachStrong(row, before, touched, (uuid, table) => {
        const to = target(txn, table, uuid);
        if (to !== undefined) to.strongCount--;
      });
    }
    if (after !== undefined) {
      forEachStrong(row, after, touched, (uuid, table, column) => {
        const to = target(txn, table, uuid);
        if (to === undefined) throw nowhere(row, column, uuid, table);
        to.strongCount++;
      });
    }
  }
  for (const { row, after, strongCount } of txn.changes) {
    if (after !== undefined || strongCount === 0) continue;
    const what = `cannot delete ${row.table.schema.name} row ${row.uuid}`;
    throw new OvsdbError('referential', `${what} because of ${strongCount} remaining reference(s)`);
  }
}

function nowhere(row: Row, column: ColumnSchema, uuid: string, table: string): OvsdbError {
  const from = `Table ${row.table.schema.name} column ${column.name} row ${row.uuid}`;
  return new OvsdbError('referential', `${from} references nonexistent row ${uuid} in table ${table}.`);
}

/** Deletes rows outside the root set that nobody refers to, and what they alone kept alive. */
export function collectGarbage(txn: ChangeSet): void {
  for (const change of txn.changes) sweep(txn, change);
}

/** Uses a list instead of recursion, because chains may be longer than the stack is deep. */
function sweep(txn: ChangeSet, first: RowChange): void {
  const doomed = [first];
  for (let change = doomed.pop(); change !== undefined; change = doomed.pop()) {
    const { row, after, strongCount } = change;
    const { schema, rows } = row.table;
    if (after === undefined || schema.isRoot || strongCount > 0) continue;
    rows.delete(row.uuid);
    txn.drop(change);
    forEachStrong(row, after, schema.strongColumns, (uuid, table) => {
      const to = target(txn, table, uuid);
      if (to !== undefined && --to.strongCount === 0) doomed.push(to);
    });
  }
}

/** Removes weak references to missing rows. @throws OvsdbError constraint, if that empties a column that must not be empty */
export function assessWeakReferences(txn: ChangeSet): void {
  for (const { row, before, after } of txn.changes) {
    if (before !== undefined && after === undefined) {
      for (const source of row.weakSources) if (source.table.rows.has(source.uuid)) txn.touch(source);
    }
  }
  for (const change of txn.changes) {
    if (change.after === undefined) continue;
    for (const column of change.row.table.schema.weakColumns) prune(txn, change, change.after, column);
  }
}

function prune(txn: ChangeSet, change: RowChange, fields: readonly Datum[], column: ColumnSchema): void {
  const { key, value, min } = column.type;
  const datum = fields[column.index] as Datum;
  const isLost = (uuid: unknown, { refType, refTable }: typeof key): boolean =>
    refType === 'weak' && refTable !== undefined && !tableNamed(txn.tables, refTable).rows.has(uuid as string);
  let lostZero = false;
  const kept = filterDatum(datum, (atom, i) => {
    const other = datum.values[i];
    const lostKey = isLost(atom, key);
    const lostValue = value !== undefined && isLost(other, value);
    if ((lostKey && atom === ZERO_UUID) || (lostValue && other === ZERO_UUID)) lostZero = true;
    return !lostKey && !lostValue;
  });
  if (kept === datum) return;
  txn.modify(change.row)[column.index] = kept;
  if (kept.keys.length >= min) return;
  throw emptied(change, column, datum.keys.length - kept.keys.length, lostZero);
}

function emptied({ row, before }: RowChange, column: ColumnSchema, lost: number, lostZero: boolean): OvsdbError {
  const where = `column "${column.name}" in "${row.table.schema.name}" row ${row.uuid}`;
  const inserted = before === undefined ? ' (inserted within this transaction)' : '';
  return new OvsdbError(
    'constraint',
    lostZero && before === undefined
      ? `Weak reference ${where}${inserted} contained all-zeros UUID (probably as the default value for this column) ` +
          'but deleting this value caused a constraint volation because this column is not allowed to be empty.'
      : `Deletion of ${lost} weak reference(s) to deleted (or never-existing) rows from ${where}${inserted} caused this ` +
          'column to become empty, but constraints on this column disallow an empty column.',
  );
}

type Linked = Pick<ChangeSet, 'tables'> & { readonly changes: Iterable<Pick<RowChange, 'row' | 'before' | 'after'>> };

/** Updates the weak sources of every target, after a commit. */
export function updateWeakSources({ tables, changes }: Linked): void {
  for (const { row, before, after } of changes) {
    if (before === after || row.table.schema.weakColumns.length === 0) continue;
    if (before !== undefined) forEachWeakTarget(tables, row, before, (to) => to.weakSources.delete(row));
    if (after !== undefined) forEachWeakTarget(tables, row, after, (to) => to.weakSources.add(row));
  }
}

function forEachWeakTarget(tables: Tables, row: Row, fields: readonly Datum[], found: (to: Row) => void): void {
  for (const column of row.table.schema.weakColumns) {
    forEachReference(fields[column.index] as Datum, column, 'weak', (uuid, table) => {
      const to = tableNamed(tables, table).rows.get(uuid);
      if (to !== undefined && to !== row) found(to);
    });
  }
}

/** Counts all references of rows that were just read from the disk. */
export function countAllReferences(tables: Tables): void {
  for (const { rows, schema } of tables.values()) {
    if (schema.strongColumns.length + schema.weakColumns.length === 0) continue;
    for (const row of rows.values()) {
      forEachStrong(row, row.fields, schema.strongColumns, (uuid, table) => {
        const to = tableNamed(tables, table).rows.get(uuid);
        if (to !== undefined) to.strongCount++;
      });
      forEachWeakTarget(tables, row, row.fields, (to) => to.weakSources.add(row));
    }
  }
}
