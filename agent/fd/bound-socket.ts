import { SocketFile, type SocketFileOptions } from '../../base/socket-file.ts';
import { SocketFileError } from '../../base/socket-file-error.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { knock } from './knock.ts';
import { acceptUnix } from './libc.ts';
import { shutdown } from './libc-stream.ts';
import { type ClosingTally, OwnedFd } from './owned-fd.ts';
import { Watch } from './watch.ts';

export interface BoundSocketOptions extends SocketFileOptions {
  /** What the socket is for, in an error: `Cannot ${purpose} ${path}: …`. */
  readonly purpose: string;
  /** Connects to a path; gives the descriptor. */
  connect(path: string): number;
  /** Binds a path; gives the descriptor. */
  bind(path: string): number;
  /** Counts the connections that nobody accepted, in the end: closing them may take as long as their clients like. */
  readonly tally?: ClosingTally;
}

/** A socket of ours at a path, on node's event loop. It replaces the file of a dead process and removes its own at the end. */
export class BoundSocket {
  readonly #file: SocketFile<OwnedFd>;
  readonly #watch: Watch;

  /** @throws VC-ENDPOINT (the path cannot be used), VC-ENDPOINT-TAKEN (another process serves it) */
  constructor(path: string, options: BoundSocketOptions, readable: () => void) {
    this.#file = bindFile(path, options);
    try {
      this.#watch = new Watch(this.raw, readable);
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** The descriptor, for a system call that does not keep it. */
  get raw(): number {
    return this.#file.bound.raw;
  }

  /** Whether `readable` is told. */
  listen(wanted: boolean): void {
    this.#watch.want({ readable: wanted });
  }

  /** Removes the file if it is still ours. */
  close(): void {
    this.#watch.close();
    this.#file.close();
  }
}

function bindFile(
  path: string,
  { purpose, connect, bind, tally, ...options }: BoundSocketOptions,
): SocketFile<OwnedFd> {
  try {
    return SocketFile.bind(path, options, {
      knock: (at) => knock(at, connect),
      bind: (at) => new OwnedFd(bind(at)),
      close: (socket) => closeBound(socket, tally),
    });
  } catch (error) {
    if (!(error instanceof SocketFileError)) throw error;
    const { served, message, cause } = error;
    const { code = message } = (cause ?? {}) as { code?: string }; // `EACCES`, when a system call said so
    const text = `Cannot ${purpose} ${path}: ${message}`;
    throw new CompatError(served ? 'VC-ENDPOINT-TAKEN' : 'VC-ENDPOINT', text, { path, cause: code }, { cause: error });
  }
}

/** Connections that nobody accepted may hold messages, and those descriptors: each is ended like one that was. */
function closeBound(socket: OwnedFd, tally: ClosingTally | undefined): void {
  shutdown(socket.raw);
  const waiting: OwnedFd[] = [];
  try {
    for (let next = acceptUnix(socket.raw); next !== undefined; next = acceptUnix(socket.raw))
      waiting.push(new OwnedFd(next, 'connection'));
  } catch {
    // none is left, or it is no socket that accepts
  }
  socket.close();
  if (waiting.length > 0) void endInTurn(waiting, tally);
}

/** One after the other, as one: so many clients take no more of what closes for all ports than one does. */
async function endInTurn(connections: readonly OwnedFd[], tally: ClosingTally | undefined): Promise<void> {
  for (const { raw } of connections) shutdown(raw);
  const over = tally?.begin();
  for (const connection of connections) await connection.endConnection();
  over?.();
}
