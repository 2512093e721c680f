import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const DEFAULT_RUN_DIR = '/run/vhost-compat';

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
