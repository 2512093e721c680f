import { chownSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { formatRemote, type PassiveRemote, RemoteError } from './remotes.ts';
import type { TlsFiles } from './tls-files.ts';

export interface ListenOptions {
  /** Permissions of a unix socket. Default 0660: who may connect may write. */
  readonly mode?: number;
  /** Numeric group of a unix socket; the process must be in it. */
  readonly group?: number;
  /** Clients of this remote may look and not write. */
  readonly readOnly?: boolean;
  /** Needed for pssl:. */
  readonly tls?: TlsFiles | undefined;
}

export interface Listener {
  readonly server: Server;
  /** With the port that was taken, when any was asked for. */
  readonly remote: PassiveRemote;
}

/** How long a process may take to accept before its socket file is taken for one in use. */
const ALIVE_TIMEOUT_MS = 1000;

/** Binds a passive remote. Closing the server removes its socket file. @throws RemoteError */
export async function listenOn(
  remote: PassiveRemote,
  options: Pick<ListenOptions, 'mode' | 'group'>,
  accept: (socket: Socket) => void,
): Promise<Listener> {
  if (remote.kind === 'punix') await makeWay(remote);
  const server = createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error): void => reject(cannotListen(remote, error.message, error));
    server.once('error', refuse);
    server.once('listening', () => {
      server.off('error', refuse);
      resolve();
    });
    if (remote.kind !== 'punix') server.listen({ host: remote.host, port: remote.port });
    else bindWithMode(() => server.listen({ path: remote.path }), options.mode ?? 0o660);
  });
  if (remote.kind === 'punix') {
    giveToGroup(server, remote, options.group);
    return { server, remote };
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : remote.port;
  return { server, remote: { ...remote, port } };
}

/** The file must never be open wider than asked for, so chmod afterwards will not do. Node binds within the call. */
function bindWithMode(bind: () => void, mode: number): void {
  const before = process.umask(0o777 & ~mode);
  try {
    bind();
  } finally {
    process.umask(before);
  }
}

function giveToGroup(server: Server, remote: PassiveRemote & { kind: 'punix' }, group: number | undefined): void {
  if (group === undefined) return;
  try {
    chownSync(remote.path, process.getuid?.() ?? -1, group);
  } catch (error) {
    server.close();
    throw cannotListen(remote, `giving the socket to group ${group} failed: ${(error as Error).message}`, error);
  }
}

/** Removes the socket file of a server that is dead, and nothing else. */
async function makeWay(remote: PassiveRemote & { kind: 'punix' }): Promise<void> {
  const status = lstatSync(remote.path, { throwIfNoEntry: false });
  if (!status) return;
  if (!status.isSocket()) throw cannotListen(remote, 'the file exists and is not a socket; wanted a free path');
  const code = await knock(remote.path);
  if (code === 'ENOENT') return;
  if (code !== 'ECONNREFUSED') {
    const seen =
      code === undefined ? 'another process serves this socket' : `the socket is in use or not ours (${code})`;
    throw cannotListen(remote, `${seen}; wanted a free path`);
  }
  unlinkSync(remote.path);
}

/** Connects and hangs up; gives the error code, or undefined if somebody was there. */
async function knock(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const tell = (code: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(code);
    };
    const timer = setTimeout(() => tell('ETIMEDOUT'), ALIVE_TIMEOUT_MS);
    socket.on('connect', () => tell(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message));
  });
}

function cannotListen(remote: PassiveRemote, reason: string, cause?: unknown): RemoteError {
  const name = formatRemote(remote);
  return new RemoteError(name, `Cannot listen on ${name}: ${reason}`, { cause });
}
