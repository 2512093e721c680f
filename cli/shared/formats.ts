import { formatMask } from '../../compat-tables/bits/mask.ts';
import { type Look, PLAIN_LOOK } from './look.ts';
import { maskText } from './mask-text.ts';
import { tableLines } from './table-layout.ts';
import { wrapLine } from './text-width.ts';

/**
 * One table in the formats of ovs-vsctl: aligned text, `name : value` blocks, HTML, CSV (quoted as RFC 4180 says, lines
 * ending as ovs-vsctl's do), and headings with data as JSON.
 */
export const FORMATS = ['table', 'list', 'html', 'csv', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** A set is an array, a bigint a mask of virtio features; `undefined` is a value that is not there. */
export type Cell = string | number | bigint | boolean | readonly string[] | undefined;

export interface Table {
  /** Column names, lower case, words joined with `_`. */
  readonly headings: readonly string[];
  /** The headings for people, when upper case would spoil them: host names. */
  readonly titles?: readonly string[];
  /** The columns that fit a terminal, when they are not all; --columns gives the others. */
  readonly narrow?: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface TableOptions {
  readonly headings: boolean;
  /** For table and list. */
  readonly look?: Look;
}

type Renderer = (table: Table, options: TableOptions) => string;

const RENDERERS: Readonly<Record<Format, Renderer>> = {
  table: renderText,
  list: renderList,
  html: renderHtml,
  csv: renderCsv,
  json: renderJson,
};

export function renderTable(table: Table, format: Format, options: TableOptions = { headings: true }): string {
  return RENDERERS[format](table, options);
}

/**
 * The columns asked for, in that order. Case does not matter, and `-` is as good as `_`, as in ovs-vsctl. Returns the
 * first name that is no column instead of a table when there is one.
 */
export function pickColumns(table: Table, names: readonly string[]): Table | { readonly unknown: string } {
  const unknown = unknownColumn(table.headings, names);
  if (unknown !== undefined) return { unknown };
  const known = table.headings.map(plain);
  const indexes = names.map((name) => known.indexOf(plain(name)));
  const pick = <T>(row: readonly T[]) => indexes.map((index) => row[index] as T);
  const { headings, titles, rows } = table;
  return { headings: pick(headings), ...(titles === undefined ? {} : { titles: pick(titles) }), rows: rows.map(pick) };
}

/** The first of the names that is no column. */
export function unknownColumn(headings: readonly string[], names: readonly string[]): string | undefined {
  const known = headings.map(plain);
  return names.find((name) => !known.includes(plain(name)));
}

function plain(name: string): string {
  return name.trim().toLowerCase().replaceAll('-', '_');
}

/** Names and texts come from other machines; a terminal must not obey what they contain. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (char) => {
    return `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
  });
}

/** For programs, masks are whole. */
function cellText(cell: Cell, absent: string): string {
  if (cell === undefined) return absent;
  if (typeof cell === 'bigint') return formatMask(cell);
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return typeof cell === 'object' ? cell.join(', ') : String(cell);
}

/** A cell as one line: whatever it holds, it stays on it. */
export function lineText(cell: Cell): string {
  const text = typeof cell === 'bigint' ? maskText(cell) : cellText(cell, '-');
  return text === '' ? '-' : printable(text).replaceAll('\n', '\\x0a');
}

function renderText({ headings, titles, rows }: Table, { headings: withHeadings, look = PLAIN_LOOK }: TableOptions) {
  const top = titles ?? headings.map((name) => name.toUpperCase().replaceAll('_', '-'));
  const lines = tableLines(
    withHeadings ? top.map(lineText) : undefined,
    rows.map((row) => row.map(lineText)),
    look,
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Width of the names in a list, as ovs-vsctl has it. */
const LIST_NAME_WIDTH = 20;

function renderList({ headings, rows }: Table, { headings: withNames, look = PLAIN_LOOK }: TableOptions): string {
  const block = (row: readonly Cell[]) =>
    row.map((cell, column) => {
      const name = withNames ? `${(headings[column] ?? '').padEnd(LIST_NAME_WIDTH)}: ` : '';
      return `${wrapLine(name + lineText(cell), look.width, name.length).join('\n')}\n`;
    });
  return rows.map((row) => block(row).join('')).join('\n');
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function renderHtml({ headings, rows }: Table, options: TableOptions): string {
  const escaped = (text: string) => printable(text).replaceAll(/[&<>"']/g, (char) => HTML_ENTITIES[char] ?? char);
  const line = (tag: string, cells: readonly string[]) => [
    '  <tr>',
    ...cells.map((cell) => `    <${tag}>${escaped(cell)}</${tag}>`),
    '  </tr>',
  ];
  return `${[
    '<table border=1>',
    ...(options.headings ? line('th', headings) : []),
    ...rows.flatMap((row) =>
      line(
        'td',
        row.map((cell) => cellText(cell, '')),
      ),
    ),
    '</table>',
  ].join('\n')}\n`;
}

function renderCsv({ headings, rows }: Table, options: TableOptions): string {
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((row) => row.map((cell) => quoted(cellText(cell, ''))).join(','));
  if (options.headings) lines.unshift(headings.map(quoted).join(','));
  return lines.map((line) => `${line}\n`).join('');
}

function renderJson({ headings, rows }: Table): string {
  const data = rows.map((row) => row.map((cell) => (typeof cell === 'bigint' ? formatMask(cell) : (cell ?? null))));
  return `${JSON.stringify({ format: 1, kind: 'table', headings, data })}\n`;
}
