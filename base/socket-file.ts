import { chownSync, lstatSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { socketPathFault } from './socket-path.ts';

export interface SocketFileOptions {
  /** Permissions of the file. Default 0660; to connect needs write permission. */
  readonly mode?: number | undefined;
  /** Numeric group of the file; the process must be in it. */
  readonly group?: number | undefined;
}

/** A caller's kind of unix socket. `Knocked` and `Binding` are promises where the calls answer later. */
export interface SocketCalls<Bound, Knocked = string | undefined, Binding = Bound> {
  /** Connects and hangs up: the error code, or undefined when a server answered. */
  knock(path: string): Knocked;
  /** Binds before it returns, even before it returns a promise. Throws an error with a `code`. */
  bind(path: string): Binding;
  close(bound: Bound): void;
}

/** A path where no socket can be made; the message is the reason alone. `served`: another process listens there. */
export class SocketFileError extends Error {
  override readonly name = 'SocketFileError';
  readonly served: boolean;

  constructor(reason: string, { served = false, cause }: { served?: boolean; cause?: unknown } = {}) {
    super(reason, { cause });
    this.served = served;
  }
}

/** What a knock says of a socket that we may not use. */
const FORBIDDEN: readonly unknown[] = ['EACCES', 'EPERM'];
const DEFAULT_MODE = 0o660;

/**
 * The file of a unix socket that we listen on; the only place in the program that makes and removes such files. It replaces
 * the file of a dead process, leaves any other file at the path alone, and gives the file its mode from the first moment.
 */
export class SocketFile<Bound> {
  readonly path: string;
  readonly bound: Bound;
  readonly #identity: string | undefined;
  readonly #close: (bound: Bound) => void;

  private constructor(path: string, bound: Bound, close: (bound: Bound) => void) {
    this.path = path;
    this.bound = bound;
    this.#identity = identityOf(path);
    this.#close = close;
  }

  /** @throws SocketFileError */
  static bind<Bound>(path: string, options: SocketFileOptions, calls: SocketCalls<Bound>): SocketFile<Bound> {
    try {
      if (socketStands(path)) removeStale(path, calls.knock(path));
      const bound = withMode(options.mode, () => calls.bind(path));
      return new SocketFile(path, bound, calls.close).#inGroup(options.group);
    } catch (error) {
      throw asFault(error);
    }
  }

  /** @throws SocketFileError */
  static async bindAsync<Bound>(
    path: string,
    options: SocketFileOptions,
    calls: SocketCalls<Bound, Promise<string | undefined>, Promise<Bound>>,
  ): Promise<SocketFile<Bound>> {
    try {
      if (socketStands(path)) removeStale(path, await calls.knock(path));
      const bound = await withMode(options.mode, () => calls.bind(path));
      return new SocketFile<Bound>(path, bound, calls.close).#inGroup(options.group);
    } catch (error) {
      throw asFault(error);
    }
  }

  #inGroup(group: number | undefined): this {
    try {
      if (group !== undefined) chownSync(this.path, -1, group);
      return this;
    } catch (cause) {
      this.close();
      throw new SocketFileError(`the group ${group} cannot be set: ${(cause as Error).message}`, { cause });
    }
  }

  /** False when another file has taken the path, or none is there. */
  get isOurs(): boolean {
    return this.#identity !== undefined && this.#identity === identityOf(this.path);
  }

  /** Removes the file if it is still ours, then closes the socket: no client finds a file that refuses. */
  close(): void {
    try {
      if (this.isOurs) unlinkSync(this.path);
    } catch {
      // we may no longer write to the directory: the file stays and refuses connections
    }
    this.#close(this.bound);
  }
}

function identityOf(path: string): string | undefined {
  const file = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return file && `${file.dev}:${file.ino}`;
}

function socketStands(path: string): boolean {
  const fault = socketPathFault(path);
  if (fault !== undefined) throw new SocketFileError(fault);
  statSync(dirname(path)); // node:net says EACCES when the directory does not exist
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file?.isSocket() === false) throw new SocketFileError('the file exists and is not a socket; wanted a free path');
  return file !== undefined;
}

function removeStale(path: string, knocked: string | undefined): void {
  if (knocked === 'ENOENT') return;
  if (FORBIDDEN.includes(knocked))
    throw new SocketFileError(`a socket is there that we may not use (${knocked}); wanted a free path`);
  if (knocked !== 'ECONNREFUSED') throw served();
  unlinkSync(path);
}

/** The umask gives the file its mode from its first moment; a later chmod would leave a gap. */
function withMode<Result>(mode = DEFAULT_MODE, bind: () => Result): Result {
  const before = process.umask(0o777 & ~mode);
  try {
    return bind();
  } finally {
    process.umask(before);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory is a file',
  EACCES: 'this process may not make files in its directory',
  EPERM: 'this process may not make files in its directory',
  EROFS: 'the file system is read-only',
};

function asFault(error: unknown): SocketFileError {
  if (error instanceof SocketFileError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return served(error);
  const reason = REASONS[code];
  return new SocketFileError(reason === undefined ? message : `${reason} (${code})`, { cause: error });
}

function served(cause?: unknown): SocketFileError {
  return new SocketFileError('another process serves this socket; wanted a free path', { served: true, cause });
}
