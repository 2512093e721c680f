import type { Json, JsonObject } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import type { Datum } from '../notation/notation.ts';

type Fields = readonly Datum[];

/** One row of an update, as its monitor saw it before and sees it now: neither array is ever changed in place. */
export interface UpdatedRow {
  readonly uuid: string;
  /** Undefined: it was not seen. */
  readonly before: Fields | undefined;
  /** Undefined: it is no longer seen. */
  readonly after: Fields | undefined;
  /** Indexes of the columns that differ, for a row that was seen and still is. */
  readonly columns: readonly number[];
}

/** The rows of one table in an update. */
export interface UpdatedTable {
  readonly name: string;
  readonly rows: readonly UpdatedRow[];
  toJson(row: UpdatedRow): Json;
}

/**
 * `<table-updates>`: what a monitor begins with, or what it is told later. The text of many rows is made while it is sent; once
 * for all monitors, if several get it.
 */
export class MonitorUpdate {
  /** The last transaction that it covers. */
  readonly txnId: string;
  readonly #tables: readonly UpdatedTable[];
  #shared: { readonly made: string[]; readonly making: Iterator<string, void> } | undefined;
  #text: string | undefined;
  #message: { readonly head: string; readonly bytes: Buffer } | undefined;

  /** `tables`: each has a row at least. */
  constructor(tables: readonly UpdatedTable[], txnId: string) {
    this.#tables = tables;
    this.txnId = txnId;
  }

  /** Rows in all tables. */
  get length(): number {
    return this.#tables.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  get json(): JsonObject {
    return Object.fromEntries(
      this.#tables.map((table) => [
        table.name,
        Object.fromEntries(table.rows.map((row) => [row.uuid, table.toJson(row)])),
      ]),
    );
  }

  get text(): string {
    this.#text ??= [...this.#make()].join('');
    return this.#text;
  }

  /** Several monitors get it from now on: what was made for one is kept for the others. */
  share(): void {
    this.#shared ??= { made: [], making: this.#make() };
  }

  /** The text of `json`, a row at a time. */
  *pieces(): Generator<string, void> {
    if (this.#shared === undefined) {
      yield* this.#make();
      return;
    }
    const { made, making } = this.#shared;
    for (let i = 0; ; i++) {
      if (i === made.length) {
        const { value, done } = making.next();
        if (done === true) return;
        made.push(value);
      }
      yield made[i] as string;
    }
  }

  *#make(): Generator<string, void> {
    let before = '{';
    for (const table of this.#tables) {
      before += `${stringifyJson(table.name)}:{`;
      for (const row of table.rows) {
        yield `${before}"${row.uuid}":${stringifyJson(table.toJson(row))}`;
        before = ',';
      }
      before = '},';
    }
    yield this.#tables.length === 0 ? '{}' : '}}';
  }

  /** The notification for a monitor. Clients of one kind mostly use the same id, so the last message is cached. */
  message(kind: string, id: string): Buffer {
    const head = this.head(kind, id);
    if (this.#message?.head !== head) this.#message = { head, bytes: Buffer.from(`${head}${this.text}]}`) };
    return this.#message.bytes;
  }

  /** What stands before the text in the notification; `]}` follows it. */
  head(kind: string, id: string): string {
    return `{"id":null,"method":"${kind}","params":[${id},${kind === 'update3' ? `"${this.txnId}",` : ''}`;
  }
}
