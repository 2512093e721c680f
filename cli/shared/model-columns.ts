import { type Column, cellOf, columnValue, type TableModel } from '../../rpc/state/model/column.ts';
import type { Cell } from './formats.ts';

/** A column of a command's table: its heading and what it shows of a row. */
export type ShownColumns<T> = Readonly<Record<string, (row: T) => Cell>>;

/** The columns of the database that tables show as they are: a new one with a heading needs no word here. */
export function shownColumns(model: TableModel): ShownColumns<object> {
  return Object.fromEntries(
    Object.values(model).flatMap((column) =>
      column.heading === undefined ? [] : [[column.heading, (row: object) => cellOfRow(column, row)]],
    ),
  );
}

/** What stands beside the value in a text. */
export function labelOf({ heading, property }: Column): string {
  return (heading ?? property).replaceAll('_', ' ').replace(/\b(front|back)end\b/, '$1-end');
}

export function cellOfRow(column: Column, row: object): Cell {
  const value = columnValue(column, row);
  return typeof value === 'bigint' ? value : cellOf(column, row);
}
