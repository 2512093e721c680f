import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { CompatError } from '../compat-tables/errors.ts';
import { agentsRead } from '../compat-tables/lint/file-name.ts';

/** Writes a table file, never over another one: entries are immutable. Throws VC-TABLE. */
export function writeTable(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o644 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CompatError('VC-TABLE', `Cannot write ${file}: ${reason}`, { file }, { cause });
  }
}

/** What to know of a file that an agent would not read. */
export function tableNotes(file: string | undefined): string[] {
  if (file === undefined || agentsRead(file)) return [];
  return [`agents read table files named NN-name.json only, such as 50-site.json; this one is ${basename(file)}`];
}
