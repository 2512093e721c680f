import { createHandlers } from '../../rpc/api/handlers.ts';
import { type ApiLogEvent, ApiServer } from '../../rpc/api/server.ts';
import type { Agent } from './agent.ts';
import type { Config } from './config.ts';
import type { Log, LogLevel } from './log.ts';

/** How loud each happening on the API is: what clients do is their business, what we do wrong is ours. */
const LEVEL: Readonly<Record<ApiLogEvent['kind'], LogLevel>> = {
  connected: 'debug',
  closed: 'debug',
  dropped: 'warn',
  refused: 'warn',
  'internal-error': 'error',
};

/** The management API of a running agent: the database through its handlers, and the agent's events as they happen. */
export async function serveApi(agent: Agent, config: Config, log: Log): Promise<ApiServer> {
  const handlers = createHandlers({
    state: agent.state,
    subscribe: (listener) => agent.events.subscribe(listener),
    db: agent.remote,
    tls: config.tls,
  });
  const server = new ApiServer(handlers, { log: ({ kind, ...more }) => log[LEVEL[kind]](`api-${kind}`, more) });
  await server.listen(config.api, config.socketGroup === undefined ? {} : { group: config.socketGroup });
  log.info('api-listening', { path: config.api });
  return server;
}
