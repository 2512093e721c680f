/** Agents pass over files whose names have another form, and say nothing: editors leave such files behind. */
import type { TableFile } from '../entries/table-directories.ts';
import type { Finding } from './finding.ts';

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
