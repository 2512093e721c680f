import { isJsonObject, type Json, jsonTypeName } from '../../json/json-value.ts';
import { ZERO_UUID } from '../notation/atoms.ts';
import { canonicalText } from '../notation/ovsdb-error.ts';
import { OvsdbNotationError, sameValue } from '../notation/values.ts';
import { OvsdbCallError, OvsdbConnectionError } from './client-errors.ts';
import type { OvsdbClient } from './ovsdb-client.ts';
import {
  member,
  type ReplicaColumn,
  type ReplicaColumns,
  type ReplicaRow,
  replicaColumns,
  updatedRow,
} from './replica-rows.ts';

export type { ReplicaRow } from './replica-rows.ts';

export interface ReplicaChange {
  readonly table: string;
  readonly uuid: string;
  readonly kind: 'insert' | 'modify' | 'delete';
  /** The whole row as it was; absent for an insert. */
  readonly old?: ReplicaRow;
  /** The whole row as it is; absent for a delete. */
  readonly new?: ReplicaRow;
  /** The columns that differ; all of them for an insert or a delete. */
  readonly columns: readonly string[];
}

export interface ReplicaOptions {
  /** The replica could not be synchronised after a reconnect: the database is gone, or its schema has changed. */
  readonly onError?: (error: Error) => void;
  /**
   * By table, clauses of which one must be true for a row to be followed: `[['host', '==', 'a']]`. A server that knows only
   * the method `monitor` sends all rows nevertheless.
   */
  readonly conditions?: Readonly<Record<string, readonly Json[]>>;
}

type Rows = Map<string, ReplicaRow>;
type Shapes = ReadonlyMap<string, ReplicaColumns>;

/** From the best to the one that every server has. */
const METHODS = ['monitor_cond_since', 'monitor_cond', 'monitor'] as const;

/** The answer to a monitor request. */
interface Beginning {
  readonly updates: Json;
  /** Whether the updates hold only what is new since the last transaction. */
  readonly found: boolean;
  /** The last transaction that the updates cover. */
  readonly txn: string;
}

let lastReplica = 0;

/**
 * A copy of some tables of a database, updated by a monitor. Listeners get all changes of one transaction at once. Without a
 * connection the last state stays readable; after a reconnect the differences are reported as changes, and a server that
 * still knows the last transaction sends only these.
 */
export class Replica {
  readonly #client: OvsdbClient;
  readonly #database: string;
  readonly #wanted: Readonly<Record<string, readonly string[] | 'all'>>;
  readonly #options: ReplicaOptions;
  readonly #listeners = new Set<(changes: ReplicaChange[]) => void>();
  readonly #followers = new Set<() => void>();
  readonly #replica = ++lastReplica;
  #tables = new Map<string, Rows>();
  #shapes: Shapes = new Map();
  #generation = 0;
  #monitor: string | undefined;
  /** Updates that came before the initial contents. */
  #early: Json[][] | undefined;
  /** The last transaction that the rows show; all zeros if the server has no history. */
  #lastTxn = ZERO_UUID;
  #schemaText = '';

  /** `tables`: which columns of which tables to follow; 'all' takes those of the server's schema. */
  constructor(
    client: OvsdbClient,
    database: string,
    tables: Readonly<Record<string, readonly string[] | 'all'>>,
    options: ReplicaOptions = {},
  ) {
    this.#client = client;
    this.#database = database;
    this.#wanted = tables;
    this.#options = options;
  }

  /** Loads the tables over the client's connection. Present listeners get each row as an insert. */
  async start(): Promise<void> {
    this.#client.on('notification', this.#onNotification).on('connected', this.#onConnected);
    try {
      await this.#synchronise();
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** The rows of a table by UUID, in no particular order. The map is live: it shows later changes too. */
  rows(table: string): ReadonlyMap<string, ReplicaRow> {
    const rows = this.#tables.get(table);
    if (rows) return rows;
    if (!Object.hasOwn(this.#wanted, table))
      throw new Error(`Cannot read table ${table}: the replica does not follow it`);
    const fresh: Rows = new Map();
    this.#tables.set(table, fresh);
    return fresh;
  }

  /** Adds a listener of changes; the returned function removes it. */
  onChange(listener: (changes: ReplicaChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listener when the rows are those of a new connection, right before the listeners of changes are told how they differ. */
  onSynchronised(listener: () => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  /** Ends the monitor. The rows stay as they are. */
  stop(): void {
    this.#client.off('notification', this.#onNotification).off('connected', this.#onConnected);
    const monitor = this.#monitor;
    this.#monitor = undefined;
    this.#generation++;
    // The monitor may have ended already, with its connection.
    if (monitor !== undefined) this.#client.call('monitor_cancel', [monitor]).catch(() => undefined);
  }

  readonly #onConnected = (): void => {
    this.#synchronise().catch((error: unknown) => {
      // The next connection brings the next attempt.
      if (!(error instanceof OvsdbConnectionError)) this.#options.onError?.(error as Error);
    });
  };

  readonly #onNotification = (method: string, params: Json[]): void => {
    if (!/^update[23]?$/.test(method) || params[0] !== this.#monitor || params.length < 2) return;
    if (this.#early) this.#early.push(params);
    else this.#take(params);
  };

  /** Applies an update: the last parameter; before it, `update3` has the transaction. */
  #take(params: Json[]): void {
    try {
      this.#tell(this.#apply(params.at(-1) ?? null));
    } catch (error) {
      this.#lastTxn = ZERO_UUID; // the rows can no longer be trusted; the connection will not survive this
      throw error;
    }
    if (params.length > 2) this.#lastTxn = String(params[1]);
  }

  async #synchronise(): Promise<void> {
    const generation = ++this.#generation;
    const schema = await this.#client.call('get_schema', [this.#database]);
    if (generation !== this.#generation) return;
    const followed = this.#choose(replicaColumns(schema));
    const schemaText = canonicalText(schema);
    if (schemaText !== this.#schemaText) this.#lastTxn = ZERO_UUID;
    const monitor = `replica ${this.#replica}.${generation}`;
    this.#monitor = monitor;
    this.#early = [];
    const beginning = await this.#begin(monitor, followed);
    // After a reconnect or stop meanwhile, #early belongs to the next generation.
    if (generation !== this.#generation) return;
    this.#shapes = followed;
    this.#schemaText = schemaText;
    this.#lastTxn = ZERO_UUID; // until the rows are applied
    const changes = beginning.found ? this.#apply(beginning.updates) : this.#replace(beginning.updates);
    this.#lastTxn = beginning.txn;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const listener of this.#followers) listener();
    this.#tell(changes);
    for (const params of early) this.#take(params);
  }

  /** Requests a monitor by the best method that the server has. */
  async #begin(monitor: string, followed: Shapes): Promise<Beginning> {
    const conditions = new Map(Object.entries(this.#options.conditions ?? {}));
    for (const method of METHODS) {
      const requests = Object.fromEntries(
        [...followed].map(([table, columns]): [string, Json] => {
          const where = method === 'monitor' ? undefined : conditions.get(table);
          return [table, { columns: [...columns.keys()], ...(where === undefined ? {} : { where: [...where] }) }];
        }),
      );
      const since = method === 'monitor_cond_since' ? [this.#lastTxn] : [];
      try {
        const result = await this.#client.call(method, [this.#database, monitor, requests, ...since]);
        // Old servers put an error where the result should be.
        if (isJsonObject(result) && typeof result['error'] === 'string') throw new OvsdbCallError(method, result);
        if (method !== 'monitor_cond_since') return { updates: result, found: false, txn: ZERO_UUID };
        const [found, txn, updates] = Array.isArray(result) ? result : [];
        if (updates === undefined)
          throw new OvsdbNotationError(`Cannot read answer of ${method}: saw ${jsonTypeName(result)}`);
        return { updates, found: found === true, txn: String(txn) };
      } catch (error) {
        const unknown = error instanceof OvsdbCallError && error.answer === 'unknown method';
        if (!unknown || method === METHODS.at(-1)) throw error;
      }
    }
    throw new Error('the last method either answers or throws');
  }

  /** The wanted columns, with their shapes. */
  #choose(shapes: Shapes): Shapes {
    return new Map(
      Object.entries(this.#wanted).map(([table, names]) => {
        const columns = shapes.get(table);
        if (!columns) throw this.#missing(`table ${table}`);
        if (names === 'all') return [table, columns];
        const chosen = names.map((name): [string, ReplicaColumn] => {
          const shape = columns.get(name);
          if (!shape) throw this.#missing(`column ${name} in table ${table}`);
          return [name, shape];
        });
        return [table, new Map(chosen)];
      }),
    );
  }

  #missing(what: string): OvsdbNotationError {
    return new OvsdbNotationError(`Cannot follow database ${this.#database}: its schema has no ${what}`);
  }

  /** Applies complete contents; returns the differences from the rows so far. */
  #replace(initial: Json): ReplicaChange[] {
    const changes = this.#apply(initial);
    for (const table of this.#shapes.keys()) {
      const present = member(initial, table);
      for (const [uuid, old] of this.#rowsOf(table)) {
        if (!isJsonObject(present) || !Object.hasOwn(present, uuid)) {
          this.#rowsOf(table).delete(uuid);
          changes.push({ table, uuid, kind: 'delete', old, columns: this.#columns(table) });
        }
      }
    }
    return changes;
  }

  #apply(updates: Json): ReplicaChange[] {
    const changes: ReplicaChange[] = [];
    for (const table of this.#shapes.keys()) {
      const rows = member(updates, table);
      if (rows === undefined) continue;
      if (!isJsonObject(rows))
        throw new OvsdbNotationError(`Cannot read update of ${table}: saw ${jsonTypeName(rows)}`);
      for (const [uuid, update] of Object.entries(rows)) {
        const change = this.#applyRow(table, uuid, update);
        if (change) changes.push(change);
      }
    }
    return changes;
  }

  #applyRow(table: string, uuid: string, update: Json): ReplicaChange | undefined {
    const rows = this.#rowsOf(table);
    const old = rows.get(uuid);
    const row = updatedRow(uuid, old, update, this.#shapes.get(table) ?? new Map());
    if (row === undefined) {
      rows.delete(uuid);
      return old && { table, uuid, kind: 'delete', old, columns: this.#columns(table) };
    }
    const columns = this.#columns(table).filter((name) => !old || !sameValue(old[name], row[name]));
    if (old && columns.length === 0) return undefined;
    rows.set(uuid, row);
    return old
      ? { table, uuid, kind: 'modify', old, new: row, columns }
      : { table, uuid, kind: 'insert', new: row, columns };
  }

  #columns(table: string): string[] {
    return [...(this.#shapes.get(table)?.keys() ?? [])];
  }

  #rowsOf(table: string): Rows {
    return this.rows(table) as Rows;
  }

  #tell(changes: ReplicaChange[]): void {
    if (changes.length === 0) return;
    for (const listener of this.#listeners) listener(changes);
  }
}
