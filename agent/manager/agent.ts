import { setTimeout as setTimeoutOf } from 'node:timers/promises';
import { PROGRAM_VERSION } from '../../base/installation.ts';
import type { Log } from '../../base/log.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { definedEntries } from '../../compat-tables/entries/entry-file.ts';
import type { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Json } from '../../rpc/json/types.ts';
import type { RowChange } from '../../rpc/ovsdb/client/replica.ts';
import { HEARTBEAT_MS } from '../../rpc/state/heartbeat.ts';
import { type HostRow, readInterface } from '../../rpc/state/rows.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import type { Config } from '../settings/config.ts';
import { makeRunDir } from '../settings/run-dir.ts';
import type { TraceListener } from '../vhost/trace-line.ts';
import { Alarms } from './alarms.ts';
import { EventLog, inWords } from './event-log.ts';
import { type KeptEvent, prepareRows } from './host-rows.ts';
import { type Beforehand, hostView } from './host-view.ts';
import { IdentityLock } from './identity-lock.ts';
import { Interfaces } from './interfaces.ts';
import type { Keeping } from './keeping.ts';
import { type OpenDatabase, openDatabase } from './open-database.ts';
import { Outbox } from './outbox.ts';
import { isStatusOnly } from './own-changes.ts';
import { backendColumns, entriesInForce, versionOperations, versionsInUse } from './publisher.ts';
import { systemId } from './system-id.ts';
import { readTables } from './table-files.ts';

/** Before another try of what the database did not take. */
const AGAIN_MS = 1000;
const STOP_PATIENCE_MS = 5000;

/** Back-ends change many at a time, as when a switch restarts: what the host can honour is told once for all of them. */
const GATHER_MS = 50;

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
  /** Of a database that other agents reach too. */
  readonly #identity: IdentityLock | undefined;
  #entries: readonly Entry[] = [];
  #hostDefault: string | undefined;
  #defaultKnown = false;
  readonly #alarms = new Alarms((event) => this.#events.record(event));
  #beforehand: Beforehand | undefined;
  #published = '';
  #knownEntries = '';
  #scheduled = false;
  #backendsChanged: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #reconciling: Promise<void> | undefined;
  #stopped = false;

  /** Starts everything; settles when ports are made and versions published. */
  static async start(config: Config, log: Log, keeping?: Keeping): Promise<Agent> {
    const id = systemId(config.systemId, config.stateDir);
    makeRunDir(config.runDir, config.socketGroup);
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
    kept: readonly KeptEvent[];
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
    if (parts.config.db !== undefined) {
      const tell = ({ code, message }: CompatError) => this.#events.record({ kind: 'fault', code, text: message });
      const { client } = parts.database;
      this.#identity = new IdentityLock({ client, systemId: parts.id, stateDir: parts.config.stateDir, tell });
    }
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

  /** Tells `listener` of the messages of an interface until the answer is called; undefined when there is no such interface. */
  trace(name: string, listener: TraceListener): (() => void) | undefined {
    return this.#interfaces.trace(name, listener);
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
   * that somebody keeps are relayed to the last moment, and then left to the next agent. `why`: for the history, in which
   * an agent that started without the one before having stopped was killed or crashed.
   */
  async stop(why: string): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#events.record({ kind: 'agent-stopping', text: `Agent ${PROGRAM_VERSION} ends: ${why}` });
    clearInterval(this.#heartbeat);
    clearTimeout(this.#backendsChanged);
    clearTimeout(this.#again);
    this.#identity?.close();
    await this.#interfaces.stop();
    // A database that does not answer must not keep the agent from ending.
    await Promise.race([this.#outbox.settled(), setTimeoutOf(STOP_PATIENCE_MS)]);
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
    this.#database.client.on('connected', () => void this.#databaseIsBack());
    this.#database.client.on('disconnected', ({ message }) => this.#log.warn('database-gone', { reason: message }));
    const resumed = this.#keeping?.ports.size ?? 0;
    await this.#reconcile();
    this.#beat();
    void this.#identity?.take();
    const [interfaces, versions] = [this.#interfaces.size, this.#entries.length];
    this.#events.record({
      kind: 'agent-started',
      text: `Agent ${PROGRAM_VERSION} serves ${interfaces} interfaces; ${resumed} connections of the one before go on`,
      details: inWords({ version: PROGRAM_VERSION, interfaces, versions, resumed }),
    });
  }

  #host(): HostRow | undefined {
    return this.#state.hosts().find((row) => row.systemId === this.#systemId);
  }

  /** It may be another one than before, an older state of it, or empty. */
  async #databaseIsBack(): Promise<void> {
    if (this.#stopped) return;
    this.#log.info('database-connected', { remote: this.#database.remote });
    this.#published = '';
    this.#interfaces.writeAgain();
    void this.#identity?.take();
    await this.#prepare();
    this.#schedule();
  }

  async #prepare(): Promise<void> {
    try {
      await prepareRows(this.#database, this.#config, this.#systemId);
    } catch (error) {
      this.#log.warn('database-refused', { error: (error as Error).message });
      this.#scheduleAgain();
    }
  }

  /** What did not work is tried again a little later. */
  #scheduleAgain(): void {
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      this.#schedule();
    }, AGAIN_MS);
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
    if (this.#stopped) return;
    if (!host) {
      // Somebody removed it, or the database came back empty.
      if (this.#database.client.connected) await this.#prepare();
      this.#scheduleAgain();
      return;
    }
    const wantedCfg = host.nextCfg;
    this.#takeEntries(host);
    this.#takeDefault(host.defaultVersion);
    await this.#interfaces.sync(this.#state.interfaces(host), host.defaultVersion);
    this.#reconsiderNew();
    const published = await this.#publish(host);
    const written = (wantedCfg === host.curCfg && published) || (await this.#outbox.settled());
    // What the database refused is not applied, whoever waits for it.
    if (!published || !written) this.#scheduleAgain();
    else if (wantedCfg !== host.curCfg) this.#outbox.update('Host', host.uuid, { cur_cfg: wantedCfg });
  }

  #takeDefault(version: string | undefined): void {
    const [before, isFirst] = [this.#hostDefault, !this.#defaultKnown];
    this.#hostDefault = version;
    this.#defaultKnown = true;
    if (isFirst || before === version) return;
    const name = (one: string | undefined) => one ?? 'the first usable version';
    const text = `The default of the host is ${name(version)}; before it was ${name(before)}`;
    this.#events.record({ kind: 'default-changed', text, details: inWords({ version, before }) });
  }

  /** Doors that nobody could be let in through may open for a version that was defined, and shut for one that went. */
  #reconsiderNew(): void {
    const known = this.#entries.map(({ version, digest }) => `${version} ${digest}`).join('\n');
    if (known === this.#knownEntries) return;
    this.#knownEntries = known;
    this.#interfaces.reconsider();
  }

  #takeEntries(host: HostRow): void {
    const defined = definedEntries(host.definedVersions, this.#loaded);
    this.#alarms.definitions(defined.problems);
    const known = [...this.#loaded, ...defined.entries];
    const inUse = versionsInUse(this.#state.interfaces(host), host.defaultVersion);
    const inForce = entriesInForce(known, this.#state.versions(host), inUse);
    this.#entries = inForce.entries;
    this.#alarms.broken(inForce.broken);
    this.#alarms.changed(inForce.changed);
  }

  /** False: the database did not take it. */
  async #publish(host: HostRow): Promise<boolean> {
    const backends = this.#interfaces.views();
    const types = new Set([DEFAULT_DEVICE_TYPE, ...this.#entries.map((entry) => entry.deviceType)]);
    const views = new Map(
      [...types].map((type) => {
        const own = backends.filter((one) => one.deviceType === type);
        return [type, hostView(own, type === DEFAULT_DEVICE_TYPE ? this.#beforehand : undefined)];
      }),
    );
    const view = views.get(DEFAULT_DEVICE_TYPE);
    const operations = versionOperations(host, this.#state.versions(host), this.#entries, views);
    const columns = backendColumns(view, undefined);
    const text = JSON.stringify(columns);
    if (text !== this.#published) {
      const timed = backendColumns(view, view?.knownBy === 'measured' ? Date.now() : undefined);
      operations.push({ op: 'update', table: 'Host', where: [['_uuid', '==', ['uuid', host.uuid]]], row: timed });
      if (view?.knownBy === 'measured')
        this.#beforehand = { abilities: view.abilities, knownBy: 'measured', name: 'last measured' };
    }
    if (operations.length === 0) return true;
    // Only on what these were made from: rows that came meanwhile, or our own whose answer was lost, are looked at anew.
    const where: Json = [['_uuid', '==', ['uuid', host.uuid]]];
    const versions: Json = ['set', host.versions.map((uuid): Json => ['uuid', uuid])];
    const guard = {
      op: 'wait',
      table: 'Host',
      where,
      columns: ['versions'],
      until: '==',
      rows: [{ versions }],
      timeout: 0,
    };
    try {
      await this.#database.client.transact(DATABASE, [guard, ...operations]);
      this.#published = text;
      return true;
    } catch (error) {
      this.#log.warn('publishing-failed', { error: (error as Error).message });
      return false;
    }
  }

  #beat(): void {
    this.#outbox.updateWhere('Host_Private', 'system_id', this.#systemId, { heartbeat: Date.now() });
  }
}

/** What an earlier life of the agent measured: good until a back-end is measured again. */
function remembered(host: HostRow | undefined): Beforehand | undefined {
  if (!host?.abilities || host.knownBy !== 'measured') return undefined;
  return { abilities: host.abilities, knownBy: 'measured', name: host.backend.get('name') ?? 'last measured' };
}
