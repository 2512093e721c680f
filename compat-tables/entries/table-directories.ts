/** The order in which table files replace each other. */

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
