import { closeSync, constants, openSync, readSync } from 'node:fs';
import { mayFail } from './faults.ts';
import { checked, close, libc, SystemCallError } from './libc.ts';

// What the kernel remembers about a stream for us, so that another process can take it over at any moment.

const getOption = libc.func('int getsockopt(int, int, int, void *, void *)');
const setOption = libc.func('int setsockopt(int, int, int, void *, uint32_t)');
const control = libc.func('int ioctl(int, uint64_t, void *)');
const openPipe = libc.func('int pipe2(void *, int)');
const moveBytes = libc.func('int64_t splice(int, void *, int, void *, uint64_t, uint32_t)');
const endStream = libc.func('int shutdown(int, int)');
const setFlags = libc.func('int fcntl(int, int, int)');

const SOL_SOCKET = 1;
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

/** How far the next peek at a socket begins behind its first unread byte (socket(7), SO_PEEK_OFF); receiving lowers it. */
export function peekOffset(fd: number): number {
  wordLength.writeUInt32LE(word.length, 0);
  checked('read the peek offset', getOption(fd, SOL_SOCKET, SO_PEEK_OFF, word, wordLength));
  return word.readInt32LE(0);
}

/** From then on each peek begins where the one before it ended. */
export function setPeekOffset(fd: number, offset: number): void {
  mayFail('setsockopt');
  word.writeInt32LE(offset, 0);
  checked('set the peek offset', setOption(fd, SOL_SOCKET, SO_PEEK_OFF, word, word.length));
}

/** Bytes that can be read from a socket or a pipe. */
export function unreadBytes(fd: number): number {
  checked('ask for the unread bytes', control(fd, FIONREAD, word));
  return word.readInt32LE(0);
}

/** Above 0 while the peer has not read all that was sent to it (unix(7), SIOCOUTQ); counts memory, not bytes. */
export function unsentBytes(fd: number): number {
  checked('ask for the unsent bytes', control(fd, SIOCOUTQ, word));
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
      checked('size a pipe', setFlags(pipe, F_SETPIPE_SZ, capacity));
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
 * Moves bytes from a pipe to a socket, in one system call that a signal cannot cut in two: what has left the pipe was
 * sent, what is still in it was not (splice(2)). Undefined when the socket takes nothing now.
 */
export function movePipe(pipe: number, socket: number, bytes: number): number | undefined {
  mayFail('splice');
  for (;;) {
    const moved = Number(moveBytes(pipe, null, socket, null, bytes, SPLICE_F_NONBLOCK));
    if (moved >= 0) return moved;
    const error = SystemCallError.last('send');
    if (error.code === 'EINTR') continue;
    if (error.code === 'EAGAIN') return undefined;
    throw error;
  }
}

/** Throws away what a pipe holds. */
export function emptyPipe(pipe: number): void {
  const rest = Buffer.alloc(unreadBytes(pipe));
  if (rest.length > 0) readSync(pipe, rest);
}

/** Ends a connection for both sides, whoever else holds a descriptor of it. */
export function shutdown(fd: number): void {
  if (endStream(fd, SHUT_RDWR) >= 0) return;
  const error = SystemCallError.last('shut down');
  if (error.code !== 'ENOTCONN') throw error;
}

/** Keeps an inherited descriptor from processes that we start. */
export function closeOnExec(fd: number): void {
  checked('mark a descriptor', setFlags(fd, F_SETFD, FD_CLOEXEC));
}
