import { fstatSync, readFileSync } from 'node:fs';
import { shutdown } from '../fd/libc-stream.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';

/**
 * What the names may take in all, a colon after each: the kernel starts no process with a variable above 128 KiB, and
 * a child that cannot be started anew is worse than one that is told no.
 */
const MAX_NAME_BYTES = 120_000;

/** The descriptors that outlive the process that uses them, by name. */
export class StoredDescriptors {
  /** Descriptors that it holds at most. */
  readonly most: number;
  readonly #byName = new Map<string, OwnedFd[]>();
  #size = 0;
  #nameBytes = 0;

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds to a name; drops what is kept there already. Undefined: done. Else the reason, and all of `fds` are closed. */
  store(name: string, fds: readonly OwnedFd[]): string | undefined {
    const there = this.#byName.get(name) ?? [];
    const known = new Set(there.map((fd) => fileOf(fd.raw)).filter((file) => file !== undefined));
    const fresh: OwnedFd[] = [];
    for (const fd of fds) {
      const file = fileOf(fd.raw);
      if (file !== undefined && known.has(file)) fd.close();
      else fresh.push(fd);
      if (file !== undefined) known.add(file);
    }
    const nameBytes = fresh.length * (name.length + 1);
    const refusal = this.#refusal(fresh.length, nameBytes);
    if (refusal !== undefined) {
      for (const fd of fresh) fd.close();
      return refusal;
    }
    if (fresh.length === 0) return undefined;
    this.#byName.set(name, [...there, ...fresh]);
    this.#size += fresh.length;
    this.#nameBytes += nameBytes;
    return undefined;
  }

  #refusal(more: number, nameBytes: number): string | undefined {
    if (this.#size + more > this.most) return `${this.#size} are kept, and ${this.most} is the limit`;
    if (this.#nameBytes + nameBytes > MAX_NAME_BYTES) return `all names together exceed ${MAX_NAME_BYTES} bytes`;
    return undefined;
  }

  /** Closes ours; connections live on while somebody else holds them. */
  remove(name: string): void {
    const fds = this.#byName.get(name) ?? [];
    this.#byName.delete(name);
    this.#size -= fds.length;
    this.#nameBytes -= fds.length * (name.length + 1);
    for (const fd of fds) fd.close();
  }

  /**
   * One row per descriptor, by number: so none has to make way for another when they become 3, 4, 5 … of a child. The
   * numbers stay ours.
   */
  list(): { readonly name: string; readonly fd: number }[] {
    const rows = [...this.#byName].flatMap(([name, fds]) => fds.map((fd) => ({ name, fd: fd.raw })));
    return rows.sort((a, b) => a.fd - b.fd);
  }

  /** Ends each connection, whoever else holds a descriptor of it, and gives up everything. */
  end(): void {
    for (const { fd } of this.list()) {
      try {
        if (fstatSync(fd).isSocket()) shutdown(fd);
      } catch {
        // One that cannot be shut down shall not keep the others; closing it is all that is left.
      }
    }
    for (const name of [...this.#byName.keys()]) this.remove(name);
  }
}

/**
 * Equal for descriptors that are as good as each other: a socket cannot be opened twice, and two descriptors of a pipe
 * with the same access do the same. Undefined for all else: event counters of all the system share one file.
 */
function fileOf(fd: number): string | undefined {
  const { dev, ino, ...file } = identify(fd);
  if (file.socket) return `${dev}:${ino}`;
  return file.pipe ? `${dev}:${ino}:${accessOf(fd)}` : undefined;
}

function identify(fd: number): { dev: bigint; ino: bigint; socket: boolean; pipe: boolean } {
  const stats = fstatSync(fd, { bigint: true });
  return { dev: stats.dev, ino: stats.ino, socket: stats.isSocket(), pipe: stats.isFIFO() };
}

/** With our table of open files full it cannot be read; then the descriptor resembles no other. */
function accessOf(fd: number): string {
  try {
    return /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '';
  } catch {
    return `only ${fd}`;
  }
}

/** Half of what we may have open: a child that inherits all of it must have room to work. */
export function roomForDescriptors(): number {
  const limit = /^Max open files\s+([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Math.floor(Number(limit) / 2);
}
