import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { shippedTables } from '../../base/installation.ts';
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
      files.push({ path, text: readRegularFile(path) });
    } catch (error) {
      problems.push(unreadable(path, error));
    }
  }
  return files;
}

/** Opening a pipe would wait for a writer, and reading a device may never end: only files are read, and not more than the limit. */
function readRegularFile(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is no regular file');
    // files of /proc say 0 and hold more
    const bytes = Buffer.alloc(MAX_TABLE_BYTES + 1);
    let length = 0;
    for (let more = -1; more !== 0 && length < bytes.length; length += more)
      more = readSync(fd, bytes, length, bytes.length - length, null);
    if (length > MAX_TABLE_BYTES)
      throw new Error(`it is ${Math.max(stat.size, length)} bytes long, at most ${MAX_TABLE_BYTES} are read`);
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}

function unreadable(path: string, error: unknown): CompatError {
  return new CompatError('VC-TABLE', `Cannot read ${path}: ${(error as Error).message}`, { path }, { cause: error });
}
