import { Backoff } from '../../base/backoff.ts';
import type { LogLevel } from '../../base/log.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
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

/** The pauses before the socket is tried again that could not be opened. */
const RETRY = { firstMs: 500, longestMs: 30_000 };

/** The management API of a running agent: the database through its handlers, and its events as they happen. */
export async function serveApi(agent: Agent): Promise<Pick<ApiServer, 'close'>> {
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
  const backoff = new Backoff(RETRY);
  let timer: NodeJS.Timeout | undefined;
  let told = '';
  // the database is served, whatever stands in the place of this socket
  const listen = async (): Promise<void> => {
    try {
      await server.listen(config.api, { mode: config.apiSocketMode, group: config.apiSocketGroup });
      log.info('api-listening', { path: config.api });
    } catch (error) {
      if (!(error instanceof CompatError)) throw error;
      const { code, message } = error;
      if (message !== told) agent.events.record({ kind: 'fault', code, text: `${message}; it is tried again` });
      told = message;
      timer = setTimeout(() => void listen(), backoff.next());
    }
  };
  await listen();
  return {
    close: async () => {
      clearTimeout(timer);
      await server.close();
    },
  };
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
