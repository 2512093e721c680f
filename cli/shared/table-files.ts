import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { shippedTables } from '../../base/installation.ts';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import { loadTables } from '../../compat-tables/entries/load.ts';
import type { TableFile } from '../../compat-tables/entries/table-directories.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { agentsRead } from '../../compat-tables/lint/file-rules.ts';
import { reasonOf } from './command-errors.ts';

/** The versions of the tables in this package that a back-end of these abilities could honour, most preferred first. */
export function shippedVersions(deviceType: string, abilities: Abilities): string[] {
  return shippedEntries()
    .filter((entry) => entry.deviceType === deviceType && checkEntry(entry, abilities).length === 0)
    .map((entry) => entry.version);
}

/** All entries of the tables in this package, most preferred first. */
export function shippedEntries(): Entry[] {
  return loadTables(shippedFiles()).entries;
}

/** The table files of this package, in the order in which they are read. */
export function shippedFiles(): TableFile[] {
  const folder = shippedTables();
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => ({ path: join(folder, name), text: readFileSync(join(folder, name), 'utf8') }));
}

/**
 * Writes a table file, never over another one: entries are immutable. With `dryRun` it only looks whether it could.
 * Returns what to tell the user. Throws VC-TABLE.
 */
export function writeTable(file: string | undefined, text: string, dryRun: boolean): string[] {
  if (file === undefined) return [];
  if (!dryRun) {
    try {
      writeFileSync(file, text, { flag: 'wx', mode: 0o644 });
    } catch (cause) {
      throw new CompatError('VC-TABLE', `Cannot write ${file}: ${reasonOf(cause)}`, { file }, { cause });
    }
    return tableNotes(file);
  }
  if (existsSync(file))
    throw new CompatError('VC-TABLE', `Cannot write ${file}: EEXIST: file already exists`, { file });
  return [`dry run: would write ${file}`, ...tableNotes(file)];
}

/** What to know of a file that an agent would not read. */
function tableNotes(file: string): string[] {
  if (agentsRead(file)) return [];
  return [`agents read table files named NN-name.json only, such as 50-site.json; this one is ${basename(file)}`];
}
