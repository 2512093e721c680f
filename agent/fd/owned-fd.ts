import { close } from './libc.ts';

/** A file descriptor with one owner, who closes it or passes it on with `take()`. */
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

  /** Closing again does nothing. */
  close(): void {
    if (this.#fd >= 0) close(this.take());
  }
}

/** Owns descriptors that were received; to be called in the line that receives them. */
export function ownAll(fds: readonly number[]): OwnedFd[] {
  return fds.map((fd) => new OwnedFd(fd));
}

export function closeAll(fds: readonly OwnedFd[] = []): void {
  for (const fd of fds) fd.close();
}
