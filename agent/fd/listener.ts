import { chownSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { acceptUnix, close, connectUnix, listenUnix, SystemCallError } from './libc.ts';
import { OwnedFd } from './owned-fd.ts';
import { Watch } from './watch.ts';

export interface ListenOptions {
  /** Of the socket file; 0660 unless told. */
  readonly mode?: number;
  /** Numeric group of the socket file. */
  readonly group?: number;
}

const DEFAULT_MODE = 0o660;
/** Peers that may wait to be accepted; one front-end or back-end is the rule. */
const BACKLOG = 16;
/** With the table of open files full, accepting fails at once again and again: look away for a while. */
const EXHAUSTED_PAUSE_MS = 1000;

/**
 * Listens on a path and hands on what connects. Removes the file when it closes, but only if it is still the one that it
 * made. A stale socket file is replaced; a path that is no socket, or that somebody serves, is left alone.
 */
export class Listener {
  readonly #path: string;
  readonly #fd: OwnedFd;
  readonly #file: FileIdentity | undefined;
  readonly #watch: Watch;
  readonly #arrived: (fd: OwnedFd) => void;
  #held = false;
  #exhausted: NodeJS.Timeout | undefined;
  #open = true;

  /** Throws VC-ENDPOINT (the path cannot be used) or VC-ENDPOINT-TAKEN (somebody serves it). */
  constructor(path: string, options: ListenOptions, arrived: (fd: OwnedFd) => void) {
    this.#path = path;
    this.#arrived = arrived;
    clearStale(path);
    this.#fd = new OwnedFd(listenWithMode(path, options.mode ?? DEFAULT_MODE));
    try {
      this.#file = fileIdentity(path);
      if (options.group !== undefined) setGroup(path, options.group);
      this.#watch = new Watch(this.#fd.raw, () => this.#accept());
    } catch (error) {
      this.#fd.close();
      this.#unlink();
      throw error;
    }
  }

  #accept(): void {
    while (this.#open && !this.#held) {
      let connection: number | undefined;
      try {
        connection = acceptUnix(this.#fd.raw);
      } catch {
        this.#exhausted = setTimeout(() => this.#lookAgain(), EXHAUSTED_PAUSE_MS);
        this.#interest();
        return;
      }
      if (connection === undefined) return;
      this.#arrived(new OwnedFd(connection));
    }
  }

  #lookAgain(): void {
    this.#exhausted = undefined;
    this.#interest();
  }

  /** Leaves what connects in the kernel's queue, until `resume`. */
  hold(): void {
    this.#held = true;
    this.#interest();
  }

  resume(): void {
    this.#held = false;
    this.#interest();
  }

  #interest(): void {
    const readable = this.#open && !this.#held && this.#exhausted === undefined;
    this.#watch.want({ readable, writable: false, disconnect: false });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#exhausted);
    this.#watch.close();
    this.#unlink(); // before the descriptor: nobody shall find a file that refuses
    this.#fd.close();
  }

  #unlink(): void {
    try {
      const now = fileIdentity(this.#path);
      if (now === undefined || this.#file === undefined) return;
      if (now.dev === this.#file.dev && now.ino === this.#file.ino) unlinkSync(this.#path);
    } catch {
      // The directory is no longer ours to write to; the file refuses connections, which is next best.
    }
  }
}

interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

function fileIdentity(path: string): FileIdentity | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function unusable(path: string, why: string, cause?: unknown): CompatError {
  return new CompatError('VC-ENDPOINT', `Cannot listen on ${path}: ${why}`, { path }, { cause });
}

function taken(path: string): CompatError {
  return new CompatError('VC-ENDPOINT-TAKEN', `Cannot listen on ${path}: another process serves this socket`, { path });
}

/** Removes a socket file that nobody serves. */
function clearStale(path: string): void {
  let file: Stats | undefined;
  try {
    file = lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(path, (error as Error).message, error);
  }
  if (file === undefined) return;
  if (!file.isSocket()) throw unusable(path, 'there is something that is not a socket, which is left as it is');
  try {
    close(connectUnix(path));
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw unusable(path, (error as Error).message, error);
    if (error.code === 'ENOENT') return;
    if (error.code === 'EACCES' || error.code === 'EPERM')
      throw unusable(path, `there is a socket that we may not use (${error.code})`, error);
    if (error.code !== 'ECONNREFUSED') throw taken(path);
    unlinkSync(path);
    return;
  }
  throw taken(path);
}

/** The umask gives the file its mode from its first moment; a later chmod would leave a gap. */
function listenWithMode(path: string, mode: number): number {
  const umask = process.umask(0o777 & ~mode);
  try {
    return listenUnix(path, BACKLOG);
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EADDRINUSE') throw taken(path);
    throw unusable(path, (error as Error).message, error);
  } finally {
    process.umask(umask);
  }
}

function setGroup(path: string, group: number): void {
  try {
    chownSync(path, -1, group);
  } catch (error) {
    throw unusable(path, `the group ${group} cannot be set: ${(error as Error).message}`, error);
  }
}
