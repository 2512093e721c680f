import { type Column, cellOf, columnValue, type TableModel } from '../../rpc/state/model/column.ts';
import { UsageError } from './command-errors.ts';
import type { Cell, Table } from './formats.ts';

/** The columns of a command's table: the heading of each and what it shows of a row. */
export type ShownColumns<T> = Readonly<Record<string, (row: T) => Cell>>;

/** The columns of the database that tables show as they are: a new one with a heading needs no word here. */
export function shownColumns(model: TableModel): ShownColumns<object> {
  return Object.fromEntries(
    Object.values(model).flatMap((column) =>
      column.heading === undefined ? [] : [[column.heading, (row: object) => cellOfRow(column, row)]],
    ),
  );
}

/** The table of some rows; `narrow` are the columns that fit a terminal. */
export function tableOf<T>(columns: ShownColumns<T>, rows: readonly T[], narrow?: readonly string[]): Table {
  const cells = Object.values(columns);
  return { headings: Object.keys(columns), narrow, rows: rows.map((row) => cells.map((cell) => cell(row))) };
}

/** What stands beside the value in a text. */
export function labelOf({ heading, property }: Column): string {
  return (heading ?? property).replaceAll('_', ' ').replace(/\b(front|back)end\b/, '$1-end');
}

export function cellOfRow(column: Column, row: object): Cell {
  const value = columnValue(column, row);
  return typeof value === 'bigint' ? value : cellOf(column, row);
}

/**
 * The columns asked for, in that order. Case does not matter, and `-` is as good as `_`, as in ovs-vsctl. Throws
 * UsageError.
 */
export function pickColumns({ headings, titles, rows }: Table, names: readonly string[]): Table {
  const indexes = names.map((name) => columnIndex(headings, name));
  const pick = <T>(row: readonly T[]) => indexes.map((index) => row[index] as T);
  return { headings: pick(headings), titles: titles && pick(titles), rows: rows.map(pick) };
}

/** Where a column stands. Throws UsageError when there is none of the name. */
export function columnIndex(headings: readonly string[], name: string): number {
  const index = headings.map(plain).indexOf(plain(name));
  if (index >= 0) return index;
  throw new UsageError(`Cannot show column "${name}": saw no such column; wanted ${headings.join(', ')}`);
}

function plain(name: string): string {
  return name.trim().toLowerCase().replaceAll('-', '_');
}

/** Refuses a --columns that cannot be shown, before the command has done what cannot be undone. Throws UsageError. */
export function checkColumns(headings: readonly string[], columns: readonly string[] = []): void {
  for (const name of columns) columnIndex(headings, name);
}
