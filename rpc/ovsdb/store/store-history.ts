import type Sqlite from 'better-sqlite3';
import type { Json } from '../../json/json-value.ts';
import { parseJson64 } from '../../json/parse64.ts';
import { stringifyJson } from '../../json/stringify.ts';
import { type HistoryWrites, type StoredTransaction, undoToJson } from '../monitor/undo.ts';
import type { RunStatement } from './sqlite-table.ts';

/**
 * The table `_history` of a SQLite file: the last transactions, for monitors after a restart. A row has the transactions of one
 * commit, under the sequence of the last one, because a row for each would cost more than its text. The first transaction
 * stands for the state before the others. To edit other tables by hand, empty this one.
 */
export class HistoryTable {
  readonly #all: Sqlite.Statement;
  readonly #insert: Sqlite.Statement;
  readonly #delete: Sqlite.Statement;
  readonly #run: RunStatement;
  #empty: boolean;
  /** Transactions before this sequence are deleted. */
  #oldest = 0;

  constructor(db: Sqlite.Database, run: RunStatement) {
    db.exec('CREATE TABLE IF NOT EXISTS _history (sequence INTEGER PRIMARY KEY, transactions TEXT NOT NULL) STRICT');
    this.#run = run;
    this.#all = db.prepare('SELECT transactions FROM _history ORDER BY sequence').pluck();
    this.#insert = db.prepare('INSERT INTO _history (sequence, transactions) VALUES (?, ?)');
    this.#delete = db.prepare('DELETE FROM _history WHERE sequence < ?');
    this.#empty = Number(db.prepare('SELECT count(*) FROM _history').pluck().get()) === 0;
  }

  load(): StoredTransaction[] {
    const texts = this.#all.all() as string[];
    return texts
      .flatMap((text) => (/\d{16}/.test(text) ? parseJson64(text) : JSON.parse(text)) as [string, number, Json][])
      .map(([id, sequence, undo]) => ({ id, sequence, undo }));
  }

  /** Runs within the commit of the same transactions. */
  write({ entries, base }: HistoryWrites): void {
    const stored = entries.filter((entry) => entry.stored);
    const transactions = stored.map(
      ({ id, sequence, changes }): Json => [id, sequence, changes ? undoToJson(changes) : null],
    );
    if (this.#empty) transactions.unshift([base.id, base.sequence, {}]);
    this.#empty = false;
    const last = stored.at(-1);
    if (last !== undefined) this.#run(this.#insert, [last.sequence, stringifyJson(transactions)]);
    if (base.sequence > this.#oldest) this.#run(this.#delete, [base.sequence]);
    this.#oldest = base.sequence;
  }

  /** Deletes everything, within a commit that replaces the rows. */
  clear(): void {
    this.#run(this.#delete, [Number.MAX_SAFE_INTEGER]);
    this.#empty = true;
  }
}
