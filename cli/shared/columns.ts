import { UsageError } from './command-errors.ts';
import { unknownColumn } from './formats.ts';

/** Refuses a --columns that cannot be shown, before the command has done what cannot be undone. Throws UsageError. */
export function checkColumns(headings: readonly string[], columns: readonly string[] | undefined): void {
  const unknown = columns && unknownColumn(headings, columns);
  if (unknown !== undefined) throw noSuchColumn(unknown, headings);
}

export function noSuchColumn(name: string, headings: readonly string[]): UsageError {
  return new UsageError(`Cannot show column "${name}": saw no such column; wanted ${headings.join(', ')}`);
}
