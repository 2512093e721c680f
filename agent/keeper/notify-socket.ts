import { BoundSocket } from '../fd/bound-socket.ts';
import { bindDatagram, connectDatagram, SystemCallError } from '../fd/libc.ts';
import { type Received, receiveDatagram } from '../fd/libc-message.ts';
import { type OwnedFd, ownAll } from '../fd/owned-fd.ts';
import { MAX_NOTIFICATION_BYTES } from './notify-protocol.ts';

export interface Datagram {
  /** Valid until the receiver returns. */
  readonly data: Uint8Array;
  /** The receiver owns them. */
  readonly fds: readonly OwnedFd[];
  /** Bytes or descriptors of it are missing. */
  readonly truncated: boolean;
  /** The sending process, as the kernel says. */
  readonly pid: number;
}

/** Only processes of our own user may write to it. */
const MODE = 0o600;
/** A flood of messages leaves time for signals and for the child's end. */
const READS_PER_TURN = 64;
/** More than any queue of the kernel holds. */
const READS_AT_ONCE = 4096;

/** The datagram socket that a supervised process sends its notifications to. */
export class NotifySocket {
  readonly #socket: BoundSocket;
  readonly #arrived: (datagram: Datagram) => void;
  readonly #room = Buffer.alloc(MAX_NOTIFICATION_BYTES);

  /** @throws VC-ENDPOINT, VC-ENDPOINT-TAKEN */
  constructor(path: string, arrived: (datagram: Datagram) => void) {
    this.#arrived = arrived;
    const options = { mode: MODE, purpose: 'keep descriptors at', connect: connectDatagram, bind: bindDatagram };
    this.#socket = new BoundSocket(path, options, () => this.#read(READS_PER_TURN));
  }

  /** Reads all that was sent until now, such as the last messages of a process that has ended. */
  drain(): void {
    this.#read(READS_AT_ONCE);
  }

  #read(most: number): void {
    for (let i = 0; i < most; i++) {
      let got: Received | undefined;
      try {
        got = receiveDatagram(this.#socket.raw, this.#room);
      } catch (error) {
        if (error instanceof SystemCallError) return; // such as no memory now: the datagram is still there, or was lost
        throw error;
      }
      if (!got) return;
      const fds = ownAll(got.fds);
      this.#arrived({ data: this.#room.subarray(0, got.bytes), fds, truncated: got.truncated, pid: got.pid });
    }
  }

  close(): void {
    this.#socket.close();
  }
}
