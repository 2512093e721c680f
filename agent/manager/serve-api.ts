import type { LogLevel } from '../../base/log.ts';
import { type ApiLogEvent, ApiServer } from '../../rpc/api/api-server.ts';
import { createHandlers } from '../../rpc/api/handlers.ts';
import type { MessageJson } from '../../rpc/api/message-json.ts';
import { traceLine } from '../vhost/trace-line.ts';
import type { Agent } from './agent.ts';
import { clientName } from './client-name.ts';

/** The log level of each event of the API: what clients do matters less than an error of ours. */
const LEVEL: Readonly<Record<ApiLogEvent['kind'], LogLevel>> = {
  connected: 'debug',
  closed: 'debug',
  dropped: 'warn',
  refused: 'warn',
  'internal-error': 'error',
};

/** The management API of a running agent: the database through its handlers, and its events as they happen. */
export async function serveApi(agent: Agent): Promise<ApiServer> {
  const { config, log, state, database, authors } = agent.parts;
  const handlers = createHandlers({
    ...{ state, db: database.remote, tls: config.tls },
    subscribe: (listener) => agent.events.subscribe(listener),
    trace: (name, listener) => traceOf(agent, name, listener),
    intends: (client, operations) => authors.intends(client, operations),
    statistics: async () =>
      (await agent.interfaces.ports()).map(({ name, facts }) => ({
        interface: name,
        state: facts?.state ?? 'error',
        statistics: { ...facts?.statistics },
      })),
  });
  const server = new ApiServer(handlers, {
    log: ({ kind, ...more }) => log[LEVEL[kind]](`api-${kind}`, more),
    identify: clientName,
  });
  await server.listen(config.api, { mode: config.apiSocketMode, group: config.apiSocketGroup });
  log.info('api-listening', { path: config.api });
  return server;
}

/** Decodes the messages of an interface for a listener. An error in that ends the trace and never the port. */
function traceOf(
  { interfaces, parts }: Agent,
  name: string,
  listener: (message: MessageJson) => void,
): (() => void) | undefined {
  const deviceType = interfaces.deviceTypeOf(name) ?? '';
  const stop = interfaces.trace(name, (message) => {
    try {
      listener({ interface: name, ...traceLine(message, deviceType) });
    } catch (error) {
      parts.log.error('trace-failed', { interface: name, error });
      stop?.();
    }
  });
  return stop;
}
