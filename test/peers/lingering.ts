import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { addressOf, duplicate, libc, SOL_SOCKET, setOption } from '../../agent/fd/libc.ts';
import { OwnedFd } from '../../agent/fd/owned-fd.ts';
import { descriptorOf } from '../../agent/fd/peer.ts';
import { childrenOf } from './process.ts';

const SO_LINGER = 13;
const LINGER_SECONDS = 30;
const MORE_THAN_FITS = 8 * 1_048_576;

/** A TCP socket with bytes that its peer does not read: whoever closes the last descriptor of it waits. Any user can make one. */
export class LingeringSocket {
  readonly #server: Server;
  readonly #reader: Socket;
  readonly #writer: Socket;
  #fd: number | undefined;

  private constructor(server: Server, reader: Socket, writer: Socket, fd: number) {
    this.#server = server;
    this.#reader = reader;
    this.#writer = writer;
    this.#fd = fd;
  }

  static async open(): Promise<LingeringSocket> {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const { port } = server.address() as { readonly port: number };
    const writer = connect(port, '127.0.0.1');
    writer.on('error', () => {});
    await once(writer, 'connect');
    const [reader] = await accepted;
    reader.on('error', () => {});
    const linger = Buffer.alloc(8);
    linger.writeInt32LE(1, 0);
    linger.writeInt32LE(LINGER_SECONDS, 4);
    const fd = descriptorOf(writer);
    if (fd === undefined) throw new Error('the connection has no descriptor');
    setOption(fd, SOL_SOCKET, SO_LINGER, linger, linger.length);
    writer.write(Buffer.alloc(MORE_THAN_FITS));
    return new LingeringSocket(server, reader, writer, duplicate(fd));
  }

  /** A descriptor to be sent; the last one but for `letGo`. */
  descriptor(): OwnedFd {
    if (this.#fd === undefined) throw new Error('it was let go of');
    return new OwnedFd(duplicate(this.#fd));
  }

  /** Closes all that the sender has of it: what it sent is the last. */
  letGo(): void {
    if (this.#fd !== undefined) new OwnedFd(this.#fd).close();
    this.#fd = undefined;
    this.#writer.destroy();
  }

  /** The peer hangs up, which ends the waiting; then closes everything. */
  end(): void {
    this.#reader.resetAndDestroy();
    this.#server.close();
    this.letGo();
  }
}

/** How many descriptors of this process are being closed by processes of their own. */
export function closersAtWork(): number {
  return childrenOf(process.pid).length;
}

const receive = libc.func('int64_t recv(int, void *, uint64_t, int)');
const sendmsg = libc.func('int64_t sendmsg(int, void *, int)');
const MSG_OOB = 1;
const SCM_RIGHTS = 1;

/** Sends a byte as urgent data, and a descriptor with it. */
export function sendUrgently(socket: number, descriptor: number): void {
  const data = Buffer.from([1]);
  const iov = Buffer.alloc(16);
  iov.writeBigUInt64LE(addressOf(data), 0);
  iov.writeBigUInt64LE(1n, 8);
  const control = Buffer.alloc(24);
  control.writeBigUInt64LE(20n, 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  control.writeInt32LE(descriptor, 16);
  const msg = Buffer.alloc(56);
  msg.writeBigUInt64LE(addressOf(iov), 16);
  msg.writeBigUInt64LE(1n, 24);
  msg.writeBigUInt64LE(addressOf(control), 32);
  msg.writeBigUInt64LE(BigInt(control.length), 40);
  if (Number(sendmsg(socket, msg, MSG_OOB)) !== 1) throw new Error('Cannot send urgent data');
}

/** Reads the urgent byte of a socket; what was sent with it stays in the queue, though the queue counts as empty. */
export function receiveUrgently(socket: number): void {
  if (Number(receive(socket, Buffer.alloc(1), 1, MSG_OOB)) !== 1) throw new Error('Cannot receive urgent data');
}
