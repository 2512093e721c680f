import { Backoff } from '../../base/backoff.ts';
import type { Log } from '../../base/log.ts';
import type { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import type { Config } from '../settings/config.ts';

/** The pauses before a remote is tried again that could not be bound. */
const RETRY = { firstMs: 500, longestMs: 30_000 };

/** The unix socket of the embedded database that is named first: where the agent's own clients are told to go. */
export function ownRemote({ dbRemotes }: Config): string {
  return dbRemotes.find((remote) => remote.startsWith('punix:')) ?? '';
}

/**
 * Listens everywhere. One address that cannot be bound must not end the agent: it is tried again, except for the socket by
 * which an agent is found. The result ends that.
 */
export async function listenAll(server: OvsdbServer, config: Config, log: Log): Promise<() => void> {
  const { dbSocketMode: mode, dbSocketGroup: group, tls, database: file } = config;
  const own = ownRemote(config);
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
