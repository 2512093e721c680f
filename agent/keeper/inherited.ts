import { readFileSync, writeSync } from 'node:fs';
import { createMemoryFd, SystemCallError } from '../fd/libc.ts';
import { closeOnExec } from '../fd/libc-stream.ts';
import { OwnedFd } from '../fd/owned-fd.ts';

/** The first descriptor that is handed over (sd_listen_fds(3)). */
const FIRST = 3;
/** More than any keeper hands over: a wrong count must not keep us busy. */
const MOST = 1_048_576;
/** systemd's word for those without a name. */
const NO_NAME = 'unknown';
/** The longest list of names: the kernel starts no process with a variable of 128 KiB, its own name and end included. */
export const MOST_NAMES = 131_072 - 'LISTEN_FDNAMES=\0'.length;
/** Set by our own keeper where the names are too many for LISTEN_FDNAMES: the descriptor of memory that holds them. */
const NAMES_FD = 'LISTEN_FDNAMES_FD';
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', NAMES_FD];

/** The variables that tell a child which descriptors it gets, and further ones that it needs for that. */
export interface NamesForChild {
  readonly env: NodeJS.ProcessEnv;
  /** They follow the named ones. The caller closes them when the child has started. */
  readonly descriptors: readonly OwnedFd[];
}

/** Announces descriptors in order of number, from 3 on; a shell has to add LISTEN_PID. */
export function namesForChild(names: readonly string[]): NamesForChild {
  if (names.length === 0) return { env: {}, descriptors: [] };
  const text = names.join(':');
  const count = { LISTEN_FDS: String(names.length) };
  if (text.length <= MOST_NAMES) return { env: { ...count, LISTEN_FDNAMES: text }, descriptors: [] };
  const memory = new OwnedFd(createMemoryFd('names'));
  const data = Buffer.from(text, 'latin1');
  for (let at = 0; at < data.length; ) at += writeSync(memory.raw, data, at);
  return { env: { ...count, [NAMES_FD]: String(FIRST + names.length) }, descriptors: [memory] };
}

/**
 * The descriptors that were kept for us, by name; those of one name come in no particular order. Removes the variables, so
 * that processes that we start do not use them; a second call finds nothing.
 */
export function inheritedDescriptors(env: NodeJS.ProcessEnv = process.env): Map<string, OwnedFd[]> {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names, [NAMES_FD]: memory } = env;
  for (const name of VARIABLES) delete env[name];
  const found = new Map<string, OwnedFd[]>();
  if (pid !== String(process.pid) || count === undefined || !/^[0-9]+$/.test(count)) return found;
  const nameOf = (memory === undefined ? (names ?? '') : namesIn(memory)).split(':');
  for (let i = 0; i < Math.min(Number(count), MOST); i++) {
    if (!isOurs(FIRST + i)) continue;
    const name = nameOf[i] || NO_NAME;
    const same = found.get(name);
    if (same) same.push(new OwnedFd(FIRST + i));
    else found.set(name, [new OwnedFd(FIRST + i)]);
  }
  return found;
}

/** The descriptor is closed: nobody needs it any more. */
function namesIn(number: string): string {
  if (!/^[0-9]+$/.test(number) || !isOurs(Number(number))) return '';
  const memory = new OwnedFd(Number(number));
  try {
    return readFileSync(`/proc/self/fd/${memory.raw}`, 'latin1');
  } finally {
    memory.close();
  }
}

/** False for a number that is not open: a process in between closed it. */
function isOurs(fd: number): boolean {
  try {
    closeOnExec(fd);
    return true;
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EBADF') return false;
    throw error;
  }
}
