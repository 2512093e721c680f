import { decodeMask, formatMask } from '../../compat-tables/bits/mask.ts';
import { CONTROL_BITS, guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import { tableLines } from './table-layout.ts';
import { type Look, PLAIN_LOOK } from './terminal.ts';
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
  readonly titles?: readonly string[] | undefined;
  /** The columns that fit a terminal, when they are not all; --columns gives the others. */
  readonly narrow?: readonly string[] | undefined;
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

/** Names and texts come from other machines; a terminal must not obey what they contain. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (char) => {
    return `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
  });
}

/** `0x130afa7a7 + control LOG_ALL, PROTOCOL_FEATURES`: what a guest can see of virtio features, and vhost-user's own bits. */
export function maskText(mask: bigint): string {
  const control = decodeMask(VIRTIO_NET, mask & CONTROL_BITS).map(({ name }) => name.replace(/^VHOST_(USER_)?F_/, ''));
  const seen = formatMask(guestFeatures(mask));
  return control.length === 0 ? seen : `${seen} + control ${control.join(', ')}`;
}

/** Properties of an object as members of JSON: their names with `_`, masks whole, null for what is not there. */
export function jsonOf<T extends object>(row: T, ...names: (keyof T & string)[]): Record<string, unknown> {
  const member = (value: unknown) => (typeof value === 'bigint' ? formatMask(value) : (value ?? null));
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(names.map((name) => [snake(name), member(row[name])]));
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
  const lines = rows.map((row) => row.map((cell) => quoted(printable(cellText(cell, '')))).join(','));
  if (options.headings) lines.unshift(headings.map((name) => quoted(printable(name))).join(','));
  return lines.map((line) => `${line}\n`).join('');
}

function renderJson({ headings, rows }: Table): string {
  const data = rows.map((row) => row.map((cell) => (typeof cell === 'bigint' ? formatMask(cell) : (cell ?? null))));
  return `${JSON.stringify({ format: 1, kind: 'table', headings, data })}\n`;
}
