import type { Log, LogLevel } from '../../base/log.ts';
import { type ApiLogEvent, ApiServer } from '../../rpc/api/api-server.ts';
import { createHandlers } from '../../rpc/api/handlers.ts';
import type { MessageJson } from '../../rpc/api/message-json.ts';
import type { Config } from '../settings/config.ts';
import { traceLine } from '../vhost/trace-line.ts';
import type { Agent } from './agent.ts';

/** The log level of each event of the API: what clients do matters less than an error of ours. */
const LEVEL: Readonly<Record<ApiLogEvent['kind'], LogLevel>> = {
  connected: 'debug',
  closed: 'debug',
  dropped: 'warn',
  refused: 'warn',
  'internal-error': 'error',
};

/** The management API of a running agent: the database through its handlers, and its events as they happen. */
export async function serveApi(agent: Agent, config: Config, log: Log): Promise<ApiServer> {
  const handlers = createHandlers({
    state: agent.state,
    subscribe: (listener) => agent.events.subscribe(listener),
    trace: (name, listener) => traceOf(agent, log, name, listener),
    statistics: () =>
      agent.ports().map(({ name, status }) => ({
        interface: name,
        state: status?.state ?? 'error',
        statistics: { ...status?.statistics },
      })),
    db: agent.remote,
    tls: config.tls,
  });
  const server = new ApiServer(handlers, { log: ({ kind, ...more }) => log[LEVEL[kind]](`api-${kind}`, more) });
  await server.listen(config.api, config.socketGroup === undefined ? {} : { group: config.socketGroup });
  log.info('api-listening', { path: config.api });
  return server;
}

/** Decodes the messages of an interface for a listener. An error in that ends the trace and never the port. */
function traceOf(
  agent: Agent,
  log: Log,
  name: string,
  listener: (message: MessageJson) => void,
): (() => void) | undefined {
  const deviceType = agent.ports().find((port) => port.name === name)?.deviceType ?? '';
  const stop = agent.trace(name, (message) => {
    try {
      listener({ interface: name, ...traceLine(message, deviceType) });
    } catch (error) {
      log.error('trace-failed', { interface: name, error });
      stop?.();
    }
  });
  return stop;
}
