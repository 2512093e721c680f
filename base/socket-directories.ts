import { basename, dirname, normalize } from 'node:path';
import { type KnownDirectory, SafeDirectory, UnsafePathError } from './safe-directory.ts';

/** A directory tree in which sockets may be. */
export interface SocketDirectory {
  readonly path: string;
  /** Numeric group of the socket files that are made there. */
  readonly group?: number | undefined;
}

/** Where a socket is or will be: a directory, held open, and a name in it. */
export interface SocketPlace {
  readonly directory: SafeDirectory;
  readonly name: string;
  readonly group: number | undefined;
}

/** What the rules say of one directory. */
interface Verdict {
  readonly group: number | undefined;
  /** The names in it that are in use for something else. */
  readonly reserved: ReadonlySet<string>;
}

/** More directories than that are no set-up but a mistake. */
const MOST_REMEMBERED = 1024;

/**
 * Which directories sockets may be made in and connected to. Without rules: in all that are safe.
 *
 * To walk a path costs some dozen system calls, and sockets that are not there are tried again for ever: a directory that
 * was found safe is therefore known by its inode number, owner and permissions the next time.
 */
export class SocketDirectories {
  #allowed: readonly SocketDirectory[] | undefined;
  #reserved: readonly string[] = [];
  readonly #known = new Map<string, { readonly directory: KnownDirectory; readonly verdict: Verdict }>();

  /**
   * From now on only sockets at or below `allowed` directories, and none at or below `reserved` paths, which are used for
   * something else.
   */
  restrict(allowed: readonly SocketDirectory[], reserved: readonly string[]): void {
    this.#allowed = allowed;
    this.#reserved = reserved;
    this.#known.clear();
  }

  /** Opens the directory of a socket. Throws UnsafePathError, or an error with the `code` of open(2), such as ENOENT. */
  place(path: string): SocketPlace {
    const [folder, name] = [dirname(normalize(path)), basename(path)];
    const known = this.#known.get(folder);
    const again = known && SafeDirectory.reopen(folder, known.directory);
    const directory = again ?? SafeDirectory.open(folder);
    try {
      const { group, reserved } = again && known ? known.verdict : this.#judge(folder, directory);
      if (reserved.has(name)) throw inUse(path);
      return { directory, name, group };
    } catch (error) {
      directory.close();
      throw error;
    }
  }

  /** Is the directory at or below an allowed one? The nearest of these gives the group. */
  #judge(folder: string, directory: SafeDirectory): Verdict {
    const { line } = directory;
    const depths = this.#allowed?.map((one) => ({ ...one, depth: line.lastIndexOf(placeAt(one.path)) }));
    const [nearest] = (depths ?? []).filter(({ depth }) => depth >= 0).toSorted((a, b) => b.depth - a.depth);
    if (depths !== undefined && nearest === undefined) {
      const wanted = `wanted a socket at or below ${depths.map(({ path }) => path).join(', ')} (socket_dirs)`;
      throw new UnsafePathError(`${directory.path} is not among the directories of sockets; ${wanted}`);
    }
    if (this.#reserved.some((path) => line.includes(placeAt(path)))) throw inUse(directory.path);
    const reserved = this.#reserved.filter((path) => placeAt(dirname(path)) === line.at(-1));
    const verdict = { group: nearest?.group, reserved: new Set(reserved.map((path) => basename(path))) };
    this.#remember(folder, directory.known, verdict);
    return verdict;
  }

  #remember(folder: string, directory: KnownDirectory | undefined, verdict: Verdict): void {
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    if (directory) this.#known.set(folder, { directory, verdict });
  }
}

function inUse(path: string): UnsafePathError {
  return new UnsafePathError(`${path} is in use by the agent itself; wanted another path`);
}

/** Any safe directory. */
export const ANY_DIRECTORY = new SocketDirectories();

/** Device and inode number of a directory; '' when it is not there, is none, or is not safe. */
function placeAt(path: string): string {
  try {
    const directory = SafeDirectory.open(path);
    directory.close();
    return directory.line.at(-1) ?? '';
  } catch {
    return '';
  }
}
