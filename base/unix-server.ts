import { renameSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { SocketFile, type SocketFileOptions } from './socket-file.ts';

/** A server of node:net on the path of a unix socket. */
export interface UnixServer {
  readonly server: Server;
  /** Stops listening and removes the socket file; `ended` is called when the last connection has ended. */
  close(ended?: () => void): void;
}

/** A process that does not accept within this time serves its socket all the same. */
const KNOCK_TIMEOUT_MS = 1000;

/** Connections stay open when the client has ended its side. @throws SocketFileError */
export async function listenOnPath(
  path: string,
  options: SocketFileOptions,
  accept: (socket: Socket) => void,
): Promise<UnixServer> {
  const file = await SocketFile.bindAsync<Server>(path, options, {
    knock,
    bind: async (at) => listening(createServer({ allowHalfOpen: true }, accept), { path: at }),
    close: (server) => server.close(),
  });
  return { server: file.bound, close: (ended) => closeServer(file, ended) };
}

/** Settles when the server listens; node binds within the call. */
export async function listening(
  server: Server,
  where: { path: string } | { host: string; port: number },
): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/** Node unlinks the path when it closes, whoever has it by then: what is not ours stands aside for that moment. */
function closeServer({ path, bound: server, isOurs }: SocketFile<Server>, ended?: () => void): void {
  const aside = `${path}~`;
  const moved = !isOurs && moves(path, aside);
  server.close(ended);
  if (moved) moves(aside, path);
}

function moves(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** The error code, or undefined when somebody was there. */
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
