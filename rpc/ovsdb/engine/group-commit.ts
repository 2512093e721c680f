import type { Json } from '../../json/json-value.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';
import type { Transaction } from './ovsdb-transaction.ts';
import type { RowChange } from './table-rows.ts';
import type { Run } from './triggers.ts';

/** A transaction that is done in memory and waits for the disk. */
interface Member {
  readonly txn: Transaction;
  readonly results: Json[];
  readonly run: Run;
}

export interface GroupCommitHandlers {
  /** Writes all of these, in this order, or none. @throws OvsdbError ioError */
  write(transactions: readonly Transaction[]): void;
  /** The transaction is on the disk: whoever watches may know. */
  committed(txn: Transaction): void;
  /** The changes are taken back. */
  undone(changes: readonly RowChange[]): void;
}

/** A batch of more is written before its turn ends, so that those who came first do not wait for a flood behind them. */
const MOST = 1000;

/**
 * Commits the transactions of one turn of the event loop together. They see each other's changes in memory, and nobody hears
 * of any of them before all are on the disk: those that changed nothing wait as well, because they may have seen what is not
 * there yet. When the disk refuses, every change is taken back; the transactions that made one fail, the others run again.
 */
export class GroupCommit {
  readonly #handlers: GroupCommitHandlers;
  #waiting: Member[] = [];
  /** On the disk, but nobody has heard of it. */
  readonly #untold: Member[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  constructor(handlers: GroupCommitHandlers) {
    this.#handlers = handlers;
  }

  /** Takes over a transaction that is prepared and finished, or rolled back. */
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

  /** Commits what waits, now. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length > 0 && this.#write(batch)) this.#untold.push(...batch);
    // A listener may start something that has to flush: then the rest of this batch is told first, from there.
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
      if (!writers.has(member)) run.again();
      else if (error instanceof OvsdbError)
        run.done([...results, error.toJSON()]); // an element more than operations
      else run.failed(error);
    }
  }
}
