import koffi from 'koffi';
import { socketPathFault } from '../../base/socket-path.ts';

// The only file that may import koffi; its neighbours declare further calls on `libc`. Linux, 64-bit, little-endian: see
// the layouts of sockaddr_un below and of msghdr in libc-message.ts.
export const libc = koffi.load(null); // the C library that node itself is linked with: glibc or musl
/** Where a buffer stands in memory, for a struct that points to it. */
export const addressOf = (buffer: Uint8Array): bigint => koffi.address(buffer);
/** The memory at an address that a call of the C library gave: not to be used once that is given back. */
export const memoryAt = (address: bigint, length: number): ArrayBuffer => koffi.view(address, length);
export const getOption = libc.func('int getsockopt(int, int, int, void *, void *)');
export const setOption = libc.func('int setsockopt(int, int, int, void *, uint32_t)');
export const controlFd = libc.func('int fcntl(int, int, int)');
const closeFd = libc.func('int close(int)');
const openSocket = libc.func('int socket(int, int, int)');
const openPair = libc.func('int socketpair(int, int, int, void *)');
const bindSocket = libc.func('int bind(int, void *, uint32_t)');
const listenSocket = libc.func('int listen(int, int)');
const acceptSocket = libc.func('int accept4(int, void *, void *, int)');
const connectSocket = libc.func('int connect(int, void *, uint32_t)');
const openEvent = libc.func('int eventfd(uint32_t, int)');
const openMemory = libc.func('int memfd_create(const char *, uint32_t)');

const F_DUPFD_CLOEXEC = 1030;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const QUIET = 0o4000 | 0o2000000; // SOCK_NONBLOCK | SOCK_CLOEXEC, EFD_NONBLOCK | EFD_CLOEXEC
const MFD_CLOEXEC = 1;
export const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SO_PEERCRED = 17;
const EINTR = 4;
const EBADF = 9;
const EAGAIN = 11;
const ECONNABORTED = 103;

/** A system call failed: `code` is the symbolic name (`EPIPE`). */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `E${errno}`;
    super(`Cannot ${call}: ${code}`);
    this.code = code;
  }

  /** True for an error that only says that the other side is gone. */
  static isHangUp(error: unknown): boolean {
    return error instanceof SystemCallError && ['ECONNRESET', 'EPIPE'].includes(error.code);
  }
}

/** The result of a call that answers below 0 when it fails. @throws SystemCallError */
export function checked(call: string, result: number): number {
  if (result >= 0) return result;
  throw new SystemCallError(call, koffi.errno());
}

/** The same for a call that never blocks: undefined when it would. Repeats what a signal interrupted. */
export function unlessBlocked(call: string, run: () => number | bigint, idle = [EAGAIN]): number | undefined {
  for (;;) {
    const result = Number(run());
    if (result >= 0) return result;
    const errno = koffi.errno(); // at once: the next call may change it
    if (idle.includes(errno)) return undefined;
    if (errno !== EINTR) throw new SystemCallError(call, errno);
  }
}

/** Closes; the only error is a number that is not open, which means that the bookkeeping of descriptors is wrong. */
export function close(fd: number): void {
  if (closeFd(fd) >= 0) return;
  const errno = koffi.errno();
  if (errno === EBADF) throw new SystemCallError(`close descriptor ${fd}`, errno);
}

/** @internal for tests */
export function duplicate(fd: number): number {
  return checked('duplicate', controlFd(fd, F_DUPFD_CLOEXEC, 0));
}

/**
 * A socket that listens on a path. The file's mode is what the umask leaves of 0777; the caller has looked at the path.
 * Our own calls rather than node's: node unlinks the path when it closes, whoever has it by then.
 */
export function listenUnix(path: string, backlog: number): number {
  return openUnix(SOCK_STREAM, path, (fd, address) => {
    checked('bind', bindSocket(fd, address, address.length));
    checked('listen', listenSocket(fd, backlog));
  });
}

/** The next connection of a listening socket; undefined when none waits. */
export function acceptUnix(fd: number): number | undefined {
  return unlessBlocked('accept', () => acceptSocket(fd, null, null, QUIET) as number, [EAGAIN, ECONNABORTED]);
}

/** Connects, which on a unix socket succeeds or fails at once; EAGAIN means that the other side's queue is full. */
export function connectUnix(path: string): number {
  return openUnix(SOCK_STREAM, path, connectTo);
}

/** A datagram socket connected to the one at a path. */
export function connectDatagram(path: string): number {
  return openUnix(SOCK_DGRAM, path, connectTo);
}

/** A datagram socket at a path that learns each sender. The file's mode is what the umask leaves of 0777. */
export function bindDatagram(path: string): number {
  const yes = Buffer.from([1, 0, 0, 0]);
  return openUnix(SOCK_DGRAM, path, (fd, address) => {
    checked('ask for credentials', setOption(fd, SOL_SOCKET, SO_PASSCRED, yes, yes.length));
    checked('bind', bindSocket(fd, address, address.length));
  });
}

function connectTo(fd: number, address: Buffer): void {
  checked('connect', connectSocket(fd, address, address.length));
}

function openUnix(type: number, path: string, prepare: (fd: number, address: Buffer) => void): number {
  const address = unixAddress(path);
  const fd = checked('open a socket', openSocket(AF_UNIX, type | QUIET, 0));
  try {
    prepare(fd, address);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** struct sockaddr_un: family@0 path@2. A path that begins with @ is a name in the abstract name space (unix(7)). */
function unixAddress(path: string): Buffer {
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
  checked('open a socket pair', openPair(AF_UNIX, SOCK_STREAM | QUIET, 0, both));
  return [both.readInt32LE(0), both.readInt32LE(4)];
}

export interface Credentials {
  /** 0 when the peer lives in a process name space that we cannot see into. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** The process that connected, or, for a socket that we connected, that called listen(): unix(7), SO_PEERCRED. */
export function peerCredentials(fd: number): Credentials {
  const found = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(found.length, 0);
  checked('read the credentials of the peer', getOption(fd, SOL_SOCKET, SO_PEERCRED, found, length));
  return { pid: found.readInt32LE(0), uid: found.readInt32LE(4), gid: found.readInt32LE(8) };
}

/** An event counter, as front-ends hand to back-ends for kicks and calls. */
export function createEventFd(): number {
  return checked('create an event descriptor', openEvent(0, QUIET));
}

/** Anonymous memory with a descriptor, as front-ends hand to back-ends for guest memory. Empty: ftruncate it. */
export function createMemoryFd(name: string): number {
  return checked('create a memory descriptor', openMemory(name, MFD_CLOEXEC));
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
  return (koffi.node.poll as unknown as typeof poll)(fd, interest, callback);
}
