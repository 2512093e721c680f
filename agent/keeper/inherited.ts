import { SystemCallError } from '../fd/libc.ts';
import { closeOnExec } from '../fd/libc-stream.ts';
import { OwnedFd } from '../fd/owned-fd.ts';

/** The first descriptor that is handed over (sd_listen_fds(3)). */
const FIRST = 3;
/** More than any keeper hands over: a wrong count must not keep us busy. */
const MOST = 65_536;
/** systemd's word for those without a name. */
const NO_NAME = 'unknown';

/**
 * The descriptors that were kept for us, by name; those of one name come in no particular order. Removes the variables, so
 * that processes that we start do not use them; a second call finds nothing.
 */
export function inheritedDescriptors(env: NodeJS.ProcessEnv = process.env): Map<string, OwnedFd[]> {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = env;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
  const found = new Map<string, OwnedFd[]>();
  if (pid !== String(process.pid) || count === undefined || !/^[0-9]+$/.test(count)) return found;
  const nameOf = (names ?? '').split(':');
  for (let i = 0; i < Math.min(Number(count), MOST); i++) {
    if (!isOurs(FIRST + i)) continue;
    const name = nameOf[i] || NO_NAME;
    const same = found.get(name);
    if (same) same.push(new OwnedFd(FIRST + i));
    else found.set(name, [new OwnedFd(FIRST + i)]);
  }
  return found;
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
