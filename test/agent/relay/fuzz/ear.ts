import type { RawSocket } from './raw.ts';

/** A whole message, and how many descriptors came with it. */
export interface HeardMessage {
  readonly request: number;
  readonly flags: number;
  readonly payload: Uint8Array;
  readonly fds: number;
}

/** No relayed message is larger. */
const MOST = 4096;

/** Reads exactly one message after the other, so that descriptors are told with the right one. */
export class Ear {
  readonly #socket: RawSocket;
  #part = new Uint8Array(12);
  #have = 0;
  #fds = 0;

  constructor(socket: RawSocket) {
    this.#socket = socket;
  }

  /** @throws if what comes is no message at all */
  next(): HeardMessage | 'nothing' | 'gone' {
    for (;;) {
      const got = this.#socket.receive(this.#part.subarray(this.#have));
      if (typeof got === 'string') return got;
      this.#have += got.bytes;
      this.#fds += got.fds;
      if (this.#have < this.#part.length) continue;
      const view = new DataView(this.#part.buffer);
      const size = view.getUint32(8, true);
      if (size > MOST) throw new Error(`a message with a payload of ${size} bytes was let through`);
      if (this.#have === 12 && size > 0) {
        const whole = new Uint8Array(12 + size);
        whole.set(this.#part);
        this.#part = whole;
        continue;
      }
      const message = {
        request: view.getUint32(0, true),
        flags: view.getUint32(4, true),
        payload: this.#part.subarray(12),
        fds: this.#fds,
      };
      this.#part = new Uint8Array(12);
      this.#have = 0;
      this.#fds = 0;
      return message;
    }
  }
}
