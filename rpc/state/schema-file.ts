import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The name of our database on any OVSDB server. */
export const DATABASE = 'Vhost_Compat';

const NAME = 'rpc/state/vhost-compat.ovsschema';

/** Where the schema of this release stands: the program runs from dist/ or from source, the file is shipped once. */
export function schemaFile(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const file = join(folder, NAME);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) throw new Error(`Cannot find ${NAME} above ${import.meta.dirname}`);
  }
}

export function loadSchemaText(): string {
  return readFileSync(schemaFile(), 'utf8');
}
