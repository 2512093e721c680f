import type { Datum } from '../notation/notation.ts';
import type { Row, RowChange, TableRows, Tables } from './table-rows.ts';

/** A transaction as the checks at commit see it: what it touched, and the means to touch more. */
export interface ChangeSet {
  readonly tables: Tables;
  /** In the order of the first touch; grows while references are followed. */
  readonly changes: ReadonlySet<RowChange>;
  /** Once determined: the rows that really differ. */
  readonly effective: readonly RowChange[];
  /** Makes the row part of the transaction. */
  touch(row: Row): RowChange;
  /** The fields of a row, to be changed. */
  modify(row: Row): Datum[];
  /** Notes that a row is gone. */
  drop(change: RowChange): void;
  /** What became of a row that the transaction deleted. */
  deletedChange(table: TableRows, uuid: string): RowChange | undefined;
}
