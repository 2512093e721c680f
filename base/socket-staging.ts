import { chownSync, linkSync, mkdtempSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { identityOf, OpenedFile, SafeDirectory } from './safe-directory.ts';
import type { SocketPlace } from './socket-directories.ts';
import { SocketFileError } from './socket-file-error.ts';

/** The longest name that /proc/self/fd/NUMBER/ leaves room for in the address of a socket. */
const LONGEST_OWN_NAME = 80;

/** A folder of our own, beside the place of a socket, in which it is made. */
export class Staging {
  readonly #place: SocketPlace;
  readonly #directory: SafeDirectory;
  readonly #folder: string;
  readonly #name: string;
  #removed = false;

  constructor(place: SocketPlace) {
    this.#place = place;
    this.#folder = basename(mkdtempSync(place.directory.at('.vhost-compat-')));
    try {
      this.#directory = SafeDirectory.private(place.directory, this.#folder);
    } catch (error) {
      this.#removeFolder();
      throw error;
    }
    this.#name = Buffer.byteLength(place.name) <= LONGEST_OWN_NAME ? place.name : 'socket';
  }

  /** Where to bind. */
  get path(): string {
    return this.#directory.at(this.#name);
  }

  /** Gives the socket its owner, its group and its place, and removes the folder; the result identifies the socket. */
  publish(group: number | undefined, owner: number | undefined): string {
    const file = new OpenedFile(this.path);
    try {
      inGroup(file, group);
      linkSync(this.path, this.#place.directory.at(this.#place.name));
      const uid = ownedBy(file, owner); // not earlier: to link what belongs to somebody else takes a right of its own
      this.#remove();
      return identityOf({ dev: file.stat.dev, ino: file.stat.ino, uid });
    } finally {
      file.close();
    }
  }

  #remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    try {
      unlinkSync(this.path);
    } catch {
      // nothing was bound
    }
    this.#removeFolder();
  }

  #removeFolder(): void {
    try {
      rmdirSync(this.#place.directory.at(this.#folder));
    } catch {
      // the owner of the directory has moved it
    }
  }

  close(): void {
    this.#remove();
    this.#directory.close();
  }
}

function inGroup(file: OpenedFile, group: number | undefined): void {
  if (group === undefined || file.stat.gid === BigInt(group)) return;
  try {
    chownSync(file.path, -1, group);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SocketFileError(`the group ${group} cannot be set: ${code}`, { cause });
  }
}

function ownedBy(file: OpenedFile, owner = Number(file.stat.uid)): bigint {
  if (file.stat.uid === BigInt(owner)) return file.stat.uid;
  try {
    chownSync(file.path, owner, -1);
    return BigInt(owner);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SocketFileError(`it cannot be given to user ${owner}: ${code}`, { cause });
  }
}
