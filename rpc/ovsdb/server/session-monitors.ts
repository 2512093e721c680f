import { isJsonObject, type Json } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import type { MonitorKind } from '../monitor/monitor.ts';
import type { Monitor } from '../monitor/monitor-hub.ts';
import { MonitorUpdate } from '../monitor/monitor-update.ts';
import { canonicalText, OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import type { RpcRequest } from '../wire/envelope.ts';
import type { Pieces } from '../wire/message-output.ts';
import { type Begun, updateMessage } from './answer-pieces.ts';
import type { ServedDatabase } from './served-database.ts';

interface SessionMonitor {
  /** Changes by monitor_cond_change. */
  id: { readonly json: Json; readonly text: string };
  /** What its requests keep in use: the first one, and the one that changed its conditions. */
  bytes: { readonly first: number; readonly change: number };
  readonly kind: MonitorKind;
  readonly database: ServedDatabase;
  readonly running: Monitor;
}

export interface SessionMonitorsOptions {
  /** How many there may be. */
  readonly limit: number;
  /** What each may cost, in the unit of `WorkBudget`. */
  readonly work: number;
  /** Counts what is kept, in bytes; negative: no longer. @throws if it is too much */
  keep(bytes: number): void;
  send(message: Buffer | Pieces): void;
}

/** The kind of each method's monitors, and the number of its parameters, the database among them. */
const METHODS: ReadonlyMap<string, readonly [kind: MonitorKind, parameters: number]> = new Map([
  ['monitor', ['update', 3]],
  ['monitor_cond', ['update2', 3]],
  ['monitor_cond_since', ['update3', 4]],
]);

const WRONG_MONITOR = 'monitor request params must be <db-name>, <json-value>, <monitor-requests>';

/** The monitors of one client, by their ids, which may be any JSON value. */
export class SessionMonitors {
  readonly #options: SessionMonitorsOptions;
  readonly #monitors = new Map<string, SessionMonitor>();

  constructor(options: SessionMonitorsOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#monitors.size >= this.#options.limit;
  }

  /** Any method that adds a monitor. `bytes`: the length of the request. @throws OvsdbError */
  add({ method, params }: RpcRequest, database: ServedDatabase, bytes: number): Begun {
    const row = METHODS.get(method);
    if (row === undefined) throw new Error(`${method} adds no monitor`);
    const [kind, parameters] = row;
    if (kind === 'update' && params.length < parameters) throw syntaxError(params, WRONG_MONITOR); // more are ignored
    if (kind !== 'update' && params.length !== parameters) throw syntaxError(params, 'invalid parameters');
    const [, id = null, requests = null, since = null] = params;
    if (!isJsonObject(requests)) throw syntaxError(requests, 'monitor-requests must be object');
    const key = canonicalText(id);
    if (this.#monitors.has(key)) throw syntaxError(id, 'duplicate monitor ID');
    const { work, keep } = this.#options;
    keep(bytes);
    const name = { json: id, text: stringifyJson(id) };
    let running: Monitor;
    try {
      running = database.watch({ kind, requests, since, work }, (update) => this.#tell(monitor, update));
    } catch (error) {
      keep(-bytes);
      throw error;
    }
    const monitor: SessionMonitor = { id: name, bytes: { first: bytes, change: 0 }, kind, database, running };
    this.#monitors.set(key, monitor);
    const { initial } = running;
    if (kind !== 'update3') return { initial, before: '', after: '', next: () => undefined };
    return this.#begunSince(monitor, stringifyJson(since));
  }

  /**
   * The answer to `monitor_cond_since`. What a client has missed is not in it, but follows as an update: ovs.db.idl of Python
   * before 3.1.3 takes no transaction from the answer, asks for the former one again the next time, and would apply the same
   * differences twice. An update brings its transaction to every client (docs/adr/0013-what-a-client-missed.md).
   */
  #begunSince(monitor: SessionMonitor, since: string): Begun {
    const { initial, found, outdated } = monitor.running;
    const last = `"${initial.txnId}"`;
    const follow = (update: MonitorUpdate) => (): void =>
      this.#options.send(updateMessage(monitor.kind, monitor.id.text, update));
    const none = new MonitorUpdate([], initial.txnId);
    if (!found) {
      const next = outdated ? follow(none) : () => undefined;
      return { initial, before: `[false,${last},`, after: ']', next };
    }
    if (initial.length === 0) return { initial, before: `[true,${last},`, after: ']', next: () => undefined };
    return { initial: none, before: `[true,${since},`, after: ']', next: follow(initial) };
  }

  #tell({ kind, id }: SessionMonitor, update: MonitorUpdate): void {
    this.#options.send(update.message(kind, id.text));
  }

  /** `monitor_cond_change`: sends the difference under the new id, before the answer. @throws OvsdbError */
  change({ params }: RpcRequest, bytes: number): Json {
    const [id = null, newId = null, requests = null] = params;
    if (params.length !== 3) throw syntaxError(params, 'invalid parameters');
    const [key, newKey] = [canonicalText(id), canonicalText(newId)];
    const monitor = this.#monitors.get(key);
    if (monitor === undefined) throw syntaxError(id, 'unknown monitor session');
    if (key !== newKey && this.#monitors.has(newKey)) throw syntaxError(newId, 'duplicate monitor ID');
    if (!isJsonObject(requests)) throw new OvsdbError('syntax', 'monitor-cond-change-requests must be object');
    const more = bytes - monitor.bytes.change;
    this.#options.keep(more);
    let update: MonitorUpdate | undefined;
    try {
      update = monitor.running.change(requests);
    } catch (error) {
      this.#options.keep(-more);
      throw error;
    }
    monitor.bytes = { ...monitor.bytes, change: bytes };
    this.#monitors.delete(key);
    this.#monitors.set(newKey, monitor);
    monitor.id = { json: newId, text: stringifyJson(newId) };
    if (update !== undefined) this.#options.send(updateMessage(monitor.kind, monitor.id.text, update));
    return {};
  }

  /** False if there is none of this id. */
  cancel(id: Json): boolean {
    const key = canonicalText(id);
    const monitor = this.#monitors.get(key);
    this.#remove(key);
    monitor?.running.cancel();
    return monitor !== undefined;
  }

  #remove(key: string): void {
    const monitor = this.#monitors.get(key);
    if (monitor === undefined) return;
    this.#monitors.delete(key);
    this.#options.keep(-(monitor.bytes.first + monitor.bytes.change));
  }

  /** Removes those of a database that has ended them; returns their ids. */
  forget(database: ServedDatabase): Json[] {
    const gone = [...this.#monitors].filter(([, monitor]) => monitor.database === database);
    for (const [key] of gone) this.#remove(key);
    return gone.map(([, { id }]) => id.json);
  }

  clear(): void {
    for (const { running } of this.#monitors.values()) running.cancel();
    for (const key of [...this.#monitors.keys()]) this.#remove(key);
  }
}
