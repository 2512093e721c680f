import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedTables } from '../../base/installation.ts';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import { loadTables } from '../../compat-tables/entries/load.ts';
import type { TableFile } from '../../compat-tables/entries/table-directories.ts';

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
