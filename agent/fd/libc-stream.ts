import { closeSync, constants, openSync, readSync } from 'node:fs';
import { MAX_SOCKET_PATH_BYTES } from '../../base/socket-path.ts';
import { mayFail } from './faults.ts';
import {
  checked,
  close,
  controlFd,
  getOption,
  libc,
  SOL_SOCKET,
  SystemCallError,
  setOption,
  unlessBlocked,
} from './libc.ts';

// The state of a stream that the kernel keeps, so that another process can take the stream over at any moment.

const controlDevice = libc.func('int ioctl(int, uint64_t, void *)');
const openPipe = libc.func('int pipe2(void *, int)');
const moveBytes = libc.func('int64_t splice(int, void *, int, void *, uint64_t, uint32_t)');
const readPeerName = libc.func('int getpeername(int, void *, void *)');
const endStream = libc.func('int shutdown(int, int)');

const SO_PEEK_OFF = 42;
const FIONREAD = 0x541b;
const SIOCOUTQ = 0x5411;
const SPLICE_F_NONBLOCK = 2;
const SHUT_RDWR = 2;
const F_SETFD = 2;
const F_SETPIPE_SZ = 1031;
const FD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;

const word = Buffer.alloc(4);
const wordLength = Buffer.alloc(4);

/** The path of the socket that was connected to, as its process bound it, maybe by another name than ours; '': none. */
export function peerAddress(fd: number): string {
  const address = Buffer.alloc(2 + MAX_SOCKET_PATH_BYTES + 1);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(address.length, 0);
  if ((readPeerName(fd, address, length) as number) < 0) return '';
  const text = address.toString('utf8', 2, Math.max(2, Math.min(address.length, length.readUInt32LE(0))));
  return text.replace(/\0.*$/s, '');
}

/** How far the next peek at a socket begins behind its first unread byte (socket(7), SO_PEEK_OFF); receiving lowers it. */
export function peekOffset(fd: number): number {
  wordLength.writeUInt32LE(word.length, 0);
  checked('read the peek offset', getOption(fd, SOL_SOCKET, SO_PEEK_OFF, word, wordLength));
  return word.readInt32LE(0);
}

/** Sets it; each later peek begins where the peek before it ended. */
export function setPeekOffset(fd: number, offset: number): void {
  mayFail('setsockopt');
  word.writeInt32LE(offset, 0);
  checked('set the peek offset', setOption(fd, SOL_SOCKET, SO_PEEK_OFF, word, word.length));
}

/** Bytes that can be read from a socket or a pipe. */
export function unreadBytes(fd: number): number {
  checked('ask for the unread bytes', controlDevice(fd, FIONREAD, word));
  return word.readInt32LE(0);
}

/** Above 0 while the peer has not read all that was sent to it (unix(7), SIOCOUTQ); counts memory, not bytes. */
export function unsentBytes(fd: number): number {
  checked('ask for the unsent bytes', controlDevice(fd, SIOCOUTQ, word));
  return word.readInt32LE(0);
}

/** A pipe with both ends in one descriptor, holding at least `capacity` bytes. Never blocks. */
export function createPipe(capacity: number): number {
  mayFail('pipe');
  const both = Buffer.alloc(8);
  checked('open a pipe', openPipe(both, constants.O_NONBLOCK | O_CLOEXEC));
  const [reader, writer] = [both.readInt32LE(0), both.readInt32LE(4)];
  try {
    const pipe = openSync(`/proc/self/fd/${reader}`, constants.O_RDWR | constants.O_NONBLOCK | O_CLOEXEC);
    try {
      checked('size a pipe', controlFd(pipe, F_SETPIPE_SZ, capacity));
      return pipe;
    } catch (error) {
      closeSync(pipe);
      throw error;
    }
  } finally {
    close(reader);
    close(writer);
  }
}

/**
 * Moves bytes from a pipe to a socket in one system call that a signal cannot interrupt half-way: what has left the pipe
 * was sent, what is still in it was not (splice(2)). Undefined when the socket takes nothing now.
 */
export function movePipe(pipe: number, socket: number, bytes: number): number | undefined {
  mayFail('splice');
  return unlessBlocked('send', () => moveBytes(pipe, null, socket, null, bytes, SPLICE_F_NONBLOCK) as number);
}

/** Throws away what a pipe holds. */
export function emptyPipe(pipe: number): void {
  const rest = Buffer.alloc(unreadBytes(pipe));
  if (rest.length > 0) readSync(pipe, rest);
}

/** Ends a connection for both sides, whoever else holds a descriptor of it. */
export function shutdown(fd: number): void {
  try {
    checked('shut down', endStream(fd, SHUT_RDWR));
  } catch (error) {
    if (!(error instanceof SystemCallError && error.code === 'ENOTCONN')) throw error;
  }
}

/** Marks an inherited descriptor, so that processes that we start do not inherit it. */
export function closeOnExec(fd: number): void {
  checked('mark a descriptor', controlFd(fd, F_SETFD, FD_CLOEXEC));
}
