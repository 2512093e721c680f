import { checked, close, libc, SystemCallError, unixAddress } from './libc.ts';

// Unix datagram sockets whose receiver learns from the kernel who sent.

const openSocket = libc.func('int socket(int, int, int)');
const bindSocket = libc.func('int bind(int, void *, uint32_t)');
const connectSocket = libc.func('int connect(int, void *, uint32_t)');
const setOption = libc.func('int setsockopt(int, int, int, void *, uint32_t)');
const recvmsg = libc.func('int64_t recvmsg(int, void *, int)');
/** Moves nothing and answers with its first argument: where a buffer stands in memory. */
const placeOf = libc.func('uint64_t memmove(void *, void *, uint64_t)');

const AF_UNIX = 1;
const SOCK_DGRAM_FLAGS = 2 | 0o4000 | 0o2000000; // SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20;
const RECEIVE_FLAGS = 0x40 | 0x4000_0000; // MSG_DONTWAIT | MSG_CMSG_CLOEXEC
/** What the kernel lets one datagram carry, whoever sends it (unix(7)): nothing is cut off for want of room. */
const MAX_CARRIED = 253;

/** A datagram socket connected to the one at a path. */
export function connectDatagram(path: string): number {
  const address = unixAddress(path);
  return opened((fd) => checked('connect', connectSocket(fd, address, address.length)));
}

/** A datagram socket at a path that learns each sender. The file's mode is what the umask leaves of 0777. */
export function bindDatagram(path: string): number {
  const address = unixAddress(path);
  const yes = Buffer.from([1, 0, 0, 0]);
  return opened((fd) => {
    checked('ask for credentials', setOption(fd, SOL_SOCKET, SO_PASSCRED, yes, yes.length));
    checked('bind', bindSocket(fd, address, address.length));
  });
}

function opened(prepare: (fd: number) => void): number {
  const fd = checked('open a socket', openSocket(AF_UNIX, SOCK_DGRAM_FLAGS, 0));
  try {
    prepare(fd);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

export interface ReceivedDatagram {
  readonly bytes: number;
  readonly fds: readonly number[];
  /** The datagram was longer than the room for it, or the kernel dropped descriptors of it. */
  readonly truncated: boolean;
  /** The process that sent it; 0 when the kernel cannot name it here. */
  readonly pid: number;
}

/** struct msghdr, as in libc.ts. */
const message = Buffer.alloc(56);
const vector = Buffer.alloc(16);
/** One struct ucred and the descriptors, each behind its struct cmsghdr. */
const control = Buffer.alloc(32 + 16 + MAX_CARRIED * 4 + 4);
message.writeBigUInt64LE(addressOf(vector), 16);
message.writeBigUInt64LE(1n, 24);
message.writeBigUInt64LE(addressOf(control), 32);

function addressOf(buffer: Uint8Array): bigint {
  return BigInt(placeOf(buffer, buffer, 0) as number | bigint);
}

/** Receives one datagram of a socket made by `bindDatagram`; undefined when none waits. */
export function receiveDatagram(fd: number, into: Uint8Array): ReceivedDatagram | undefined {
  for (;;) {
    vector.writeBigUInt64LE(addressOf(into), 0);
    vector.writeBigUInt64LE(BigInt(into.length), 8);
    message.writeBigUInt64LE(BigInt(control.length), 40);
    message.writeUInt32LE(0, 48);
    const bytes = Number(recvmsg(fd, message, RECEIVE_FLAGS));
    if (bytes >= 0) {
      const truncated = (message.readUInt32LE(48) & (MSG_TRUNC | MSG_CTRUNC)) !== 0;
      return { bytes, truncated, ...carried() };
    }
    const error = SystemCallError.last('receive a datagram');
    if (error.code === 'EAGAIN') return undefined;
    if (error.code !== 'EINTR') throw error;
  }
}

/** struct cmsghdr: len@0 level@8 type@12 data@16, each on a multiple of eight; struct ucred: pid@0. */
function carried(): { fds: number[]; pid: number } {
  const fds: number[] = [];
  let pid = 0;
  const end = Number(message.readBigUInt64LE(40));
  for (let at = 0; at + 16 <= end; ) {
    const length = Number(control.readBigUInt64LE(at));
    const type = control.readInt32LE(at + 8) === SOL_SOCKET ? control.readInt32LE(at + 12) : -1;
    if (type === SCM_CREDENTIALS) pid = control.readInt32LE(at + 16);
    if (type === SCM_RIGHTS) for (let p = at + 16; p + 4 <= at + length; p += 4) fds.push(control.readInt32LE(p));
    at += Math.max(16, (length + 7) & ~7);
  }
  return { fds, pid };
}
