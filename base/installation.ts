import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json: the first one above this file, whether it runs from dist/, the bundle or source. */
export function installationRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error('Cannot find the installation: no package.json above the program');
  }
}

/** The folder of the tables that come with the program. */
export function shippedTables(): string {
  return join(installationRoot(), 'compat-tables', 'tables');
}

/** The version of both programs, as package.json states it. */
export const { version: PROGRAM_VERSION } = JSON.parse(
  readFileSync(join(installationRoot(), 'package.json'), 'utf8'),
) as { readonly version: string };
