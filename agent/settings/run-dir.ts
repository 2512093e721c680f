import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

const MODE = 0o770;

/**
 * Makes the run directory when it is absent, 0770 whatever the umask says: QEMU and the switch come in through their
 * group. It gets that group when it is as we make it, here or in the keeper; what the operator made otherwise stays.
 * Throws VC-CONFIG.
 */
export function makeRunDir(dir: string, group?: number): void {
  try {
    make(dir, group);
  } catch (cause) {
    const wanted = 'wanted a directory that the agent can make, or use as it is';
    const text = `Cannot use the run directory ${dir}: ${(cause as Error).message}; ${wanted}`;
    throw new CompatError('VC-CONFIG', text, { path: dir }, { cause });
  }
}

function make(dir: string, group: number | undefined): void {
  if (mkdirSync(dir, { recursive: true, mode: MODE }) !== undefined) chmodSync(dir, MODE);
  if (group === undefined) return;
  const { uid, gid, mode } = statSync(dir);
  if (uid === process.getuid?.() && gid === process.getgid?.() && (mode & 0o777) === MODE) chownSync(dir, uid, group);
}
