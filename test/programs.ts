import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './root.ts';

const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: Record<string, string> };

// the sockets of tests are in temporary folders, where no agent looks unless it is told to
process.env['VHOST_COMPATD_SOCKET_DIRS'] ??= [...new Set([tmpdir(), '/tmp'])].join(' ');

/** The programs as they are installed; `npm run build` makes them. */
export const AGENT = program('vhost-compatd');
export const COMMAND = program('vhost-compat');

function program(name: string): string {
  const path = bin[name];
  if (path === undefined) throw new Error(`Cannot find the program ${name}: package.json installs no such one`);
  return join(ROOT, path);
}
