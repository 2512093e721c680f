import { parsePassiveRemote } from '../../rpc/ovsdb/wire/remotes.ts';
import type { Config } from './config.ts';

/** What the agent uses itself, so that no port may: its sockets, the files of its database, the directory of the relay process. */
export function ownPaths({ api, database, dbRemotes, dbRemotesRo, relayDir }: Config): string[] {
  const remotes = [...dbRemotes, ...dbRemotesRo].map(parsePassiveRemote);
  const sockets = remotes.flatMap((remote) => (remote.kind === 'punix' ? [remote.path] : []));
  const files = ['', '-wal', '-shm', '-journal'].map((suffix) => `${database}${suffix}`);
  return [relayDir, api, ...sockets, ...files];
}
