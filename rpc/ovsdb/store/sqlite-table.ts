import type Sqlite from 'better-sqlite3';
import type { RowChange } from '../engine/table-rows.ts';
import type { Datum } from '../notation/notation.ts';
import { type ColumnSchema, type TableSchema, UUID_INDEX } from '../notation/schema.ts';
import { type ColumnCodec, columnCodec, type SqliteValue } from './sqlite-columns.ts';
import { quoted, sqliteNames } from './sqlite-layout.ts';
import { StoreError } from './store.ts';

/** Prepared statements for sets of changed columns; clients use a handful. */
const KEPT_UPDATES = 64;

interface StoredColumn extends ColumnCodec {
  readonly schema: ColumnSchema;
  /** Quoted for SQL. */
  readonly name: string;
}

/** Executes a writing statement. */
export type RunStatement = (statement: Sqlite.Statement, values: readonly unknown[]) => void;

interface PreparedUpdate {
  readonly statement: Sqlite.Statement;
  readonly columns: readonly StoredColumn[];
}

function storedColumns(table: TableSchema): StoredColumn[] {
  const kept = table.columnList.filter((column) => !column.ephemeral);
  const names = sqliteNames(kept.map(({ name }) => name));
  return kept.map((schema) => ({
    schema,
    name: quoted(names.get(schema.name) ?? schema.name),
    ...columnCodec(schema.type),
  }));
}

/** One OVSDB table in SQLite, with its prepared statements. */
export class SqliteTable {
  readonly schema: TableSchema;
  readonly #db: Sqlite.Database;
  readonly #file: string;
  readonly #name: string;
  readonly #run: RunStatement;
  readonly #columns: readonly StoredColumn[];
  readonly #insert: Sqlite.Statement;
  readonly #delete: Sqlite.Statement;
  /** Indexes of the columns that are not ephemeral. */
  readonly #stored: ReadonlySet<number>;
  readonly #updates = new Map<string, PreparedUpdate>();

  constructor(db: Sqlite.Database, schema: TableSchema, name: string, file: string, run: RunStatement) {
    this.#db = db;
    this.schema = schema;
    this.#file = file;
    this.#name = quoted(name);
    this.#run = run;
    this.#columns = storedColumns(schema);
    this.#stored = new Set(this.#columns.map((column) => column.schema.index));
    const names = this.#columns.map((column) => column.name).join(', ');
    const places = this.#columns.map(() => '?').join(', ');
    this.#insert = db.prepare(`INSERT INTO ${this.#name} (${names}) VALUES (${places})`);
    this.#delete = db.prepare(`DELETE FROM ${this.#name} WHERE _uuid = ?`);
  }

  /** The SQL that creates a table; `_uuid` is its key and its order, so that it is one tree. */
  static definition(schema: TableSchema, name: string): string {
    const columns = storedColumns(schema).map((column) => {
      const key = column.schema.index === UUID_INDEX ? ' PRIMARY KEY' : '';
      return `${column.name} ${column.sqlType}${key}${column.nullable ? '' : ' NOT NULL'}`;
    });
    return `CREATE TABLE ${quoted(name)} (\n  ${columns.join(',\n  ')}\n) STRICT, WITHOUT ROWID`;
  }

  /** @throws StoreError if a value does not fit the schema */
  *load(): Generator<Datum[]> {
    const names = this.#columns.map((column) => column.name).join(', ');
    const rows = this.#db.prepare(`SELECT ${names} FROM ${this.#name}`).raw().all() as SqliteValue[][];
    for (const values of rows) {
      const fields = this.schema.defaults();
      this.#columns.forEach((column, i) => {
        fields[column.schema.index] = this.#decode(column, values[i] ?? null, values[0]);
      });
      yield fields;
    }
  }

  #decode(column: StoredColumn, value: SqliteValue, uuid: unknown): Datum {
    try {
      return column.decode(value);
    } catch (cause) {
      // A column that a conversion added has its default in old rows, even if its type does not permit it.
      const unset = column.schema.default;
      if (String(value) === String(column.encode(unset))) return unset;
      const where = `table ${this.schema.name} row ${String(uuid)} column ${column.schema.name}`;
      const text = `Cannot read database ${this.#file}: ${where}: ${(cause as Error).message}`;
      throw new StoreError('OVSDB-STORE-CORRUPT', text, { cause });
    }
  }

  insert(fields: readonly Datum[]): void {
    this.#run(this.#insert, this.#encode(fields, this.#columns));
  }

  #encode(fields: readonly Datum[], columns: readonly StoredColumn[]): SqliteValue[] {
    return columns.map((column) => column.encode(fields[column.schema.index] as Datum));
  }

  /** Whether a change affects columns that are stored. */
  concerns({ before, after, columns }: RowChange): boolean {
    return before === undefined || after === undefined || columns.some((index) => this.#stored.has(index));
  }

  write(change: RowChange): void {
    const { row, before, after } = change;
    if (after === undefined) this.#run(this.#delete, [row.uuid]);
    else if (before === undefined) this.insert(after);
    else if (this.concerns(change)) {
      const { statement, columns } = this.#update(change.columns);
      const values = this.#encode(after, columns);
      values.push(row.uuid);
      this.#run(statement, values);
    }
  }

  #update(indexes: readonly number[]): PreparedUpdate {
    const key = indexes.join();
    let update = this.#updates.get(key);
    if (update === undefined) {
      const changed = this.#columns.filter((column) => indexes.includes(column.schema.index));
      const assignments = changed.map((column) => `${column.name} = ?`).join(', ');
      const statement = this.#db.prepare(`UPDATE ${this.#name} SET ${assignments} WHERE _uuid = ?`);
      update = { statement, columns: changed };
      if (this.#updates.size >= KEPT_UPDATES) this.#updates.clear();
      this.#updates.set(key, update);
    }
    return update;
  }
}
