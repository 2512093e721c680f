import type { Json, JsonObject } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import type { Datum } from '../notation/notation.ts';

type Fields = readonly Datum[];

/** The rows of one table that a monitor begins with. */
export interface TableContents {
  readonly name: string;
  readonly rows: readonly { readonly uuid: string; readonly fields: Fields }[];
  toJson(fields: Fields): Json;
}

/**
 * The `<table-updates>` that a monitor begins with: the rows as they were then, because fields are never changed in place.
 * The text is made while it is sent, once for all monitors that begin with it.
 */
export class MonitorContents {
  /** The last transaction that it covers. */
  readonly txnId: string;
  readonly #tables: readonly TableContents[];
  readonly #made: string[] = [];
  #making: Iterator<string, void> | undefined;

  constructor(tables: readonly TableContents[], txnId: string) {
    this.txnId = txnId;
    this.#tables = tables.filter(({ rows }) => rows.length > 0);
  }

  /** Rows in all tables. */
  get length(): number {
    return this.#tables.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  get json(): JsonObject {
    return Object.fromEntries(
      this.#tables.map(({ name, rows, toJson }) => [
        name,
        Object.fromEntries(rows.map(({ uuid, fields }) => [uuid, toJson(fields)])),
      ]),
    );
  }

  get text(): string {
    return [...this.pieces()].join('');
  }

  /** The text of `json`, a row at a time. */
  *pieces(): Generator<string, void> {
    this.#making ??= this.#make();
    for (let i = 0; ; i++) {
      if (i === this.#made.length) {
        const { value, done } = this.#making.next();
        if (done === true) return;
        this.#made.push(value);
      }
      yield this.#made[i] as string;
    }
  }

  *#make(): Generator<string, void> {
    let before = '{';
    for (const { name, rows, toJson } of this.#tables) {
      before += `${stringifyJson(name)}:{`;
      for (const { uuid, fields } of rows) {
        yield `${before}"${uuid}":${stringifyJson(toJson(fields))}`;
        before = ',';
      }
      before = '},';
    }
    yield this.#tables.length === 0 ? '{}' : '}}';
  }
}
