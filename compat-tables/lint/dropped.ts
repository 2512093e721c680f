/** A file replaces an installed one of the same name whole: what of the old one stands in none of the new files is gone. */
import type { TableFile } from '../entries/table-directories.ts';
import { validateFile } from '../entries/validate.ts';
import type { Finding } from './finding.ts';

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
