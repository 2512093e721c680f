import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

/** The form of a system id, which is a key in the database and a word on command lines. */
const SYSTEM_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/**
 * The identity of this host in the database: the configured one, or one that is made once and stored in the state directory,
 * so that a host that is renamed keeps its row. Throws VC-CONFIG.
 */
export function systemId(configured: string | undefined, stateDir: string): string {
  if (configured !== undefined) return checked(configured, 'system_id');
  const file = join(stateDir, 'system-id');
  try {
    return checked(readFileSync(file, 'utf8').trim(), file);
  } catch (error) {
    if (error instanceof CompatError) throw error;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(stateDir, error);
  }
  const made = randomUUID();
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o750 });
    // wx: of two agents that start at once on one state directory, each would use its own id
    writeFileSync(file, `${made}\n`, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    throw unusable(stateDir, error);
  }
  return made;
}

function unusable(stateDir: string, cause: unknown): CompatError {
  const wanted = 'wanted a directory that the agent can make, or write to';
  const text = `Cannot keep the system id in the state directory ${stateDir}: ${(cause as Error).message}; ${wanted}`;
  return new CompatError('VC-CONFIG', text, { path: stateDir }, { cause });
}

function checked(id: string, origin: string): string {
  if (SYSTEM_ID.test(id)) return id;
  const wanted = 'wanted 1 to 128 of the characters A-Z a-z 0-9 _ . : -';
  throw new CompatError('VC-CONFIG', `Cannot use ${origin}: saw ${JSON.stringify(id.slice(0, 140))}; ${wanted}`);
}
