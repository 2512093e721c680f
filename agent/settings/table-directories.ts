import { homedir } from 'node:os';
import { join } from 'node:path';
import { shippedTables } from '../../base/installation.ts';

/** Where tables are looked for, the most general place first; a later directory replaces or hides by file name. */
export function defaultTableDirectories(env: NodeJS.ProcessEnv = process.env): string[] {
  const personal = env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  return [
    shippedTables(),
    '/usr/share/vhost-compat/tables',
    '/etc/vhost-compat/tables',
    join(personal, 'vhost-compat', 'tables'),
  ];
}
