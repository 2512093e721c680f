import { createHash } from 'node:crypto';
import { isJsonObject, type Json } from '../../../../rpc/json/json-value.ts';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';

interface DumpedRow {
  readonly table: string;
  readonly uuid: string;
  readonly cells: readonly Json[];
}

/** Enough for chains of references as long as any schema's. */
const ROUNDS = 8;

/**
 * The rows of `ovsdb-client --format=json dump` as sorted texts in which every UUID stands for what its row holds, so that two
 * databases with the same contents give the same texts whatever their UUIDs are.
 */
export function contentsOfDump(dump: string): string[] {
  const rows: DumpedRow[] = dump
    .trim()
    .split('\n')
    .flatMap((line) => rowsOf(JSON.parse(line) as Json));
  let names = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round++) {
    names = new Map(rows.map((row) => [row.uuid, createHash('sha256').update(textOf(row, names)).digest('hex')]));
  }
  return rows.map((row) => textOf(row, names)).sort();
}

function rowsOf(table: Json): DumpedRow[] {
  if (!isJsonObject(table)) throw new Error('Cannot read dump: saw a line that is no table');
  const { caption, headings, data } = table as { caption: string; headings: string[]; data: Json[][] };
  const at = headings.indexOf('_uuid');
  return data.map((cells) => ({
    table: caption,
    uuid: String((cells[at] as Json[])[1]),
    cells: cells.filter((_, i) => i !== at),
  }));
}

function textOf({ table, cells }: DumpedRow, names: ReadonlyMap<string, string>): string {
  return `${table} ${cells.map((cell) => canonicalText(renamed(cell, names))).join(' ')}`;
}

/** Sets and maps are sorted anew, because they were sorted by UUID. */
function renamed(cell: Json, names: ReadonlyMap<string, string>): Json {
  if (!Array.isArray(cell)) return cell;
  const [tag, content] = cell;
  if (tag === 'uuid') return ['uuid', names.get(String(content)) ?? 'unknown'];
  if ((tag !== 'set' && tag !== 'map') || !Array.isArray(content)) return cell.map((one) => renamed(one, names));
  const elements = content.map((one) => renamed(one, names));
  return [tag, elements.sort((a, b) => (canonicalText(a) < canonicalText(b) ? -1 : 1))];
}
