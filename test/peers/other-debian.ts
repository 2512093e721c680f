import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { needsFetched } from './needs.ts';
import { type Peers, run } from './process.ts';

/** Where `.ci/fetch-debs` has put packages of other Debian releases. */
const FOLDER = process.env['VHOST_COMPAT_DEBS'] ?? '/var/cache/vhost-compat-debs';

/**
 * Unpacks a package of another Debian release into a folder of the test and gives that folder; nothing is installed. Skips the
 * suite when `.ci/fetch-debs` was not run. `version`: how its version begins.
 */
export async function unpackedPackage(context: Context, peers: Peers, name: string, version: string): Promise<string> {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  const file = files.find((one) => one.startsWith(`${name}_${version}`) && one.endsWith('.deb'));
  needsFetched(context, file !== undefined, `${name} ${version}`, FOLDER);
  const folder = peers.folder();
  await run('dpkg-deb', ['--extract', join(FOLDER, file ?? ''), folder]);
  return folder;
}
