import { setTimeout as setTimeoutOf } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import type { EntriesRead } from '../../compat-tables/entries/load.ts';
import type { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { HEARTBEAT_MS } from '../../rpc/state/heartbeat.ts';
import type { HostRow } from '../../rpc/state/read-rows.ts';
import { State } from '../../rpc/state/state.ts';
import type { Config } from '../settings/config.ts';
import { ordersSocket } from '../settings/relay-dir.ts';
import { makeRunDir } from '../settings/run-dir.ts';
import { AgentEvents } from './agent-events.ts';
import { Authors } from './authors.ts';
import { ClientChanges } from './client-changes.ts';
import type { OpenDatabase } from './database-link.ts';
import { EventLog } from './event-log.ts';
import { hostFacts, prepareAtStart, prepareRows, type StoredEvent } from './host-rows.ts';
import { LocalVersions } from './host-versions.ts';
import type { Beforehand } from './host-view.ts';
import { IdentityLock } from './identity-lock.ts';
import { InterfaceMemory } from './interface-memory.ts';
import { Interfaces } from './interfaces.ts';
import { KnownRows } from './known-rows.ts';
import { openDatabase } from './open-database.ts';
import { OwnHostRow } from './own-host-row.ts';
import { OwnedRows, type OwnedRowsParts } from './owned-rows.ts';
import { PendingWrites } from './pending-writes.ts';
import { PublishedMemory } from './published-memory.ts';
import { PublishedRows } from './published-rows.ts';
import { Publisher } from './publisher.ts';
import { Reconciler } from './reconciler.ts';
import { RelayLink } from './relay-link.ts';
import { systemId } from './system-id.ts';
import { readTables } from './table-files.ts';

/** How long an agent that ends waits for its last writes. */
const STOP_PATIENCE_MS = 5000;
/** How long the start waits for the relay process. */
const RELAY_PATIENCE_MS = 3000;

const NO_PROBLEMS: Json = ['map', []];

/** Who changed a row, when the database server is not our own. */
const UNTOLD = 'a client of the database server, which does not say who';

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly systemId: string;
  readonly database: OpenDatabase;
  readonly state: State;
  /** Undefined: the database did not take the rows of this host yet. */
  readonly storedEvents: readonly StoredEvent[] | undefined;
  readonly tables: EntriesRead;
  readonly relay: RelayLink;
  readonly authors: Authors;
}

/** The running agent: database, compat tables and ports, and the loop that reconciles them. */
export class Agent {
  readonly parts: Parts;
  readonly events: EventLog;
  readonly #told: AgentEvents;
  readonly interfaces: Interfaces;
  readonly #writes: PendingWrites;
  readonly #owned: OwnedRows;
  readonly #hostRow: OwnHostRow;
  readonly #memory: InterfaceMemory;
  readonly #versions: LocalVersions;
  readonly #publisher: Publisher;
  readonly #reconciler: Reconciler;
  readonly #heartbeat: NodeJS.Timeout;
  /** Only in a database that other agents reach, too. */
  readonly #identity: IdentityLock | undefined;
  #stopped = false;

  /** Starts everything; settles when the interfaces are ordered, if the relay process is there, and the versions published. */
  static async start(config: Config, log: Log): Promise<Agent> {
    const id = systemId(config.systemId, config.stateDir);
    makeRunDir(config.runDir, config.dbSocketGroup);
    const tables = readTables(config.tables);
    for (const problem of tables.problems) log.error('table-problem', { code: problem.code, text: problem.message });
    log.info('tables-loaded', { entries: tables.entries.length, problems: tables.problems.length });
    const authors = new Authors(config.db === undefined ? 'a client that is not known' : UNTOLD);
    const database = await openDatabase(config, log, authors);
    try {
      const storedEvents = await prepareAtStart(database, config, id);
      const state = await State.open(database.client, { systemId: id });
      const relay = new RelayLink(ordersSocket(config.relayDir), log);
      const agent = new Agent({ config, log, systemId: id, database, state, storedEvents, tables, relay, authors });
      await agent.#run();
      return agent;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  private constructor(parts: Parts) {
    const { config, log, systemId: id, database, state, storedEvents: stored, tables, relay, authors } = parts;
    const { client } = database;
    this.parts = parts;
    const refused = (error: Error) => this.#told.refusal(error);
    this.#writes = new PendingWrites(client, log, refused);
    const { hostname: host, eventLimit: limit } = config;
    this.events = new EventLog({ systemId: id, host, limit, stored: stored ?? [], writes: this.#writes, log });
    this.#told = new AgentEvents(this.events);
    const changes = new ClientChanges((event) => this.events.record(event));
    authors.denied = (by, method, reason) =>
      changes.tell({ kind: 'denied', text: `A client was denied ${method}: ${reason}`, details: { method }, by });
    this.#memory = new InterfaceMemory(config.stateDir, (problem) => this.#told.problem('fault', problem));
    const row: OwnedRowsParts['row'] = (table, uuid) => state.row(table, uuid);
    this.#owned = new OwnedRows({ writes: this.#writes, authors, changes, row });
    const known = new KnownRows({ memory: this.#memory, owned: this.#owned, authors, changes });
    this.#hostRow = new OwnHostRow({ state, systemId: id, authors, changes });
    this.#versions = new LocalVersions({
      ...{
        loaded: tables.entries,
        problems: tables.problems,
        memory: new PublishedMemory(config.stateDir),
        authors,
        changes,
      },
      inForce: () => this.interfaces.inForce(),
      record: (event) => this.events.record(event),
    });
    this.interfaces = new Interfaces(relay, {
      entries: () => this.#versions.entries,
      hostDefault: () => this.#versions.default,
      write: (uuid, columns) => this.#owned.update('Interface', uuid, columns),
      changed: (name, change, by) => changes.tell({ interface: name, ...change, by }),
      author: (uuid, column) => authors.ofColumn('Interface', column, uuid),
      remember: (uuid, what) => this.#memory.keep(uuid, what),
      entered: (one, isNew) => known.entered(one, isNew),
      found: (rows) => this.#memory.keepOnly(new Set(rows.map(({ uuid }) => uuid))),
      left: (one) => known.left(one),
      event: (name, event) => this.events.record({ interface: name, ...event }),
      backendsChanged: () => this.#reconciler.backendsChanged(),
    });
    const own = state.hosts().find((row) => row.systemId === id);
    const beforehand = known.measuredBefore(own) ?? declared(config);
    const rows = new PublishedRows(authors);
    const [memory, owned] = [this.#memory, this.#owned];
    this.#publisher = new Publisher({ client, log, beforehand, memory, owned, rows, changes, refused });
    this.#reconciler = new Reconciler({
      ...{ log, state, versions: this.#versions, interfaces: this.interfaces, hostRow: this.#hostRow },
      ...{ publisher: this.#publisher, writes: this.#owned },
      prepare: async () => {
        this.events.moved(await prepareRows(database, config, id));
        this.#ownHost();
      },
      isPrepared: stored !== undefined,
    });
    database.onTrouble(() => this.#told.trouble(database.trouble));
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    if (config.db !== undefined) {
      const tell = (problem: CompatError) => this.#told.problem('fault', problem);
      this.#identity = new IdentityLock({ client, systemId: id, stateDir: config.stateDir, tell });
    }
    for (const problem of tables.problems) this.#told.problem('table-problem', problem);
    if (database.trouble) this.#told.trouble(database.trouble);
  }

  /**
   * Ends: its last writes first, then the database. The ports go on, unless the relay process has ended before or ends with
   * this one (`relayEnds`), which the rows then say. `why`: for the history, in which an agent that starts without its predecessor having stopped shows that that one
   * was killed or crashed.
   */
  async stop(why: string, relayEnds = false): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#told.stopping(why);
    clearInterval(this.#heartbeat);
    this.#reconciler.stop();
    this.#owned.close();
    this.#identity?.close();
    this.parts.relay.close();
    if (relayEnds || !this.parts.relay.hello) this.interfaces.stopped();
    await Promise.race([this.#memory.save(), setTimeoutOf(STOP_PATIENCE_MS)]);
    // a database that does not answer must not keep the agent from ending
    await Promise.race([this.#writes.settled(), setTimeoutOf(STOP_PATIENCE_MS)]);
    this.#writes.close();
    this.parts.state.close();
    await this.parts.database.close();
  }

  /** The manager serves its clients; a relay process in the same unit reports that to the service manager. */
  serving(): void {
    this.parts.relay.send({ is: 'serving' });
  }

  /** The connections would end with the relay process: the history says so. */
  keeperDied(): void {
    this.#told.keeperDied();
  }

  async #run(): Promise<void> {
    const { state, database, log } = this.parts;
    state.onChange((changes) => {
      this.#reconciler.rowsChanged(changes);
      this.#owned.rowsChanged(changes);
    });
    this.#ownHost();
    database.client.on('connected', () => {
      log.info('database-connected', { remote: database.remote });
      void this.#identity?.take();
    });
    state.onSynchronised(() => void this.#reconnected());
    database.client.on('disconnected', ({ message }) => {
      log.warn('database-gone', { reason: message });
      this.#owned.disconnected();
    });
    await this.#connectRelay();
    await this.#reconciler.run();
    this.#beat();
    void this.#identity?.take();
    this.#told.started(this.interfaces.size, this.#versions.entries.length);
  }

  /** Settles when the relay process is connected, or after a while without it: clients are served all the same. */
  async #connectRelay(): Promise<void> {
    const { relay } = this.parts;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RELAY_PATIENCE_MS);
      relay.start({
        connected: (hello) => {
          this.interfaces.connected();
          this.#told.relayConnected(hello);
          clearTimeout(timer);
          resolve();
          this.#reconciler.schedule();
        },
        fact: (fact) => this.interfaces.received(fact),
        gone: () => this.interfaces.gone(),
      });
    });
  }

  /**
   * The database may be another one than before, an older state of it, or empty. Its rows are known by now: what is concluded
   * from those before would be taken for a client's doing.
   */
  async #reconnected(): Promise<void> {
    if (this.#stopped) return;
    this.#publisher.writeAgain();
    this.interfaces.writeAgain();
    this.#hostRow.forget();
    this.#owned.synchronised();
    this.#takeBackCurCfg();
    await this.#reconciler.prepare();
    this.#reconciler.schedule();
  }

  /** In an older state of the database less was asked for than was carried out since: what comes next is not carried out yet. */
  #takeBackCurCfg(): void {
    const host = this.#host();
    if (host && Number(this.#owned.wanted(host.uuid, 'cur_cfg')) > host.nextCfg)
      this.#owned.writing(host.uuid, { cur_cfg: host.curCfg })();
  }

  #host(): HostRow | undefined {
    return this.parts.state.hosts().find((row) => row.systemId === this.parts.systemId);
  }

  /** The columns of the Host row that are status: the row is as we have just written it. */
  #ownHost(): void {
    const { systemId: id, config, database } = this.parts;
    const host = this.#host();
    if (!host) return;
    this.#owned.own('Host', host.uuid, id, { cur_cfg: host.curCfg });
    this.#owned.writing(host.uuid, { problems: NO_PROBLEMS, ...hostFacts(database, config, id) })();
  }

  #beat(): void {
    const life = { heartbeat: Date.now(), pid: process.pid };
    this.#writes.updateWhere('Host_Private', 'system_id', this.parts.systemId, life);
  }
}

function declared({ backend }: Config): Beforehand | undefined {
  return backend && { ...backend, knownBy: 'declared' };
}
