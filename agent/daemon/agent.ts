import { chmodSync, mkdirSync } from 'node:fs';
import type { CompatError } from '../../compat-tables/errors.ts';
import { definedEntries } from '../../compat-tables/moves/entry-file.ts';
import type { Entry } from '../../compat-tables/types.ts';
import type { Json } from '../../rpc/json/types.ts';
import type { RowChange } from '../../rpc/ovsdb/client/replica.ts';
import { encodeHost } from '../../rpc/state/columns.ts';
import { type HostRow, type InterfaceRow, readInterface } from '../../rpc/state/rows.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import type { Tap } from '../relay/tap.ts';
import type { Config } from './config.ts';
import { type OpenDatabase, openDatabase } from './database.ts';
import { EventLog } from './event-log.ts';
import { type Beforehand, hostView } from './host-view.ts';
import { Interfaces } from './interfaces.ts';
import type { Keeping } from './keeping.ts';
import type { Log } from './log.ts';
import { Outbox } from './outbox.ts';
import { isStatusOnly } from './own-changes.ts';
import { backendColumns, entriesInForce, versionOperations } from './publisher.ts';
import { systemId } from './system-id.ts';
import { readTables, sha256 } from './table-files.ts';
import { AGENT_VERSION } from './version.ts';

/** How often the row that says "alive" is written. */
const HEARTBEAT_MS = 10_000;

/** Back-ends change many at a time, as when a switch restarts: what the host can honour is told once for all of them. */
const GATHER_MS = 50;

/** The Host row tells of the network back-end; other device types have versions, but no columns of their own there. */
const NET = 'vhost-user-net';

/** The running agent: database, compat tables and ports, and the loop that keeps them one. */
export class Agent {
  readonly #config: Config;
  readonly #log: Log;
  readonly #systemId: string;
  readonly #database: OpenDatabase;
  readonly #state: State;
  readonly #outbox: Outbox;
  readonly #events: EventLog;
  readonly #interfaces: Interfaces;
  readonly #loaded: readonly Entry[];
  readonly #keeping: Keeping | undefined;
  readonly #heartbeat: NodeJS.Timeout;
  #entries: readonly Entry[] = [];
  #hostDefault: string | undefined;
  readonly #alarmed = new Set<string>();
  #beforehand: Beforehand | undefined;
  #published = '';
  #scheduled = false;
  #backendsChanged: NodeJS.Timeout | undefined;
  #reconciling: Promise<void> | undefined;
  #stopped = false;

  /** Starts everything; settles when ports are made and versions published. */
  static async start(config: Config, log: Log, keeping?: Keeping): Promise<Agent> {
    const id = systemId(config.systemId, config.stateDir);
    makeRunDir(config.runDir);
    const tables = readTables(config.tables);
    for (const problem of tables.problems) log.error('table-problem', { code: problem.code, text: problem.message });
    log.info('tables-loaded', { entries: tables.entries.length, problems: tables.problems.length });
    const database = await openDatabase(config, log);
    try {
      const kept = await prepareRows(database, config, id);
      const state = await State.open(database.client, { systemId: id });
      const agent = new Agent({
        config,
        log,
        id,
        database,
        state,
        keeping,
        kept,
        loaded: tables.entries,
        problems: tables.problems,
      });
      await agent.#run();
      return agent;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  private constructor(parts: {
    config: Config;
    log: Log;
    id: string;
    database: OpenDatabase;
    state: State;
    keeping: Keeping | undefined;
    kept: readonly string[];
    loaded: readonly Entry[];
    problems: readonly CompatError[];
  }) {
    this.#config = parts.config;
    this.#log = parts.log;
    this.#systemId = parts.id;
    this.#database = parts.database;
    this.#state = parts.state;
    this.#loaded = parts.loaded;
    this.#keeping = parts.keeping;
    this.#outbox = new Outbox(parts.database.client, DATABASE, parts.log);
    this.#events = new EventLog({
      systemId: parts.id,
      host: parts.config.hostname,
      limit: parts.config.eventLimit,
      kept: parts.kept,
      outbox: this.#outbox,
      log: parts.log,
    });
    this.#interfaces = new Interfaces({
      socketGroup: parts.config.socketGroup,
      entries: () => this.#entries,
      hostDefault: () => this.#hostDefault,
      write: (uuid, columns) => this.#outbox.update('Interface', uuid, columns),
      event: (name, event) => this.#events.record({ interface: name, ...event, details: inWords(event.details) }),
      backendsChanged: () => {
        this.#backendsChanged ??= setTimeout(() => {
          this.#backendsChanged = undefined;
          this.#schedule();
        }, GATHER_MS);
      },
      keeping: parts.keeping,
    });
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    for (const problem of parts.problems)
      this.#events.record({ kind: 'table-problem', code: problem.code, text: problem.message });
    for (const problem of parts.keeping?.ports.problems ?? [])
      this.#events.record({ kind: 'fault', code: problem.code, text: problem.message });
  }

  get systemId(): string {
    return this.#systemId;
  }

  get state(): State {
    return this.#state;
  }

  get events(): EventLog {
    return this.#events;
  }

  /** Lets `tap` see the messages of an interface until the answer is called; undefined when there is no such interface. */
  trace(name: string, tap: Tap): (() => void) | undefined {
    return this.#interfaces.trace(name, tap);
  }

  /** The ports of the interfaces, as they are at this moment. */
  ports(): ReturnType<Interfaces['ports']> {
    return this.#interfaces.ports();
  }

  /** Where the database of this host is reached. */
  get remote(): string {
    return this.#database.remote;
  }

  /**
   * Ends ports first (guests' front-ends see a clean hang-up), then what is left to write, then the database. Connections
   * that somebody keeps are relayed to the last moment, and then left to the next agent.
   */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#backendsChanged);
    await this.#interfaces.stop();
    await this.#outbox.settled();
    this.#outbox.close();
    this.#state.close();
    await this.#database.close();
    // What the keeper was not given yet has to be open still when it is.
    await this.#keeping?.store.settled();
    this.#interfaces.leave();
  }

  async #run(): Promise<void> {
    this.#beforehand = remembered(this.#host()) ?? this.#declared();
    this.#state.onChange((changes) => this.#changed(changes));
    await this.#reconcile();
    this.#beat();
    this.#log.info('agent-started', {
      version: AGENT_VERSION,
      system_id: this.#systemId,
      interfaces: this.#interfaces.size,
      versions: this.#entries.length,
    });
  }

  #host(): HostRow | undefined {
    return this.#state.hosts().find((row) => row.systemId === this.#systemId);
  }

  #declared(): Beforehand | undefined {
    const { backend } = this.#config;
    return backend && { abilities: backend.abilities, knownBy: 'declared', name: backend.name };
  }

  #changed(changes: readonly RowChange[]): void {
    if (!changes.every(isStatusOnly)) {
      this.#schedule();
      return;
    }
    for (const { table, new: row } of changes) {
      if (table === 'Interface' && row) this.#interfaces.refresh(readInterface(row));
    }
  }

  /** Everything that happens within one turn of the event loop is taken up at once. */
  #schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#reconcile().catch((error: unknown) => {
        this.#log.error('reconcile-failed', { error });
      });
    });
  }

  async #reconcile(): Promise<void> {
    if (this.#reconciling) {
      // The one that runs may have read the rows already: once more when it is done.
      void this.#reconciling.finally(() => this.#schedule());
      return;
    }
    this.#reconciling = this.#bringTogether();
    try {
      await this.#reconciling;
    } finally {
      this.#reconciling = undefined;
    }
  }

  async #bringTogether(): Promise<void> {
    const host = this.#host();
    if (!host || this.#stopped) return;
    const wantedCfg = host.nextCfg;
    this.#takeEntries(host);
    this.#hostDefault = host.defaultVersion;
    await this.#interfaces.sync(this.#state.interfaces(host), host.defaultVersion);
    await this.#publish(host);
    if (wantedCfg === host.curCfg) return;
    await this.#outbox.settled();
    this.#outbox.update('Host', host.uuid, { cur_cfg: wantedCfg });
  }

  #takeEntries(host: HostRow): void {
    const defined = definedEntries(host.definedVersions, this.#loaded, sha256);
    this.#tellDefinitions(defined.problems);
    const known = [...this.#loaded, ...defined.entries];
    const inForce = entriesInForce(known, this.#state.versions(host), versionsInUse(this.#state.interfaces(host)));
    this.#entries = inForce.entries;
    for (const version of inForce.changed) {
      if (this.#alarmed.has(version)) continue;
      this.#alarmed.add(version);
      this.#events.record({
        kind: 'table-changed',
        code: 'VC-TABLE-CHANGED',
        text: `The table has another ${version} than the one this host published; the published one stays in force`,
        details: { version },
      });
    }
  }

  /** What clients defined and cannot be used, once for each. */
  #tellDefinitions(problems: readonly CompatError[]): void {
    for (const { code, message } of problems) {
      if (this.#alarmed.has(message)) continue;
      this.#alarmed.add(message);
      this.#events.record({ kind: 'table-problem', code, text: message });
    }
  }

  async #publish(host: HostRow): Promise<void> {
    const backends = this.#interfaces.views();
    const types = new Set([NET, ...this.#entries.map((entry) => entry.deviceType)]);
    const views = new Map(
      [...types].map((type) => {
        const own = backends.filter((one) => one.deviceType === type);
        return [type, hostView(own, type === NET ? this.#beforehand : undefined)];
      }),
    );
    const view = views.get(NET);
    const operations = versionOperations(host, this.#state.versions(host), this.#entries, views);
    const columns = backendColumns(view, undefined);
    const text = JSON.stringify(columns);
    if (text !== this.#published) {
      this.#published = text;
      const timed = backendColumns(view, view?.knownBy === 'measured' ? Date.now() : undefined);
      operations.push({ op: 'update', table: 'Host', where: [['_uuid', '==', ['uuid', host.uuid]]], row: timed });
      if (view?.knownBy === 'measured')
        this.#beforehand = { abilities: view.abilities, knownBy: 'measured', name: 'last measured' };
    }
    if (operations.length === 0) return;
    this.#outbox.add(...operations);
    // The next look at the rows must see these, or it would publish them a second time.
    await this.#outbox.settled();
  }

  #beat(): void {
    const where: Json = [['system_id', '==', this.#systemId]];
    this.#outbox.add({ op: 'update', table: 'Host_Private', where, row: { heartbeat: Date.now() } });
  }
}

/** Directories 0770: QEMU and OVS come in through their group. Made only when absent; what the operator made stays. */
function makeRunDir(dir: string): void {
  if (mkdirSync(dir, { recursive: true, mode: 0o770 }) !== undefined) chmodSync(dir, 0o770);
}

/** Makes sure that this host has its rows; returns the UUIDs of its events, the oldest first. */
async function prepareRows({ client }: OpenDatabase, config: Config, id: string): Promise<string[]> {
  const where: Json = [['system_id', '==', id]];
  const facts = encodeHost({ systemId: id, hostname: config.hostname, agentVersion: AGENT_VERSION });
  const life = { system_id: id, pid: process.pid, started: Date.now(), heartbeat: Date.now() };
  const results = await client.transact(DATABASE, [
    { op: 'update', table: 'Host', where, row: facts },
    { op: 'update', table: 'Host_Private', where, row: life },
    { op: 'select', table: 'Event', where, columns: ['_uuid', 'time'] },
  ]);
  const missing: Json[] = [];
  if (count(results[0]) === 0) missing.push({ op: 'insert', table: 'Host', row: facts });
  if (count(results[1]) === 0) missing.push({ op: 'insert', table: 'Host_Private', row: life });
  if (missing.length > 0) await client.transact(DATABASE, missing);
  return eventUuids(results[2]);
}

/** Details of an event as the database keeps them. */
function inWords(details: Readonly<Record<string, unknown>>): Record<string, string> {
  const known = Object.entries(details).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    known.map(([name, value]) => [name, Array.isArray(value) ? value.join(' ') : String(value)]),
  );
}

/** Versions that must stay known because an interface names them. From the rows: at a start there are no ports yet. */
function versionsInUse(interfaces: readonly InterfaceRow[]): Set<string> {
  return new Set(interfaces.flatMap(({ version, inForce }) => [version ?? [], inForce ?? []].flat()));
}

function count(result: Json | undefined): number {
  return typeof result === 'object' && result !== null && 'count' in result ? Number(result['count']) : 0;
}

function eventUuids(result: Json | undefined): string[] {
  if (typeof result !== 'object' || result === null || !('rows' in result) || !Array.isArray(result['rows'])) return [];
  const rows = result['rows'] as { _uuid: [string, string]; time: number }[];
  return rows.toSorted((a, b) => a.time - b.time).map((row) => row._uuid[1]);
}

/** What an earlier life of the agent measured: good until a back-end is measured again. */
function remembered(host: HostRow | undefined): Beforehand | undefined {
  if (!host?.abilities || host.knownBy !== 'measured') return undefined;
  return { abilities: host.abilities, knownBy: 'measured', name: host.backend.get('name') ?? 'last measured' };
}
