import { basename, dirname } from 'node:path';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import type { CompatError } from '../../compat-tables/errors/compat-error.ts';

/**
 * Entries that a host has published and whose tables say something else now, or cannot be read. What was published stays in
 * force, and where it was: the first usable version is the default of a host, which no mistake in a file may move.
 */

/** Whether an entry stood in a file or directory that cannot be read, or is the one of its file that was refused. */
export function refusedIn(problems: readonly CompatError[]): (entry: Pick<Entry, 'version' | 'origin'>) => boolean {
  const files = new Map<string, Set<string> | 'all'>();
  const paths = new Set<string>();
  for (const { details } of problems) {
    const path = details['file'] ?? details['path'];
    if (typeof path !== 'string') continue;
    paths.add(path);
    // a file replaces those of the same name in other directories
    const name = basename(path);
    const known = files.get(name);
    if (typeof details['version'] !== 'string') files.set(name, 'all');
    else if (known === undefined) files.set(name, new Set([details['version']]));
    else if (known !== 'all') known.add(details['version']);
  }
  return ({ version, origin }) => {
    const refused = files.get(basename(origin));
    return refused === 'all' || refused?.has(version) === true || paths.has(dirname(origin));
  };
}

/**
 * `entries` with the ones of `published` that are missing there: each behind the nearest one before it that is there, else
 * before the nearest one behind it, of its device type. `order`: as they were published.
 */
export function inTheirPlaces(
  entries: readonly Entry[],
  missing: ReadonlySet<string>,
  order: readonly Entry[],
): readonly Entry[] {
  const result = [...entries];
  const placeOf = (entry: Entry) => result.findIndex((one) => entryKey(one) === entryKey(entry));
  for (const [index, entry] of order.entries()) {
    if (!missing.has(entryKey(entry))) continue;
    // each device type has an order of its own
    const isNear = (one: Entry) => one.deviceType === entry.deviceType && placeOf(one) >= 0;
    const before = order.slice(0, index).findLast(isNear);
    const behind = order.slice(index + 1).find(isNear);
    const at = before === undefined ? (behind === undefined ? result.length : placeOf(behind)) : placeOf(before) + 1;
    result.splice(at, 0, entry);
  }
  return result;
}
