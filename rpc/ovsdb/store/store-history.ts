import type Sqlite from 'better-sqlite3';
import type { Json } from '../../json/json-value.ts';
import { parseJson64 } from '../../json/parse64.ts';
import { stringifyJson } from '../../json/stringify.ts';
import { type HistoryWrites, type StoredTransaction, undoToJson } from '../monitor/undo.ts';
import type { RunStatement } from './sqlite-table.ts';

/**
 * The table `_history` of a SQLite file: the last transactions, for monitors after a restart. A row has the transactions of one
 * commit, under the sequence of the last one, because a row for each would cost more than its text. The first transaction
 * stands for the state before the others. The last one of a commit has the digest of all rows after it: with other rows, which
 * somebody has edited, none of it holds.
 */
export class HistoryTable {
  readonly #all: Sqlite.Statement;
  readonly #insert: Sqlite.Statement;
  readonly #delete: Sqlite.Statement;
  readonly #run: RunStatement;
  #state: State;
  /** Becomes the state when what was written is committed. */
  #next: State;

  constructor(db: Sqlite.Database, run: RunStatement) {
    db.exec('CREATE TABLE IF NOT EXISTS _history (sequence INTEGER PRIMARY KEY, transactions TEXT NOT NULL) STRICT');
    this.#run = run;
    this.#all = db.prepare('SELECT transactions FROM _history ORDER BY sequence').pluck();
    this.#insert = db.prepare('INSERT INTO _history (sequence, transactions) VALUES (?, ?)');
    this.#delete = db.prepare('DELETE FROM _history WHERE sequence < ?');
    const count = Number(db.prepare('SELECT count(*) FROM _history').pluck().get());
    this.#state = this.#next = { empty: count === 0, edited: false, oldest: 0 };
  }

  /** None, if the digest of the rows is not that of the last transaction. */
  load(digest: string): StoredTransaction[] {
    const texts = this.#all.all() as string[];
    const stored = texts.flatMap(
      (text) => (/\d{16}/.test(text) ? parseJson64(text) : JSON.parse(text)) as [string, number, Json, string?][],
    );
    const edited = stored.length > 0 && stored.at(-1)?.[3] !== digest;
    this.#state = { ...this.#state, edited };
    return edited ? [] : stored.map(([id, sequence, undo]) => ({ id, sequence, undo }));
  }

  /** Runs within the commit of the same transactions. `digest`: of the rows after them. */
  write({ entries, base }: HistoryWrites, digest: string): void {
    if (this.#state.edited) this.clear();
    const { empty, oldest } = this.#state.edited ? this.#next : this.#state;
    const stored = entries.filter((entry) => entry.stored);
    const transactions = stored.map(({ id, sequence, changes }): Json[] => [
      id,
      sequence,
      changes ? undoToJson(changes) : null,
    ]);
    transactions.at(-1)?.push(digest);
    if (empty) transactions.unshift([base.id, base.sequence, {}]);
    const last = stored.at(-1);
    if (last !== undefined) this.#run(this.#insert, [last.sequence, stringifyJson(transactions)]);
    if (base.sequence > oldest) this.#run(this.#delete, [base.sequence]);
    this.#next = { empty: false, edited: false, oldest: base.sequence };
  }

  /** Deletes everything, within a commit that replaces the rows. */
  clear(): void {
    this.#run(this.#delete, [Number.MAX_SAFE_INTEGER]);
    this.#next = { empty: true, edited: false, oldest: 0 };
  }

  /** What was written or cleared is on the disk. */
  committed(): void {
    this.#state = this.#next;
  }
}

interface State {
  readonly empty: boolean;
  /** The rows are others than those of the last transaction. */
  readonly edited: boolean;
  /** Transactions before this sequence are deleted. */
  readonly oldest: number;
}
