import Sqlite from 'better-sqlite3';
import type { Json } from '../../json/json-value.ts';
import { parseJson64 } from '../../json/parse64.ts';
import { stringifyJson } from '../../json/stringify.ts';
import type { Row, RowChange } from '../engine/table-rows.ts';
import type { StoredTransaction } from '../monitor/undo.ts';
import type { Datum } from '../notation/notation.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';
import { DatabaseSchema, type TableSchema } from '../notation/schema.ts';
import { RowsDigest } from './rows-digest.ts';
import { asStoreError, openSqliteFile, type SqliteFile } from './sqlite-file.ts';
import { APPLICATION_ID, LAYOUT_VERSION, quoted, sqliteNames } from './sqlite-layout.ts';
import { type RunStatement, SqliteTable } from './sqlite-table.ts';
import { type CommitBatch, type Store, StoreError } from './store.ts';
import { HistoryTable } from './store-history.ts';

export interface SqliteStoreOptions {
  /** A path, or `:memory:`. Created if it is missing. */
  readonly file: string;
  /** For a file that is created. */
  readonly schema: DatabaseSchema;
  /** Called before each writing statement; what it throws counts as the statement's failure. */
  readonly beforeStatement?: (sql: string) => void;
}

/** More than the transactions of a start. */
const PROOF_BYTES = 64 << 10;

/** `PRAGMA synchronous`: FULL waits for the disk at every commit, NORMAL leaves that to the kernel. */
type Synchronous = 'FULL' | 'NORMAL';

/**
 * Rows in a SQLite file: a table for each OVSDB table, a column for each one that is not ephemeral, with readable values
 * (sqlite-columns.ts), and `_meta` with the schema. Each batch is one SQLite transaction in WAL mode, with `synchronous = FULL`
 * if one of its transactions requested durability.
 */
export class SqliteStore implements Store {
  readonly #db: Sqlite.Database;
  readonly #opened: SqliteFile;
  readonly #file: string;
  readonly #run: RunStatement;
  readonly #begin: Sqlite.Statement;
  readonly #commit: Sqlite.Statement;
  readonly #rollback: Sqlite.Statement;
  readonly #dataVersion: Sqlite.Statement;
  #schema: DatabaseSchema;
  #tables: ReadonlyMap<string, SqliteTable>;
  #synchronous: Synchronous = 'FULL';
  /** Undefined in memory, where it would not survive a restart. */
  readonly #history: HistoryTable | undefined;
  /** That of the rows that were read, and of what was committed since. */
  #digest = new RowsDigest();
  /** Changes when another connection has written. */
  #seenVersion: unknown;

  /** @throws StoreError */
  static open(options: SqliteStoreOptions): SqliteStore {
    const opened = openSqliteFile(options.file);
    try {
      return new SqliteStore(opened, options);
    } catch (cause) {
      opened.close();
      throw asStoreError(cause, options.file);
    }
  }

  private constructor(opened: SqliteFile, options: SqliteStoreOptions) {
    const { db } = opened;
    this.#db = db;
    this.#opened = opened;
    this.#file = options.file;
    this.#run = (statement, values) => {
      options.beforeStatement?.(statement.source);
      statement.run(values);
    };
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
    this.#dataVersion = db.prepare('PRAGMA data_version').pluck();
    this.#schema = readStoredSchema(db, this.#file) ?? this.#create(options.schema);
    this.#tables = prepareTables(db, this.#schema, this.#file, this.#run);
    if (options.file !== ':memory:') this.#history = new HistoryTable(db, this.#run);
    this.#seenVersion = this.#dataVersion.get();
  }

  get schema(): DatabaseSchema {
    return this.#schema;
  }

  #create(schema: DatabaseSchema): DatabaseSchema {
    this.#begin.run();
    try {
      this.#createTables(schema);
      this.#commit.run();
      return schema;
    } catch (error) {
      if (this.#db.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  #createTables(schema: DatabaseSchema): void {
    this.#db.pragma(`application_id = ${APPLICATION_ID}`);
    this.#db.pragma(`user_version = ${LAYOUT_VERSION}`);
    this.#db.exec('CREATE TABLE IF NOT EXISTS _meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID');
    const put = this.#db.prepare('INSERT OR REPLACE INTO _meta (key, value) VALUES (?, ?)');
    put.run('name', schema.name);
    put.run('version', schema.version);
    put.run('schema', stringifyJson(schema.toJson() as Json));
    for (const [table, name] of namedTables(schema)) this.#db.exec(SqliteTable.definition(table, name));
  }

  *load(table: TableSchema): Generator<Datum[]> {
    const stored = this.#tables.get(table.name);
    for (const fields of stored?.load() ?? []) {
      this.#digest.add(table, fields);
      yield fields;
    }
  }

  loadHistory(): StoredTransaction[] {
    return this.#history?.load(this.#digest.text) ?? [];
  }

  commit({ transactions, durable, history }: CommitBatch): void {
    const concerns = (change: RowChange): boolean => this.#tableOf(change.row).concerns(change);
    if (!transactions.some((changes) => changes.some(concerns))) return; // ephemeral columns only
    this.#setSynchronous(durable ? 'FULL' : 'NORMAL');
    const digest = this.#history === undefined ? this.#digest : this.#digest.after(transactions);
    this.#transaction(() => {
      for (const changes of transactions) for (const change of changes) this.#tableOf(change.row).write(change);
      this.#history?.write(history, digest.text);
    });
    this.#history?.committed();
    this.#digest = digest;
  }

  #tableOf({ table }: Row): SqliteTable {
    const stored = this.#tables.get(table.schema.name);
    if (stored === undefined) throw new Error(`no table ${table.schema.name} in ${this.#file}`);
    return stored;
  }

  convert(schema: DatabaseSchema, rows: Iterable<Row>): void {
    this.#setSynchronous('FULL');
    const digest = new RowsDigest();
    this.#tables = this.#transaction(() => {
      for (const [, name] of namedTables(this.#schema)) this.#db.exec(`DROP TABLE ${quoted(name)}`);
      this.#createTables(schema);
      this.#history?.clear();
      const tables = prepareTables(this.#db, schema, this.#file, this.#run);
      for (const { table, fields } of rows) {
        tables.get(table.schema.name)?.insert(fields);
        digest.add(table.schema, fields);
      }
      return tables;
    });
    this.#history?.committed();
    this.#digest = digest;
    this.#schema = schema;
  }

  /**
   * Writes something and takes it back, each on the disk: a file that could be opened may have no room for a transaction.
   * @throws OvsdbError ioError
   */
  prove(): void {
    this.#setSynchronous('FULL');
    const put = this.#db.prepare("INSERT OR REPLACE INTO _meta (key, value) VALUES ('proof', ?)");
    this.#transaction(() => this.#run(put, ['x'.repeat(PROOF_BYTES)]));
    this.#transaction(() => this.#run(this.#db.prepare("DELETE FROM _meta WHERE key = 'proof'"), []));
  }

  /** Runs `write` in one SQLite transaction. @throws OvsdbError ioError */
  #transaction<T>(write: () => T): T {
    try {
      this.#run(this.#begin, []);
      this.#checkUntouched();
      const result = write();
      this.#run(this.#commit, []);
      return result;
    } catch (cause) {
      if (this.#db.inTransaction) this.#rollback.run();
      if (!(cause instanceof Sqlite.SqliteError)) throw cause;
      throw new OvsdbError('ioError', `cannot write to ${this.#file}: ${cause.message} (${cause.code})`, { cause });
    }
  }

  /** Sets the pragma only when it changes, because SQLite compiles it each time. */
  #setSynchronous(wanted: Synchronous): void {
    if (this.#synchronous === wanted) return;
    this.#db.pragma(`synchronous = ${wanted}`);
    this.#synchronous = wanted;
  }

  /** Rows are in memory, too: when another program has written the file, the two differ and neither can be trusted. */
  #checkUntouched(): void {
    if (this.#dataVersion.get() === this.#seenVersion) return;
    const text = `cannot write to ${this.#file}: another program changed it; restart to read it anew`;
    throw new OvsdbError('ioError', text);
  }

  /** The present value of a setting of SQLite, e.g. `synchronous`. */
  pragma(name: string): number | string {
    const value = this.#db.pragma(name, { simple: true });
    return typeof value === 'bigint' ? Number(value) : String(value);
  }

  close(): void {
    this.#opened.close();
  }
}

/** Undefined: nothing was written to the file yet. @throws StoreError */
export function readStoredSchema(db: Sqlite.Database, file: string): DatabaseSchema | undefined {
  const objects = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (Number(objects) === 0) return undefined;
  const text = db.prepare("SELECT value FROM _meta WHERE key = 'schema'").pluck().get();
  try {
    return DatabaseSchema.fromJson(parseJson64(String(text)));
  } catch (cause) {
    const why = `its schema cannot be read: ${(cause as Error).message}`;
    throw new StoreError('OVSDB-STORE-CORRUPT', `Cannot open database ${file}: ${why}`, { cause });
  }
}

/** All rows of a file, by table. @throws StoreError */
export function readStoredRows(db: Sqlite.Database, schema: DatabaseSchema, file: string): Map<string, Datum[][]> {
  const tables = prepareTables(db, schema, file, (statement, values) => statement.run(values));
  return new Map([...tables].map(([name, table]) => [name, [...table.load()]]));
}

function prepareTables(
  db: Sqlite.Database,
  schema: DatabaseSchema,
  file: string,
  run: RunStatement,
): Map<string, SqliteTable> {
  return new Map(namedTables(schema).map(([table, name]) => [table.name, new SqliteTable(db, table, name, file, run)]));
}

function namedTables(schema: DatabaseSchema): [TableSchema, string][] {
  const names = sqliteNames([...schema.tables.keys()]);
  return [...schema.tables.values()].map((table) => [table, names.get(table.name) ?? table.name]);
}
