import type { Json, JsonObject } from '../../json/json-value.ts';
import type { RowChange, TableRows, Tables } from '../engine/table-rows.ts';
import type { Datum } from '../notation/notation.ts';
import type { ColumnSchema } from '../notation/schema.ts';
import { VERSION_INDEX } from '../notation/schema.ts';
import type { MonitorEvent, WatchedTable } from './monitor-request.ts';
import { changedConditions, matches, watchedTables } from './monitor-request.ts';
import type { UpdateFormat } from './update-format.ts';
import { UPDATE, UPDATE2 } from './update-format.ts';

/** The three kinds of monitors, by the method that tells of their updates. */
export type MonitorKind = 'update' | 'update2' | 'update3';

const FORMATS: Readonly<Record<MonitorKind, UpdateFormat>> = { update: UPDATE, update2: UPDATE2, update3: UPDATE2 };

/** What a monitor must know of a change: of a transaction, or of several together. */
export type SeenChange = Pick<RowChange, 'before' | 'after' | 'columns'> & {
  readonly row: { table: TableRows; uuid: string };
};

type Fields = readonly Datum[];

/** Turns committed changes into updates. It never changes, so that monitors with equal requests share one. */
export class MonitoredData {
  /** Equal for watches that say the same at all times. */
  readonly key: string;
  readonly #kind: MonitorKind;
  readonly #format: UpdateFormat;
  readonly #tables: ReadonlyMap<TableRows, WatchedTable>;

  private constructor(kind: MonitorKind, tables: readonly WatchedTable[]) {
    this.#kind = kind;
    this.#format = FORMATS[kind];
    this.#tables = new Map(tables.map((one) => [one.table, one]));
    this.key = JSON.stringify([kind, ...tables.flatMap(({ key, condition }) => [key, condition.key])]);
  }

  /** Reads `<monitor-requests>`. @throws OvsdbError */
  static of(requests: Json, tables: Tables, kind: MonitorKind): MonitoredData {
    return new MonitoredData(kind, watchedTables(requests, tables, kind !== 'update'));
  }

  /** The same with other conditions; a monitor of the first kind has none to change. @throws OvsdbError */
  withConditions(requests: Json, tables: Tables): MonitoredData {
    const changed = changedConditions(requests, tables, this.#tables);
    if (this.#kind === 'update') return this;
    const watched = [...this.#tables.values()];
    return new MonitoredData(
      this.#kind,
      watched.map((one) => ({ ...one, condition: changed.get(one.table) ?? one.condition })),
    );
  }

  /** Whether it shows or tests a column that begins anew when the server does. */
  get seesEphemeral(): boolean {
    const passes = ({ ephemeral, index }: ColumnSchema): boolean => ephemeral || index === VERSION_INDEX;
    return [...this.#tables.values()].some(
      ({ all, condition }) =>
        all.some(passes) || condition.clauses.some(({ column }) => column !== undefined && passes(column)),
    );
  }

  /** The `<table-updates>` for the rows that are there now. */
  initial(): JsonObject {
    const updates: JsonObject = {};
    for (const { table, events, columns, condition } of this.#tables.values()) {
      if (!events.has('initial')) continue;
      const rows: JsonObject = {};
      let some = false;
      for (const { uuid, fields } of table.rows.values()) {
        if (!matches(condition, fields)) continue;
        rows[uuid] = this.#format.initial(fields, columns.initial);
        some = true;
      }
      if (some) updates[table.schema.name] = rows;
    }
    return updates;
  }

  /** The `<table-updates>` for committed changes; undefined if the monitor sees nothing of them. */
  updates(changes: readonly SeenChange[]): JsonObject | undefined {
    const updates = new Updates();
    for (const change of changes) {
      const watched = this.#tables.get(change.row.table);
      const update = watched && this.#rowUpdate(change, watched);
      if (update !== undefined) updates.add(change.row.table, change.row.uuid, update);
    }
    return updates.json;
  }

  #rowUpdate({ before, after, columns: changedColumns }: SeenChange, watched: WatchedTable): Json | undefined {
    const { columns, all, events, condition } = watched;
    const was = before !== undefined && matches(condition, before);
    const is = after !== undefined && matches(condition, after);
    if (!was || !is) return this.#comesOrGoes(was ? before : undefined, is ? after : undefined, watched);
    const differs = ({ index }: ColumnSchema): boolean => changedColumns.includes(index);
    if (!events.has('modify') || !all.some(differs)) return undefined;
    return this.#format.modify(before, after, columns.modify, columns.modify.filter(differs));
  }

  #comesOrGoes(was: Fields | undefined, is: Fields | undefined, { columns, events }: WatchedTable): Json | undefined {
    const event: MonitorEvent = is === undefined ? 'delete' : 'insert';
    const fields = is ?? was;
    return fields !== undefined && events.has(event) ? this.#format[event](fields, columns[event]) : undefined;
  }

  /** What has to be said to make of what this one shows what the other one shows. */
  difference(other: MonitoredData): JsonObject | undefined {
    const updates = new Updates();
    for (const watched of this.#tables.values()) {
      const { table, condition: old } = watched;
      const condition = other.#tables.get(table)?.condition ?? old;
      if (condition.key === old.key) continue;
      for (const { uuid, fields } of table.rows.values()) {
        const [was, is] = [matches(old, fields), matches(condition, fields)];
        if (was === is) continue;
        const update = this.#comesOrGoes(was ? fields : undefined, is ? fields : undefined, watched);
        if (update !== undefined) updates.add(table, uuid, update);
      }
    }
    return updates.json;
  }
}

/** `<table-updates>` in the making. */
class Updates {
  readonly #tables = new Map<string, JsonObject>();

  add({ schema: { name } }: TableRows, uuid: string, update: Json): void {
    const rows = this.#tables.get(name) ?? {};
    rows[uuid] = update;
    this.#tables.set(name, rows);
  }

  /** Undefined if there is nothing to tell. */
  get json(): JsonObject | undefined {
    return this.#tables.size === 0 ? undefined : Object.fromEntries(this.#tables);
  }
}
