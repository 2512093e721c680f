import { chownSync, lstatSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { socketPathFault } from './socket-path.ts';

export interface SocketFileOptions {
  /** Permissions of the file. Default 0660: whoever may connect may write. */
  readonly mode?: number | undefined;
  /** Numeric group of the file; the process must be in it. */
  readonly group?: number | undefined;
}

/** How a caller uses its kind of unix socket; all take the path that they are to use. */
export interface SocketCalls<Bound> {
  /** Connects and hangs up: the error code, or undefined when somebody answered. */
  knock(path: string): string | undefined;
  /** Binds before it returns. Throws an error with a `code`. */
  bind(path: string): Bound;
  close(bound: Bound): void;
}

/** The same for calls that answer later; `bind` must bind before it returns its promise. */
export interface AsyncSocketCalls<Bound> {
  knock(path: string): Promise<string | undefined>;
  bind(path: string): Promise<Bound>;
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

/** Who reads the directory of a socket sees these errors of a knock when the file is not ours to use. */
const FORBIDDEN: readonly unknown[] = ['EACCES', 'EPERM'];
const DEFAULT_MODE = 0o660;

/**
 * The file of a unix socket that we listen on. The only place in the program that makes and removes such files: it replaces
 * the file of a dead process, leaves everything else at the path alone, and gives the file its mode from the first moment.
 */
export class SocketFile<Bound> {
  readonly path: string;
  readonly bound: Bound;
  readonly #identity: FileIdentity | undefined;

  private constructor(path: string, bound: Bound) {
    this.path = path;
    this.bound = bound;
    this.#identity = identityOf(path);
  }

  /** @throws SocketFileError */
  static bind<Bound>(path: string, options: SocketFileOptions, calls: SocketCalls<Bound>): SocketFile<Bound> {
    try {
      if (socketStands(path)) removeStale(path, calls.knock(path));
      const bound = withMode(options.mode, () => calls.bind(path));
      return SocketFile.#own(path, bound, options, calls.close);
    } catch (error) {
      throw asFault(error);
    }
  }

  /** @throws SocketFileError */
  static async bindAsync<Bound>(
    path: string,
    options: SocketFileOptions,
    calls: AsyncSocketCalls<Bound>,
  ): Promise<SocketFile<Bound>> {
    try {
      if (socketStands(path)) removeStale(path, await calls.knock(path));
      const bound = await withMode(options.mode, () => calls.bind(path));
      return SocketFile.#own(path, bound, options, calls.close);
    } catch (error) {
      throw asFault(error);
    }
  }

  static #own<Bound>(
    path: string,
    bound: Bound,
    { group }: SocketFileOptions,
    close: (bound: Bound) => void,
  ): SocketFile<Bound> {
    const file = new SocketFile(path, bound);
    try {
      if (group !== undefined) chownSync(path, -1, group);
      return file;
    } catch (cause) {
      file.remove();
      close(bound);
      throw new SocketFileError(`the group ${group} cannot be set: ${(cause as Error).message}`, { cause });
    }
  }

  /** False when another file has taken the path, or none is there. */
  get isOurs(): boolean {
    const now = identityOf(this.path);
    return now !== undefined && now.dev === this.#identity?.dev && now.ino === this.#identity.ino;
  }

  /** Removes the file if it is still ours. To be called before the socket is closed: nobody shall find a file that refuses. */
  remove(): void {
    try {
      if (this.isOurs) unlinkSync(this.path);
    } catch {
      // The directory is no longer ours to write to; the file refuses connections, which is next best.
    }
  }
}

interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

function identityOf(path: string): FileIdentity | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function socketStands(path: string): boolean {
  const fault = socketPathFault(path);
  if (fault !== undefined) throw new SocketFileError(fault);
  statSync(dirname(path)); // node:net would say EACCES of a directory that does not exist
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
