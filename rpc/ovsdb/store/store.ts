import type { Row, RowChange } from '../engine/table-rows.ts';
import type { HistoryWrites, StoredTransaction } from '../monitor/undo.ts';
import type { Datum } from '../notation/notation.ts';
import type { DatabaseSchema, TableSchema } from '../notation/schema.ts';

/** What is committed at once. */
export interface CommitBatch {
  /** The changes of each transaction, in the order of the transactions. */
  readonly transactions: readonly (readonly RowChange[])[];
  /** Whether they must be on the disk before `commit` returns. Otherwise they survive the process, but not the power. */
  readonly durable: boolean;
  /** What monitors may ask for after a restart. */
  readonly history: HistoryWrites;
}

/** Where committed rows live on. */
export interface Store {
  /** The rows of a table with all their columns; ephemeral ones have their defaults. */
  load(table: TableSchema): Iterable<Datum[]>;
  /** The last transactions, oldest first; the first one stands for the state before the others. */
  loadHistory(): StoredTransaction[];
  /** The schema of what is stored. */
  readonly schema: DatabaseSchema;
  /**
   * Stores some transactions, all of them or none.
   *
   * @throws OvsdbError ioError; nothing is stored then
   */
  commit(batch: CommitBatch): void;
  /**
   * Replaces schema and rows, all or nothing; on the disk when it returns.
   *
   * @throws OvsdbError ioError; everything is as before then
   */
  convert(schema: DatabaseSchema, rows: Iterable<Row>): void;
  close(): void;
}

export type StoreErrorCode =
  | 'OVSDB-STORE-UNREADABLE'
  | 'OVSDB-STORE-FOREIGN'
  | 'OVSDB-STORE-NEWER'
  | 'OVSDB-STORE-INCOMPATIBLE'
  | 'OVSDB-STORE-IN-USE'
  | 'OVSDB-STORE-CORRUPT';

/** A database file that cannot be opened. The message is for people. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
