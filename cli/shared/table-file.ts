import { existsSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { agentsRead } from '../../compat-tables/lint/file-rules.ts';

/**
 * Writes a table file, never over another one: entries are immutable. With `dryRun` it only looks whether it could.
 * Returns what to tell the user. Throws VC-TABLE.
 */
export function writeTable(file: string | undefined, text: string, dryRun: boolean): string[] {
  if (file === undefined) return [];
  if (!dryRun) {
    try {
      writeFileSync(file, text, { flag: 'wx', mode: 0o644 });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CompatError('VC-TABLE', `Cannot write ${file}: ${reason}`, { file }, { cause });
    }
    return tableNotes(file);
  }
  if (existsSync(file))
    throw new CompatError('VC-TABLE', `Cannot write ${file}: EEXIST: file already exists`, { file });
  return [`dry run: would write ${file}`, ...tableNotes(file)];
}

/** What to know of a file that an agent would not read. */
function tableNotes(file: string): string[] {
  if (agentsRead(file)) return [];
  return [`agents read table files named NN-name.json only, such as 50-site.json; this one is ${basename(file)}`];
}
