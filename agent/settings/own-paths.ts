import type { SocketDirectory } from '../../base/socket-directories.ts';
import { parseActiveRemotes, parsePassiveRemote } from '../../rpc/ovsdb/wire/remotes.ts';
import type { Config } from './config.ts';
import { isShared } from './run-dir.ts';

/** What the agent uses itself, so that no port may: its sockets, the files or the server of its database, the directory of the relay process. */
export function ownPaths({ api, database, db, dbRemotes, dbRemotesRo, relayDir }: Config): string[] {
  const servers = db === undefined ? [] : parseActiveRemotes(db);
  const remotes = [...dbRemotes, ...dbRemotesRo].map(parsePassiveRemote);
  const sockets = [...remotes, ...servers].flatMap((remote) => ('path' in remote ? [remote.path] : []));
  const files = ['', '-wal', '-shm', '-journal'].map((suffix) => `${database}${suffix}`);
  return [relayDir, api, ...sockets, ...files];
}

/** Where ports may be: as set, without what does not apply here. */
export function portDirectories({ socketDirs, runDir }: Config): SocketDirectory[] {
  return socketDirs.filter(({ onlyIfShared }) => onlyIfShared !== true || isShared(runDir));
}
