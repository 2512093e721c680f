import { createServer, type Socket } from 'node:net';
import type { SocketFileOptions } from '../../../base/socket-file.ts';
import { SocketFileError } from '../../../base/socket-file-error.ts';
import { listening, listenOnPath, type UnixServer } from '../../../base/unix-server.ts';
import { formatRemote, type PassiveRemote, RemoteError } from './remotes.ts';

/** A server on any passive remote; closing it removes its socket file. */
export interface RemoteServer extends UnixServer {
  /** With the port in use, when port 0 (any) was requested. */
  readonly remote: PassiveRemote;
}

/** Binds a passive remote; the options are for unix sockets. @throws RemoteError */
export async function listenOn(
  remote: PassiveRemote,
  options: SocketFileOptions,
  accept: (socket: Socket) => void,
): Promise<RemoteServer> {
  try {
    if (remote.kind === 'punix') return { ...(await listenOnPath(remote.path, options, accept)), remote };
    const { host, port } = remote;
    const server = await listening(createServer({ allowHalfOpen: true }, accept), { host, port });
    const address = server.address();
    const taken = typeof address === 'object' && address !== null ? address.port : port;
    return { server, close: (ended) => void server.close(ended), remote: { ...remote, port: taken } };
  } catch (cause) {
    if (!(cause instanceof SocketFileError || (cause as NodeJS.ErrnoException).syscall !== undefined)) throw cause;
    const name = formatRemote(remote);
    throw new RemoteError(name, `Cannot listen on ${name}: ${(cause as Error).message}`, { cause });
  }
}
