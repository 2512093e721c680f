import { close } from './libc.ts';

/** A file descriptor with one owner. Passing it on means `take()`; whoever holds it last closes it. */
export class OwnedFd {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The number, for a system call that does not keep it. */
  get raw(): number {
    if (this.#fd < 0) throw new Error('Cannot use a descriptor that was closed or handed on');
    return this.#fd;
  }

  /** Hands the number on; this object lets go of it. */
  take(): number {
    const fd = this.raw;
    this.#fd = -1;
    return fd;
  }

  /** Twice is harmless. */
  close(): void {
    if (this.#fd >= 0) close(this.take());
  }
}
