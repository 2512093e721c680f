import { Backoff } from '../../base/backoff.ts';
import type { Log } from '../../base/log.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbTransactionError } from '../../rpc/ovsdb/client/client-errors.ts';
import type { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import { whereUuid } from '../../rpc/state/row-operations.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';

/** Changes within this time go into one transaction; meanwhile relays, which guests wait for, go first. */
const GATHER_MS = 5;
/** The pauses before a refused write is retried. */
const RETRY = { firstMs: 200, longestMs: 5000 };
/** The rows of a refused transaction are written one by one; after this many refusals in a row the rest waits. */
const REFUSED_IN_A_ROW = 3;
/** Characters of one transaction, of which a server takes 8 MiB; the texts of a row are much shorter. */
const PIECE_LENGTH = 1 << 20;
/** Beyond this many unwritten events (the database is away), the oldest are dropped. */
const MAX_EVENTS = 1000;
/** Dropped events leave behind the operations that delete older rows, or the history would outgrow its limit. */
const MAX_DELETIONS = 10_000;

interface Change {
  readonly table: string;
  readonly where: Json;
  readonly columns: Record<string, Json>;
}

/**
 * Writes of the agent that the database has not committed yet, gathered for a moment and sent as one transaction, one at a
 * time. Newer columns of a row replace pending ones, so a slow database costs memory for one state per row; they are
 * retried until the database takes them, because their writer counts on it; a column that it can never take is reported
 * in the log and given up, alone. Events are sent apart, and given up when the
 * database refuses them.
 */
export class PendingWrites {
  readonly #client: OvsdbClient;
  readonly #log: Log;
  readonly #refused: (error: Error) => void;
  readonly #changes = new Map<string, Change>();
  readonly #events = new PendingEvents();
  #timer: NodeJS.Timeout | undefined;
  readonly #backoff = new Backoff(RETRY);
  #sending: Promise<boolean> | undefined;
  #closed = false;

  /** `refused` is told of each column that the database can never take. */
  constructor(client: OvsdbClient, log: Log, refused: (error: Error) => void = () => undefined) {
    this.#refused = refused;
    this.#client = client;
    this.#log = log;
    client.on('connected', () => this.#schedule(0));
  }

  /** Sets columns of a row. */
  update(table: string, uuid: string, columns: Columns): void {
    this.#put(`${table}/${uuid}`, { table, where: whereUuid(uuid), columns: { ...columns } });
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
    const dropped = this.#events.add(operations);
    if (dropped > 0) this.#log.warn('outbox-full', { dropped });
    this.#schedule(GATHER_MS);
  }

  /** Settles when all that was handed in before was tried. True: the columns are committed. */
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
    if (this.#changes.size === 0 && this.#events.isEmpty) return true;
    if (this.#closed || !this.#client.connected) return false;
    this.#sending = this.#flush();
    const written = await this.#sending;
    this.#sending = undefined;
    if (written) this.#backoff.reset();
    const pauseMs = written ? GATHER_MS : this.#backoff.next();
    // without a connection: the event 'connected' sends the rest
    if (this.#client.connected && (this.#changes.size > 0 || !this.#events.isEmpty)) this.#schedule(pauseMs);
    return written;
  }

  /** Sends columns and events at once, so that they can share a commit. */
  async #flush(): Promise<boolean> {
    const changes = [...this.#changes.entries()];
    this.#changes.clear();
    const events = this.#events.take();
    const [state] = await Promise.all([this.#writeState(changes), this.#writeEvents(events)]);
    return state;
  }

  async #writeState(changes: readonly (readonly [string, Change])[]): Promise<boolean> {
    let all = true;
    for (const some of inPieces(changes, ([, change]) => change.columns)) all = (await this.#writePiece(some)) && all;
    return all;
  }

  async #writePiece(changes: readonly (readonly [string, Change])[]): Promise<boolean> {
    const refused = await this.#transact(changes.map(([, change]) => operation(change)));
    if (refused === undefined) return true;
    const [only] = changes;
    if (only !== undefined && changes.length === 1 && isAboutContent(refused)) return await this.#writeColumns(...only);
    if (refused === 'gone' || changes.length === 1) {
      this.#putBack(changes);
      return false;
    }
    // One row that is refused must not keep the others from being written.
    let inARow = 0;
    let all = true;
    for (const one of changes) {
      const error = inARow < REFUSED_IN_A_ROW ? await this.#transact([operation(one[1])]) : 'gone';
      inARow = error === undefined || isAboutContent(error) ? 0 : inARow + 1;
      if (error === undefined) continue;
      if (isAboutContent(error)) all = (await this.#writeColumns(...one)) && all;
      else {
        this.#putBack([one]);
        all = false;
      }
    }
    return all;
  }

  /**
   * The database will never take one of these columns: the others are written, and that one is given up. False: some of the
   * others could not be written now and came back.
   */
  async #writeColumns(key: string, change: Change): Promise<boolean> {
    const columns = Object.entries(change.columns);
    if (columns.length === 1) {
      this.#refused(new Error(`${change.table}.${columns[0]?.[0]} was given up`));
      return true;
    }
    let all = true;
    for (const column of columns) {
      const one = { ...change, columns: Object.fromEntries([column]) };
      const refused = await this.#transact([operation(one)]);
      if (refused === undefined) continue;
      if (isAboutContent(refused)) {
        this.#refused(refused as Error);
        continue;
      }
      this.#putBack([[key, one]]);
      all = false;
    }
    return all;
  }

  /** Newer columns win over those that come back. */
  #putBack(changes: readonly (readonly [string, Change])[]): void {
    for (const [key, change] of changes) {
      const newer = this.#changes.get(key);
      this.#changes.set(key, newer ? { ...change, columns: { ...change.columns, ...newer.columns } } : change);
    }
  }

  async #writeEvents(events: readonly (readonly Json[])[]): Promise<void> {
    for (const some of inPieces(events, (event) => event)) await this.#writeSomeEvents(some);
  }

  async #writeSomeEvents(events: readonly (readonly Json[])[]): Promise<void> {
    const refused = await this.#transact(events.flat());
    if (refused === 'gone') this.#events.putBack(events);
    // Sent a second time after a lost answer an event is there already: that one is refused, the others are not.
    else if (refused && events.length > 1) for (const event of events) await this.#writeSomeEvents([event]);
  }

  /** Undefined: committed. */
  async #transact(operations: readonly Json[]): Promise<Error | 'gone' | undefined> {
    try {
      await this.#client.transact(DATABASE, [...operations]);
      return undefined;
    } catch (error) {
      if (!this.#client.connected || !(error instanceof Error)) return 'gone';
      const why = error instanceof OvsdbTransactionError ? `${error.error}: ${error.details ?? ''}` : error.message;
      this.#log.error('transaction-refused', { operations: operations.length, error: why });
      return error;
    }
  }
}

/** What goes into transactions apart: a server takes no message of any length. `contentOf`: what makes it long. */
function inPieces<T>(all: readonly T[], contentOf: (one: T) => unknown): T[][] {
  const pieces: T[][] = [];
  let room = 0;
  for (const one of all) {
    const length = JSON.stringify(contentOf(one)).length;
    if (length > room) {
      pieces.push([]);
      room = PIECE_LENGTH;
    }
    pieces.at(-1)?.push(one);
    room -= length;
  }
  return pieces;
}

/** Errors of RFC 7047, section 3.1, and of ovsdb-server that the same write will meet again and again. */
const ABOUT_CONTENT: ReadonlySet<string> = new Set([
  ...['constraint violation', 'domain error', 'range error', 'referential integrity violation', 'syntax error'],
  ...['unknown column', 'unknown table', 'ovsdb error'],
]);

/** Whether the database refuses what is written, and not just to write now. */
export function isAboutContent(refused: Error | 'gone' | undefined): boolean {
  return refused instanceof OvsdbTransactionError && ABOUT_CONTENT.has(refused.error);
}

function operation({ table, where, columns }: Change): Json {
  return { op: 'update', table, where, row: columns };
}

/** Events that are not written yet, each as the operations that belong together. */
export class PendingEvents {
  #events: (readonly Json[])[] = [];
  #deletions: Json[] = [];

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Returns how many were dropped for it. */
  add(event: readonly Json[]): number {
    this.#events.push(event);
    return this.#bound();
  }

  /** Removes and returns all of them, the oldest first. */
  take(): (readonly Json[])[] {
    const events = this.#deletions.length > 0 ? [this.#deletions, ...this.#events] : this.#events;
    this.#events = [];
    this.#deletions = [];
    return events;
  }

  /** Takes back events that could not be written. */
  putBack(events: readonly (readonly Json[])[]): void {
    this.#events = [...events, ...this.#events];
    this.#bound();
  }

  #bound(): number {
    const dropped = this.#events.splice(0, Math.max(0, this.#events.length - MAX_EVENTS));
    for (const event of dropped) this.#deletions.push(...event.filter(isDeletion));
    // The oldest ones are of rows that are there; later ones of events that were dropped themselves.
    this.#deletions.splice(MAX_DELETIONS);
    return dropped.length;
  }
}

function isDeletion(operation: Json): boolean {
  return typeof operation === 'object' && operation !== null && 'op' in operation && operation['op'] === 'delete';
}
