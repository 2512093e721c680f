import { once } from 'node:events';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { SocketFile, type SocketFileOptions } from './socket-file.ts';

/** A server of node:net on the path of a unix socket. */
export interface UnixServer {
  readonly server: Server;
  /** Stops listening and removes the socket file; `ended` is called when the last connection has ended. */
  close(ended?: () => void): void;
}

/** A process that does not accept within this time still counts as serving its socket. */
const KNOCK_TIMEOUT_MS = 1000;

/** Connections stay open when the client ends its side. `knockAt`: as in SocketCalls. @throws SocketFileError */
export async function listenOnPath(
  path: string,
  options: SocketFileOptions,
  accept: (socket: Socket) => void,
  knockAt: (path: string) => Promise<string | undefined> = knock,
): Promise<UnixServer> {
  const file = await SocketFile.bindAsync<Server>(path, options, {
    knock: knockAt,
    bind: async (at) => listening(createServer({ allowHalfOpen: true }, accept), { path: at }),
    close: (server) => server.close(),
  });
  const close = (ended?: () => void): void => {
    if (ended) file.bound.once('close', ended);
    file.close();
  };
  return { server: file.bound, close };
}

/** Settles when the server listens; node binds a path within the call. */
export async function listening(server: Server, where: ListenOptions): Promise<Server> {
  server.listen(where);
  await once(server, 'listening');
  return server;
}

/** The error code, or undefined when a server answered. */
async function knock(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const tell = (code: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(code);
    };
    const timer = setTimeout(() => tell('ETIMEDOUT'), KNOCK_TIMEOUT_MS);
    socket.on('connect', () => tell(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message));
  });
}
