import { closeSync, constants, openSync, readSync } from 'node:fs';
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
const copyBytes = libc.func('int64_t tee(int, int, uint64_t, uint32_t)');
const endStream = libc.func('int shutdown(int, int)');
const lookAt = libc.func('int poll(void *, unsigned long, int)');

const SO_OOBINLINE = 10;
const SO_PASSCRED = 16;
const SO_PEEK_OFF = 42;
const SPLICE_F_NONBLOCK = 2;
const SHUT_RDWR = 2;
const F_SETFD = 2;
const F_SETPIPE_SZ = 1031;
const FD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;
/** Of the release before. */
const PIPE_BYTES = 16_384;
const FIONREAD = 0x541b;
const SIOCOUTQ = 0x5411;
const POLLRDHUP = 0x2000;

const word = Buffer.alloc(4);
const wordLength = Buffer.alloc(4);
/** struct pollfd: fd@0 events@4 revents@6. */
const looked = Buffer.alloc(8);

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

/** A pipe with both ends in one descriptor, holding at least `capacity` bytes. Never blocks. */
export function createPipe(capacity: number): number {
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

/** What a pipe holds, which stays in it (tee(2)). */
export function bytesInPipe(pipe: number): Buffer {
  const copy = createPipe(PIPE_BYTES);
  try {
    const bytes = Buffer.alloc(PIPE_BYTES);
    const held = unlessBlocked(
      'look into a pipe',
      () => copyBytes(pipe, copy, PIPE_BYTES, SPLICE_F_NONBLOCK) as number,
    );
    return held === undefined || held === 0 ? Buffer.alloc(0) : bytes.subarray(0, readSync(copy, bytes));
  } finally {
    close(copy);
  }
}

/** Ends a connection for both sides, whoever else holds a descriptor of it. */
export function shutdown(fd: number): void {
  try {
    checked('shut down', endStream(fd, SHUT_RDWR));
  } catch (error) {
    if (!(error instanceof SystemCallError && error.code === 'ENOTCONN')) throw error;
  }
}

/**
 * Has bytes that were sent with MSG_OOB come like all others: else the kernel throws them away on the way to the next ones,
 * with their descriptors, and that closes those.
 */
export function urgentBytesInLine(fd: number): void {
  word.writeInt32LE(1, 0);
  checked('set an option', setOption(fd, SOL_SOCKET, SO_OOBINLINE, word, word.length));
}

/** Has the kernel name the sender of each message: a connection may change hands. */
export function nameSenders(fd: number): void {
  word.writeInt32LE(1, 0);
  checked('set an option', setOption(fd, SOL_SOCKET, SO_PASSCRED, word, word.length));
}

/** Whether it does. */
export function areSendersNamed(fd: number): boolean {
  wordLength.writeUInt32LE(word.length, 0);
  checked('read an option', getOption(fd, SOL_SOCKET, SO_PASSCRED, word, wordLength));
  return word.readInt32LE(0) !== 0;
}

/** What poll(2) says of a descriptor now; 0 when it cannot be told. */
export function pollNow(fd: number, events: number): number {
  looked.writeInt32LE(fd, 0);
  looked.writeInt16LE(events, 4);
  return (lookAt(looked, 1, 0) as number) < 0 ? 0 : looked.readInt16LE(6);
}

/** Nothing stands in the queue of a connection, and nothing can come any more. False when it cannot be told. */
export function isEndedAndEmpty(fd: number): boolean {
  if ((pollNow(fd, POLLRDHUP) & POLLRDHUP) === 0) return false;
  return (controlDevice(fd, FIONREAD, word) as number) >= 0 && word.readInt32LE(0) === 0;
}

/** Whether the peer has yet to read something that was sent (unix(7), SIOCOUTQ). False when it cannot be told. */
export function isUnread(fd: number): boolean {
  return (controlDevice(fd, SIOCOUTQ, word) as number) >= 0 && word.readInt32LE(0) > 0;
}

/** Marks an inherited descriptor, so that processes that we start do not inherit it. */
export function closeOnExec(fd: number): void {
  checked('mark a descriptor', controlFd(fd, F_SETFD, FD_CLOEXEC));
}
