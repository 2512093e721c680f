import { close, connectUnix, peerCredentials, SystemCallError } from './libc.ts';
import { identifyPeer, peerAlive } from './peer.ts';

/**
 * Knocks at a socket: undefined when a server answers, else why not. `connect` connects to it.
 *
 * The sockets of a process outlive it while one of its descriptors is still being closed (close-apart.ts), and take
 * connections that nobody will ever serve. Those that a dead process of our own user left count as refusing.
 */
export function knock(path: string, connect: (path: string) => number = connectUnix): string | undefined {
  let fd: number | undefined;
  try {
    fd = connect(path);
    return isLeftBehind(fd) ? 'ECONNREFUSED' : undefined;
  } catch (error) {
    if (error instanceof SystemCallError) return error.code;
    throw error;
  } finally {
    if (fd !== undefined) close(fd);
  }
}

function isLeftBehind(fd: number): boolean {
  return peerCredentials(fd).uid === process.getuid?.() && !peerAlive(identifyPeer(fd));
}
