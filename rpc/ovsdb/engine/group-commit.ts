import { OvsdbError } from '../notation/ovsdb-error.ts';
import type { Transaction } from './ovsdb-transaction.ts';
import type { Result } from './selected-rows.ts';
import type { RowChange } from './table-rows.ts';
import type { Run } from './triggers.ts';

/** A transaction that is finished in memory and waits for the disk. */
interface Member {
  readonly txn: Transaction;
  readonly results: Result[];
  readonly run: Run;
}

export interface GroupCommitHandlers {
  /** Writes all of these, in this order, or none. @throws OvsdbError ioError */
  write(transactions: readonly Transaction[]): void;
  /** The transaction is on the disk: monitors may be told. */
  committed(txn: Transaction): void;
  /** The changes were reverted. */
  undone(changes: readonly RowChange[]): void;
}

/** A batch of so many is written before its turn ends, so that the first ones do not wait for a flood behind them. */
const MOST = 1000;

/**
 * Commits the transactions of one turn of the event loop together. They see each other's changes in memory, and none is
 * reported before all are on the disk; this holds for readers too, because they may have seen what is not written yet. When
 * writing fails, every change is reverted: the transactions that made one fail, the others run again.
 */
export class GroupCommit {
  readonly #handlers: GroupCommitHandlers;
  #waiting: Member[] = [];
  /** On the disk, but not reported yet. */
  readonly #untold: Member[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  constructor(handlers: GroupCommitHandlers) {
    this.#handlers = handlers;
  }

  /** Queues a transaction that is prepared and finished, or rolled back. */
  add(member: Member): void {
    if (this.#waiting.length === 0 && this.#untold.length === 0 && member.txn.effective.length === 0) {
      member.run.done(member.results);
      return;
    }
    this.#waiting.push(member);
    if (this.#waiting.length >= MOST) this.flush();
    // After what this turn has read from sockets, and before the next one looks for more.
    else this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Commits the queue at once. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length > 0 && this.#write(batch)) this.#untold.push(...batch);
    // A listener may start something that flushes: the nested call then reports the rest of this batch first.
    for (let member = this.#untold.shift(); member !== undefined; member = this.#untold.shift()) {
      this.#handlers.committed(member.txn);
      member.run.done(member.results);
    }
  }

  #write(batch: readonly Member[]): boolean {
    const writers = batch.filter(({ txn }) => txn.effective.length > 0);
    try {
      if (writers.length > 0) this.#handlers.write(writers.map(({ txn }) => txn));
      return true;
    } catch (error) {
      this.#takeBack(batch, error);
      return false;
    }
  }

  #takeBack(batch: readonly Member[], error: unknown): void {
    const writers = new Set(batch.filter(({ txn }) => txn.effective.length > 0));
    const changes = [...writers].flatMap(({ txn }) => txn.effective);
    for (const { txn } of [...writers].reverse()) txn.undo();
    this.#handlers.undone(changes);
    for (const member of batch) {
      const { results, run } = member;
      if (!writers.has(member)) run.run();
      else if (error instanceof OvsdbError)
        run.done([...results, error.toJSON()]); // an element more than operations
      else run.failed(error);
    }
  }
}
