import { MAX_TIMER_MS } from '../../../base/timers.ts';
import { isJsonObject, type Json } from '../../json/json-value.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';
import { type Result, resultJson } from './selected-rows.ts';

/** One run of a transaction, to be told how it ended. */
export interface Run {
  /** Time since the transaction was requested. */
  readonly elapsedMs: number;
  /** The results are final, and on the disk. */
  done(results: Result[]): void;
  /** It ended by a bug of ours. */
  failed(error: unknown): void;
  /** Runs it again, because what it saw was reverted. */
  run(): void;
}

/**
 * Runs a transaction from its start. Returns the timeout of a `wait` that is not satisfied, in ms since the request, or
 * undefined when there is none; then `run` is told, at once or later, how it ended.
 */
type Attempt = (run: Run) => number | undefined;

/** The array of RFC 7047, section 4.1.3, or the error of a transaction that was canceled or met a bug of ours. */
export type Ending = { readonly results: Result[] } | { readonly error: unknown };

/** A transaction that is done, or waits. */
export interface PendingTransaction {
  /** The array of RFC 7047, section 4.1.3. Rejects with OvsdbError `canceled` after `cancel`. */
  readonly result: Promise<Json[]>;
  /** Calls the listener at the end: after the monitors' updates for this transaction, before those for the next one. */
  whenDone(listener: (ending: Ending) => void): void;
  /** Ends a transaction that waits. False, and without effect, once it is done or about to be committed. */
  cancel(): boolean;
}

/**
 * Transactions that wait. Each runs again after a commit that touched one of its tables, and once more at its deadline;
 * between two attempts none of its effects is visible.
 */
export class Triggers {
  /** Those that are to run again, in order. */
  #due = new Set<Trigger>();
  readonly #parked = new Set<Trigger>();
  readonly #touched = new Set<string>();
  readonly #now: () => number;
  #scheduled: NodeJS.Immediate | undefined;

  /** `now`: milliseconds of a steady clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs a transaction now, and again as often as needed. */
  start(operations: readonly Json[], attempt: Attempt): PendingTransaction {
    const trigger = new Trigger(operations, attempt, this.#now, this.#parked);
    trigger.run();
    return trigger;
  }

  /** Schedules waiting transactions after a commit: after this turn, so that the author of the change has its reply first. */
  committed(tables: Iterable<string>): void {
    if (this.#parked.size === 0) return;
    for (const table of tables) this.#touched.add(table);
    this.#scheduled ??= setImmediate(() => this.#runAll());
  }

  /** Runs those that are due for a while, and the others in later turns: clients may park any number of them. */
  #runAll(): void {
    this.#scheduled = undefined;
    for (const trigger of this.#parked) if (trigger.concerns(this.#touched)) this.#due.add(trigger);
    this.#touched.clear();
    const until = performance.now() + TURN_MS;
    for (const trigger of this.#due) {
      this.#due.delete(trigger);
      // One that ran before may have committed more, which is then in #touched, with a new turn scheduled.
      if (this.#parked.has(trigger)) trigger.run();
      if (performance.now() >= until) break;
    }
    if (this.#due.size > 0) this.#scheduled ??= setImmediate(() => this.#runAll());
  }

  cancelAll(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#touched.clear();
    this.#due.clear();
    for (const trigger of [...this.#parked]) trigger.cancel();
  }
}

/** Transactions that wait are run again for so long at a time, in milliseconds. */
const TURN_MS = 5;

/** Every table that an operation names; changes elsewhere cannot affect the transaction. */
function tablesOf(operations: readonly Json[]): Set<string> {
  const names = operations.map((op) => (isJsonObject(op) && Object.hasOwn(op, 'table') ? op['table'] : undefined));
  return new Set(names.filter((name) => typeof name === 'string'));
}

class Trigger implements PendingTransaction, Run {
  readonly #operations: readonly Json[];
  readonly #attempt: Attempt;
  readonly #now: () => number;
  readonly #parked: Set<Trigger>;
  readonly #startedAt: number;
  #tables: ReadonlySet<string> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ending: Ending | undefined;
  #listener: ((ending: Ending) => void) | undefined;
  #promise: Promise<Json[]> | undefined;
  elapsedMs = 0;

  constructor(operations: readonly Json[], attempt: Attempt, now: () => number, parked: Set<Trigger>) {
    this.#operations = operations;
    this.#attempt = attempt;
    this.#now = now;
    this.#parked = parked;
    this.#startedAt = now();
  }

  /** Whether a change of one of these tables can affect the transaction. */
  concerns(touched: ReadonlySet<string>): boolean {
    this.#tables ??= tablesOf(this.#operations);
    for (const table of this.#tables) if (touched.has(table)) return true;
    return false;
  }

  get result(): Promise<Json[]> {
    if (this.#promise === undefined) {
      this.#promise = new Promise<Json[]>((resolve, reject) => {
        this.whenDone((ending) =>
          'results' in ending ? resolve(ending.results.map(resultJson)) : reject(ending.error as Error),
        );
      });
      this.#promise.catch(() => {}); // a canceled transaction need not have a listener
    }
    return this.#promise;
  }

  whenDone(listener: (ending: Ending) => void): void {
    if (this.#ending !== undefined) {
      listener(this.#ending);
      return;
    }
    const earlier = this.#listener;
    this.#listener = listener;
    if (earlier === undefined) return;
    this.#listener = (ending) => {
      earlier(ending);
      listener(ending);
    };
  }

  readonly run = (): void => {
    this.#unpark();
    this.elapsedMs = Math.floor(this.#now() - this.#startedAt);
    try {
      const timeoutMs = this.#attempt(this);
      if (timeoutMs !== undefined) this.#wait(timeoutMs);
    } catch (error) {
      this.failed(error);
    }
  };

  done(results: Result[]): void {
    this.#end({ results });
  }

  failed(error: unknown): void {
    this.#end({ error });
  }

  cancel(): boolean {
    if (!this.#parked.has(this)) return false;
    this.#unpark();
    this.#end({ error: new OvsdbError('canceled') });
    return true;
  }

  #wait(timeoutMs: number): void {
    this.#parked.add(this);
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    const leftMs = Math.ceil(this.#startedAt + timeoutMs - this.#now());
    this.#timer = setTimeout(this.run, Math.min(Math.max(leftMs, 1), MAX_TIMER_MS));
  }

  #unpark(): void {
    if (!this.#parked.delete(this)) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#listener?.(ending);
    this.#listener = undefined;
  }
}
