import { fstatSync, readFileSync } from 'node:fs';
import { shutdown } from '../fd/libc-stream.ts';
import { closeAll, type OwnedFd } from '../fd/owned-fd.ts';

/** The descriptors that outlive the process that uses them, by name. */
export class StoredDescriptors {
  /** The most descriptors that it holds. */
  readonly most: number;
  readonly #byName = new Map<string, OwnedFd[]>();
  #size = 0;

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds to a name what is not kept there already. Undefined: done. Else the reason, and all of `fds` are closed. */
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
    const refusal = this.#refusal(fresh.length);
    if (refusal !== undefined) closeAll(fresh);
    if (refusal !== undefined || fresh.length === 0) return refusal;
    this.#byName.set(name, [...there, ...fresh]);
    this.#size += fresh.length;
    return undefined;
  }

  #refusal(more: number): string | undefined {
    return this.#size + more > this.most ? `${this.#size} are kept, and ${this.most} is the limit` : undefined;
  }

  /** Closes our descriptors of a name; connections live on while another process holds them. */
  remove(name: string): void {
    const fds = this.#byName.get(name) ?? [];
    this.#byName.delete(name);
    this.#size -= fds.length;
    closeAll(fds);
  }

  /** A row per descriptor, in order of number: none is in the way of another when they become 3, 4, 5 … in a child. */
  list(): { readonly name: string; readonly fd: number }[] {
    const rows = [...this.#byName].flatMap(([name, fds]) => fds.map((fd) => ({ name, fd: fd.raw })));
    return rows.sort((a, b) => a.fd - b.fd);
  }

  /** Ends each connection, even where another process has a descriptor of it, and closes everything. */
  end(): void {
    for (const { fd } of this.list()) {
      try {
        if (fstatSync(fd).isSocket()) shutdown(fd);
      } catch {
        // it is only closed, and the others still end
      }
    }
    for (const name of [...this.#byName.keys()]) this.remove(name);
  }
}

/**
 * Equal for descriptors that do the same: those of one socket, or of one pipe with the same access. Undefined for all
 * else: all event counters of the system share one file.
 */
function fileOf(fd: number): string | undefined {
  const stats = fstatSync(fd, { bigint: true });
  const file = `${stats.dev}:${stats.ino}`;
  if (stats.isSocket()) return file;
  return stats.isFIFO() ? `${file}:${accessOf(fd)}` : undefined;
}

/** It cannot be read while our table of open files is full; then the descriptor counts as different from all others. */
function accessOf(fd: number): string {
  try {
    return /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '';
  } catch {
    return `only ${fd}`;
  }
}

/** Half of the descriptors that we may have open: a child that inherits them all must have room to work. */
export function roomForDescriptors(): number {
  const limit = /^Max open files\s+([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Math.floor(Number(limit) / 2);
}
