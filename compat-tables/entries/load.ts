/** From directories of table files to one list of entries in order of preference. The reading itself is others' work. */

import type { CompatError } from '../errors/compat-error.ts';
import { digestOf } from './digest.ts';
import type { Entry } from './entry.ts';
import { tableProblem, validateFile } from './validate.ts';

/** A table file as it was read. A text of length zero hides files of the same name in earlier directories. */
export interface TableFile {
  readonly path: string;
  readonly text: string;
}

/** A directory with its files; `dir` is for people. */
export interface TableDirectory {
  readonly dir: string;
  readonly files: readonly TableFile[];
}

/**
 * The files that count, by name: the same name in a later directory replaces, a zero-length file hides, and what does
 * not end in `.json` is left alone. QEMU treats the directories of its back-end descriptions so (vhost-user.json).
 */
export function resolveTableFiles(directories: readonly TableDirectory[]): TableFile[] {
  const byName = new Map<string, TableFile>();
  for (const { files } of directories) {
    for (const file of files) {
      const name = file.path.slice(file.path.lastIndexOf('/') + 1);
      if (name.endsWith('.json') && !name.startsWith('.')) byName.set(name, file);
    }
  }
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, file]) => file)
    .filter(({ text }) => text.length > 0);
}

export interface LoadedTables {
  /** In order of preference, the most preferred first: as the files come, and as the entries stand in them. */
  readonly entries: Entry[];
  /** VC-TABLE, one for each thing that is wrong. Entries that are named here are not in use. */
  readonly problems: CompatError[];
}

/** What tells entries apart. Device types are name spaces: the same version string may stand once in each. */
export function entryKey({ deviceType, version }: Pick<Entry, 'deviceType' | 'version'>): string {
  return `${deviceType} ${version}`;
}

/** Reads all files; a bad entry or file becomes a problem, and everything else stays in use. */
export function loadTables(files: readonly TableFile[]): LoadedTables {
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
