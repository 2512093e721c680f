import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApiClient } from '../rpc/api/client.ts';
import type { Input, OptionSpec } from './command.ts';
import type { Context } from './context.ts';

const DEFAULT_API = '/run/vhost-compat/api.sock';
/** An agent that does not answer within this time is not there. */
const CONNECT_MS = 5000;

/** What only the running agent knows comes through its management API, not through the database. */
export const API_OPTION: OptionSpec = {
  name: 'api',
  value: 'PATH',
  help: `the API socket of the agent (default: $VHOST_COMPAT_API, else api.sock beside the database's socket, else ${DEFAULT_API})`,
};

/** Throws VC-API-CONNECT. The connection is closed when the command ends. */
export async function openApi(context: Context, input: Input): Promise<ApiClient> {
  const path = input.option('api') ?? (context.io.env['VHOST_COMPAT_API'] || besideDatabase(context.options.db));
  const client = await context.progress(`connecting to ${path}`, ApiClient.connect(path, { timeoutMs: CONNECT_MS }));
  context.atEnd(() => client.close());
  return client;
}

/** An agent makes both sockets in one folder unless it is told otherwise. */
function besideDatabase(db: string): string {
  const [, socket] = /^unix:([^,]+)$/.exec(db) ?? [];
  const beside = socket === undefined ? DEFAULT_API : join(dirname(socket), 'api.sock');
  return existsSync(beside) ? beside : DEFAULT_API;
}
