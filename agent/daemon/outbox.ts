import type { Json } from '../../rpc/json/types.ts';
import type { OvsdbClient } from '../../rpc/ovsdb/client/client.ts';
import type { Columns } from '../../rpc/state/columns.ts';
import type { Log } from './log.ts';

/** Beyond this many unsent operations (the database is away), the oldest are dropped: they are history, not state. */
const MAX_WAITING_OPERATIONS = 2000;
/** What is gathered into one transaction; meanwhile relays, which guests wait for, go first. */
const GATHER_MS = 5;

/**
 * What the agent wants written, gathered for a moment and sent as one transaction, one at a time.
 * State of a row replaces earlier state of it that was not sent yet, so a database that is slow or away costs memory
 * for one state per row and not for its history.
 */
export class Outbox {
  readonly #client: OvsdbClient;
  readonly #database: string;
  readonly #log: Log;
  readonly #rows = new Map<string, { table: string; uuid: string; columns: Record<string, Json> }>();
  #operations: Json[] = [];
  #scheduled = false;
  #sending: Promise<void> | undefined;
  #closed = false;

  constructor(client: OvsdbClient, database: string, log: Log) {
    this.#client = client;
    this.#database = database;
    this.#log = log;
    client.on('connected', () => this.#schedule());
  }

  /** Sets columns of a row. */
  update(table: string, uuid: string, columns: Columns): void {
    const key = `${table}/${uuid}`;
    const waiting = this.#rows.get(key);
    if (waiting) Object.assign(waiting.columns, columns);
    else this.#rows.set(key, { table, uuid, columns: { ...columns } });
    this.#schedule();
  }

  /** Appends operations of any kind; they are sent after the rows' state, in order. */
  add(...operations: Json[]): void {
    this.#operations.push(...operations);
    const excess = this.#operations.length - MAX_WAITING_OPERATIONS;
    if (excess > 0) {
      this.#operations.splice(0, excess);
      this.#log.warn('outbox-full', { dropped: excess });
    }
    this.#schedule();
  }

  /** Settles when all that was handed in before is committed, or given up because the database refused it. */
  async settled(): Promise<void> {
    while (
      !this.#closed &&
      this.#client.connected &&
      (this.#rows.size > 0 || this.#operations.length > 0 || this.#sending)
    )
      await this.#send();
  }

  close(): void {
    this.#closed = true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      void this.#send();
    }, GATHER_MS);
  }

  async #send(): Promise<void> {
    if (this.#sending) return this.#sending;
    if (this.#closed || (this.#rows.size === 0 && this.#operations.length === 0)) return;
    this.#sending = this.#transact();
    await this.#sending;
    this.#sending = undefined;
    if (this.#client.connected && (this.#rows.size > 0 || this.#operations.length > 0)) this.#schedule();
  }

  async #transact(): Promise<void> {
    const rows = [...this.#rows.entries()];
    const operations = this.#operations;
    this.#rows.clear();
    this.#operations = [];
    const updates = rows.map(([, row]) => ({
      op: 'update',
      table: row.table,
      where: [['_uuid', '==', ['uuid', row.uuid]]],
      row: row.columns,
    }));
    try {
      await this.#client.transact(this.#database, [...updates, ...operations]);
    } catch (error) {
      if (this.#client.connected) {
        this.#log.error('transaction-refused', {
          operations: updates.length + operations.length,
          error: (error as Error).message,
        });
        return;
      }
      // The connection went: what is newer wins over what comes back.
      for (const [key, row] of rows) {
        const newer = this.#rows.get(key);
        this.#rows.set(key, newer ? { ...row, columns: { ...row.columns, ...newer.columns } } : row);
      }
      this.#operations = [...operations, ...this.#operations];
    }
  }
}
