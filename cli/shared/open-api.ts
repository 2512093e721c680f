import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { ApiClient } from '../../rpc/api/api-client.ts';
import type { HostRow } from '../../rpc/state/read-rows.ts';
import { hostName } from '../../rpc/state/state.ts';
import type { Input, OptionSpec } from './command.ts';
import { UsageError } from './command-errors.ts';
import type { Context } from './context.ts';
import { withHost } from './open-host.ts';
import { DEFAULT_DATABASE } from './options.ts';

const DEFAULT_API = '/run/vhost-compat/api.sock';
/** An agent that does not answer within this time is not there. */
const CONNECT_MS = 5000;

/** What only the running agent knows comes through its management API, not through the database. */
export const API_OPTION: OptionSpec = {
  name: 'api',
  value: 'PATH',
  help: `the API socket of the agent (default: $VHOST_COMPAT_API, else api.sock beside the database's socket, else ${DEFAULT_API})`,
};

/**
 * The agent's API; the connection is closed when the command ends. `host` is whose agent it has to be: the sockets of one
 * agent are found on this machine, whichever host the database shows. Throws VC-API-CONNECT.
 */
export async function openApi(context: Context, input: Input, host?: HostRow): Promise<ApiClient> {
  const path = namedApi(context, input) ?? besideDatabase(context.options.db);
  const client = await context.progress(`connecting to ${path}`, ApiClient.connect(path, { timeoutMs: CONNECT_MS }));
  context.atEnd(() => client.close());
  if (host !== undefined) await checkHost(client, path, host);
  return client;
}

/** The host that the options name; undefined when they name none, or an agent instead. Throws VC-HOST-UNKNOWN. */
export async function namedHost(context: Context, input: Input): Promise<HostRow | undefined> {
  const { db, host } = context.options;
  if (host === undefined && (db === DEFAULT_DATABASE || namedApi(context, input) !== undefined)) return undefined;
  return (await withHost(context)).host;
}

/** The API that the options name. Throws UsageError. */
export function namedApi(context: Context, input: Input): string | undefined {
  const option = input.option('api');
  if (option === '') throw new UsageError('Cannot read --api: saw an empty path; wanted the API socket of an agent');
  return option ?? (context.io.env['VHOST_COMPAT_API'] || undefined);
}

async function checkHost(client: ApiClient, path: string, wanted: HostRow): Promise<void> {
  const seen = await client.call('host.describe', {});
  if (seen.system_id === wanted.systemId) return;
  const { host, system_id } = seen;
  const text = `Cannot ask the agent of host ${hostName(wanted)} (${wanted.systemId}): saw the agent of ${host} (${system_id}) at ${path}; wanted the API of the host itself, see --api`;
  throw new CompatError('VC-API-CONNECT', text, { host: wanted.systemId, path });
}

/** An agent makes both sockets in one folder unless it is told otherwise. */
function besideDatabase(db: string): string {
  const [, socket] = /^unix:([^,]+)$/.exec(db) ?? [];
  const beside = socket === undefined ? DEFAULT_API : join(dirname(socket), 'api.sock');
  return existsSync(beside) ? beside : DEFAULT_API;
}
