import { type BigIntStats, closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';

/** Opens a name without access to its content: open(2). The same on all architectures; node does not name it. */
const O_PATH = 0o10000000;
const ITSELF = O_PATH | constants.O_NOFOLLOW;
/** As many links as the kernel follows in one path: path_resolution(7). */
const MAX_LINKS = 40;

const STICKY = 0o1000n;
const SEARCHED_BY_OTHERS = 0o011n;

/** A path through a place where others could swap one file for another. The message names it, and what helps. */
export class UnsafePathError extends Error {
  override readonly name = 'UnsafePathError';
}

/** Something that was opened by its name and is what it is from then on, whatever becomes of the name. */
export class OpenedFile {
  readonly stat: BigIntStats;
  readonly #fd: number;
  #open = true;

  /** Opens the thing itself, a symbolic link included, unless `flags` say otherwise. Throws what open(2) says. */
  constructor(path: string, flags = ITSELF) {
    this.#fd = openSync(path, flags);
    this.stat = fstatSync(this.#fd, { bigint: true });
  }

  /** A path to this very file, for any call; valid until `close`. */
  get path(): string {
    return `/proc/self/fd/${this.#fd}`;
  }

  /** Device, inode number and owner: who removes or replaces a file has to find these again. */
  get identity(): string {
    return identityOf(this.stat);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }
}

/** A directory that was found safe, without its descriptor. */
export interface KnownDirectory {
  readonly path: string;
  readonly line: readonly string[];
  readonly closed: boolean;
  /** Inode, owner and permissions. */
  readonly facts: string;
}

export function identityOf({ dev, ino, uid }: Pick<BigIntStats, 'dev' | 'ino' | 'uid'>): string {
  return `${dev}:${ino}:${uid}`;
}

/**
 * A directory that was walked to from the root, one component after the other, so that nobody but its owner and root decides
 * what its names mean:
 *
 * - A directory in which group or others may write must be sticky: otherwise each of them can put a file of his own in the
 *   place of any other. The group that has the number of the owner counts as the owner ("user private group").
 * - A symbolic link is followed only if it belongs to root or to us, in a directory of root or of us: /var/run is.
 * - Below a directory that only root or we may search, everything goes: nobody else gets there.
 *
 * A directory of some other user is accepted: its owner may rename what is in it, but not make us act elsewhere (docs/adr/0010).
 */
export class SafeDirectory {
  /** The path without links. */
  readonly path: string;
  /** Device and inode number of each directory from the root down to this one. */
  readonly line: readonly string[];
  /** Whether others are kept out by a directory above, so that its own permissions were not looked at. */
  readonly closed: boolean;
  readonly #file: OpenedFile;

  private constructor(path: string, file: OpenedFile, line: readonly string[], closed: boolean) {
    this.path = path;
    this.line = line;
    this.closed = closed;
    this.#file = file;
  }

  /** Throws UnsafePathError, or an error with the `code` of open(2), such as ENOENT. */
  static open(path: string): SafeDirectory {
    let wanted = normalize(path);
    for (let links = 0; links <= MAX_LINKS; links++) {
      const found = walk(wanted);
      if (typeof found !== 'string') return found;
      wanted = found;
    }
    throw Object.assign(new Error(`ELOOP: too many symbolic links, ${path}`), { code: 'ELOOP' });
  }

  /** A directory that was found safe before, if that is what the path leads to. */
  static reopen(path: string, { path: real, line, closed, facts }: KnownDirectory): SafeDirectory | undefined {
    let file: OpenedFile;
    try {
      file = new OpenedFile(path, O_PATH | constants.O_DIRECTORY);
    } catch {
      return undefined;
    }
    if (factsOf(file.stat) === facts) return new SafeDirectory(real, file, line, closed);
    file.close();
    return undefined;
  }

  /** What `reopen` needs; undefined when this directory is safe only because of those above it. */
  get known(): KnownDirectory | undefined {
    if (!isSafe(this.stat)) return undefined;
    return { path: this.path, line: this.line, closed: false, facts: factsOf(this.stat) };
  }

  /** A directory that this process has just made for itself in another one. Throws UnsafePathError when it was swapped. */
  static private(parent: SafeDirectory, name: string): SafeDirectory {
    const file = openIn(parent, name);
    const { uid, mode } = file.stat;
    const isOurs = file.stat.isDirectory() && uid === BigInt(process.geteuid?.() ?? 0) && (mode & 0o077n) === 0n;
    if (isOurs) return new SafeDirectory(join(parent.path, name), file, [], true);
    file.close();
    throw new UnsafePathError(
      `${join(parent.path, name)} was replaced while it was made; wanted a directory of our own`,
    );
  }

  /** @internal for `walk` */
  static at(path: string, file: OpenedFile, line: readonly string[], closed: boolean): SafeDirectory {
    return new SafeDirectory(path, file, line, closed);
  }

  get stat(): BigIntStats {
    return this.#file.stat;
  }

  /** A path to a name in this very directory; valid until `close`. */
  at(name: string): string {
    return `${this.#file.path}/${name}`;
  }

  /** Where a link in this directory leads. Throws UnsafePathError when others could have put it there. */
  followed(name: string, link: BigIntStats): string {
    if (!this.closed && !mayBeFollowed(this.stat, link)) {
      const wanted = 'wanted a link of root or of this process, in a directory where nobody else can replace it';
      throw new UnsafePathError(`${join(this.path, name)} is a symbolic link that others control; ${wanted}`);
    }
    const target = readlinkSync(this.at(name));
    return isAbsolute(target) ? target : join(this.path, target);
  }

  close(): void {
    this.#file.close();
  }
}

/** The directory, or the path with its first link resolved. */
function walk(path: string): SafeDirectory | string {
  let here = SafeDirectory.at('/', new OpenedFile('/'), [], false);
  const line = [placeOf(here.stat)];
  const names = path.split('/').filter((name) => name !== '');
  try {
    for (const [index, name] of names.entries()) {
      checkSafe(here);
      const file = openIn(here, name);
      const closed = here.closed || isClosed(here.stat);
      if (file.stat.isSymbolicLink()) {
        file.close();
        const target = here.followed(name, file.stat);
        here.close();
        return join(target, ...names.slice(index + 1));
      }
      line.push(placeOf(file.stat));
      const next = SafeDirectory.at(join(here.path, name), file, [...line], closed);
      here.close();
      here = next;
      if (!file.stat.isDirectory())
        throw Object.assign(new Error(`ENOTDIR: not a directory, ${here.path}`), { code: 'ENOTDIR' });
    }
    checkSafe(here);
    return here;
  } catch (error) {
    here.close();
    throw error;
  }
}

/** The kernel names a path of /proc in its errors: ours is named instead. */
function openIn(directory: SafeDirectory, name: string): OpenedFile {
  try {
    return new OpenedFile(directory.at(name));
  } catch (cause) {
    const { code = 'EIO' } = cause as NodeJS.ErrnoException;
    throw Object.assign(new Error(`${code}: ${join(directory.path, name)}`, { cause }), { code });
  }
}

function placeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function factsOf({ dev, ino, uid, gid, mode }: BigIntStats): string {
  return `${dev}:${ino}:${uid}:${gid}:${mode}`;
}

function isTrusted(uid: bigint): boolean {
  return uid === 0n || uid === BigInt(process.geteuid?.() ?? 0);
}

/** Whether only root or we may search a directory: nothing below it is in reach of others. */
function isClosed({ uid, mode }: BigIntStats): boolean {
  return isTrusted(uid) && (mode & SEARCHED_BY_OTHERS) === 0n;
}

/** Who else than its owner may add and remove names. */
function writers({ uid, gid, mode }: BigIntStats): 'others' | 'its group' | undefined {
  if ((mode & 0o002n) !== 0n) return 'others';
  return (mode & 0o020n) !== 0n && gid !== uid ? 'its group' : undefined;
}

function isSafe(stat: BigIntStats): boolean {
  return writers(stat) === undefined || (stat.mode & STICKY) !== 0n;
}

function checkSafe({ closed, path, stat }: SafeDirectory): void {
  if (closed || isClosed(stat) || isSafe(stat)) return;
  const seen = `${writers(stat)} may rename files in ${path} (mode ${(stat.mode & 0o7777n).toString(8)}, group ${stat.gid})`;
  throw new UnsafePathError(`${seen}, also the sockets; wanted a sticky directory: chmod +t ${path}`);
}

function mayBeFollowed(directory: BigIntStats, link: BigIntStats): boolean {
  return isTrusted(directory.uid) && (writers(directory) === undefined || isTrusted(link.uid));
}
