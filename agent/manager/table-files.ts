import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { loadTables, resolveTableFiles, type TableFile } from '../../compat-tables/entries/load.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

/** Only these names are read; editors' leftovers and the like are passed over. */
const TABLE_NAME = /^[0-9]{2}-.+\.json$/;

/** Far above any table (the shipped ones are some tens of KiB); a larger file is a mistake. */
const MAX_TABLE_BYTES = 4 << 20;

export interface LoadedTables {
  readonly entries: readonly Entry[];
  readonly problems: readonly CompatError[];
}

/**
 * Reads every table directory that exists. What cannot be read becomes a problem, with `named` also a directory that is not
 * there; all else stays in use.
 */
export function readTables(directories: readonly string[], named: boolean): LoadedTables {
  const problems: CompatError[] = [];
  const listing = directories.map((dir) => ({ dir, files: readDirectory(dir, named, problems) }));
  const loaded = loadTables(resolveTableFiles(listing));
  return { entries: loaded.entries, problems: [...problems, ...loaded.problems] };
}

function readDirectory(dir: string, named: boolean, problems: CompatError[]): TableFile[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (named || (error as NodeJS.ErrnoException).code !== 'ENOENT') problems.push(unreadable(dir, error));
    return [];
  }
  const files: TableFile[] = [];
  for (const name of names.filter((one) => TABLE_NAME.test(one)).sort()) {
    const path = join(dir, name);
    try {
      const bytes = readFileSync(path);
      if (bytes.length > MAX_TABLE_BYTES)
        throw new Error(`it is ${bytes.length} bytes long, at most ${MAX_TABLE_BYTES} are read`);
      files.push({ path, text: bytes.toString('utf8') });
    } catch (error) {
      problems.push(unreadable(path, error));
    }
  }
  return files;
}

function unreadable(path: string, error: unknown): CompatError {
  return new CompatError('VC-TABLE', `Cannot read ${path}: ${(error as Error).message}`, { path }, { cause: error });
}
