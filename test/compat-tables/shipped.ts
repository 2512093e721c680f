import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { loadTables } from '../../compat-tables/entries/load.ts';
import { resolveTableFiles, type TableFile } from '../../compat-tables/entries/table-directories.ts';
import { ROOT } from '../root.ts';

export function shippedFiles(): TableFile[] {
  const dir = join(ROOT, 'compat-tables', 'tables');
  const files = readdirSync(dir).map((name) => ({
    path: join('compat-tables/tables', name),
    text: readFileSync(join(dir, name), 'utf8'),
  }));
  return resolveTableFiles([{ dir, files }]);
}

/** The shipped entries, in order of preference; throws the first thing that is wrong with them. */
export function shippedEntries(): Entry[] {
  const { entries, problems } = loadTables(shippedFiles());
  if (problems[0]) throw problems[0];
  return entries;
}

/** An entry with figures to be changed by a test. */
export function entryLike(changes: Partial<Entry>): Entry {
  return {
    version: 'test.v1',
    deviceType: 'vhost-user-net',
    virtioFeatures: 0n,
    protocolFeatures: undefined,
    requiredProtocolFeatures: 0n,
    limits: {},
    tier: 'both-ways',
    summary: 'for a test',
    covers: [],
    sources: [],
    origin: 'test',
    digest: '',
    ...changes,
  };
}
