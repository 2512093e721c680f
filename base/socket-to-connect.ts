import { OpenedFile, UnsafePathError } from './safe-directory.ts';
import { ANY_DIRECTORY, type SocketDirectories } from './socket-directories.ts';
import { SocketFileError } from './socket-file-error.ts';

/** A socket file at a path that was opened to be connected to. */
export interface SocketToConnect {
  /** A path to this very file, valid until `close`. */
  readonly path: string;
  close(): void;
}

/**
 * Opens the socket file that is at a path now. Throws SocketFileError (what is there may not be used), or an error with the
 * `code` of open(2), such as ENOENT; EAGAIN: it has more names than one, as while it is being made.
 */
export function openSocketFile(path: string, directories: SocketDirectories = ANY_DIRECTORY): SocketToConnect {
  try {
    return openAt(path, directories, 0);
  } catch (error) {
    if (error instanceof UnsafePathError) throw new SocketFileError(error.message, { cause: error });
    throw error;
  }
}

const MAX_LINKS = 8;

function openAt(path: string, directories: SocketDirectories, links: number): SocketToConnect {
  const { directory, name } = directories.place(path);
  try {
    const file = new OpenedFile(directory.at(name));
    const { stat } = file;
    if (stat.isSocket() && stat.nlink === 1n) return file;
    file.close();
    if (stat.isSymbolicLink() && links < MAX_LINKS)
      return openAt(directory.followed(name, stat), directories, links + 1);
    if (!stat.isSocket()) throw new SocketFileError('the file is not a socket; wanted the socket of a peer');
    throw Object.assign(new Error('EAGAIN: the socket has more than one name'), { code: 'EAGAIN' });
  } finally {
    directory.close();
  }
}
