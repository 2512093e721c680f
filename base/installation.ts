import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where this program is installed, and which version it is. The same from dist/, from the bundle and from source. */

/** The folder of package.json: the first one above this file. */
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
export const PROGRAM_VERSION = readVersion();

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(join(installationRoot(), 'package.json'), 'utf8')) as { version: string };
  return version;
}
