import { fstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { sameFile } from './libc-process.ts';

/**
 * Does another process have a descriptor of the same file as one of ours? Undefined: /proc does not tell (another name
 * space, or not ours to look at), or the kernel does not: files without an inode of their own (userfaultfd, eventfd)
 * can only be told apart by kcmp(2).
 */
export function processHolds(pid: number, fd: number): boolean | undefined {
  const folder = `/proc/${pid}/fd`;
  const kind = readlinkSync(`/proc/self/fd/${fd}`);
  const names = descriptorsOf(pid);
  if (names === undefined) return undefined;
  if (kind.startsWith('anon_inode:')) {
    const alike = names.filter((name) => linkOf(`${folder}/${name}`) === kind);
    const same = alike.map((name) => sameFile(fd, pid, Number(name)));
    return same.includes(true) || (same.includes(undefined) ? undefined : false);
  }
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return names.some((name) => {
    try {
      const other = statSync(`${folder}/${name}`, { bigint: true });
      return other.dev === dev && other.ino === ino;
    } catch {
      return false; // closed in the meantime
    }
  });
}

/**
 * Is it this process that has accepted connections at a listening socket, and not one that only made the socket for it
 * (as libvirt does for QEMU)? False also when that cannot be seen.
 */
export function processServes(pid: number, path: string): boolean {
  const names = descriptorsOf(pid) ?? [];
  const held = new Set(names.map((name) => linkOf(`/proc/${pid}/fd/${name}`)));
  return connectionsAt(path).some((inode) => held.has(`socket:[${inode}]`));
}

/** The inode numbers of accepted connections, which carry the path of their listener (/proc/net/unix). */
function connectionsAt(path: string): string[] {
  const CONNECTED = '03';
  const rows = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return rows.flatMap((row) => {
    const [, , , , , state, inode, ...name] = row.trim().split(/ +/);
    return state === CONNECTED && inode !== undefined && name.join(' ') === path ? [inode] : [];
  });
}

function descriptorsOf(pid: number): string[] | undefined {
  try {
    return pid > 0 ? readdirSync(`/proc/${pid}/fd`) : undefined;
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed in the meantime
  }
}
