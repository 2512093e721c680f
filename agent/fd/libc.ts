import koffi from 'koffi';
import { socketPathFault } from '../../base/socket-path.ts';
import { mayFail } from './faults.ts';

// The only file that may import koffi; its neighbours libc-*.ts declare further calls on `libc`. Linux, 64-bit,
// little-endian: see the layouts of msghdr and sockaddr_un below.
export const libc = koffi.load(null); // the C library that node itself is linked with: glibc or musl
const recvmsg = libc.func('int64_t recvmsg(int, void *, int)');
const sendmsg = libc.func('int64_t sendmsg(int, void *, int)');
const closeFd = libc.func('int close(int)');
const dupFd = libc.func('int fcntl(int, int, int)');
const openSocket = libc.func('int socket(int, int, int)');
const openPair = libc.func('int socketpair(int, int, int, void *)');
const bindSocket = libc.func('int bind(int, void *, uint32_t)');
const listenSocket = libc.func('int listen(int, int)');
const acceptSocket = libc.func('int accept4(int, void *, void *, int)');
const connectSocket = libc.func('int connect(int, void *, uint32_t)');
const getOption = libc.func('int getsockopt(int, int, int, void *, void *)');
const openEvent = libc.func('int eventfd(uint32_t, int)');
const openMemory = libc.func('int memfd_create(const char *, uint32_t)');

const F_DUPFD_CLOEXEC = 1030;
const AF_UNIX = 1;
const SOCK_STREAM_FLAGS = 1 | 0o4000 | 0o2000000; // SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
const ACCEPT_FLAGS = 0o4000 | 0o2000000;
const EVENT_FLAGS = 0o4000 | 0o2000000; // EFD_NONBLOCK | EFD_CLOEXEC
const MFD_CLOEXEC = 1;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
const MSG_PEEK = 0x2;
const MSG_CTRUNC = 0x8;
const RECV_FLAGS = 0x40 | 0x4000_0000; // MSG_DONTWAIT | MSG_CMSG_CLOEXEC
const SEND_FLAGS = 0x40 | 0x4000; // MSG_DONTWAIT | MSG_NOSIGNAL
const EINTR = 4;
const EBADF = 9;
const EAGAIN = 11;
const ECONNABORTED = 103;

/** More than any vhost-user message carries, so that an excess is seen and refused rather than cut off. */
export const MAX_FDS = 64;

/** A system call failed: `code` is the symbolic name (`EPIPE`), `errno` the number. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly code: string;
  readonly errno: number;

  constructor(call: string, errno: number) {
    const code = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `E${errno}`;
    super(`Cannot ${call}: ${code}`);
    this.code = code;
    this.errno = errno;
  }

  /** Of the call that has just failed. */
  static last(call: string): SystemCallError {
    return new SystemCallError(call, koffi.errno());
  }
}

export interface Received {
  /** 0 means that the peer closed. */
  readonly bytes: number;
  readonly fds: readonly number[];
  /** The kernel dropped descriptors: no room, the table is full, or a security module forbade them. */
  readonly truncated: boolean;
}

/** struct msghdr: name@0 namelen@8 iov@16 iovlen@24 control@32 controllen@40 flags@48, 56 bytes in all. */
const msg = Buffer.alloc(56);
const iov = Buffer.alloc(16);
const control = Buffer.alloc(16 + MAX_FDS * 4);
msg.writeBigUInt64LE(koffi.address(iov), 16);
msg.writeBigUInt64LE(1n, 24);
msg.writeBigUInt64LE(koffi.address(control), 32);

function aim(data: Uint8Array, controlLength: number): void {
  iov.writeBigUInt64LE(koffi.address(data), 0);
  iov.writeBigUInt64LE(BigInt(data.length), 8);
  msg.writeBigUInt64LE(BigInt(controlLength), 40);
  msg.writeUInt32LE(0, 48);
}

/** Receives at most `into.length` bytes and what descriptors came with them; undefined when it would block. */
export function receive(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, RECV_FLAGS, control.length);
}

/**
 * The same, but leaves the bytes where they are and takes copies of the descriptors. On a stream the kernel goes on to
 * the message after the bytes asked for: the descriptors may be that one's.
 */
export function peek(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, RECV_FLAGS | MSG_PEEK, control.length);
}

/** Receives without taking descriptors: the kernel closes them, and `truncated` says that there were some. */
export function receiveBytes(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, RECV_FLAGS, 0);
}

function receiveWith(fd: number, into: Uint8Array, flags: number, room: number): Received | undefined {
  mayFail('recvmsg');
  for (;;) {
    aim(into, room);
    const bytes = Number(recvmsg(fd, msg, flags));
    const errno = bytes < 0 ? koffi.errno() : 0; // at once: the next call may change it
    if (errno === EINTR) continue;
    if (errno === EAGAIN) return undefined;
    if (errno !== 0) throw new SystemCallError('receive', errno);
    return { bytes, fds: receivedFds(), truncated: (msg.readUInt32LE(48) & MSG_CTRUNC) !== 0 };
  }
}

/** struct cmsghdr: len@0 level@8 type@12 data@16; each starts on a multiple of eight. */
function receivedFds(): number[] {
  const fds: number[] = [];
  const end = Number(msg.readBigUInt64LE(40));
  for (let at = 0; at + 16 <= end; ) {
    const length = Number(control.readBigUInt64LE(at));
    if (control.readInt32LE(at + 8) === SOL_SOCKET && control.readInt32LE(at + 12) === SCM_RIGHTS) {
      for (let p = at + 16; p + 4 <= at + length; p += 4) fds.push(control.readInt32LE(p));
    }
    at += Math.max(16, (length + 7) & ~7);
  }
  return fds;
}

/** Sends; the descriptors leave with the first byte. Returns the bytes taken, undefined when it would block. */
export function send(fd: number, data: Uint8Array, fds: readonly number[]): number | undefined {
  if (data.length === 0) throw new RangeError('Cannot send descriptors without a byte to carry them');
  if (fds.length > MAX_FDS) throw new RangeError(`Cannot send ${fds.length} descriptors: at most ${MAX_FDS}`);
  mayFail('sendmsg');
  if (fds.length > 0) {
    control.writeBigUInt64LE(BigInt(16 + fds.length * 4), 0);
    control.writeInt32LE(SOL_SOCKET, 8);
    control.writeInt32LE(SCM_RIGHTS, 12);
    for (const [i, one] of fds.entries()) control.writeInt32LE(one, 16 + i * 4);
  }
  for (;;) {
    aim(data, fds.length > 0 ? (16 + fds.length * 4 + 7) & ~7 : 0);
    const bytes = Number(sendmsg(fd, msg, SEND_FLAGS));
    const errno = bytes < 0 ? koffi.errno() : 0;
    if (errno === EINTR) continue;
    if (errno === EAGAIN) return undefined;
    if (errno !== 0) throw new SystemCallError('send', errno);
    return bytes;
  }
}

/** Closes; only a number that is not open is an error, for that is a mistake in the bookkeeping of descriptors. */
export function close(fd: number): void {
  if (closeFd(fd) >= 0) return;
  const errno = koffi.errno();
  if (errno === EBADF) throw new SystemCallError(`close descriptor ${fd}`, errno);
}

/** @internal for tests */
export function duplicate(fd: number): number {
  return checked('duplicate', dupFd(fd, F_DUPFD_CLOEXEC, 0));
}

/**
 * A socket that listens on a path. The file's mode is what the umask leaves of 0777; the caller has looked at the path.
 * Our own calls rather than node's: node unlinks the path when it closes, whoever has it by then.
 */
export function listenUnix(path: string, backlog: number): number {
  const address = unixAddress(path);
  const fd = checked('open a socket', openSocket(AF_UNIX, SOCK_STREAM_FLAGS, 0));
  try {
    checked('bind', bindSocket(fd, address, address.length));
    checked('listen', listenSocket(fd, backlog));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** The next connection of a listening socket; undefined when none waits. */
export function acceptUnix(fd: number): number | undefined {
  for (;;) {
    const connection = acceptSocket(fd, null, null, ACCEPT_FLAGS) as number;
    if (connection >= 0) return connection;
    const errno = koffi.errno();
    if (errno === EINTR) continue;
    if (errno === EAGAIN || errno === ECONNABORTED) return undefined;
    throw new SystemCallError('accept', errno);
  }
}

/** Connects, which on a unix socket succeeds or fails at once; EAGAIN means that the other side's queue is full. */
export function connectUnix(path: string): number {
  const address = unixAddress(path);
  const fd = checked('open a socket', openSocket(AF_UNIX, SOCK_STREAM_FLAGS, 0));
  try {
    checked('connect', connectSocket(fd, address, address.length));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** struct sockaddr_un: family@0 path@2. A path that begins with @ is a name in the abstract name space (unix(7)). */
export function unixAddress(path: string): Buffer {
  const fault = socketPathFault(path);
  if (fault !== undefined) throw new RangeError(`Cannot use socket path "${path}": ${fault}`);
  const bytes = Buffer.from(path, 'utf8');
  const abstract = path.startsWith('@'); // then the first byte is zero, and the length of the address ends the name
  const address = Buffer.alloc(2 + bytes.length + (abstract ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  bytes.copy(address, 2);
  if (abstract) address.writeUInt8(0, 2);
  return address;
}

/** Two connected sockets. */
export function socketPair(): [number, number] {
  const both = Buffer.alloc(8);
  checked('open a socket pair', openPair(AF_UNIX, SOCK_STREAM_FLAGS, 0, both));
  return [both.readInt32LE(0), both.readInt32LE(4)];
}

export interface Credentials {
  /** 0 when the peer lives in a process name space that we cannot see into. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Who connected, or, for a socket that we connected, who called listen(): unix(7), SO_PEERCRED. */
export function peerCredentials(fd: number): Credentials {
  const found = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(found.length, 0);
  checked('read the credentials of the peer', getOption(fd, SOL_SOCKET, SO_PEERCRED, found, length));
  return { pid: found.readInt32LE(0), uid: found.readInt32LE(4), gid: found.readInt32LE(8) };
}

/** An event counter, as front-ends hand to back-ends for kicks and calls. */
export function createEventFd(): number {
  return checked('create an event descriptor', openEvent(0, EVENT_FLAGS));
}

/** Anonymous memory with a descriptor, as front-ends hand to back-ends for guest memory. Empty: ftruncate it. */
export function createMemoryFd(name: string): number {
  return checked('create a memory descriptor', openMemory(name, MFD_CLOEXEC));
}

/** The result of a call that answers below 0 when it failed; throws SystemCallError then. */
export function checked(call: string, result: number): number {
  if (result >= 0) return result;
  throw new SystemCallError(call, koffi.errno());
}

export interface PollInterest {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly disconnect: boolean;
}

/** koffi 3.3.4 calls back with (status, events); its type declaration leaves out the status. */
export type PollCallback = (status: number, events: PollInterest) => void;

export interface PollHandle {
  start(interest: PollInterest, callback: PollCallback): void;
  close(): void;
}

/** Watches a socket on node's event loop. Use `Watch`, which keeps clear of what aborts the process here. */
export function poll(fd: number, interest: PollInterest, callback: PollCallback): PollHandle {
  const start = koffi.node.poll as unknown as (
    fd: number,
    interest: PollInterest,
    callback: PollCallback,
  ) => PollHandle;
  return start(fd, interest, callback);
}
