import { setTimeout as setTimeoutOf } from 'node:timers/promises';
import { PROGRAM_VERSION } from '../../base/installation.ts';
import type { Log } from '../../base/log.ts';
import { plural } from '../../base/text.ts';
import type { EntriesRead } from '../../compat-tables/entries/load.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { HEARTBEAT_MS } from '../../rpc/state/heartbeat.ts';
import type { HostRow } from '../../rpc/state/read-rows.ts';
import { State } from '../../rpc/state/state.ts';
import type { Config } from '../settings/config.ts';
import { ordersSocket } from '../settings/relay-dir.ts';
import { makeRunDir } from '../settings/run-dir.ts';
import type { OpenDatabase } from './database-link.ts';
import { EventLog } from './event-log.ts';
import { prepareAtStart, prepareRows, type StoredEvent } from './host-rows.ts';
import { LocalVersions } from './host-versions.ts';
import type { Beforehand } from './host-view.ts';
import { IdentityLock } from './identity-lock.ts';
import { Interfaces } from './interfaces.ts';
import { openDatabase } from './open-database.ts';
import { PendingWrites } from './pending-writes.ts';
import { Publisher } from './publisher.ts';
import { Reconciler } from './reconciler.ts';
import { type RelayHello, RelayLink } from './relay-link.ts';
import { systemId } from './system-id.ts';
import { readTables } from './table-files.ts';

/** How long an agent that ends waits for its last writes. */
const STOP_PATIENCE_MS = 5000;
/** How long the start waits for the relay process. */
const RELAY_PATIENCE_MS = 3000;

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
}

/** The running agent: database, compat tables and ports, and the loop that reconciles them. */
export class Agent {
  readonly parts: Parts;
  readonly events: EventLog;
  readonly interfaces: Interfaces;
  readonly #writes: PendingWrites;
  readonly #versions: LocalVersions;
  readonly #publisher: Publisher;
  readonly #reconciler: Reconciler;
  readonly #heartbeat: NodeJS.Timeout;
  /** Only in a database that other agents reach, too. */
  readonly #identity: IdentityLock | undefined;
  #stopped = false;
  #relayPid: number | undefined;

  /** Starts everything; settles when the interfaces are ordered, if the relay process is there, and the versions published. */
  static async start(config: Config, log: Log): Promise<Agent> {
    const id = systemId(config.systemId, config.stateDir);
    makeRunDir(config.runDir, config.dbSocketGroup);
    const tables = readTables(config.tables);
    for (const problem of tables.problems) log.error('table-problem', { code: problem.code, text: problem.message });
    log.info('tables-loaded', { entries: tables.entries.length, problems: tables.problems.length });
    const database = await openDatabase(config, log);
    try {
      const storedEvents = await prepareAtStart(database, config, id);
      const state = await State.open(database.client, { systemId: id });
      const relay = new RelayLink(ordersSocket(config.relayDir), log);
      const agent = new Agent({ config, log, systemId: id, database, state, storedEvents, tables, relay });
      await agent.#run();
      return agent;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  private constructor(parts: Parts) {
    const { config, log, systemId: id, database, state, storedEvents: stored, tables, relay } = parts;
    const { client } = database;
    this.parts = parts;
    this.#writes = new PendingWrites(client, log);
    const { hostname: host, eventLimit: limit } = config;
    this.events = new EventLog({ systemId: id, host, limit, stored: stored ?? [], writes: this.#writes, log });
    this.#versions = new LocalVersions(tables.entries, (event) => this.events.record(event));
    this.interfaces = new Interfaces(relay, {
      entries: () => this.#versions.entries,
      hostDefault: () => this.#versions.default,
      write: (uuid, columns) => this.#writes.update('Interface', uuid, columns),
      event: (name, event) => this.events.record({ interface: name, ...event }),
      backendsChanged: () => this.#reconciler.backendsChanged(),
    });
    const own = state.hosts().find((row) => row.systemId === id);
    this.#publisher = new Publisher(client, log, measuredBefore(own) ?? declared(config));
    this.#reconciler = new Reconciler({
      ...{ log, systemId: id, state, versions: this.#versions, interfaces: this.interfaces },
      ...{ publisher: this.#publisher, writes: this.#writes },
      prepare: async () => this.events.moved(await prepareRows(database, config, id)),
      isPrepared: stored !== undefined,
    });
    database.onTrouble(() => this.#tellTrouble());
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    if (config.db !== undefined) {
      const tell = (problem: CompatError) => this.#recordProblem('fault', problem);
      this.#identity = new IdentityLock({ client, systemId: id, stateDir: config.stateDir, tell });
    }
    for (const problem of tables.problems) this.#recordProblem('table-problem', problem);
    if (database.trouble) this.#tellTrouble();
  }

  /**
   * Ends: its last writes first, then the database. The ports go on, unless the relay process has ended before or ends with
   * this one (`relayEnds`), which the rows then say. `why`: for the history, in which an agent that starts without its predecessor having stopped shows that that one
   * was killed or crashed.
   */
  async stop(why: string, relayEnds = false): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.events.record({ kind: 'agent-stopping', text: `Agent ${PROGRAM_VERSION} ends: ${why}` });
    clearInterval(this.#heartbeat);
    this.#reconciler.stop();
    this.#identity?.close();
    this.parts.relay.close();
    if (relayEnds || !this.parts.relay.hello) this.interfaces.stopped();
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
    const text = 'The keeper of this agent died: the connections are not kept, and nobody would start the agent again';
    this.#recordProblem('not-kept', new CompatError('VC-KEEPER-GONE', text));
  }

  async #run(): Promise<void> {
    const { state, database, log } = this.parts;
    state.onChange((changes) => this.#reconciler.rowsChanged(changes));
    database.client.on('connected', () => void this.#reconnected());
    database.client.on('disconnected', ({ message }) => log.warn('database-gone', { reason: message }));
    await this.#connectRelay();
    await this.#reconciler.run();
    this.#beat();
    void this.#identity?.take();
    const details = {
      version: PROGRAM_VERSION,
      interfaces: this.interfaces.size,
      versions: this.#versions.entries.length,
    };
    const text = `Agent ${PROGRAM_VERSION} serves ${plural(details.interfaces, 'interface')}`;
    this.events.record({ kind: 'agent-started', text, details });
  }

  /** Settles when the relay process is connected, or after a while without it: clients are served all the same. */
  async #connectRelay(): Promise<void> {
    const { relay } = this.parts;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RELAY_PATIENCE_MS);
      relay.start({
        connected: (hello) => {
          this.interfaces.connected();
          this.#tellRelay(hello);
          clearTimeout(timer);
          resolve();
          this.#reconciler.schedule();
        },
        fact: (fact) => this.interfaces.received(fact),
        gone: () => this.interfaces.gone(),
      });
    });
  }

  /** Once for each relay process. */
  #tellRelay({ pid, program, resumed, problems }: RelayHello): void {
    if (pid === this.#relayPid) return;
    this.#relayPid = pid;
    for (const { code, text } of problems) this.events.record({ kind: 'fault', code, text });
    const took = `it took over ${plural(resumed, 'connection')} of the one before`;
    const text = `Relay process ${pid} of release ${program} serves the ports; ${took}`;
    this.events.record({ kind: 'relay-connected', text, details: { pid, program, resumed } });
  }

  /** The database may be another one than before, an older state of it, or empty. */
  async #reconnected(): Promise<void> {
    if (this.#stopped) return;
    this.parts.log.info('database-connected', { remote: this.parts.database.remote });
    this.#publisher.writeAgain();
    this.interfaces.writeAgain();
    void this.#identity?.take();
    await this.#reconciler.prepare();
    this.#reconciler.schedule();
  }

  #tellTrouble(): void {
    const { trouble } = this.parts.database;
    if (trouble) this.#recordProblem('database-unwritable', trouble);
    else {
      const text = 'The database takes writes again; what happened meanwhile stands in the log of the agent only';
      this.events.record({ kind: 'database-writable', text });
    }
  }

  #recordProblem(kind: string, { code, message }: CompatError): void {
    this.events.record({ kind, code, text: message });
  }

  #beat(): void {
    this.#writes.updateWhere('Host_Private', 'system_id', this.parts.systemId, { heartbeat: Date.now() });
  }
}

/** What an earlier agent measured: valid until a back-end is measured again. */
function measuredBefore(host: HostRow | undefined): Beforehand | undefined {
  if (!host?.abilities || host.knownBy !== 'measured') return undefined;
  return { abilities: host.abilities, knownBy: 'measured', name: host.backend.get('name') ?? 'last measured' };
}

function declared({ backend }: Config): Beforehand | undefined {
  return backend && { ...backend, knownBy: 'declared' };
}
