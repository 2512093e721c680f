import { randomUUID } from 'node:crypto';
import type { Json } from '../json/json-value.ts';
import { committedChange, type DatabaseOptions, follows, type TransactionContext } from './database-options.ts';
import { execute } from './engine/execute.ts';
import { GroupCommit } from './engine/group-commit.ts';
import { enterRow } from './engine/indexes.ts';
import { Transaction } from './engine/ovsdb-transaction.ts';
import { countAllReferences } from './engine/references.ts';
import type { Result } from './engine/selected-rows.ts';
import { Row, type RowChange, type Tables } from './engine/table-rows.ts';
import { type PendingTransaction, type Run, Triggers } from './engine/triggers.ts';
import { WorkBudget } from './engine/work-budget.ts';
import { type HistoryLimits, MonitorHistory } from './monitor/monitor-history.ts';
import { type Monitor, MonitorHub, type MonitorRequest, type MonitorUpdate } from './monitor/monitor-hub.ts';
import { datumOf } from './notation/notation.ts';
import { OvsdbError } from './notation/ovsdb-error.ts';
import { DatabaseSchema, VERSION_INDEX } from './notation/schema.ts';
import { checkAdoptable, convertAtOpen, convertTables, emptyTables } from './store/schema-conversion.ts';
import { SnapshotStore } from './store/snapshot-store.ts';
import { type Store, StoreError } from './store/store.ts';
import { SqliteStore } from './store/store-sqlite.ts';

export type { CommittedChange, DatabaseOptions, TransactionContext } from './database-options.ts';
export type { PendingTransaction } from './engine/triggers.ts';

/** A database whose file cannot be written. */
export interface Snapshot {
  readonly database: Database;
  /** It holds what the file holds. */
  readonly isRead: boolean;
}

/**
 * An OVSDB database: the rows in memory, their store on the disk, the monitors, and the transactions that wait. A transaction
 * runs in ovsdb-server's order: operations, checks, disk, monitors, result.
 */
export class Database {
  #schema: DatabaseSchema;
  #tables: Tables;
  readonly #store: Store;
  readonly #historyLimits: HistoryLimits | undefined;
  #history: MonitorHistory;
  #monitors: MonitorHub;
  readonly #triggers = new Triggers(() => performance.now());
  readonly #commits = new GroupCommit({
    write: (transactions) => this.#write(transactions),
    committed: (txn) => this.#tell(txn),
    undone: (changes) => this.#wake(changes),
  });
  #open = true;
  #fixedSchema = false;
  #frozen: string | undefined;
  #committed: DatabaseOptions['committed'];
  #failed: DatabaseOptions['failed'];

  /** Opens the file, creates it, or converts one of an older schema version. @throws StoreError */
  static open(options: DatabaseOptions): Database {
    const store = options.store ?? SqliteStore.open(options);
    try {
      const database = new Database(store, options.history);
      if (!database.schema.equals(options.schema) && !follows(database.schema, options))
        convertAtOpen(database, options.schema, options.file);
      database.#fixedSchema = options.fixedSchema ?? false;
      database.#frozen = options.frozen;
      database.#committed = options.committed;
      database.#failed = options.failed;
      return database;
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /**
   * What a file holds, with the wanted schema, in memory: the file may be one that cannot be written. Empty when it is not
   * there or cannot be read, or when its schema lacks what the wanted one has.
   */
  static snapshot({ file, schema, ...options }: DatabaseOptions): Snapshot {
    try {
      const store = SnapshotStore.read(file);
      if (store) {
        const database = Database.open({ ...options, file, schema: store.schema, store });
        if (!store.schema.equals(schema)) {
          checkAdoptable(store.schema, schema, file);
          database.#convert(schema);
        }
        return { database, isRead: true };
      }
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof OvsdbError)) throw error;
    }
    const store = SnapshotStore.empty(schema);
    return { database: Database.open({ ...options, file, schema, store }), isRead: false };
  }

  /** Checks that `open` could use a file with the wanted schema, and writes nothing. @throws StoreError */
  static check({ file, schema }: DatabaseOptions): void {
    const store = SnapshotStore.read(file);
    if (store) Database.open({ file, schema, store }).close();
  }

  private constructor(store: Store, history: HistoryLimits | undefined) {
    this.#schema = store.schema;
    this.#store = store;
    this.#tables = emptyTables(store.schema);
    for (const table of this.#tables.values()) {
      for (const fields of store.load(table.schema)) {
        fields[VERSION_INDEX] = datumOf(randomUUID());
        const row = new Row(table, fields);
        table.rows.set(row.uuid, row);
        enterRow(row);
      }
    }
    countAllReferences(this.#tables);
    this.#historyLimits = history;
    this.#history = new MonitorHistory(store.loadHistory(), this.#tables, history);
    this.#monitors = new MonitorHub(this.#tables, this.#history);
  }

  get schema(): DatabaseSchema {
    return this.#schema;
  }

  /**
   * Runs one transaction (RFC 7047, section 4.1.3), which may have to wait. The client's errors are in the result; the promise
   * rejects only when the transaction is canceled or this program has a bug.
   */
  transact(operations: readonly Json[], context: TransactionContext = {}): PendingTransaction {
    if (!this.#open) throw new Error(`Cannot run a transaction: database ${this.schema.name} is closed`);
    return this.#triggers.start(operations, (run) => this.#attempt(operations, context, run));
  }

  #attempt(operations: readonly Json[], context: TransactionContext, run: Run): number | undefined {
    const txn = new Transaction(this.#tables, new WorkBudget(context.work, context.bytes), context.author);
    let results: Result[] = [];
    try {
      const outcome = execute(operations, txn, {
        elapsedMs: run.elapsedMs,
        holdsLock: context.holdsLock ?? (() => false),
        readOnly: this.#whyReadOnly(context),
      });
      if (outcome.state === 'waiting') {
        txn.rollback();
        return outcome.timeoutMs;
      }
      results = outcome.results;
      if (outcome.state === 'failed') txn.rollback();
      else {
        txn.prepare();
        txn.finish();
      }
    } catch (error) {
      txn.rollback();
      if (!(error instanceof OvsdbError)) throw error;
      results = [...results, error.toJSON()]; // an element more than there were operations
    }
    this.#commits.add({ txn, results, run });
    return undefined;
  }

  /** Commits at once what would be committed at the end of this turn of the event loop. */
  flush(): void {
    this.#commits.flush();
  }

  #write(transactions: readonly Transaction[]): void {
    const durable = transactions.some((txn) => txn.durable);
    const effective = transactions.map((txn) => txn.effective);
    const entries = this.#history.record(effective);
    try {
      this.#store.commit({ transactions: effective, durable, history: { entries, base: this.#history.base } });
    } catch (error) {
      if (error instanceof OvsdbError) this.#failed?.(error);
      throw error;
    }
    this.#history.append(entries);
  }

  #whyReadOnly({ readOnly, own }: TransactionContext): string | undefined {
    if (this.#frozen !== undefined && own !== true) return `now: ${this.#frozen}`;
    if (readOnly !== true) return undefined;
    const { name } = this.schema;
    return name.startsWith('_') ? `on table in reserved database ${name}` : 'when database server is in read only mode';
  }

  /** Monitors are told of a change when it is on the disk, and before its author has the result. */
  #tell({ effective: changes, author }: Transaction): void {
    if (changes.length === 0) return;
    if (author !== undefined) this.#committed?.(author, changes.map(committedChange));
    this.#monitors.tell(changes, this.#history.idOf(changes));
    this.#wake(changes);
  }

  #wake(changes: readonly RowChange[]): void {
    this.#triggers.committed(changes.map(({ row }) => row.table.schema.name));
  }

  /**
   * Adds a monitor of any kind (RFC 7047, section 4.1.5; ovsdb-server(7), sections 4.1.12 and 4.1.15). `send` is called when a
   * transaction is committed, before its result is given. @throws OvsdbError if the requests are wrong
   */
  watch(request: MonitorRequest, send: (update: MonitorUpdate) => void): Monitor {
    this.flush(); // the initial contents must be on the disk, and must not come again as an update
    const monitor = this.#monitors.add(request, send);
    return {
      ...monitor,
      change: (requests) => {
        this.flush();
        return monitor.change(requests);
      },
    };
  }

  /** A monitor with the method `update`, as JSON. @throws OvsdbError if the requests are wrong */
  monitor(requests: Json, send: (updates: Json) => void): { readonly initial: Json; cancel(): void } {
    const { initial, cancel } = this.watch({ kind: 'update', requests }, ({ json }) => send(json));
    return { initial: initial.json, cancel };
  }

  /**
   * Gives the database another schema, as ovsdb-server does: columns of the same name keep their values, if these fit the new
   * type; others are dropped or get defaults. All constraints are checked. Monitors end, and `converted` is to tell their owners;
   * then transactions that wait are canceled. @throws OvsdbError; nothing has changed then
   */
  convert(wanted: DatabaseSchema | Json, converted?: () => void): void {
    if (this.#fixedSchema) {
      const details = `convert operation not allowed on database ${this.schema.name}: the program that serves it needs its schema`;
      throw new OvsdbError('notAllowed', details);
    }
    this.#convert(wanted instanceof DatabaseSchema ? wanted : DatabaseSchema.fromJson(wanted), converted);
  }

  #convert(schema: DatabaseSchema, converted?: () => void): void {
    this.flush();
    if (schema.name !== this.schema.name) {
      const names = `new schema name (${schema.name}) does not match database name (${this.schema.name})`;
      throw new OvsdbError('invalidParameters', names);
    }
    const tables = convertTables(this.#tables, schema);
    const rows = [...tables.values()].flatMap((table) => [...table.rows.values()]);
    this.#store.convert(schema, rows);
    this.#schema = schema;
    this.#tables = tables;
    this.#monitors.clear();
    this.#history = new MonitorHistory([], tables, this.#historyLimits);
    this.#monitors = new MonitorHub(tables, this.#history);
    converted?.();
    this.#triggers.cancelAll();
  }

  /** Makes sure that the file takes transactions. @throws OvsdbError ioError */
  prove(): void {
    this.flush();
    this.#store.prove();
  }

  /** Commits what is pending, cancels what waits and closes the file. */
  close(): void {
    if (!this.#open) return;
    this.flush();
    this.#open = false;
    this.#triggers.cancelAll();
    this.#monitors.clear();
    this.#store.close();
  }
}
