import { openSync, readFileSync } from 'node:fs';
import { controlFd, getOption, libc, SOL_SOCKET } from './libc.ts';
import { pollNow } from './libc-stream.ts';

/**
 * What closing a descriptor may cost:
 * - `nothing`: it can be done at any time.
 * - `memory`: as long as what is in it then takes to be freed. Whoever sent it may have filled it meanwhile.
 * - `socket`: a unix socket; as much as what stands in its queue. That cannot be seen: of an urgent byte that was read the
 *   kernel counts nothing any more, and keeps the descriptors that came with it.
 * - `time`: the kernel may be busy with it for seconds, with no help from outside: a device is reset.
 * - `foreign`: it may wait for somebody else, who never answers: the server of its file system, the far end of a network.
 */
export type ClosingCost = 'nothing' | 'memory' | 'socket' | 'time' | 'foreign';

const readLink = libc.func('int64_t readlink(const char *, void *, uint64_t)');
const systemCall = libc.func('long syscall(long, long, void *, long, long, void *)');
const handleOf = libc.func('int name_to_handle_at(int, void *, void *, void *, int)');

const F_GET_SEALS = 1034;
const F_GETPIPE_SZ = 1032;
const SO_DOMAIN = 39;
const AF_UNIX = 1;
/** The number of statx(2), for which older C libraries have no function. */
const STATX: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 332, arm64: 291 };
const AT_EMPTY_PATH = 0x1000;
const AT_STATX_DONT_SYNC = 0x4000;
const STATX_TYPE_AND_BLOCKS = 0x1 | 0x400;
/** struct statx: mode@28 blocks@48 dev_major@136 dev_minor@140. */
const STATX_BYTES = 256;
const BLOCK_BYTES = 512;
const S_IFMT = 0o170_000;
const S_IFCHR = 0o020_000;
/** Freeing this much takes less than a message does. */
const SMALL_MEMORY_BYTES = 1_048_576;
const HANDLE_BYTES = 128;
const BTRFS_HANDLE = 0x4d;
/** File systems that keep their files on this machine, and that have no block device of their own in stat(2). */
const LOCAL_FILE_SYSTEMS: readonly string[] = ['btrfs', 'zfs', 'bcachefs', 'tmpfs', 'devtmpfs', 'hugetlbfs', 'ramfs'];

const empty = Buffer.from([0]);
const link = Buffer.alloc(64);
const stat = Buffer.alloc(STATX_BYTES);
const number = Buffer.alloc(4);
const numberLength = Buffer.alloc(4);

/** Asks no file system for it: the question could wait as long as the closing. */
export function closingCost(fd: number): ClosingCost {
  const length = Number(readLink(`/proc/self/fd/${fd}`, link, link.length));
  const name = link.toString('latin1', 0, Math.max(length, 0));
  if (name === 'anon_inode:[eventfd]' || name.startsWith('pipe:[')) return 'nothing';
  if (name.startsWith('socket:[')) return socketOption(fd, SO_DOMAIN) === AF_UNIX ? 'socket' : 'foreign';
  // what has no place in a file system: its name cannot be chosen, as every path begins with a slash
  if (name !== '' && !name.startsWith('/')) return 'time';
  // answered only for a pipe, wherever its name is
  if (controlFd(fd, F_GETPIPE_SZ, 0) >= 0) return 'nothing';
  // answered only for memory: memfd, tmpfs, hugetlbfs
  if (controlFd(fd, F_GET_SEALS, 0) >= 0) return 'memory';
  return isLocal(fd) ? 'time' : 'foreign';
}

function socketOption(fd: number, option: number): number | undefined {
  numberLength.writeUInt32LE(number.length, 0);
  return (getOption(fd, SOL_SOCKET, option, number, numberLength) as number) < 0 ? undefined : number.readInt32LE(0);
}

/** Whether this memory holds little now. */
export function isSmallMemory(fd: number): boolean {
  return readStat(fd) && Number(stat.readBigUInt64LE(48)) * BLOCK_BYTES <= SMALL_MEMORY_BYTES;
}

/** False: it could not be read. File systems answer from what they know already. */
function readStat(fd: number): boolean {
  const call = STATX[process.arch];
  if (call === undefined) return false;
  const flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  return Number(systemCall(call, fd, empty, flags, STATX_TYPE_AND_BLOCKS, stat)) === 0;
}

/** Whether nobody but this machine is needed: a device, or a file on a disk. */
function isLocal(fd: number): boolean {
  if (!readStat(fd)) return false;
  if ((stat.readUInt16LE(28) & S_IFMT) === S_IFCHR) return true;
  const [major, minor] = [stat.readUInt32LE(136), stat.readUInt32LE(140)];
  const type = mountedAs(`${major}:${minor}`);
  if (type !== undefined) return major !== 0 ? type !== 'fuseblk' : LOCAL_FILE_SYSTEMS.includes(type);
  // in another mount name space
  return major !== 0 || isBtrfs(fd) || isDmaBuffer(fd);
}

const MOUNTS = '/proc/self/mountinfo';
const POLLERR = 8;
/** Open from the start, as poll(2) tells what changed since. Never read. */
const mountsWatch = openSync(MOUNTS, 'r');
let mounts: ReadonlyMap<string, string> | undefined;

/**
 * The type of the file system with this device, as far as it is mounted in our name space. A host may have thousands of
 * mounts, and whoever sends files decides how often this is asked: they are read anew only when the kernel says that they changed.
 */
function mountedAs(device: string): string | undefined {
  if (mounts === undefined || (pollNow(mountsWatch, 0) & POLLERR) !== 0) mounts = readMounts();
  return mounts.get(device);
}

function readMounts(): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  for (const row of readFileSync(MOUNTS, 'latin1').split('\n')) {
    const fields = row.split(' ');
    const [device, type] = [fields[2], fields[fields.indexOf('-') + 1]];
    if (device !== undefined && type !== undefined && !types.has(device)) types.set(device, type);
  }
  return types;
}

/** Its subvolumes have devices that no mount shows; but no other file system makes handles of this type. */
function isBtrfs(fd: number): boolean {
  const handle = Buffer.alloc(8 + HANDLE_BYTES); // struct file_handle: bytes@0 type@4
  handle.writeUInt32LE(HANDLE_BYTES, 0);
  const made = handleOf(fd, empty, handle, number, AT_EMPTY_PATH) as number;
  return made === 0 && handle.readInt32LE(4) === BTRFS_HANDLE;
}

/** The kernel writes this line for nothing else. */
function isDmaBuffer(fd: number): boolean {
  return readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').includes('\nexp_name:');
}
