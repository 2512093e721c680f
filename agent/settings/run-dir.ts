import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

const MODE = 0o770;

/**
 * Creates the run directory when it is absent, with mode 0770 whatever the umask is: QEMU and the switch reach it through
 * their group. It gets that group when it is as the agent or its keeper creates it; one that the operator created otherwise
 * stays as it is. Throws VC-CONFIG.
 */
export function makeRunDir(dir: string, group?: number): void {
  try {
    if (mkdirSync(dir, { recursive: true, mode: MODE }) !== undefined) chmodSync(dir, MODE);
    if (group === undefined) return;
    const { uid, gid, mode } = statSync(dir);
    const isAsMade = uid === process.getuid?.() && gid === process.getgid?.() && (mode & 0o777) === MODE;
    if (isAsMade) chownSync(dir, uid, group);
  } catch (cause) {
    const wanted = 'wanted a directory that the agent can make, or use as it is';
    const text = `Cannot use the run directory ${dir}: ${(cause as Error).message}; ${wanted}`;
    throw new CompatError('VC-CONFIG', text, { path: dir }, { cause });
  }
}
