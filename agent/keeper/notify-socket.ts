import type { SocketFile } from '../../base/socket-file.ts';
import { bindEndpoint } from '../fd/bind-endpoint.ts';
import { SystemCallError } from '../fd/libc.ts';
import { bindDatagram, connectDatagram, type ReceivedDatagram, receiveDatagram } from '../fd/libc-datagram.ts';
import { OwnedFd } from '../fd/owned-fd.ts';
import { Watch } from '../fd/watch.ts';
import { MAX_NOTIFICATION_BYTES } from './notify-protocol.ts';

export interface Datagram {
  /** Valid until the receiver returns. */
  readonly data: Uint8Array;
  /** The receiver's now. */
  readonly fds: readonly OwnedFd[];
  /** Bytes or descriptors of it are missing. */
  readonly truncated: boolean;
  /** Who sent it, as the kernel says. */
  readonly pid: number;
}

/** Only who runs as we do may write to it. */
const MODE = 0o600;
/** So that a flood leaves time for signals and for the child's end. */
const READS_PER_TURN = 64;
/** More than any queue of the kernel holds. */
const READS_AT_ONCE = 4096;

/** The datagram socket that a supervised process speaks to. Its file is there as long as this is open. */
export class NotifySocket {
  readonly #file: SocketFile<OwnedFd>;
  readonly #watch: Watch;
  readonly #arrived: (datagram: Datagram) => void;
  readonly #room = Buffer.alloc(MAX_NOTIFICATION_BYTES);

  /** Throws VC-ENDPOINT (the path cannot be used) or VC-ENDPOINT-TAKEN (another keeper serves it). */
  constructor(path: string, arrived: (datagram: Datagram) => void) {
    this.#arrived = arrived;
    this.#file = bindEndpoint(
      'keep descriptors at',
      path,
      { mode: MODE },
      { knock: connectDatagram, bind: bindDatagram },
    );
    try {
      this.#watch = new Watch(this.#file.bound.raw, () => this.#read(READS_PER_TURN));
    } catch (error) {
      this.#file.remove();
      this.#file.bound.close();
      throw error;
    }
  }

  /** Takes in all that was sent until now, such as the last words of a process that has ended. */
  drain(): void {
    this.#read(READS_AT_ONCE);
  }

  #read(most: number): void {
    for (let i = 0; i < most; i++) {
      let got: ReceivedDatagram | undefined;
      try {
        got = receiveDatagram(this.#file.bound.raw, this.#room);
      } catch (error) {
        if (error instanceof SystemCallError) return; // such as no memory now: the datagram is still there, or was lost
        throw error;
      }
      if (!got) return;
      const fds = got.fds.map((fd) => new OwnedFd(fd));
      this.#arrived({ data: this.#room.subarray(0, got.bytes), fds, truncated: got.truncated, pid: got.pid });
    }
  }

  close(): void {
    this.#watch.close();
    this.#file.remove();
    this.#file.bound.close();
  }
}
