import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';

// Calls of our own, apart from those that are put to the test: no limit but the kernel's, no rule, no watch.
const libc = koffi.load(null);
const recvmsg = libc.func('int64_t recvmsg(int, void *, int)');
const sendmsg = libc.func('int64_t sendmsg(int, void *, int)');
const closeFd = libc.func('int close(int)');
const socket = libc.func('int socket(int, int, int)');
const socketpair = libc.func('int socketpair(int, int, int, void *)');
const bind = libc.func('int bind(int, void *, uint32_t)');
const listen = libc.func('int listen(int, int)');
const accept4 = libc.func('int accept4(int, void *, void *, int)');
const connect = libc.func('int connect(int, void *, uint32_t)');
const shutdown = libc.func('int shutdown(int, int)');
const pipe2 = libc.func('int pipe2(void *, int)');
const eventfd = libc.func('int eventfd(uint32_t, int)');
const memfd = libc.func('int memfd_create(const char *, uint32_t)');

const AF_UNIX = 1;
const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const STREAM = 1 | NONBLOCK_CLOEXEC;
const SHUT_WR = 1;
const SEND_FLAGS = 0x40 | 0x4000; // MSG_DONTWAIT | MSG_NOSIGNAL
const RECV_FLAGS = 0x40 | 0x4000_0000; // MSG_DONTWAIT | MSG_CMSG_CLOEXEC
/** EINTR, EAGAIN, and ETOOMANYREFS: too many descriptors are under way already. */
const LATER: readonly number[] = [4, 11, 109];
/** ECONNRESET, EPIPE. */
const GONE: readonly number[] = [104, 32];
/** SCM_MAX_FD: the kernel takes no more in one message. */
export const MOST_FDS = 253;

const msg = Buffer.alloc(56);
const iov = Buffer.alloc(16);
const control = Buffer.alloc(16 + (MOST_FDS + 1) * 4);
msg.writeBigUInt64LE(koffi.address(iov), 16);
msg.writeBigUInt64LE(1n, 24);
msg.writeBigUInt64LE(koffi.address(control), 32);

function checked(what: string, result: number): number {
  if (result < 0) throw new Error(`the fuzzer cannot ${what}: errno ${koffi.errno()}`);
  return result;
}

function addressOf(path: string): Buffer {
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  return address.subarray(0, 2 + Buffer.byteLength(path) + 1);
}

function aim(data: Uint8Array, room: number): void {
  iov.writeBigUInt64LE(koffi.address(data), 0);
  iov.writeBigUInt64LE(BigInt(data.length), 8);
  msg.writeBigUInt64LE(BigInt(room), 40);
  msg.writeUInt32LE(0, 48);
}

/** What a read gave: descriptors are closed at once, only their number is told. */
export interface Heard {
  readonly bytes: number;
  readonly fds: number;
}

/** A stream socket without manners. */
export class RawSocket {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Undefined: nobody listens, or the queue is full. */
  static connect(path: string): RawSocket | undefined {
    const fd = checked('open a socket', socket(AF_UNIX, STREAM, 0));
    const address = addressOf(path);
    if ((connect(fd, address, address.length) as number) >= 0) return new RawSocket(fd);
    closeFd(fd);
    return undefined;
  }

  get fd(): number {
    return this.#fd;
  }

  /** How many bytes were taken; 0: not now. */
  send(data: Uint8Array, fds: readonly number[] = []): number | 'gone' {
    const length = 16 + fds.length * 4;
    if (fds.length > 0) {
      control.writeBigUInt64LE(BigInt(length), 0);
      control.writeInt32LE(1, 8); // SOL_SOCKET
      control.writeInt32LE(1, 12); // SCM_RIGHTS
      for (const [i, fd] of fds.entries()) control.writeInt32LE(fd, 16 + i * 4);
    }
    aim(data, fds.length > 0 ? (length + 7) & ~7 : 0);
    const sent = Number(sendmsg(this.#fd, msg, SEND_FLAGS));
    if (sent >= 0) return sent;
    const errno = koffi.errno();
    if (LATER.includes(errno)) return 0;
    if (GONE.includes(errno)) return 'gone';
    throw new Error(`the fuzzer cannot send: errno ${errno}`);
  }

  receive(into: Uint8Array): Heard | 'nothing' | 'gone' {
    aim(into, 16 + MOST_FDS * 4);
    const bytes = Number(recvmsg(this.#fd, msg, RECV_FLAGS));
    if (bytes < 0) {
      const errno = koffi.errno();
      if (LATER.includes(errno)) return 'nothing';
      if (GONE.includes(errno)) return 'gone';
      throw new Error(`the fuzzer cannot receive: errno ${errno}`);
    }
    const end = Number(msg.readBigUInt64LE(40));
    const fds = end < 16 ? 0 : (Number(control.readBigUInt64LE(0)) - 16) / 4;
    for (let i = 0; i < fds; i += 1) closeFd(control.readInt32LE(16 + i * 4));
    return bytes === 0 ? 'gone' : { bytes, fds };
  }

  /** Says nothing more, but hears. */
  shut(): void {
    shutdown(this.#fd, SHUT_WR);
  }

  close(): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }
}

export class RawListener {
  #fd: number;

  constructor(path: string) {
    this.#fd = checked('open a socket', socket(AF_UNIX, STREAM, 0));
    const address = addressOf(path);
    checked(`bind ${path}`, bind(this.#fd, address, address.length));
    checked('listen', listen(this.#fd, 16));
  }

  accept(): RawSocket | undefined {
    const fd = accept4(this.#fd, null, null, NONBLOCK_CLOEXEC) as number;
    return fd < 0 ? undefined : new RawSocket(fd);
  }

  close(): void {
    if (this.#fd >= 0) closeFd(this.#fd);
    this.#fd = -1;
  }
}

/** What a peer may find in a message. `self` is the very socket that the message goes through. */
export const KINDS = [
  'event',
  'memory',
  'socket',
  'dead socket',
  'pipe',
  'null',
  'folder',
  'listener',
  'self',
] as const;
export type Kind = (typeof KINDS)[number];

/** One descriptor of each kind, sent again and again. */
export class DescriptorKit {
  readonly #fds: Record<Exclude<Kind, 'self'>, number>;
  readonly #others: number[];

  constructor() {
    const [one, other] = pairOf('sockets', (into) => socketpair(AF_UNIX, STREAM, 0, into));
    const [dead, closed] = pairOf('sockets', (into) => socketpair(AF_UNIX, STREAM, 0, into));
    const [read, write] = pairOf('pipes', (into) => pipe2(into, NONBLOCK_CLOEXEC));
    closeFd(closed);
    const listener = checked('open a socket', socket(AF_UNIX, STREAM, 0));
    this.#others = [other, read];
    this.#fds = {
      event: checked('make an eventfd', eventfd(0, NONBLOCK_CLOEXEC)),
      memory: checked('make a memfd', memfd('fuzz', 1)),
      socket: one,
      'dead socket': dead,
      pipe: write,
      null: openSync('/dev/null', constants.O_RDWR),
      folder: openSync('/', constants.O_RDONLY),
      listener,
    };
  }

  numbers(kinds: readonly Kind[], self: RawSocket): number[] {
    return kinds.map((kind) => (kind === 'self' ? self.fd : this.#fds[kind]));
  }

  close(): void {
    for (const fd of [...Object.values(this.#fds), ...this.#others]) closeSync(fd);
  }
}

function pairOf(what: string, make: (into: Buffer) => number): [number, number] {
  const both = Buffer.alloc(8);
  checked(`make ${what}`, make(both));
  return [both.readInt32LE(0), both.readInt32LE(4)];
}
