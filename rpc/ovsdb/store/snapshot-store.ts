import Sqlite from 'better-sqlite3';
import type { StoredTransaction } from '../monitor/undo.ts';
import type { Datum } from '../notation/notation.ts';
import type { DatabaseSchema, TableSchema } from '../notation/schema.ts';
import { asStoreError, inspectSqlite } from './sqlite-file.ts';
import { readSqliteImage } from './sqlite-image.ts';
import type { Store } from './store.ts';
import { readStoredRows, readStoredSchema } from './store-sqlite.ts';

/** The rows of a file as they were once, or none. What is committed stays in memory: the file is never written. */
export class SnapshotStore implements Store {
  readonly schema: DatabaseSchema;
  readonly #rows: ReadonlyMap<string, Datum[][]>;

  private constructor(schema: DatabaseSchema, rows: ReadonlyMap<string, Datum[][]>) {
    this.schema = schema;
    this.#rows = rows;
  }

  static empty(schema: DatabaseSchema): SnapshotStore {
    return new SnapshotStore(schema, new Map());
  }

  /** Reads a file, and makes none beside it. Undefined: it is not there, or nothing was ever written to it. @throws StoreError */
  static read(file: string): SnapshotStore | undefined {
    const image = readSqliteImage(file);
    if (image.length === 0) return undefined;
    let db: Sqlite.Database | undefined;
    try {
      db = new Sqlite(image);
      db.defaultSafeIntegers(true);
      inspectSqlite(db, file);
      const schema = readStoredSchema(db, file);
      return schema && new SnapshotStore(schema, readStoredRows(db, schema, file));
    } catch (cause) {
      throw asStoreError(cause, file);
    } finally {
      db?.close();
    }
  }

  load(table: TableSchema): Iterable<Datum[]> {
    return this.#rows.get(table.name) ?? [];
  }

  loadHistory(): StoredTransaction[] {
    return [];
  }

  commit(): void {}

  convert(): void {}

  prove(): void {}

  close(): void {}
}
