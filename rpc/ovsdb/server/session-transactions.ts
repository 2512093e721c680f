import type { Json } from '../../json/json-value.ts';
import type { Ending } from '../engine/triggers.ts';
import { canonicalText, OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import type { RpcNotification, RpcRequest } from '../wire/envelope.ts';
import type { KeptBytes } from './kept-bytes.ts';
import type { RunningTransaction, ServedDatabase } from './served-database.ts';
import type { SessionLimits } from './session-host.ts';

export interface SessionTransactionsOptions {
  readonly limits: Pick<SessionLimits, 'operations' | 'transactions'>;
  readonly kept: KeptBytes;
  /** Commits the transactions of all databases that wait only for the end of this turn. */
  flush(): void;
  /** Runs operations for this client; `bytes`: the length of the request. */
  run(database: ServedDatabase, operations: readonly Json[], bytes: number): RunningTransaction;
  /** Answers the request with this id. */
  answer(id: Json, ending: Ending): void;
}

/** The unfinished transactions of one client, by the ids of their requests. */
export class SessionTransactions {
  readonly #options: SessionTransactionsOptions;
  readonly #running = new Map<string, RunningTransaction>();
  #ended: (() => void) | undefined;

  constructor(options: SessionTransactionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Too many or too long ones, which end by themselves. */
  get full(): boolean {
    const { limits, kept } = this.#options;
    return this.size >= limits.transactions || (this.size > 0 && kept.full);
  }

  /** Settles when one has ended. */
  async oneEnded(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
  }

  /**
   * `transact`. It is answered when the transaction is done: usually at the end of this turn; one that waits does not delay
   * others. @throws OvsdbError if it cannot begin
   */
  begin({ id, params }: RpcRequest, database: ServedDatabase, bytes: number): undefined {
    const { limits, kept, flush, run, answer } = this.#options;
    const key = keyOf(id);
    if (this.#running.has(key)) flush();
    if (this.#running.has(key)) throw syntaxError(params, 'transact: duplicate request ID');
    const count = params.length - 1;
    if (count > limits.operations) {
      const most = `a transaction may have ${limits.operations} operations; this one has ${count}`;
      throw new OvsdbError('exhausted', most);
    }
    const running = run(database, params.slice(1), bytes);
    this.#running.set(key, running);
    kept.hold(bytes);
    running.whenDone((ending) => {
      kept.hold(-bytes);
      if (this.#running.get(key) !== running) return; // canceled
      this.#running.delete(key);
      answer(id, ending);
      this.#ended?.();
    });
  }

  /** `cancel`: ends one that waits. The id of its request, unless there is none or it is about to be committed. */
  cancel({ params }: RpcNotification): Json | undefined {
    const [id] = params;
    if (id === undefined) return undefined;
    const key = keyOf(id);
    const running = this.#running.get(key);
    if (!running) return undefined;
    this.#running.delete(key); // otherwise it would be answered
    if (!running.cancel()) {
      this.#running.set(key, running);
      return undefined;
    }
    this.#ended?.();
    return id;
  }

  /** Ends all that wait: the connection has ended. */
  clear(): void {
    for (const running of this.#running.values()) running.cancel();
    this.#running.clear();
    this.#ended?.();
  }
}

function keyOf(id: Json): string {
  return typeof id === 'number' ? String(id) : canonicalText(id);
}
