import { suggestion } from '../../base/text.ts';
import { MAX_TIMER_MS } from '../../base/timers.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { OvsdbConnectionError } from '../ovsdb/client/client-errors.ts';
import { OvsdbClient } from '../ovsdb/client/ovsdb-client.ts';
import { Replica, type ReplicaChange, type ReplicaRow } from '../ovsdb/client/replica.ts';
import { RemoteError } from '../ovsdb/wire/remotes.ts';
import type { TlsFiles } from '../ovsdb/wire/tls-files.ts';
import { type Heartbeats, readHeartbeats, staleSince } from './heartbeat.ts';
import {
  type EventRow,
  type HostRow,
  type InterfaceRow,
  readEvent,
  readHost,
  readInterface,
  readVersion,
  type VersionRow,
} from './read-rows.ts';
import { DATABASE } from './schema-file.ts';

export interface StateOptions {
  /** The host that `host()` returns when no name is given: a system id or a host name. */
  readonly systemId?: string | undefined;
  /** Follows the Event table too. */
  readonly events?: boolean;
  /** Reads once which agents are alive: `HostRow.staleSince`. */
  readonly life?: boolean;
}

export interface ConnectOptions extends StateOptions {
  /** How long to wait for the contents, milliseconds; default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** For a remote of kind `ssl:`. */
  readonly tls?: TlsFiles | undefined;
}

/** The tables that a schema must have; columns that are missing read as empty. */
const TABLES = ['Host', 'Compat_Version', 'Interface'] as const;
const SCHEMA_MAJOR = 1;

/** A live, typed copy of the Vhost_Compat database on any OVSDB server. */
export class State {
  readonly client: OvsdbClient;
  readonly #replica: Replica;
  readonly #systemId: string | undefined;
  readonly #listeners = new Set<(changes: readonly ReplicaChange[]) => void>();
  readonly #waiting = new Set<() => void>();
  #heartbeats: Heartbeats = new Map();
  #ownsClient = false;

  private constructor(client: OvsdbClient, replica: Replica, systemId: string | undefined) {
    this.client = client;
    this.#replica = replica;
    this.#systemId = systemId;
    replica.onChange((changes) => {
      for (const listener of [...this.#listeners]) listener(changes);
    });
  }

  /** Opens the database through a connected client, which stays the caller's. Throws VC-DB-SCHEMA. */
  static async open(client: OvsdbClient, options: StateOptions = {}): Promise<State> {
    await checkSchema(client);
    const tables = options.events ? [...TABLES, 'Event'] : TABLES;
    const replica = new Replica(client, DATABASE, Object.fromEntries(tables.map((name) => [name, 'all' as const])));
    const state = new State(client, replica, options.systemId);
    await Promise.all([replica.start(), options.life ? state.askForLife() : undefined]);
    return state;
  }

  /** Connects to a remote and opens the database there; `close` then closes the connection too. Throws VC-DB-CONNECT. */
  static async connect(remote: string, options: ConnectOptions = {}): Promise<State> {
    const { timeoutMs } = options;
    let client: OvsdbClient | undefined;
    let late = false;
    // The limit holds also for a server that accepts the connection and says nothing.
    const giveUp = () => {
      late = true;
      client?.close();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, Math.min(timeoutMs, MAX_TIMER_MS));
    try {
      client = new OvsdbClient(remote, { tls: options.tls });
      await client.connect(timeoutMs);
      const state = await State.open(client, options);
      state.#ownsClient = true;
      return state;
    } catch (cause) {
      client?.close();
      if (!(cause instanceof OvsdbConnectionError || cause instanceof RemoteError)) throw cause;
      const reason = late ? `no answer within ${timeoutMs} ms` : cause.message;
      throw new CompatError('VC-DB-CONNECT', `Cannot use the database at ${remote}: ${reason}`, { remote }, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads once which agents are alive. */
  async askForLife(): Promise<void> {
    this.#heartbeats = await readHeartbeats(this.client);
  }

  /** All hosts of the database, by host name. */
  hosts(): HostRow[] {
    return [...this.#replica.rows('Host').values()]
      .map((row) => this.#withLife(readHost(row)))
      .toSorted((a, b) => compare(a.hostname, b.hostname) || compare(a.systemId, b.systemId));
  }

  /** A host by system id or host name; default: the one of the options, else the only one. Throws VC-HOST-UNKNOWN. */
  host(name: string | undefined = this.#systemId): HostRow {
    const hosts = this.hosts();
    if (name === undefined) {
      const [only] = hosts;
      if (only !== undefined && hosts.length === 1) return only;
      const text =
        hosts.length === 0
          ? 'Cannot choose a host: the database holds none; its agent has not run yet'
          : `Cannot choose a host: the database holds ${hosts.length}; name one of ${hosts.map(hostLabel).join(', ')}`;
      throw new CompatError('VC-HOST-UNKNOWN', text, { hosts: hosts.map((host) => host.systemId) });
    }
    const byId = hosts.find((host) => host.systemId === name);
    if (byId !== undefined) return byId;
    const byName = hosts.filter((host) => host.hostname === name);
    const [found] = byName;
    if (found !== undefined && byName.length === 1) return found;
    const text =
      byName.length > 1
        ? `Cannot choose host "${name}": ${byName.length} hosts have this name; use one of the system ids ${byName.map((host) => host.systemId).join(', ')}`
        : `Cannot find host "${name}" in the database${suggestion(name, hosts.map(hostName))}`;
    throw new CompatError('VC-HOST-UNKNOWN', text, { host: name });
  }

  /** The versions that a host publishes, by device type, the most preferred first. */
  versions(host: HostRow = this.host(), deviceType?: string): VersionRow[] {
    return this.#referred('Compat_Version', host.versions)
      .map(readVersion)
      .filter((row) => deviceType === undefined || row.deviceType === deviceType)
      .toSorted(
        (a, b) => compare(a.deviceType, b.deviceType) || a.preference - b.preference || compare(a.version, b.version),
      );
  }

  /** A row as the database has it. */
  row(table: (typeof TABLES)[number], uuid: string): ReplicaRow | undefined {
    return this.#replica.rows(table).get(uuid);
  }

  /** The interfaces of a host, by name. */
  interfaces(host: HostRow = this.host()): InterfaceRow[] {
    return this.#referred('Interface', host.interfaces)
      .map(readInterface)
      .toSorted((a, b) => compare(a.name, b.name));
  }

  findInterface(name: string, host: HostRow = this.host()): InterfaceRow | undefined {
    const row = this.#referred('Interface', host.interfaces).find((one) => one['name'] === name);
    return row && readInterface(row);
  }

  /** One interface by name. Throws VC-INTERFACE-UNKNOWN. */
  interface(name: string, host: HostRow = this.host()): InterfaceRow {
    const found = this.findInterface(name, host);
    if (found !== undefined) return found;
    const names = this.interfaces(host).map((one) => one.name);
    const text = `Cannot find interface "${name}" on host ${hostName(host)}${suggestion(name, names)}`;
    throw new CompatError('VC-INTERFACE-UNKNOWN', text, { host: host.systemId, interface: name });
  }

  /** The events, the oldest first; needs the option `events`. */
  events(filter: { readonly systemId?: string; readonly interface?: string } = {}): EventRow[] {
    return [...this.#replica.rows('Event').values()]
      .map(readEvent)
      .filter((row) => filter.systemId === undefined || row.systemId === filter.systemId)
      .filter((row) => filter.interface === undefined || row.interface === filter.interface)
      .toSorted((a, b) => a.time - b.time || compare(a.uuid, b.uuid));
  }

  /** Calls the listener after each change of the copy, until the returned function is called. */
  onChange(listener: (changes: readonly ReplicaChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listener when the copy is that of a new connection, right before the listeners of changes. */
  onSynchronised(listener: () => void): () => void {
    return this.#replica.onSynchronised(listener);
  }

  /** Resolves to true as soon as the condition holds, to false after `timeoutMs` or when the state is closed. */
  async until(condition: () => boolean, timeoutMs?: number): Promise<boolean> {
    if (condition()) return true;
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => {
        clearTimeout(timer);
        stop();
        this.#waiting.delete(giveUp);
        settle();
      };
      const giveUp = () => done(() => resolve(false));
      const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, Math.min(timeoutMs, MAX_TIMER_MS));
      this.#waiting.add(giveUp);
      const stop = this.onChange(() => {
        try {
          if (condition()) done(() => resolve(true));
        } catch (error) {
          done(() => reject(error));
        }
      });
    });
  }

  close(): void {
    this.#listeners.clear();
    for (const giveUp of [...this.#waiting]) giveUp();
    this.#replica.stop();
    if (this.#ownsClient) this.client.close();
  }

  #withLife(host: HostRow): HostRow {
    const since = staleSince(this.#heartbeats.get(host.systemId));
    return since === undefined ? host : { ...host, staleSince: since };
  }

  /** The rows that a column refers to, without those that have not arrived yet. */
  #referred(table: string, ids: readonly string[]): ReplicaRow[] {
    const rows = this.#replica.rows(table);
    return ids.map((id) => rows.get(id)).filter((row) => row !== undefined);
  }
}

/** Throws VC-DB-SCHEMA when the server does not hold our database, or in a form that we cannot read. */
async function checkSchema(client: OvsdbClient): Promise<void> {
  const refusal = (verb: string, reason: string) =>
    new CompatError('VC-DB-SCHEMA', `Cannot ${verb} the database ${DATABASE} at ${client.remote}: ${reason}`);
  const answer = await client.call('list_dbs', []);
  const databases: unknown[] = Array.isArray(answer) ? answer : [];
  if (!databases.includes(DATABASE)) throw refusal('find', `the server holds ${databases.join(', ') || 'none'}`);
  const schema = (await client.call('get_schema', [DATABASE])) as { version?: unknown; tables?: object };
  const version = String(schema.version);
  if (Number(version.split('.')[0]) !== SCHEMA_MAJOR)
    throw refusal('use', `its schema has version ${version}; wanted ${SCHEMA_MAJOR}.x`);
  const missing = TABLES.filter((name) => !Object.hasOwn(schema.tables ?? {}, name));
  if (missing.length > 0) throw refusal('use', `its schema lacks the table ${missing.join(', ')}`);
}

/** The name of a host for people. */
export function hostName({ hostname, systemId }: HostRow): string {
  return hostname || systemId;
}

function hostLabel({ hostname, systemId }: HostRow): string {
  return hostname === '' || hostname === systemId ? systemId : `${hostname} (${systemId})`;
}

/** By code points, so that the order does not depend on the locale of the reader. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
