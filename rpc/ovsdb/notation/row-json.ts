import { isJsonObject, type Json, type JsonObject } from '../../json/json-value.ts';
import { type Datum, datumFromJson, datumToJson, type NamedUuids } from './notation.ts';
import { syntaxError } from './ovsdb-error.ts';
import { compareText } from './ovsdb-text.ts';
import type { ColumnSchema, TableSchema } from './schema.ts';

/** A column by its name in `json`. @throws OvsdbError */
export function columnNamed(name: string, table: TableSchema, json: Json): ColumnSchema {
  const column = table.columns.get(name);
  if (column === undefined) throw syntaxError(json, `No column ${name} in table ${table.name}.`, 'unknownColumn');
  return column;
}

/** The columns that a `<row>` sets, in the order of their names. @throws OvsdbError */
export function rowFromJson(json: Json, table: TableSchema, named?: NamedUuids): Map<ColumnSchema, Datum> {
  if (!isJsonObject(json)) throw syntaxError(json, 'row must be JSON object');
  const set = new Map<ColumnSchema, Datum>();
  for (const name of Object.keys(json).sort(compareText)) {
    const column = columnNamed(name, table, json);
    set.set(column, datumFromJson(json[name] as Json, column.type, named));
  }
  return set;
}

/** `<row>` of RFC 7047, section 5.1, with these columns. */
export function rowToJson(fields: readonly Datum[], columns: readonly ColumnSchema[]): JsonObject {
  const json: JsonObject = {};
  for (const { name, index, type } of columns) json[name] = datumToJson(fields[index] as Datum, type);
  return json;
}
