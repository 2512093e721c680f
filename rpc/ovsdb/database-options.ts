import type { RowChange } from './engine/table-rows.ts';
import type { HistoryLimits } from './monitor/monitor-history.ts';
import type { OvsdbError } from './notation/ovsdb-error.ts';
import type { DatabaseSchema } from './notation/schema.ts';
import { isNewer } from './store/schema-conversion.ts';
import type { Store } from './store/store.ts';

/** What a transaction must know of the session that requests it. */
export interface TransactionContext {
  /** Whether the session holds a lock now, for `assert`. */
  readonly holdsLock?: (lock: string) => boolean;
  /** Operations that can change something are answered with `not allowed`. */
  readonly readOnly?: boolean;
  /** The session is of the program that serves the database: it may write also where `frozen` keeps others from that. */
  readonly own?: boolean;
  /** What it may cost, in the unit of `WorkBudget`. Default: without limit. */
  readonly work?: number;
  /** The length of its request, which pays for some of the work. Default: 0. */
  readonly bytes?: number;
  /** Who requests it, in words, for `DatabaseOptions.committed`. */
  readonly author?: string | undefined;
}

/** A row that a transaction has changed. */
export interface CommittedChange {
  readonly table: string;
  readonly uuid: string;
  readonly kind: 'insert' | 'modify' | 'delete';
  /** The columns that differ; all of them for an insert or a delete. */
  readonly columns: readonly string[];
}

export interface DatabaseOptions {
  /** A path, or `:memory:`. */
  readonly file: string;
  readonly schema: DatabaseSchema;
  /** Default: a SQLite file. */
  readonly store?: Store;
  /** How much is kept for `monitor_cond_since`. */
  readonly history?: HistoryLimits;
  /** Another schema in the file is not an error: it is followed, unless the wanted one is newer. */
  readonly follow?: boolean;
  /** Clients may not give it another schema: who serves it reads and writes the columns of this one. */
  readonly fixedSchema?: boolean;
  /** Why clients may write nothing; the program that serves the database may. Default: they may. */
  readonly frozen?: string;
  /** Told when the store does not take a commit; the clients have the error in their results. */
  readonly failed?: (error: OvsdbError) => void;
  /** Told of what a transaction with an author has changed, before the monitors are. */
  readonly committed?: (author: string, changes: readonly CommittedChange[]) => void;
}

export function committedChange({ row, before, after, columns }: RowChange): CommittedChange {
  const { name: table, columnList } = row.table.schema;
  const kind = before === undefined ? 'insert' : after === undefined ? 'delete' : 'modify';
  return { table, uuid: row.uuid, kind, columns: columns.map((index) => columnList[index]?.name ?? '') };
}

/** Whether a file with another schema than the wanted one is served with its own. */
export function follows(stored: DatabaseSchema, { schema, follow }: DatabaseOptions): boolean {
  return follow === true && stored.name === schema.name && !isNewer(schema, stored);
}
