import type { Log } from '../../base/log.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { OvsdbConnectionError } from '../../rpc/ovsdb/client/client-errors.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import type { Config } from '../settings/config.ts';
import type { Authors } from './authors.ts';
import { CONNECT_TIMEOUT_MS, type OpenDatabase } from './database-link.ts';
import { EmbeddedDatabase } from './embedded-database.ts';

/** Opens the embedded database and serves it, or connects to the server that holds it. Throws VC-DB-CONNECT, VC-DB-OPEN, VC-DB-SCHEMA. */
export async function openDatabase(config: Config, log: Log, authors: Authors): Promise<OpenDatabase> {
  if (config.db !== undefined) return await elsewhere(config.db, config, log);
  return await EmbeddedDatabase.open(config, log, authors);
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
    // what its file can take is the concern of that server
    const never = { trouble: undefined, onTrouble: () => undefined, tookNothing: () => false };
    return { client, remote, ...never, close: async () => client.close() };
  } catch (error) {
    client.close();
    if (!(error instanceof OvsdbConnectionError)) throw error;
    throw new CompatError('VC-DB-CONNECT', error.message, { remote }, { cause: error });
  }
}
