/** Warnings about withdrawn entries: what they send their users to has to be there, and not be withdrawn itself. */
import { entryKey } from '../entries/load.ts';
import type { TableFile } from '../entries/table-directories.ts';
import { validateFile } from '../entries/validate.ts';
import type { Finding } from './finding.ts';
import { PUBLISHED } from './published.ts';

export function withdrawnEntries(files: readonly TableFile[], installed: readonly TableFile[]): Finding[] {
  const read = (some: readonly TableFile[]) =>
    some.flatMap(({ path, text }) =>
      text === '' ? [] : validateFile(path, text).entries.map(({ entry, line }) => ({ path, line, entry })),
    );
  const own = read(files);
  const known = new Map([...read(installed), ...own].map(({ entry }) => [entryKey(entry), entry]));
  return own.flatMap(({ path: file, line, entry }) => {
    const { version, deviceType, withdrawn } = entry;
    if (withdrawn === undefined) return [];
    const warn = (text: string): Finding[] => [{ file, line, severity: 'warning', rule: 'withdrawn', version, text }];
    const { use } = withdrawn;
    if (use === undefined)
      return warn('it is withdrawn and names no version to use instead: its users have to find one');
    if (use === version) return warn('it is withdrawn and names itself as the version to use instead');
    const key = entryKey({ deviceType, version: use });
    const other = known.get(key);
    if (other === undefined && !Object.hasOwn(PUBLISHED, key))
      return warn(`it is to be replaced by ${use}, which no table here defines for ${deviceType}`);
    return other?.withdrawn === undefined ? [] : warn(`it is to be replaced by ${use}, which is withdrawn itself`);
  });
}
