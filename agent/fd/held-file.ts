import { fstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';

/**
 * Does another process have a descriptor of the same file as one of ours? Undefined: /proc does not tell (another name
 * space, or not ours to look at). Of files without an inode of their own (userfaultfd, eventfd) only the kind is compared.
 */
export function processHolds(pid: number, fd: number): boolean | undefined {
  const folder = `/proc/${pid}/fd`;
  const kind = readlinkSync(`/proc/self/fd/${fd}`);
  const anonymous = kind.startsWith('anon_inode:');
  const { dev, ino } = fstatSync(fd, { bigint: true });
  let names: string[];
  try {
    if (pid <= 0) return undefined;
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  return names.some((name) => {
    try {
      if (anonymous) return readlinkSync(`${folder}/${name}`) === kind;
      const other = statSync(`${folder}/${name}`, { bigint: true });
      return other.dev === dev && other.ino === ino;
    } catch {
      return false; // closed in the meantime
    }
  });
}
