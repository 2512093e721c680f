import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** One end of a connection within this process. What is written is read at the other end in a later turn, as from a kernel. */
class PairedEnd extends Duplex {
  other: PairedEnd | undefined;
  /** A write that waits until the other end wants more. */
  #waiting: (() => void) | undefined;
  /** The other end will write no more. */
  #ended = false;

  constructor() {
    super({ allowHalfOpen: true });
    // what was written before can still be read
    this.once('close', () => setImmediate(() => this.other?.hungUp()));
  }

  override _read(): void {
    this.other?.proceed();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#give(chunk, done);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    this.#give(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  #give(bytes: Buffer, done: () => void): void {
    setImmediate(() => {
      if (this.other === undefined || this.other.destroyed || this.other.push(bytes)) done();
      else this.#waiting = done;
    });
  }

  private proceed(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  private hungUp(): void {
    if (!this.#ended && !this.destroyed) this.push(null);
    this.#ended = true;
  }

  override _final(done: () => void): void {
    setImmediate(() => {
      this.other?.hungUp();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.proceed();
    this.other?.proceed();
    done(error);
  }

  // what JSON connections use of a socket beyond a stream
  setNoDelay(): this {
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }
}

/** A connection within this process: its two ends. */
export function pairedSockets(): [Socket, Socket] {
  const [near, far] = [new PairedEnd(), new PairedEnd()];
  near.other = far;
  far.other = near;
  return [near as unknown as Socket, far as unknown as Socket];
}
