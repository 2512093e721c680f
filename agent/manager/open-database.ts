import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Backoff } from '../../base/backoff.ts';
import type { Log } from '../../base/log.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbConnectionError } from '../../rpc/ovsdb/client/client-errors.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import { DATABASE, loadSchemaText } from '../../rpc/state/schema-file.ts';
import type { Config } from '../settings/config.ts';

/** The time, in milliseconds, within which a database has to answer for the agent to start. */
const CONNECT_TIMEOUT_MS = 10_000;

/** The pauses before a remote is tried again that could not be bound. */
const RETRY = { firstMs: 500, longestMs: 30_000 };

/** The database of this host. The agent is a client of it like any other, also when it serves it. */
export interface OpenDatabase {
  readonly client: OvsdbClient;
  /** Where other programs of this host reach it. */
  readonly remote: string;
  close(): Promise<void>;
}

/** Opens the embedded database and serves it, or connects to the server that holds it. Throws VC-DB-CONNECT, VC-DB-OPEN, VC-DB-SCHEMA. */
export async function openDatabase(config: Config, log: Log): Promise<OpenDatabase> {
  return config.db === undefined ? embedded(config, log) : elsewhere(config.db, config, log);
}

async function embedded(config: Config, log: Log): Promise<OpenDatabase> {
  const schema = DatabaseSchema.fromJson(JSON.parse(loadSchemaText()) as Json);
  const server = new OvsdbServer({
    limits: config.dbLimits,
    probeIntervalMs: config.dbInactivityProbe,
    // what clients do is not the agent's concern; the text of an internal error contains its stack
    log: ({ level, event, error: _, ...more }) =>
      log[level === 'info' ? 'debug' : level]('ovsdb', { what: event, ...more }),
  });
  const database = openFile(config.database, schema);
  server.add(database);
  const closeAll = async (): Promise<void> => {
    await server.close();
    database.close();
  };
  try {
    const own = config.dbRemotes.find((remote) => remote.startsWith('punix:')) ?? '';
    const stopTrying = await listenAll(server, own, config, log);
    const remote = own.replace(/^punix:/, 'unix:');
    const client = new OvsdbClient(remote);
    await client.connect(CONNECT_TIMEOUT_MS);
    const close = async (): Promise<void> => {
      stopTrying();
      client.close();
      await closeAll();
    };
    return { client, remote, close };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/**
 * Listens everywhere. One address that cannot be bound must not end the agent: it is tried again, except for the socket that
 * the agent itself needs (`own`). The result ends that.
 */
async function listenAll(server: OvsdbServer, own: string, config: Config, log: Log): Promise<() => void> {
  const { dbSocketMode: mode, dbSocketGroup: group, tls, database: file } = config;
  const listen = async (remote: string, readOnly: boolean): Promise<void> => {
    const bound = await server.listen(remote, { mode, group, tls, readOnly });
    log.info('database-listening', { remote: bound.remote, file, access: readOnly ? 'read-only' : undefined });
  };
  const timers = new Map<string, NodeJS.Timeout>();
  const tryOn = async (remote: string, readOnly: boolean, backoff: Backoff): Promise<void> => {
    try {
      await listen(remote, readOnly);
    } catch (error) {
      if (remote === own) throw error;
      log.error('remote-failed', { remote, error: (error as Error).message });
      const timer = setTimeout(() => void tryOn(remote, readOnly, backoff), backoff.next());
      timers.set(`${remote} ${readOnly}`, timer.unref());
    }
  };
  for (const remote of config.dbRemotes) await tryOn(remote, false, new Backoff(RETRY));
  for (const remote of config.dbRemotesRo) await tryOn(remote, true, new Backoff(RETRY));
  return () => {
    for (const timer of timers.values()) clearTimeout(timer);
  };
}

function openFile(file: string, schema: DatabaseSchema): Database {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    return Database.open({ file, schema, fixedSchema: true });
  } catch (error) {
    throw new CompatError('VC-DB-OPEN', (error as Error).message, { file }, { cause: error });
  }
}

async function elsewhere(remote: string, config: Config, log: Log): Promise<OpenDatabase> {
  const { tls, dbInactivityProbe: probeIntervalMs } = config;
  const client = new OvsdbClient(remote, { tls, probeIntervalMs, shuffle: true });
  try {
    await client.connect(CONNECT_TIMEOUT_MS);
    const databases = await client.call('list_dbs', []);
    if (!Array.isArray(databases) || !databases.includes(DATABASE)) {
      const seen = `it holds ${JSON.stringify(databases)}; wanted ${DATABASE} among them`;
      throw new CompatError('VC-DB-SCHEMA', `Cannot use database server ${remote}: ${seen}`, { remote });
    }
    log.info('database-connected', { remote });
    return { client, remote, close: async () => client.close() };
  } catch (error) {
    client.close();
    if (!(error instanceof OvsdbConnectionError)) throw error;
    throw new CompatError('VC-DB-CONNECT', error.message, { remote }, { cause: error });
  }
}
