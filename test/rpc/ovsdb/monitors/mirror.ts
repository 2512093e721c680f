/** A client's copy of what a monitor shows, kept by nothing but what the server says, in any of the three formats. */
import assert from 'node:assert/strict';
import { isJsonObject, type Json, type JsonObject } from '../../../../rpc/json/json-value.ts';
import type { MonitorKind } from '../../../../rpc/ovsdb/monitor/monitor.ts';
import { datumToJson } from '../../../../rpc/ovsdb/notation/notation.ts';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import type { DatabaseSchema, TableSchema } from '../../../../rpc/ovsdb/notation/schema.ts';

type Rows = Map<string, JsonObject>;

export class Mirror {
  readonly tables = new Map<string, Rows>();
  readonly #schema: DatabaseSchema;
  readonly #kind: MonitorKind;
  readonly #columns: Readonly<Record<string, readonly string[]>>;

  /** `columns`: those that the monitor shows, by table. */
  constructor(schema: DatabaseSchema, kind: MonitorKind, columns: Readonly<Record<string, readonly string[]>>) {
    this.#schema = schema;
    this.#kind = kind;
    this.#columns = columns;
  }

  clear(): void {
    this.tables.clear();
  }

  apply(updates: Json): void {
    for (const [name, rows] of Object.entries(updates as JsonObject)) {
      assert.notDeepEqual(rows, {}, 'a table without rows is not mentioned');
      for (const [uuid, update] of Object.entries(rows as JsonObject)) {
        assert.ok(isJsonObject(update));
        if (this.#kind === 'update') this.#applyOld(name, uuid, update);
        else this.#applyNew(name, uuid, update);
      }
    }
  }

  #rows(name: string): Rows {
    const rows = this.tables.get(name) ?? new Map<string, JsonObject>();
    this.tables.set(name, rows);
    return rows;
  }

  #applyOld(name: string, uuid: string, { old, new: now }: JsonObject): void {
    const rows = this.#rows(name);
    const had = rows.get(uuid);
    assert.equal(old === undefined, had === undefined, `row ${uuid} of ${name}`);
    for (const [column, value] of Object.entries((old ?? {}) as JsonObject)) assert.deepEqual(had?.[column], value);
    if (now === undefined) rows.delete(uuid);
    else rows.set(uuid, now as JsonObject);
  }

  #applyNew(name: string, uuid: string, update: JsonObject): void {
    const rows = this.#rows(name);
    const had = rows.get(uuid);
    const [[what = '', content] = []] = Object.entries(update);
    assert.equal(had === undefined, what === 'initial' || what === 'insert', `${what} of row ${uuid} of ${name}`);
    if (what === 'delete') rows.delete(uuid);
    else rows.set(uuid, { ...(had ?? this.#defaults(name)), ...this.#changed(name, had, content as JsonObject) });
  }

  #table(name: string): TableSchema {
    const table = this.#schema.tables.get(name);
    assert.ok(table, `a table ${name}`);
    return table;
  }

  #defaults(name: string): JsonObject {
    const { columns } = this.#table(name);
    return Object.fromEntries(
      (this.#columns[name] ?? []).map((column): [string, Json] => {
        const schema = columns.get(column);
        assert.ok(schema);
        return [column, datumToJson(schema.default, schema.type)];
      }),
    );
  }

  /** The new values: for a row that was there, sets and maps are differences. */
  #changed(name: string, had: JsonObject | undefined, content: JsonObject): JsonObject {
    if (had === undefined) return content;
    return Object.fromEntries(
      Object.entries(content).map(([column, value]): [string, Json] => {
        const type = this.#table(name).columns.get(column)?.type;
        assert.ok(type);
        if (type.max === 1) return [column, value];
        return [column, type.value === undefined ? toggled(had[column], value) : merged(had[column], value)];
      }),
    );
  }

  /** All rows as texts in a stable order. */
  lines(): string[] {
    return [...this.tables].flatMap(([name, rows]) => [...rows].map((row) => line(name, ...row))).sort();
  }
}

export function line(table: string, uuid: string, row: JsonObject): string {
  const sorted = Object.fromEntries(Object.entries(row).map(([name, value]): [string, Json] => [name, ordered(value)]));
  return `${table} ${uuid} ${canonicalText(sorted)}`;
}

/** Sets and maps in one form and order, whatever they were written like. */
function ordered(value: Json): Json {
  if (!Array.isArray(value) || (value[0] !== 'set' && value[0] !== 'map')) return ['set', [value]];
  return [value[0], [...(value[1] as Json[])].sort((a, b) => (canonicalText(a) < canonicalText(b) ? -1 : 1))];
}

function elements(value: Json | undefined): Map<string, Json> {
  const list =
    Array.isArray(value) && (value[0] === 'set' || value[0] === 'map') ? (value[1] as Json[]) : [value ?? null];
  return new Map(list.map((element) => [canonicalText(element), element]));
}

function toggled(had: Json | undefined, difference: Json): Json {
  const now = elements(had);
  for (const [text, element] of elements(difference)) if (!now.delete(text)) now.set(text, element);
  return ['set', [...now.values()]];
}

function merged(had: Json | undefined, difference: Json): Json {
  const now = new Map([...elements(had).values()].map((pair) => [canonicalText((pair as Json[])[0] ?? null), pair]));
  for (const [text, pair] of elements(difference)) {
    const key = canonicalText((pair as Json[])[0] ?? null);
    const old = now.get(key);
    if (old !== undefined && canonicalText(old) === text) now.delete(key);
    else now.set(key, pair);
  }
  return ['map', [...now.values()]];
}
