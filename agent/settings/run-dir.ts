import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

export const DEFAULT_RUN_DIR = '/run/vhost-compat';

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

/**
 * The run directory, before the whole command line and configuration are read. Says nothing about mistakes: those are told
 * when they are read.
 */
export function runDirOf(args: readonly string[]): string {
  const options = { 'run-dir': { type: 'string' }, config: { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true });
  if (typeof values['run-dir'] === 'string') return resolve(values['run-dir']);
  const configured = typeof values.config === 'string' ? runDirIn(values.config) : undefined;
  return resolve(configured ?? DEFAULT_RUN_DIR);
}

function runDirIn(file: string): string | undefined {
  try {
    const { run_dir: dir } = JSON.parse(readFileSync(file, 'utf8')) as { run_dir?: unknown };
    return typeof dir === 'string' ? dir : undefined;
  } catch {
    return undefined;
  }
}
