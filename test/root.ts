import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The root of the repository: the same whether the tests run compiled from dist/ or from their source. */
export const ROOT = findRoot(import.meta.dirname);

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (dirname(folder) === folder) throw new Error('Cannot find the repository: no package.json above the tests');
  return findRoot(dirname(folder));
}
