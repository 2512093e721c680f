import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installationRoot } from '../../base/installation.ts';

/** The name of our database on any OVSDB server. */
export const DATABASE = 'Vhost_Compat';

/** The path of the schema of this release. */
export function schemaFile(): string {
  return join(installationRoot(), 'rpc/state/vhost-compat.ovsschema');
}

export function loadSchemaText(): string {
  return readFileSync(schemaFile(), 'utf8');
}
