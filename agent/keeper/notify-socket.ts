import { lstatSync, unlinkSync } from 'node:fs';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { close, SystemCallError } from '../fd/libc.ts';
import { bindDatagram, connectDatagram, type ReceivedDatagram, receiveDatagram } from '../fd/libc-datagram.ts';
import { OwnedFd } from '../fd/owned-fd.ts';
import { Watch } from '../fd/watch.ts';
import { MAX_NOTIFICATION_BYTES } from './protocol.ts';

export interface Datagram {
  /** Valid until the receiver returns. */
  readonly data: Uint8Array;
  /** The receiver's now. */
  readonly fds: readonly OwnedFd[];
  /** Bytes or descriptors of it are missing. */
  readonly truncated: boolean;
  /** Who sent it, as the kernel says. */
  readonly pid: number;
}

/** Only who runs as we do may write to it. */
const MODE = 0o600;
/** So that a flood leaves time for signals and for the child's end. */
const READS_PER_TURN = 64;
/** More than any queue of the kernel holds. */
const READS_AT_ONCE = 4096;

/** The datagram socket that a supervised process speaks to. Its file is there as long as this is open. */
export class NotifySocket {
  readonly #path: string;
  readonly #fd: OwnedFd;
  readonly #inode: bigint | undefined;
  readonly #watch: Watch;
  readonly #arrived: (datagram: Datagram) => void;
  readonly #room = Buffer.alloc(MAX_NOTIFICATION_BYTES);

  /** Throws VC-ENDPOINT (the path cannot be used) or VC-ENDPOINT-TAKEN (another keeper serves it). */
  constructor(path: string, arrived: (datagram: Datagram) => void) {
    this.#path = path;
    this.#arrived = arrived;
    this.#fd = new OwnedFd(bindWithMode(path));
    try {
      this.#inode = inodeOf(path);
      this.#watch = new Watch(this.#fd.raw, () => this.#read(READS_PER_TURN));
    } catch (error) {
      this.#fd.close();
      throw error;
    }
  }

  /** Takes in all that was sent until now, such as the last words of a process that has ended. */
  drain(): void {
    this.#read(READS_AT_ONCE);
  }

  #read(most: number): void {
    for (let i = 0; i < most; i++) {
      let got: ReceivedDatagram | undefined;
      try {
        got = receiveDatagram(this.#fd.raw, this.#room);
      } catch (error) {
        if (error instanceof SystemCallError) return; // such as no memory now: the datagram is still there, or was lost
        throw error;
      }
      if (!got) return;
      const fds = got.fds.map((fd) => new OwnedFd(fd));
      this.#arrived({ data: this.#room.subarray(0, got.bytes), fds, truncated: got.truncated, pid: got.pid });
    }
  }

  close(): void {
    this.#watch.close();
    try {
      if (this.#inode !== undefined && inodeOf(this.#path) === this.#inode) unlinkSync(this.#path);
    } catch {
      // The directory is no longer ours to write to; the file refuses connections, which is next best.
    }
    this.#fd.close();
  }
}

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function bindWithMode(path: string): number {
  clearStale(path);
  const umask = process.umask(0o777 & ~MODE);
  try {
    return bindDatagram(path);
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EADDRINUSE') throw taken(path);
    throw unusable(path, (error as Error).message, error);
  } finally {
    process.umask(umask);
  }
}

/** Removes the file of a keeper that has died. */
function clearStale(path: string): void {
  try {
    const file = lstatSync(path, { throwIfNoEntry: false });
    if (file === undefined) return;
    if (!file.isSocket()) throw unusable(path, 'there is something that is not a socket, which is left as it is');
    close(connectDatagram(path));
  } catch (error) {
    if (error instanceof CompatError) throw error;
    const code = error instanceof SystemCallError ? error.code : undefined;
    if (code === 'ENOENT') return;
    if (code !== 'ECONNREFUSED') throw unusable(path, (error as Error).message, error);
    unlinkSync(path);
    return;
  }
  throw taken(path);
}

function unusable(path: string, why: string, cause?: unknown): CompatError {
  return new CompatError('VC-ENDPOINT', `Cannot keep descriptors at ${path}: ${why}`, { path }, { cause });
}

function taken(path: string): CompatError {
  const message = `Cannot keep descriptors at ${path}: another keeper serves this socket`;
  return new CompatError('VC-ENDPOINT-TAKEN', message, { path });
}
