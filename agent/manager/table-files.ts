import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { shippedTables } from '../../base/installation.ts';
import { readRegularFile } from '../../base/regular-file.ts';
import { type EntriesRead, loadTables } from '../../compat-tables/entries/load.ts';
import { resolveTableFiles, type TableFile } from '../../compat-tables/entries/table-directories.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

/** Only these names are read, so that the backup files of editors are not. */
const TABLE_NAME = /^[0-9]{2}-.+\.json$/;

/** Far above any table (the shipped ones are some tens of KiB); a larger file is a mistake. */
const MAX_TABLE_BYTES = 4 << 20;

/** Where tables are looked for by default; a file in a later directory replaces or hides the one of the same name. */
function defaultDirectories(env: NodeJS.ProcessEnv): string[] {
  const personal = env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  return [
    shippedTables(),
    '/usr/share/vhost-compat/tables',
    '/etc/vhost-compat/tables',
    join(personal, 'vhost-compat', 'tables'),
  ];
}

/**
 * Reads the tables of the given directories, or of the default ones. What cannot be read becomes a problem and leaves the
 * rest in use; of the default directories any may be absent.
 */
export function readTables(given: readonly string[] | undefined, env: NodeJS.ProcessEnv = process.env): EntriesRead {
  const problems: CompatError[] = [];
  const directories = given ?? defaultDirectories(env);
  const listing = directories.map((dir) => ({ dir, files: readDirectory(dir, given !== undefined, problems) }));
  const loaded = loadTables(resolveTableFiles(listing));
  return { entries: loaded.entries, problems: [...problems, ...loaded.problems] };
}

function readDirectory(dir: string, mustExist: boolean, problems: CompatError[]): TableFile[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (mustExist || (error as NodeJS.ErrnoException).code !== 'ENOENT') problems.push(unreadable(dir, error));
    return [];
  }
  const files: TableFile[] = [];
  for (const name of names.filter((one) => TABLE_NAME.test(one)).sort()) {
    const path = join(dir, name);
    try {
      files.push({ path, text: readRegularFile(path, MAX_TABLE_BYTES) });
    } catch (error) {
      problems.push(unreadable(path, error));
    }
  }
  return files;
}

function unreadable(path: string, error: unknown): CompatError {
  return new CompatError('VC-TABLE', `Cannot read ${path}: ${(error as Error).message}`, { path }, { cause: error });
}
