import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { SafeDirectory } from '../../base/safe-directory.ts';
import type { SystemUser } from '../../base/system-ids.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Config } from './config.ts';

/** Administrators, the group of the directory, reach the sockets in it and cannot replace them. */
const RUN_MODE = 0o750;
const STATE_MODE = 0o750;
/** As earlier releases made it, so that guests may have their sockets there; the same, sticky. */
const SHARED_MODE = 0o770;
const SHARED_STICKY_MODE = 0o1770;
/** A directory of some other mode was not made by us, and is left alone. */
const OUR_MODES: readonly number[] = [RUN_MODE, SHARED_MODE, SHARED_STICKY_MODE];

/**
 * Creates the run directory when it is absent, with mode 0750 whatever the umask is. It gets the group of the administrators
 * when it is as the agent creates it; one that the operator created otherwise stays as it is. `owner`: the user of the manager
 * process, where that is not ours. Throws VC-CONFIG.
 */
export function makeRunDir(dir: string, group?: number, owner?: SystemUser): void {
  makeDirectory('run', dir, RUN_MODE, owner);
  try {
    keepInPlace(dir, owner);
    if (owner !== undefined) handOver(dir, owner);
    if (group === undefined) return;
    const { uid, gid, mode } = statSync(dir);
    const isAsMade =
      uid === (owner?.uid ?? process.getuid?.()) &&
      gid === (owner?.gid ?? process.getgid?.()) &&
      (mode & 0o777) === RUN_MODE;
    if (isAsMade) chownSync(dir, uid, group);
  } catch (cause) {
    throw refusal('run', dir, cause);
  }
}

/**
 * Guests may have their sockets in the directory of an earlier release: with the sticky bit its group can still use it, and no
 * longer replace what is in it, so that these sockets are served on.
 */
function keepInPlace(dir: string, owner: SystemUser | undefined): void {
  const { uid, mode } = statSync(dir);
  const isOurs = [process.geteuid?.(), ...(owner ? [0, owner.uid] : [])].includes(uid);
  if (isOurs && (mode & 0o7777) === SHARED_MODE) chmodSync(dir, SHARED_STICKY_MODE);
}

/** Whether guests may have their sockets in it, as in that of an earlier release. */
export function isShared(dir: string): boolean {
  try {
    return [SHARED_MODE, SHARED_STICKY_MODE].includes(statSync(dir).mode & 0o7777);
  } catch {
    return false; // it is not there yet
  }
}

/** A directory from when the manager process had the user of the agent becomes its own; group and permissions stay. */
function handOver(dir: string, owner: SystemUser): void {
  const { uid, mode } = statSync(dir);
  const isFormer = uid !== owner.uid && [0, process.geteuid?.()].includes(uid);
  if (!isFormer || !OUR_MODES.includes(mode & 0o7777)) return;
  const opened = SafeDirectory.open(dir);
  try {
    chownSync(opened.at('.'), owner.uid, -1);
  } finally {
    opened.close();
  }
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
