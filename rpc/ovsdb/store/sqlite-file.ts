import { closeSync, openSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { APPLICATION_ID, LAYOUT_VERSION } from './sqlite-layout.ts';
import { StoreError } from './store.ts';

/** Owner and group may read the file, the owner may write it: it holds no secrets, but concerns nobody else. */
const FILE_MODE = 0o640;

/** Wait for an operator's sqlite3 that locks the file. Short, because the whole process waits. */
const BUSY_TIMEOUT_MS = 200;

/** Pages (of 4 KiB) in the write-ahead log before it is copied into the file; SQLite's 1000 copies four times as often. */
const CHECKPOINT_PAGES = 4000;

/** Page cache in KiB. Rows with random UUIDs are written all over their table, so pages should stay in memory. */
const CACHE_KIB = 32 << 10;

const IN_MEMORY = ':memory:';

/** An open file and, unless it is in memory, its lock. */
export interface SqliteFile {
  readonly db: Sqlite.Database;
  close(): void;
}

/** Opens or creates a file; a damaged or foreign one is refused before anything is written to it. @throws StoreError */
export function openSqliteFile(file: string): SqliteFile {
  const lock = file === IN_MEMORY ? undefined : takeLock(file);
  let db: Sqlite.Database | undefined;
  try {
    if (file !== IN_MEMORY) {
      create(file);
      if (statSync(file).size > 0) inspect(file);
    }
    db = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
    db.defaultSafeIntegers(true); // 64 bits, or 9007199254740993 would come back as another number
    db.pragma('journal_mode = WAL');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma('synchronous = FULL'); // NORMAL, the default with WAL, may lose the last commits when the power fails
    const opened = db;
    return {
      db,
      close: () => {
        opened.close();
        lock?.close();
      },
    };
  } catch (cause) {
    db?.close();
    lock?.close();
    throw asStoreError(cause, file);
  }
}

/** Turns SQLite's errors about a file as a whole into a StoreError; others are returned as they are. */
export function asStoreError(cause: unknown, file: string): unknown {
  if (!(cause instanceof Sqlite.SqliteError)) return cause;
  const damaged = cause.code.startsWith('SQLITE_CORRUPT') || cause.code === 'SQLITE_NOTADB';
  const text = `Cannot open database ${file}: ${damaged ? 'it is damaged: ' : ''}${cause.message} (${cause.code})`;
  return new StoreError(damaged ? 'OVSDB-STORE-CORRUPT' : 'OVSDB-STORE-UNREADABLE', text, { cause });
}

function create(file: string): void {
  try {
    // to open a pipe would wait for somebody at its other end
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is no regular file');
    closeSync(openSync(file, 'a', FILE_MODE));
  } catch (cause) {
    const text = `Cannot open database ${file}: ${(cause as Error).message}`;
    throw new StoreError('OVSDB-STORE-UNREADABLE', text, { cause });
  }
}

/** Checks the file through a read-only connection, which cannot even finish what an earlier process left in the log. */
function inspect(file: string): void {
  const db = new Sqlite(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    inspectSqlite(db, file);
  } finally {
    db.close();
  }
}

/** Refuses what is not ours, or damaged. `file`: for messages. @throws StoreError */
export function inspectSqlite(db: Sqlite.Database, file: string): void {
  if (Number(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()) === 0) return; // died before its first commit
  if (Number(db.pragma('application_id', { simple: true })) !== APPLICATION_ID) {
    const text = `Cannot open database ${file}: saw a SQLite file of another program; wanted an OVSDB database`;
    throw new StoreError('OVSDB-STORE-FOREIGN', text);
  }
  const layout = Number(db.pragma('user_version', { simple: true }));
  if (layout !== LAYOUT_VERSION) {
    const text = `Cannot open database ${file}: saw layout version ${layout}; wanted ${LAYOUT_VERSION}`;
    throw new StoreError('OVSDB-STORE-NEWER', text);
  }
  const damage = String(db.pragma('quick_check(1)', { simple: true }));
  if (damage === 'ok') return;
  throw new StoreError('OVSDB-STORE-CORRUPT', `Cannot open database ${file}: it is damaged: ${damage}`);
}

/**
 * Locks the file against a second server, by a lock file named like ovsdb-server's. The lock is SQLite's on an otherwise empty
 * file, so that the operating system releases it however this process ends.
 */
function takeLock(file: string): Sqlite.Database {
  const path = join(dirname(file), `.${basename(file)}.~lock~`);
  let lock: Sqlite.Database | undefined;
  try {
    lock = new Sqlite(path, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if (!(cause instanceof Sqlite.SqliteError) || !cause.code.startsWith('SQLITE_BUSY')) {
      const text = `Cannot open database ${file}: cannot lock it by ${path}: ${(cause as Error).message}`;
      throw new StoreError('OVSDB-STORE-UNREADABLE', text, { cause });
    }
    const text = `Cannot open database ${file}: another process has it open (lock ${path})`;
    throw new StoreError('OVSDB-STORE-IN-USE', text, { cause });
  }
}
