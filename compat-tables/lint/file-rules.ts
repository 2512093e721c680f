/** Warnings about files as a whole: their names, files that hide others, and entries that go with a replaced file. */
import type { TableFile } from '../entries/table-directories.ts';
import { validateFile } from '../entries/validate.ts';
import type { Finding } from './finding.ts';

/** Agents pass over files whose names have another form, and say nothing: editors leave such files behind. */
const READ = /^[0-9]{2}-.+\.json$/;

/** Whether agents read a table file of this name: two digits, a dash, and something that ends in `.json`. */
export function agentsRead(path: string): boolean {
  return READ.test(path.slice(path.lastIndexOf('/') + 1));
}

export function unreadNames(files: readonly TableFile[]): Finding[] {
  const text = 'agents read table files named NN-name.json only, such as 50-site.json, and pass over this one';
  return files
    .filter(({ path }) => !agentsRead(path))
    .map(({ path: file }) => ({ file, line: 1, severity: 'warning', rule: 'file-name', text }));
}

/** A file replaces an installed one of the same name: what of the old one stands in none of the new files is gone. */
export function droppedEntries(files: readonly TableFile[], installed: readonly TableFile[]): Finding[] {
  const present = new Set(files.flatMap(keysOf).map(({ key }) => key));
  return files.flatMap(({ path: file }) => {
    const replaced = installed.find(({ path }) => fileName(path) === fileName(file));
    if (replaced === undefined) return [];
    const dropped = keysOf(replaced).filter(({ key }) => !present.has(key));
    if (dropped.length === 0) return [];
    const versions = dropped.map(({ version }) => version).join(', ');
    const text =
      `the file replaces the installed one of this name and drops ${versions}: a host with it publishes them only ` +
      'while one of its interfaces is pinned to or runs in them, and cannot be selected for them';
    return [{ file, line: 1, severity: 'warning', rule: 'dropped', text }];
  });
}

function keysOf({ path, text }: TableFile): { readonly version: string; readonly key: string }[] {
  if (text.length === 0) return [];
  return validateFile(path, text).entries.map(({ entry: { deviceType, version } }) => {
    return { version, key: `${deviceType} ${version}` };
  });
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function hiding(file: string): Finding {
  const text = 'the file is empty: it hides files of the same name in the directories before its own';
  return { file, line: 1, severity: 'warning', rule: 'empty', text };
}
