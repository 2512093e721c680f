import type { Row, RowChange } from '../engine/table-rows.ts';
import type { HistoryWrites, StoredTransaction } from '../monitor/undo.ts';
import type { Datum } from '../notation/notation.ts';
import type { DatabaseSchema, TableSchema } from '../notation/schema.ts';

/** Transactions that are committed together. */
export interface CommitBatch {
  /** The changes of each transaction, in the order of the transactions. */
  readonly transactions: readonly (readonly RowChange[])[];
  /** Whether they must be on the disk before `commit` returns. Otherwise they survive the process, but not a power failure. */
  readonly durable: boolean;
  /** For monitors after a restart. */
  readonly history: HistoryWrites;
}

/** Durable storage of committed rows. */
export interface Store {
  /** The rows of a table with all columns; ephemeral ones have their defaults. */
  load(table: TableSchema): Iterable<Datum[]>;
  /**
   * The last transactions, oldest first; the first one stands for the state before the others. Call it when all tables were
   * loaded: there are none when somebody has edited the rows since the last one.
   */
  loadHistory(): StoredTransaction[];
  readonly schema: DatabaseSchema;
  /** Stores all of the transactions or none. @throws OvsdbError ioError; nothing is stored then */
  commit(batch: CommitBatch): void;
  /** Replaces schema and rows; on the disk when it returns. @throws OvsdbError ioError; nothing has changed then */
  convert(schema: DatabaseSchema, rows: Iterable<Row>): void;
  /** Makes sure that it takes transactions. @throws OvsdbError ioError */
  prove(): void;
  close(): void;
}

export type StoreErrorCode =
  | 'OVSDB-STORE-UNREADABLE'
  | 'OVSDB-STORE-FOREIGN'
  | 'OVSDB-STORE-NEWER'
  | 'OVSDB-STORE-INCOMPATIBLE'
  | 'OVSDB-STORE-IN-USE'
  | 'OVSDB-STORE-CORRUPT';

/** A database file that cannot be opened. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
