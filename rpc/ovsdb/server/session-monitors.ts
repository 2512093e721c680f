import { isJsonObject, type Json } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import type { MonitorKind } from '../monitor/monitor.ts';
import type { Monitor, MonitorUpdate } from '../monitor/monitor-hub.ts';
import { canonicalText, OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import type { RpcRequest } from '../wire/envelope.ts';
import type { ServedDatabase } from './served-database.ts';

interface SessionMonitor {
  /** Changes by monitor_cond_change. */
  id: { readonly json: Json; readonly text: string };
  readonly kind: MonitorKind;
  readonly database: ServedDatabase;
  readonly running: Monitor;
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
  readonly #limit: number;
  readonly #send: (message: Buffer) => void;
  readonly #monitors = new Map<string, SessionMonitor>();

  constructor(limit: number, send: (message: Buffer) => void) {
    this.#limit = limit;
    this.#send = send;
  }

  get full(): boolean {
    return this.#monitors.size >= this.#limit;
  }

  /** Any method that adds a monitor. Returns the result's text. @throws OvsdbError */
  add({ method, params }: RpcRequest, database: ServedDatabase): string {
    const row = METHODS.get(method);
    if (row === undefined) throw new Error(`${method} adds no monitor`);
    const [kind, parameters] = row;
    if (kind === 'update' && params.length < parameters) throw syntaxError(params, WRONG_MONITOR); // more are ignored
    if (kind !== 'update' && params.length !== parameters) throw syntaxError(params, 'invalid parameters');
    const [, id = null, requests = null, since = null] = params;
    if (!isJsonObject(requests)) throw syntaxError(requests, 'monitor-requests must be object');
    const key = canonicalText(id);
    if (this.#monitors.has(key)) throw syntaxError(id, 'duplicate monitor ID');
    const name = { json: id, text: stringifyJson(id) };
    const running = database.watch({ kind, requests, since }, (update) => this.#tell(monitor, update));
    const monitor: SessionMonitor = { id: name, kind, database, running };
    this.#monitors.set(key, monitor);
    const { initial, found } = running;
    return kind === 'update3' ? `[${found},"${initial.txnId}",${initial.text}]` : initial.text;
  }

  #tell({ kind, id }: SessionMonitor, update: MonitorUpdate): void {
    this.#send(update.message(kind, id.text));
  }

  /** `monitor_cond_change`: sends the difference under the new id, before the answer. @throws OvsdbError */
  change({ params }: RpcRequest): Json {
    const [id = null, newId = null, requests = null] = params;
    if (params.length !== 3) throw syntaxError(params, 'invalid parameters');
    const [key, newKey] = [canonicalText(id), canonicalText(newId)];
    const monitor = this.#monitors.get(key);
    if (monitor === undefined) throw syntaxError(id, 'unknown monitor session');
    if (key !== newKey && this.#monitors.has(newKey)) throw syntaxError(newId, 'duplicate monitor ID');
    if (!isJsonObject(requests)) throw new OvsdbError('syntax', 'monitor-cond-change-requests must be object');
    const update = monitor.running.change(requests);
    this.#monitors.delete(key);
    this.#monitors.set(newKey, monitor);
    monitor.id = { json: newId, text: stringifyJson(newId) };
    if (update !== undefined) this.#tell(monitor, update);
    return {};
  }

  /** False if there is none of this id. */
  cancel(id: Json): boolean {
    const key = canonicalText(id);
    const monitor = this.#monitors.get(key);
    this.#monitors.delete(key);
    monitor?.running.cancel();
    return monitor !== undefined;
  }

  /** Removes those of a database that has ended them; returns their ids. */
  forget(database: ServedDatabase): Json[] {
    const gone = [...this.#monitors].filter(([, monitor]) => monitor.database === database);
    for (const [key] of gone) this.#monitors.delete(key);
    return gone.map(([, { id }]) => id.json);
  }

  clear(): void {
    for (const { running } of this.#monitors.values()) running.cancel();
    this.#monitors.clear();
  }
}
