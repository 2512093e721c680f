import { mayFail } from './faults.ts';
import { addressOf, libc, SOL_SOCKET, unlessBlocked } from './libc.ts';

// Messages with descriptors: sendmmsg and recvmsg.

const recvmsg = libc.func('int64_t recvmsg(int, uint64_t, int)');
/** Not sendmmsg of the C library: musl has it made of sendmsg, and writes `msg_len` itself. */
const systemCall = libc.func('int64_t syscall(int64_t, int64_t, uint64_t, uint64_t, int64_t)');
/** sendmmsg(2) by architecture; 269 wherever Linux came late. */
const SENDMMSG = { x64: 307, ppc64: 349 }[process.arch as string] ?? 269;

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
  /** The process that sent it; 0 when the kernel does not say, or was not asked. */
  readonly pid: number;
}

const addresses = new WeakMap<Uint8Array, bigint>();

/** Memory whose address is asked for once, not for each call: it must not be moved, so it is never collected either. */
export function pinned(length: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(length));
  addresses.set(bytes, addressOf(bytes));
  return bytes;
}

const addressIn = (bytes: Uint8Array): bigint => addresses.get(bytes) ?? addressOf(bytes);

/** struct msghdr: name@0 namelen@8 iov@16 iovlen@24 control@32 controllen@40 flags@48, 56 bytes in all. */
const HEADER_BYTES = 56;
const [CONTROL_LENGTH, FLAGS, SENT] = [40 / 4, 48 / 4, HEADER_BYTES / 4];
/** Room for one struct ucred and the descriptors, each behind a struct cmsghdr. */
const control = pinned(32 + 16 + MAX_CARRIED * 4 + 4);
const controlWords = new Int32Array(control.buffer);
/** Room for the sender, which the kernel names where it was asked to (SO_PASSCRED): without it, that counts as truncated. */
const SENDER_ROOM = 32;
/** What a stream may carry. */
const STREAM_ROOM = SENDER_ROOM + 16 + MAX_FDS * 4;
const iov = pinned(16);
const iovAddress = new BigUint64Array(iov.buffer);
const iovWords = new Uint32Array(iov.buffer);
/** What is sent is copied to a place that is known. */
const outgoing = pinned(16_384);
const UNDECIDED = 0xffff_ffff;
/** struct mmsghdr: a struct msghdr and the number of bytes that were sent, and padding. */
export const RECEIPT_BYTES = 64;

/**
 * Where the kernel notes how many bytes of a message it has taken, before the call that sends it returns. In memory that
 * outlives the process it says whether a message was sent, whatever instruction this process was ended at.
 */
export class Receipt {
  readonly address: bigint;
  readonly words: Uint32Array;

  /** At `address`, which `memory` shows from `at` on, a multiple of 8. */
  constructor(memory: ArrayBuffer, at: number, address: bigint) {
    this.words = new Uint32Array(memory, at, RECEIPT_BYTES / 4);
    this.address = address;
    const pointers = new BigUint64Array(memory, at, HEADER_BYTES / 8);
    pointers.fill(0n);
    pointers[2] = addressIn(iov);
    pointers[3] = 1n;
    pointers[4] = addressIn(control);
  }

  /** From now on it tells of the next message. */
  arm(): void {
    this.words[SENT] = UNDECIDED;
  }
}

/** The bytes that were sent by the last call with the receipt in this memory; 0: none, or it was not carried out. */
export function sentBy(receipt: Buffer): number {
  const sent = receipt.readUInt32LE(HEADER_BYTES);
  return sent === UNDECIDED ? 0 : sent;
}

const ownReceipt = pinned(RECEIPT_BYTES);
const own = new Receipt(ownReceipt.buffer as ArrayBuffer, 0, addressIn(ownReceipt));

function aim({ words }: Receipt, address: bigint, length: number, controlLength: number): void {
  iovAddress[0] = address;
  iovWords[2] = length;
  words[CONTROL_LENGTH] = controlLength;
  words[FLAGS] = 0;
}

/** Receives at most `into.length` bytes and the descriptors that came with them; undefined when it would block. */
export function receive(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, into.length, RECV_FLAGS, STREAM_ROOM);
}

/**
 * The same, but leaves the bytes in the queue and takes copies of the descriptors. On a stream the kernel goes on to the
 * message after the bytes asked for: the descriptors may belong to that one.
 */
export function peek(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, into.length, RECV_FLAGS | MSG_PEEK, STREAM_ROOM);
}

/**
 * Receives at most `length` bytes without taking descriptors: the kernel closes them, and `truncated` says that there were
 * some. `named`: it names the senders on this socket, which would count as well.
 */
export function receiveBytes(fd: number, into: Uint8Array, length = into.length, named = false): Received | undefined {
  return receiveWith(fd, into, length, RECV_FLAGS, named ? SENDER_ROOM : 0);
}

/** Receives one datagram of a socket made by `bindDatagram`; undefined when none waits. */
export function receiveDatagram(fd: number, into: Uint8Array): Received | undefined {
  return receiveWith(fd, into, into.length, RECV_FLAGS, control.length);
}

function receiveWith(fd: number, into: Uint8Array, length: number, flags: number, room: number): Received | undefined {
  mayFail('recvmsg');
  const address = addressIn(into);
  const bytes = unlessBlocked('receive', () => {
    aim(own, address, length, room);
    return recvmsg(fd, own.address, flags);
  });
  if (bytes === undefined) return undefined;
  const { words } = own;
  const truncated = ((words[FLAGS] ?? 0) & (MSG_CTRUNC | MSG_TRUNC)) !== 0;
  return words[CONTROL_LENGTH] === 0 ? { bytes, fds: NONE, truncated, pid: 0 } : { bytes, ...carried(), truncated };
}

const NONE: readonly number[] = [];

/** struct cmsghdr: len@0 level@8 type@12 data@16; each starts on a multiple of eight. struct ucred: pid@0. */
function carried(): { fds: number[]; pid: number } {
  const fds: number[] = [];
  let pid = 0;
  const end = own.words[CONTROL_LENGTH] ?? 0;
  const word = (at: number): number => controlWords[at / 4] ?? 0;
  for (let at = 0; at + 16 <= end; ) {
    const length = word(at);
    const type = word(at + 8) === SOL_SOCKET ? word(at + 12) : -1;
    if (type === SCM_CREDENTIALS) pid = word(at + 16);
    if (type === SCM_RIGHTS) for (let p = at + 16; p + 4 <= at + length; p += 4) fds.push(word(p));
    at += Math.max(16, (length + 7) & ~7);
  }
  return { fds, pid };
}

/**
 * Sends; the descriptors leave with the first byte. Returns the bytes taken, undefined when it would block. The kernel
 * notes in `receipt`, too, how many it took.
 */
export function send(fd: number, data: Uint8Array, fds: readonly number[], receipt: Receipt = own): number | undefined {
  if (data.length === 0) throw new RangeError('Cannot send descriptors without a byte to carry them');
  if (fds.length > MAX_FDS) throw new RangeError(`Cannot send ${fds.length} descriptors: at most ${MAX_FDS}`);
  mayFail('sendmsg');
  const room = fds.length > 0 ? (16 + fds.length * 4 + 7) & ~7 : 0;
  if (room > 0) {
    controlWords[0] = 16 + fds.length * 4;
    controlWords[1] = 0;
    controlWords[2] = SOL_SOCKET;
    controlWords[3] = SCM_RIGHTS;
    for (const [i, one] of fds.entries()) controlWords[4 + i] = one;
  }
  const known = data.length <= outgoing.length;
  if (known) outgoing.set(data);
  const address = addressIn(known ? outgoing : data);
  const sent = unlessBlocked('send', () => {
    aim(receipt, address, data.length, room);
    return systemCall(SENDMMSG, fd, receipt.address, 1, SEND_FLAGS);
  });
  return sent === undefined ? undefined : receipt.words[SENT];
}
