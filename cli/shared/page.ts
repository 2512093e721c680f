import { lineText, printable, renderTable, type Table } from './formats.ts';
import type { Look } from './terminal.ts';
import { displayWidth, wrapLine } from './text-width.ts';

/** A field without a value is shown as a dash. */
export type Field = readonly [name: string, value: string | undefined];

/** A text for people, from top to bottom. How wide it gets is no matter of the command that makes it. */
export type Part =
  /** Lines, broken at words; what is continued is indented below the beginning. */
  | string
  | { readonly heading: string }
  /** `name:  value`, the values in one column. */
  | { readonly fields: readonly Field[]; readonly indent?: number }
  | { readonly table: Table; readonly indent?: number };

const HANG = 4;

/** The text as lines that fit. */
export function renderPage(page: string | readonly Part[], look: Look): string {
  const parts = typeof page === 'string' ? (page === '' ? [] : [page.replace(/\n$/, '')]) : page;
  return parts
    .flatMap((part) => partLines(part, look))
    .map((line) => `${line}\n`)
    .join('');
}

function partLines(part: Part, look: Look): string[] {
  if (typeof part === 'string') return textLines(part, look.width);
  if ('heading' in part) return textLines(part.heading, look.width).map(look.style.heading);
  const indent = ' '.repeat(part.indent ?? 0);
  const inner = { ...look, width: look.width - indent.length };
  const lines = 'fields' in part ? fieldLines(part.fields, inner) : tablePart(part.table, inner);
  return lines.map((line) => (line === '' ? '' : indent + line));
}

/** Lines of a free text, each with the indentation of its own. */
export function textLines(text: string, width: number): string[] {
  return printable(text)
    .split('\n')
    .flatMap((line) => wrapLine(line, width, (/^ */.exec(line)?.[0].length ?? 0) + HANG));
}

function tablePart(table: Table, look: Look): string[] {
  return renderTable(table, 'table', { headings: true, look }).trimEnd().split('\n');
}

function fieldLines(fields: readonly Field[], { width }: Look): string[] {
  const column = Math.max(0, ...fields.map(([name]) => displayWidth(name))) + 3;
  return fields.flatMap(([name, value]) => wrapLine(`${name}:`.padEnd(column) + lineText(value), width, column));
}
