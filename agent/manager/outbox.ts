import type { Log } from '../../base/log.ts';
import type { Json } from '../../rpc/json/types.ts';
import type { OvsdbClient } from '../../rpc/ovsdb/client/client.ts';
import { OvsdbTransactionError } from '../../rpc/ovsdb/client/client-errors.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import { History } from './interface-history.ts';

/** What is gathered into one transaction; meanwhile relays, which guests wait for, go first. */
const GATHER_MS = 5;
/** Before something that the database refused is tried again. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Of a refused transaction rows are tried alone; when so many in a row are refused, it is not they who are wrong. */
const REFUSED_IN_A_ROW = 3;

interface Change {
  readonly table: string;
  readonly where: Json;
  readonly columns: Record<string, Json>;
}

/**
 * What the agent wants written, gathered for a moment and sent as one transaction, one at a time.
 * State of a row replaces earlier state of it that was not sent yet, so a database that is slow or away costs memory
 * for one state per row and not for its history; and it is sent until the database takes it, because whoever wrote it
 * believes it written. Events are history: they go apart from state, and are given up when they are refused.
 */
export class Outbox {
  readonly #client: OvsdbClient;
  readonly #database: string;
  readonly #log: Log;
  readonly #changes = new Map<string, Change>();
  readonly #history = new History();
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #sending: Promise<boolean> | undefined;
  #closed = false;

  constructor(client: OvsdbClient, database: string, log: Log) {
    this.#client = client;
    this.#database = database;
    this.#log = log;
    client.on('connected', () => this.#schedule(0));
  }

  /** Sets columns of a row. */
  update(table: string, uuid: string, columns: Columns): void {
    this.#put(`${table}/${uuid}`, { table, where: [['_uuid', '==', ['uuid', uuid]]], columns: { ...columns } });
  }

  /** Sets columns of the only row of a table that has this value in a column. */
  updateWhere(table: string, column: string, value: string, columns: Columns): void {
    this.#put(`${table}/${column}=${value}`, { table, where: [[column, '==', value]], columns: { ...columns } });
  }

  #put(key: string, change: Change): void {
    const waiting = this.#changes.get(key);
    if (waiting) Object.assign(waiting.columns, change.columns);
    else this.#changes.set(key, change);
    this.#schedule(GATHER_MS);
  }

  /** Appends an event: operations that go together, in order behind those before. */
  record(...operations: Json[]): void {
    const dropped = this.#history.add(operations);
    if (dropped > 0) this.#log.warn('outbox-full', { dropped });
    this.#schedule(GATHER_MS);
  }

  /** Settles when all that was handed in before was tried. True: it is committed. */
  async settled(): Promise<boolean> {
    await this.#sending;
    return await this.#send();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#closed || (this.#timer !== undefined && ms > 0)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#send();
    }, ms);
  }

  async #send(): Promise<boolean> {
    if (this.#sending) return await this.#sending;
    if (this.#changes.size === 0 && this.#history.isEmpty) return true;
    if (this.#closed || !this.#client.connected) return false;
    this.#sending = this.#flush();
    const written = await this.#sending;
    this.#sending = undefined;
    if (written) this.#pauseMs = FIRST_PAUSE_MS;
    else this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    // Who is not connected is told when it is so again.
    if (this.#client.connected && (this.#changes.size > 0 || !this.#history.isEmpty))
      this.#schedule(written ? GATHER_MS : this.#pauseMs);
    return written;
  }

  /** State and history at once, so that they can share a commit. */
  async #flush(): Promise<boolean> {
    const changes = [...this.#changes.entries()];
    this.#changes.clear();
    const events = this.#history.take();
    const [state] = await Promise.all([this.#writeState(changes), this.#writeHistory(events)]);
    return state;
  }

  async #writeState(changes: readonly (readonly [string, Change])[]): Promise<boolean> {
    if (changes.length === 0) return true;
    const refused = await this.#transact(changes.map(([, change]) => operation(change)));
    if (refused === undefined) return true;
    if (refused === 'gone' || changes.length === 1) {
      this.#putBack(changes);
      return false;
    }
    // One row that is refused must not keep the others from being written.
    let inARow = 0;
    let all = true;
    for (const one of changes) {
      const kept = inARow < REFUSED_IN_A_ROW ? await this.#transact([operation(one[1])]) : 'gone';
      inARow = kept === undefined ? 0 : inARow + 1;
      if (kept === undefined) continue;
      this.#putBack([one]);
      all = false;
    }
    return all;
  }

  /** What is newer wins over what comes back. */
  #putBack(changes: readonly (readonly [string, Change])[]): void {
    for (const [key, change] of changes) {
      const newer = this.#changes.get(key);
      this.#changes.set(key, newer ? { ...change, columns: { ...change.columns, ...newer.columns } } : change);
    }
  }

  async #writeHistory(events: readonly (readonly Json[])[]): Promise<void> {
    if (events.length === 0) return;
    const refused = await this.#transact(events.flat());
    if (refused === undefined) return;
    if (refused === 'gone') {
      this.#history.putBack(events);
      return;
    }
    // Sent a second time after a lost answer an event is there already: that one is refused, the others are not.
    if (events.length > 1) for (const event of events) await this.#writeHistory([event]);
  }

  /** Undefined: committed. */
  async #transact(operations: readonly Json[]): Promise<Error | 'gone' | undefined> {
    try {
      await this.#client.transact(this.#database, [...operations]);
      return undefined;
    } catch (error) {
      if (!this.#client.connected || !(error instanceof Error)) return 'gone';
      const why = error instanceof OvsdbTransactionError ? `${error.error}: ${error.details ?? ''}` : error.message;
      this.#log.error('transaction-refused', { operations: operations.length, error: why });
      return error;
    }
  }
}

function operation({ table, where, columns }: Change): Json {
  return { op: 'update', table, where, row: columns };
}
