import { fstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { libc } from './libc.ts';

const systemCall = libc.func('long syscall(long, long, long, long, long, long)');
/** The number of kcmp(2); it has no function of its own in the C library. */
const KCMP: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 312, arm64: 272 };
const KCMP_FILE = 0;

/** Is a descriptor of another process the very same open file as ours (kcmp(2))? Undefined: the kernel does not say. */
export function sameFile(ours: number, pid: number, theirs: number): boolean | undefined {
  const number = KCMP[process.arch];
  if (number === undefined) return undefined;
  const order = Number(systemCall(number, process.pid, pid, KCMP_FILE, ours, theirs));
  return order < 0 ? undefined : order === 0;
}

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
      return false; // closed meanwhile
    }
  });
}

/**
 * Has this process accepted connections at a listening socket? A process that only made the socket for it (as libvirt does
 * for QEMU) has not. False also when that cannot be seen.
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
    return ''; // closed meanwhile
  }
}
