import { cannotAccept, VhostProtocolError } from './errors.ts';
import { type Descriptor, HEADER_SIZE, MAX_PAYLOAD, type Message, VERSION, VERSION_MASK } from './header.ts';

/**
 * Turns exact reads into messages. It never asks for more than the rest of the current header or payload, because one
 * recvmsg() that runs past a message joins that message to the next one's descriptors.
 */
export class VhostFramer<Fd extends Descriptor> {
  #part = new Uint8Array(HEADER_SIZE);
  #have = 0;
  #fds: readonly Fd[] = [];

  /** The buffer for the next recvmsg(): exactly as long as what is missing. */
  get room(): Uint8Array {
    return this.#part.subarray(this.#have);
  }

  /** A message has begun and is not complete yet. */
  get midMessage(): boolean {
    return this.#have > 0;
  }

  /**
   * Takes what recvmsg() put into `room`; returns a message once it is complete. The framer owns the descriptors, also when
   * it throws, until it returns them with their message or `release` closes them.
   */
  took(bytes: number, fds: readonly Fd[]): Message<Fd> | undefined {
    const late = fds.length > 0 && this.#have > 0;
    if (fds.length > 0) this.#fds = [...this.#fds, ...fds];
    if (late) {
      const why = 'they came in the middle of a message, not with its first byte';
      throw cannotAccept('descriptors', `${fds.length} descriptors`, why);
    }
    this.#have += bytes;
    if (this.#have < this.#part.length) return undefined;
    if (this.#have === HEADER_SIZE) {
      const size = this.#checkHeader();
      if (size > 0) {
        const whole = new Uint8Array(HEADER_SIZE + size);
        whole.set(this.#part);
        this.#part = whole;
        return undefined;
      }
    }
    return this.#finish();
  }

  /** The size of the payload that the header announces. */
  #checkHeader(): number {
    const { request, flags, size } = readHeader(this.#part);
    const what = `Cannot read message ${request}`;
    if ((flags & VERSION_MASK) !== VERSION) {
      const seen = `its flags 0x${flags.toString(16)} carry version ${flags & VERSION_MASK}`;
      throw new VhostProtocolError('header', `${what}: ${seen}, wanted ${VERSION}`);
    }
    if (size <= MAX_PAYLOAD) return size;
    throw new VhostProtocolError('size', `${what}: its payload has ${size} bytes, wanted at most ${MAX_PAYLOAD}`);
  }

  #finish(): Message<Fd> {
    const bytes = this.#part;
    const { request, flags } = readHeader(bytes);
    const message = { request, flags, payload: bytes.subarray(HEADER_SIZE), bytes, fds: this.#fds };
    this.#part = new Uint8Array(HEADER_SIZE);
    this.#have = 0;
    this.#fds = [];
    return message;
  }

  /** Closes the descriptors of a message that never became complete. */
  release(): void {
    const fds = this.#fds;
    this.#fds = [];
    for (const fd of fds) fd.close();
  }
}

function readHeader({ buffer }: Uint8Array): {
  readonly request: number;
  readonly flags: number;
  readonly size: number;
} {
  const view = new DataView(buffer);
  return { request: view.getUint32(0, true), flags: view.getUint32(4, true), size: view.getUint32(8, true) };
}
