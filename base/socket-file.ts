import { lstatSync, unlinkSync } from 'node:fs';
import { identityOf, OpenedFile } from './safe-directory.ts';
import { ANY_DIRECTORY, type SocketDirectories, type SocketPlace } from './socket-directories.ts';
import { SocketFileError } from './socket-file-error.ts';
import { socketPathFault } from './socket-path.ts';
import { Staging } from './socket-staging.ts';

export interface SocketFileOptions {
  /** Permissions of the file. Default 0660; to connect needs write permission. */
  readonly mode?: number | undefined;
  /** Numeric group of the file, unless its directory has one of its own; the process must be in it. */
  readonly group?: number | undefined;
  /** User that owns the file. Default: ours; for another one the process needs the right to give files away. */
  readonly owner?: number | undefined;
  /** Where sockets may be made. Default: in any safe directory. */
  readonly directories?: SocketDirectories | undefined;
}

/** A caller's kind of unix socket. `Knocked` and `Binding` are promises where the calls answer later. */
export interface SocketCalls<Bound, Knocked = string | undefined, Binding = Bound> {
  /** Connects and hangs up: the error code, or undefined when a server answered. */
  knock(path: string): Knocked;
  /** Binds and listens before it returns, even before it returns a promise. Throws an error with a `code`. */
  bind(path: string): Binding;
  close(bound: Bound): void;
}

/** What a knock says of a socket that we may not use. */
const FORBIDDEN: readonly unknown[] = ['EACCES', 'EPERM'];
const DEFAULT_MODE = 0o660;

/**
 * The file of a unix socket that we listen on; the only place in the program that makes and removes such files. It replaces
 * the file of a dead process and leaves any other file at the path alone.
 *
 * Others may be able to swap files in the directory at any moment. So nothing is done by the path: the directory stays open,
 * the file is made in a folder that only we can change and comes to its place by link(2), complete with mode and group, and
 * before a file is removed its inode is compared (docs/adr/0011).
 */
export class SocketFile<Bound> {
  readonly path: string;
  readonly bound: Bound;
  readonly #place: SocketPlace;
  readonly #identity: string;
  readonly #staging: Staging | undefined;
  readonly #close: (bound: Bound) => void;
  #open = true;

  private constructor(
    path: string,
    bound: Bound,
    place: SocketPlace,
    identity: string,
    close: (bound: Bound) => void,
    staging?: Staging,
  ) {
    this.path = path;
    this.bound = bound;
    this.#place = place;
    this.#identity = identity;
    this.#close = close;
    this.#staging = staging;
  }

  /** @throws SocketFileError */
  static bind<Bound>(path: string, options: SocketFileOptions, calls: SocketCalls<Bound>): SocketFile<Bound> {
    const place = placeOf(path, options);
    let staging: Staging | undefined;
    let bound: Bound | undefined;
    try {
      const old = socketAt(place);
      if (old) removeStale(place, old, knocked(old, calls.knock));
      staging = new Staging(place);
      bound = withMode(options.mode, () => calls.bind(staging?.path ?? ''));
      const identity = staging.publish(place.group ?? options.group, options.owner);
      staging.close();
      return new SocketFile(path, bound, place, identity, calls.close);
    } catch (error) {
      if (bound !== undefined) calls.close(bound);
      staging?.close();
      place.directory.close();
      throw asFault(error);
    }
  }

  /** The same for a server of node, which removes at its end what it bound: that is a name in a folder that is gone by then. @throws SocketFileError */
  static async bindAsync<Bound>(
    path: string,
    options: SocketFileOptions,
    calls: SocketCalls<Bound, Promise<string | undefined>, Promise<Bound>>,
  ): Promise<SocketFile<Bound>> {
    const place = placeOf(path, options);
    let staging: Staging | undefined;
    let bound: Bound | undefined;
    try {
      const old = socketAt(place);
      if (old) removeStale(place, old, await calls.knock(old.path).finally(() => old.close()));
      staging = new Staging(place);
      bound = await withMode(options.mode, () => calls.bind(staging?.path ?? ''));
      const identity = staging.publish(place.group ?? options.group, options.owner);
      return new SocketFile<Bound>(path, bound, place, identity, calls.close, staging);
    } catch (error) {
      if (bound !== undefined) calls.close(bound);
      staging?.close();
      place.directory.close();
      throw asFault(error);
    }
  }

  /** Removes the file if it is still ours, then closes the socket: no client finds a file that refuses. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    unlinkIfSame(this.#place, this.#identity);
    this.#close(this.bound);
    this.#staging?.close();
    this.#place.directory.close();
  }
}

function placeOf(path: string, { directories = ANY_DIRECTORY }: SocketFileOptions): SocketPlace {
  const fault = socketPathFault(path);
  if (fault !== undefined) throw new SocketFileError(fault);
  try {
    return directories.place(path);
  } catch (error) {
    throw asFault(error);
  }
}

/** The socket that is at the place already. */
function socketAt({ directory, name }: SocketPlace): OpenedFile | undefined {
  let file: OpenedFile;
  try {
    file = new OpenedFile(directory.at(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (file.stat.isSocket()) return file;
  file.close();
  throw new SocketFileError('the file exists and is not a socket; wanted a free path');
}

function knocked(file: OpenedFile, knock: (path: string) => string | undefined): string | undefined {
  try {
    return knock(file.path);
  } finally {
    file.close();
  }
}

function removeStale(place: SocketPlace, { identity }: OpenedFile, answer: string | undefined): void {
  if (answer === 'ENOENT') return;
  if (FORBIDDEN.includes(answer))
    throw new SocketFileError(`a socket is there that we may not use (${answer}); wanted a free path`);
  if (answer !== 'ECONNREFUSED') throw served();
  const code = unlinkIfSame(place, identity);
  if (code !== undefined && code !== 'ENOENT')
    throw new SocketFileError(`the socket of a process that is gone cannot be removed (${code}); wanted a free path`);
}

/** Undefined, or why the file is there still: then it refuses connections. */
function unlinkIfSame({ directory, name }: SocketPlace, identity: string): string | undefined {
  const path = directory.at(name);
  try {
    if (identityOf(lstatSync(path, { bigint: true })) === identity) unlinkSync(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** The umask gives the file its mode from its first moment. */
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
  if (code === 'EADDRINUSE' || code === 'EEXIST') return served(error);
  const reason = REASONS[code];
  return new SocketFileError(reason === undefined ? message : `${reason} (${code})`, { cause: error });
}

function served(cause?: unknown): SocketFileError {
  return new SocketFileError('another process serves this socket; wanted a free path', { served: true, cause });
}
