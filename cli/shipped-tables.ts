import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkEntry } from '../compat-tables/check.ts';
import { loadTables, type TableFile } from '../compat-tables/load.ts';
import type { Abilities, Entry } from '../compat-tables/types.ts';

/** The versions of the tables in this package that a back-end of these abilities could honour, most preferred first. */
export function shippedVersions(deviceType: string, abilities: Abilities): string[] {
  return shippedEntries()
    .filter((entry) => entry.deviceType === deviceType && checkEntry(entry, abilities).length === 0)
    .map((entry) => entry.version);
}

/** All entries of the tables in this package, most preferred first. */
export function shippedEntries(): Entry[] {
  return loadTables(shippedFiles(), (text) => createHash('sha256').update(text).digest('hex')).entries;
}

/** The table files of this package, in the order in which they are read. */
export function shippedFiles(): TableFile[] {
  const folder = shippedFolder();
  if (folder === undefined) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => ({ path: join(folder, name), text: readFileSync(join(folder, name), 'utf8') }));
}

function shippedFolder(): string | undefined {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const tables = join(folder, 'compat-tables/tables');
    if (existsSync(tables)) return tables;
  }
  return undefined;
}
