import type { Json, JsonObject } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import type { Datum } from '../notation/notation.ts';
import { rowToJson } from '../notation/row-json.ts';
import type { ColumnSchema } from '../notation/schema.ts';

type Fields = readonly Datum[];

/**
 * The result of a `select`: the rows as they were then, because fields are never changed in place. Their JSON, which takes a
 * hundred times as long as the selection, is made when it is sent.
 */
export class SelectedRows {
  readonly #rows: readonly Fields[];
  readonly #columns: readonly ColumnSchema[];

  constructor(rows: readonly Fields[], columns: readonly ColumnSchema[]) {
    this.#rows = rows;
    this.#columns = columns;
  }

  get length(): number {
    return this.#rows.length;
  }

  toJSON(): JsonObject {
    return { rows: this.#rows.map((fields) => rowToJson(fields, this.#columns)) };
  }

  /** The text of the JSON, a row at a time. */
  *pieces(): Generator<string, void> {
    let before = '{"rows":[';
    for (const fields of this.#rows) {
      yield before + stringifyJson(rowToJson(fields, this.#columns));
      before = ',';
    }
    yield this.#rows.length === 0 ? '{"rows":[]}' : ']}';
  }
}

/** The result of an operation. */
export type OperationResult = JsonObject | SelectedRows;
/** An element of a transaction's result: that of an operation, an error, or null after one. */
export type Result = Json | SelectedRows;

export function resultJson(result: Result): Json {
  return result instanceof SelectedRows ? result.toJSON() : result;
}
