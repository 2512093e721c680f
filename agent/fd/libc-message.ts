import { mayFail } from './faults.ts';
import { addressOf, libc, SOL_SOCKET, unlessBlocked } from './libc.ts';

// Messages with descriptors: sendmsg and recvmsg.

const recvmsg = libc.func('int64_t recvmsg(int, void *, int)');
const sendmsg = libc.func('int64_t sendmsg(int, void *, int)');

const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
const MSG_PEEK = 0x2;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20; // of datagrams only
const RECV_FLAGS = 0x40 | 0x4000_0000; // MSG_DONTWAIT | MSG_CMSG_CLOEXEC
const SEND_FLAGS = 0x40 | 0x4000; // MSG_DONTWAIT | MSG_NOSIGNAL

/** More than any vhost-user message carries, so that an excess is seen and refused rather than cut off. */
export const MAX_FDS = 64;
/** The most that the kernel lets one message carry (unix(7)). */
const MAX_CARRIED = 253;

/** The kernel dropped descriptors of a message. */
export class TruncatedError extends Error {
  override readonly name = 'TruncatedError';

  /** `left`: how many descriptors came through. */
  constructor(left: number) {
    super(
      `Cannot receive descriptors: the kernel dropped some of them and left ${left}; is the table of open files full, or does a security module forbid it?`,
    );
  }
}

export interface Received {
  /** 0 on a stream means that the peer closed. */
  readonly bytes: number;
  readonly fds: readonly number[];
  /** A datagram was too long, or the kernel dropped descriptors: no room, a full table, or a security module. */
  readonly truncated: boolean;
  /** The sender of a datagram; 0 when the kernel does not say. */
  readonly pid: number;
}

/** struct msghdr: name@0 namelen@8 iov@16 iovlen@24 control@32 controllen@40 flags@48, 56 bytes in all. */
const msg = Buffer.alloc(56);
const iov = Buffer.alloc(16);
/** Room for one struct ucred and the descriptors, each behind a struct cmsghdr. */
const control = Buffer.alloc(32 + 16 + MAX_CARRIED * 4 + 4);
/** What a stream may carry. */
const STREAM_ROOM = 16 + MAX_FDS * 4;
msg.writeBigUInt64LE(addressOf(iov), 16);
msg.writeBigUInt64LE(1n, 24);
msg.writeBigUInt64LE(addressOf(control), 32);

function aim(data: Uint8Array, controlLength: number): void {
  iov.writeBigUInt64LE(addressOf(data), 0);
  iov.writeBigUInt64LE(BigInt(data.length), 8);
  msg.writeBigUInt64LE(BigInt(controlLength), 40);
  msg.writeUInt32LE(0, 48);
}

/** Receives at most `into.length` bytes and the descriptors that came with them; undefined when it would block. */
export function receive(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, RECV_FLAGS, STREAM_ROOM);
}

/**
 * The same, but leaves the bytes in the queue and takes copies of the descriptors. On a stream the kernel goes on to the
 * message after the bytes asked for: the descriptors may belong to that one.
 */
export function peek(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, RECV_FLAGS | MSG_PEEK, STREAM_ROOM);
}

/** Receives without taking descriptors: the kernel closes them, and `truncated` says that there were some. */
export function receiveBytes(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, RECV_FLAGS, 0);
}

/** Receives one datagram of a socket made by `bindDatagram`; undefined when none waits. */
export function receiveDatagram(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, RECV_FLAGS, control.length);
}

function receiveWith(fd: number, into: Uint8Array, flags: number, room: number): Received | undefined {
  mayFail('recvmsg');
  const bytes = unlessBlocked('receive', () => {
    aim(into, room);
    return recvmsg(fd, msg, flags);
  });
  if (bytes === undefined) return undefined;
  return { bytes, ...carried(), truncated: (msg.readUInt32LE(48) & (MSG_CTRUNC | MSG_TRUNC)) !== 0 };
}

/** struct cmsghdr: len@0 level@8 type@12 data@16; each starts on a multiple of eight. struct ucred: pid@0. */
function carried(): { fds: number[]; pid: number } {
  const fds: number[] = [];
  let pid = 0;
  const end = Number(msg.readBigUInt64LE(40));
  for (let at = 0; at + 16 <= end; ) {
    const length = Number(control.readBigUInt64LE(at));
    const type = control.readInt32LE(at + 8) === SOL_SOCKET ? control.readInt32LE(at + 12) : -1;
    if (type === SCM_CREDENTIALS) pid = control.readInt32LE(at + 16);
    if (type === SCM_RIGHTS) for (let p = at + 16; p + 4 <= at + length; p += 4) fds.push(control.readInt32LE(p));
    at += Math.max(16, (length + 7) & ~7);
  }
  return { fds, pid };
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
  return unlessBlocked('send', () => {
    aim(data, fds.length > 0 ? (16 + fds.length * 4 + 7) & ~7 : 0);
    return sendmsg(fd, msg, SEND_FLAGS);
  });
}
