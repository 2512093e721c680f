import type { Json, JsonObject } from '../../json/json-value.ts';
import { diffDatum, equalDatum } from '../notation/datum-algebra.ts';
import { type Datum, datumToJson } from '../notation/notation.ts';
import { rowToJson } from '../notation/row-json.ts';
import type { ColumnSchema } from '../notation/schema.ts';

type Fields = readonly Datum[];
type Columns = readonly ColumnSchema[];

/** The JSON of a row's update, which is all that the kinds of monitors differ in. */
export interface UpdateFormat {
  initial(row: Fields, columns: Columns): Json;
  insert(row: Fields, columns: Columns): Json;
  delete(row: Fields, columns: Columns): Json;
  /** `changed` are those of `columns` that differ. */
  modify(before: Fields, after: Fields, columns: Columns, changed: Columns): Json;
}

/** `<row-update>` of RFC 7047, section 4.1.6, for the method `update`. */
export const UPDATE: UpdateFormat = {
  initial: (row, columns) => ({ new: rowToJson(row, columns) }),
  insert: (row, columns) => ({ new: rowToJson(row, columns) }),
  delete: (row, columns) => ({ old: rowToJson(row, columns) }),
  modify: (before, after, columns, changed) => ({ old: rowToJson(before, changed), new: rowToJson(after, columns) }),
};

/** `<row-update2>` of ovsdb-server(7), sections 4.1.14 and 4.1.17, for `update2` and `update3`. */
export const UPDATE2: UpdateFormat = {
  initial: (row, columns) => ({ initial: withoutDefaults(row, columns) }),
  insert: (row, columns) => ({ insert: withoutDefaults(row, columns) }),
  delete: () => ({ delete: null }),
  modify: (before, after, _columns, changed) => ({ modify: differences(before, after, changed) }),
};

function withoutDefaults(fields: Fields, columns: Columns): JsonObject {
  const json: JsonObject = {};
  for (const column of columns) {
    const datum = fields[column.index] as Datum;
    if (!equalDatum(datum, column.default)) json[column.name] = datumToJson(datum, column.type);
  }
  return json;
}

function differences(before: Fields, after: Fields, columns: Columns): JsonObject {
  const json: JsonObject = {};
  for (const { name, index, type } of columns) {
    json[name] = datumToJson(diffDatum(before[index] as Datum, after[index] as Datum, type), type);
  }
  return json;
}
