/** From directories of table files to one list of entries in order of preference. The reading itself is others' work. */

import type { CompatError } from '../errors/compat-error.ts';
import { digestOf } from './digest.ts';
import type { Entry } from './entry.ts';
import type { TableFile } from './table-directories.ts';
import { tableProblem, validateFile } from './validate.ts';

export interface EntriesRead {
  /** In order of preference, the most preferred first: as the files come, and as the entries stand in them. */
  readonly entries: Entry[];
  /** VC-TABLE, one for each thing that is wrong. Entries that are named here are not in use. */
  readonly problems: CompatError[];
}

/** The key of an entry. Device types are name spaces: the same version string may stand once in each. */
export function entryKey({ deviceType, version }: Pick<Entry, 'deviceType' | 'version'>): string {
  return `${deviceType} ${version}`;
}

/** Reads all files; a bad entry or file becomes a problem, and everything else stays in use. */
export function loadTables(files: readonly TableFile[]): EntriesRead {
  const entries: Entry[] = [];
  const problems: CompatError[] = [];
  const places = new Map<string, { place: string; digest: string }>();
  for (const { path, text } of files) {
    const file = validateFile(path, text);
    problems.push(...file.problems);
    for (const { entry, line } of file.entries) {
      const digest = digestOf(entry);
      const key = entryKey(entry);
      const earlier = places.get(key);
      if (earlier) {
        const how = earlier.digest === digest ? 'with the same content' : 'with other content';
        const message = `the version stands in ${earlier.place} already, ${how}`;
        problems.push(tableProblem(path, { line, message, wanted: 'each version once' }, entry.version));
        continue;
      }
      places.set(key, { place: `${path}:${line}`, digest });
      entries.push({ ...entry, digest });
    }
  }
  return { entries, problems };
}
