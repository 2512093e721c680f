import { isJsonObject, type Json, type JsonObject } from '../../json/json-value.ts';
import type { TableRows, Tables } from '../engine/table-rows.ts';
import type { Atom, AtomicType } from '../notation/atoms.ts';
import { equalDatum } from '../notation/datum-algebra.ts';
import { type Datum, datumOf } from '../notation/notation.ts';
import { type ColumnSchema, UUID_INDEX } from '../notation/schema.ts';
import type { SeenChange } from './monitor.ts';

/** One committed transaction, for clients that reconnect. */
export interface HistoryEntry {
  readonly id: string;
  /** Grows from one to the next, over restarts too. */
  readonly sequence: number;
  /** Undefined if they alone exceed the limit: then nothing before them can be sent either. */
  readonly changes: readonly SeenChange[] | undefined;
  /** Whether a row on the disk differs; false if only ephemeral columns have changed. */
  readonly stored: boolean;
  readonly bytes: number;
}

/** A transaction as the disk keeps it. */
export interface StoredTransaction {
  readonly id: string;
  readonly sequence: number;
  /** For each table and row the former values, or null for a row that was inserted. Null if the whole was too large. */
  readonly undo: Json;
}

/** What a commit adds to the history. */
export interface HistoryWrites {
  readonly entries: readonly HistoryEntry[];
  /** The oldest state that a client may build on; what was before may go. */
  readonly base: Pick<StoredTransaction, 'id' | 'sequence'>;
}

/** What undoes the change of one row. */
export interface UndoneRow {
  readonly table: TableRows;
  readonly uuid: string;
  /** Former values that differ from the present ones, or of a deleted row from the defaults; undefined: it was inserted. */
  readonly columns: ReadonlyMap<number, Datum> | undefined;
}

/** Values as `[keys]` or `[keys, values]`: every bit of them, unlike the notation of RFC 7047, which rounds reals. */
export function undoToJson(changes: readonly SeenChange[]): Json {
  const tables = new Map<string, JsonObject>();
  for (const { row, before, after } of changes) {
    const { name } = row.table.schema;
    const rows = tables.get(name) ?? {};
    tables.set(name, rows);
    const base = after ?? row.table.schema.defaults();
    rows[row.uuid] = before === undefined ? null : valuesToJson(before, base, row.table.schema.columnList);
  }
  return Object.fromEntries(tables);
}

function valuesToJson(fields: readonly Datum[], base: readonly Datum[], columns: readonly ColumnSchema[]): JsonObject {
  const json: JsonObject = {};
  for (const { name, index, ephemeral } of columns) {
    const datum = fields[index] as Datum;
    if (ephemeral || index === UUID_INDEX || equalDatum(datum, base[index] as Datum)) continue;
    json[name] = datum.values.length === 0 ? [[...datum.keys]] : [[...datum.keys], [...datum.values]];
  }
  return json;
}

/** Undefined if it does not fit the schema. */
export function undoFromJson(json: Json, tables: Tables): UndoneRow[] | undefined {
  if (!isJsonObject(json)) return undefined;
  const undone: UndoneRow[] = [];
  for (const [name, rows] of Object.entries(json)) {
    const table = tables.get(name);
    if (table === undefined || !isJsonObject(rows)) return undefined;
    for (const [uuid, values] of Object.entries(rows)) {
      const columns = isJsonObject(values) ? columnsFromJson(values, table, uuid) : undefined;
      if (columns === undefined && values !== null) return undefined;
      undone.push({ table, uuid, columns });
    }
  }
  return undone;
}

function columnsFromJson(json: JsonObject, { schema }: TableRows, uuid: string): Map<number, Datum> | undefined {
  const columns = new Map([[UUID_INDEX, datumOf(uuid)]]);
  for (const [name, value] of Object.entries(json)) {
    const column = schema.columns.get(name);
    const [keys, values = []] = (Array.isArray(value) ? value : []) as Atom[][];
    if (column === undefined || !Array.isArray(keys)) return undefined;
    const { key, value: valueType } = column.type;
    columns.set(column.index, {
      keys: atomsFromJson(keys, key.type),
      values: valueType === undefined ? [] : atomsFromJson(values, valueType.type),
    });
  }
  return columns;
}

/** Atoms from JSON, where a whole real looks like an integer. */
function atomsFromJson(atoms: readonly Json[], type: AtomicType): Atom[] {
  return (type === 'real' ? atoms.map(Number) : atoms) as Atom[];
}
