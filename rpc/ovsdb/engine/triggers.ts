import { MAX_TIMER_MS } from '../../../base/timers.ts';
import type { Json } from '../../json/json-value.ts';
import { isJsonObject } from '../../json/json-value.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';

/** One run of a transaction, and whom to tell how it went. */
export interface Run {
  /** How long the transaction has been waiting. */
  readonly elapsedMs: number;
  /** It is over: its results are final, and on the disk. */
  done(results: Json[]): void;
  /** It is over by a mistake of ours. */
  failed(error: unknown): void;
  /** What it saw was taken back: it has to run again. */
  again(): void;
}

/**
 * Runs a transaction from its beginning. Gives the time at which a `wait` in it gives up, or undefined when it did not wait;
 * `run` then hears, at once or later, what became of it.
 */
export type Attempt = (run: Run) => number | undefined;

/** How a transaction ended: with the array of RFC 7047, section 4.1.3, or because it was canceled or we made a mistake. */
export type Ending = { readonly results: Json[] } | { readonly error: unknown };

/** A transaction that is done now or later. */
export interface PendingTransaction {
  /** The array of RFC 7047, section 4.1.3. Rejects with OvsdbError `canceled` after `cancel`. */
  readonly result: Promise<Json[]>;
  /** Calls the listener when the transaction ends: between the monitors' updates for it and those for the next one. */
  whenDone(listener: (ending: Ending) => void): void;
  /** Forgets a transaction that waits. False, and without effect, once it is done or about to be committed. */
  cancel(): boolean;
}

/**
 * Transactions that wait. Each is run again after a commit that touched one of its tables, and once more at its deadline;
 * between two attempts nothing of it is visible.
 */
export class Triggers {
  readonly #parked = new Set<Trigger>();
  readonly #touched = new Set<string>();
  readonly #now: () => number;
  #scheduled: NodeJS.Immediate | undefined;

  /** `now` gives milliseconds from any beginning. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs a transaction now, and as often as it takes. */
  start(operations: readonly Json[], attempt: Attempt): PendingTransaction {
    const trigger = new Trigger(operations, attempt, this.#now, this.#parked);
    trigger.run();
    return trigger;
  }

  /**
   * Something was committed. The parked transactions run after the current turn, so that whoever made the change has its reply
   * before they make theirs.
   */
  committed(tables: Iterable<string>): void {
    if (this.#parked.size === 0) return;
    for (const table of tables) this.#touched.add(table);
    this.#scheduled ??= setImmediate(() => this.#runAll());
  }

  #runAll(): void {
    this.#scheduled = undefined;
    const touched = new Set(this.#touched);
    this.#touched.clear();
    for (const trigger of [...this.#parked]) {
      // One that ran before may have committed more, which is then in #touched, with a new turn scheduled.
      if (trigger.concerns(touched)) trigger.run();
    }
  }

  /** Cancels everything that waits. */
  cancelAll(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#touched.clear();
    for (const trigger of [...this.#parked]) trigger.cancel();
  }
}

/** Every table that an operation names: a change elsewhere cannot change what the transaction sees. */
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

  /** Whether a change of one of these tables can change what the transaction sees. */
  concerns(touched: ReadonlySet<string>): boolean {
    this.#tables ??= tablesOf(this.#operations);
    for (const table of this.#tables) if (touched.has(table)) return true;
    return false;
  }

  get result(): Promise<Json[]> {
    if (this.#promise === undefined) {
      this.#promise = new Promise<Json[]>((resolve, reject) => {
        this.whenDone((ending) => ('results' in ending ? resolve(ending.results) : reject(ending.error as Error)));
      });
      this.#promise.catch(() => {}); // whoever cancels need not listen any more
    }
    return this.#promise;
  }

  whenDone(listener: (ending: Ending) => void): void {
    if (this.#ending !== undefined) {
      listener(this.#ending);
      return;
    }
    const earlier = this.#listener;
    this.#listener =
      earlier === undefined
        ? listener
        : (ending) => {
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

  again(): void {
    this.run();
  }

  done(results: Json[]): void {
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
