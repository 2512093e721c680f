import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Context } from 'mocha';

/** Programs that Debian keeps outside a user's PATH. */
const EXTRA_FOLDERS = ['/usr/sbin', '/sbin', '/usr/lib/openvswitch-switch-dpdk'];

/** Where a program stands, or undefined. An absolute path is looked at as it is. */
export function findProgram(name: string): string | undefined {
  const folders = name.startsWith('/') ? [''] : [...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Skips the suite when a real peer is not installed, saying what to install; in CI a missing peer is a failure, because
 * there the real thing must have run. Call it from `before(function () { … })`.
 */
export function needs(context: Context, program: string, debianPackage: string): string {
  const found = findProgram(program);
  if (found !== undefined) return found;
  return missing(context, program, `apt-get install ${debianPackage}`);
}

/** As `needs`, for something that is not a program: pass whether it is there. */
export function needsThat(context: Context, there: boolean, what: string, debianPackage: string): void {
  if (!there) missing(context, what, `apt-get install ${debianPackage}`);
}

/** As `needs`, for a package of another Debian release, which is not installed: `.ci/fetch-debs` fetches it. */
export function needsFetched(context: Context, there: boolean, what: string, folder: string): void {
  if (!there) missing(context, what, `.ci/fetch-debs ${folder}`);
}

function missing(context: Context, what: string, remedy: string): never {
  const text = `skipped: needs ${what} (${remedy})`;
  if (process.env['CI'] === 'true') throw new Error(`${text}; CI must run this`);
  const title = context.test?.parent?.title ?? '';
  process.stderr.write(`    ${text}${title === '' ? '' : ` for: ${title}`}\n`);
  context.skip();
}
