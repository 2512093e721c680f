import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import type { SystemUser } from '../../base/system-ids.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Config } from './config.ts';

/** Administrators, the group of the directory, reach the sockets in it and cannot replace them. */
const RUN_MODE = 0o750;
const STATE_MODE = 0o750;

/**
 * Creates the run directory when it is absent, with mode 0750 whatever the umask is. It gets the group of the administrators
 * when it is as the agent creates it; one that the operator created otherwise stays as it is. Throws VC-CONFIG.
 */
export function makeRunDir(dir: string, group?: number, owner?: SystemUser): void {
  makeDirectory('run', dir, RUN_MODE, owner);
  keepInPlace(dir);
  if (group === undefined) return;
  const { uid, gid, mode } = statSync(dir);
  const isAsMade =
    uid === (owner?.uid ?? process.getuid?.()) &&
    gid === (owner?.gid ?? process.getgid?.()) &&
    (mode & 0o777) === RUN_MODE;
  if (!isAsMade) return;
  try {
    chownSync(dir, uid, group);
  } catch (cause) {
    throw refusal('run', dir, cause);
  }
}

/**
 * Earlier releases made the directory with mode 0770, and guests may have their sockets there: with the sticky bit the group
 * can still use it, and no longer replace what is in it, so that these sockets are served on.
 */
function keepInPlace(dir: string): void {
  const { uid, mode } = statSync(dir);
  if (uid === process.geteuid?.() && (mode & 0o7777) === 0o770) chmodSync(dir, 0o1770);
}

/** Creates what the manager process needs and may not create itself, as another user than ours. */
export function makeManagerDirs({ runDir, stateDir, dbSocketGroup }: Config, owner: SystemUser | undefined): void {
  makeRunDir(runDir, dbSocketGroup, owner);
  if (owner !== undefined) makeDirectory('state', stateDir, STATE_MODE, owner);
}

/** Makes a directory for its owner; one that exists stays as it is. */
function makeDirectory(what: 'run' | 'state', dir: string, mode: number, owner: SystemUser | undefined): void {
  try {
    if (mkdirSync(dir, { recursive: true, mode }) === undefined) return;
    chmodSync(dir, mode);
    if (owner !== undefined) chownSync(dir, owner.uid, owner.gid);
  } catch (cause) {
    throw refusal(what, dir, cause);
  }
}

function refusal(what: 'run' | 'state', dir: string, cause: unknown): CompatError {
  const wanted = 'wanted a directory that the agent can make, or use as it is';
  const text = `Cannot use the ${what} directory ${dir}: ${(cause as Error).message}; ${wanted}`;
  return new CompatError('VC-CONFIG', text, { path: dir }, { cause });
}
