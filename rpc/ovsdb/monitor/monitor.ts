import type { Json, JsonObject } from '../../json/json-value.ts';
import { costOf } from '../engine/conditions.ts';
import type { RowChange, TableRows, Tables } from '../engine/table-rows.ts';
import type { WorkBudget } from '../engine/work-budget.ts';
import type { Datum } from '../notation/notation.ts';
import { type ColumnSchema, VERSION_INDEX } from '../notation/schema.ts';
import { MonitorContents } from './monitor-contents.ts';
import { changedConditions, type MonitorEvent, matches, type WatchedTable, watchedTables } from './monitor-request.ts';
import { UPDATE, UPDATE2, type UpdateFormat } from './update-format.ts';

/** The three kinds of monitors, by the method of their updates. */
export type MonitorKind = 'update' | 'update2' | 'update3';

const FORMATS: Readonly<Record<MonitorKind, UpdateFormat>> = { update: UPDATE, update2: UPDATE2, update3: UPDATE2 };

/** A change of one transaction, or of several together, as monitors see it. */
export type SeenChange = Pick<RowChange, 'before' | 'after' | 'columns'> & {
  readonly row: { table: TableRows; uuid: string };
};

type Fields = readonly Datum[];

/** Turns committed changes into updates. Immutable, so that monitors with equal requests share one. */
export class MonitoredData {
  /** Equal for monitors whose updates are always the same. */
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

  /** The same with other conditions; one with `update` has none. @throws OvsdbError */
  withConditions(requests: Json, tables: Tables): MonitoredData {
    const changed = changedConditions(requests, tables, this.#tables);
    if (this.#kind === 'update') return this;
    const updated = (one: WatchedTable): WatchedTable => ({
      ...one,
      condition: changed.get(one.table) ?? one.condition,
    });
    return new MonitoredData(this.#kind, [...this.#tables.values()].map(updated));
  }

  /** Whether it shows or tests a column that does not survive a restart. */
  get seesEphemeral(): boolean {
    const passes = ({ ephemeral, index }: ColumnSchema): boolean => ephemeral || index === VERSION_INDEX;
    return [...this.#tables.values()].some(
      ({ all, condition }) =>
        all.some(passes) || condition.clauses.some(({ column }) => column !== undefined && passes(column)),
    );
  }

  /** The present rows. @throws OvsdbError if the search for them costs too much */
  initial(txnId: string, work: WorkBudget): MonitorContents {
    const watched = [...this.#tables.values()].filter(({ events }) => events.has('initial'));
    return new MonitorContents(
      watched.map(({ table, columns, condition }) => {
        work.spend(table.rows.size * costOf(condition.clauses));
        const rows = [...table.rows.values()].filter(({ fields }) => matches(condition, fields));
        return {
          name: table.schema.name,
          // a row gets other fields later
          rows: rows.map(({ uuid, fields }) => ({ uuid, fields })),
          toJson: (fields) => this.#format.initial(fields, columns.initial),
        };
      }),
      txnId,
    );
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

  /**
   * The update that turns the contents of this one into those of the other one.
   * @throws OvsdbError if the search for it costs too much
   */
  difference(other: MonitoredData, work: WorkBudget): JsonObject | undefined {
    const updates = new Updates();
    for (const watched of this.#tables.values()) {
      const { table, condition: old } = watched;
      const condition = other.#tables.get(table)?.condition ?? old;
      if (condition.key === old.key) continue;
      work.spend(table.rows.size * (costOf(old.clauses) + costOf(condition.clauses)));
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

/** Collects `<table-updates>`. */
class Updates {
  readonly #tables = new Map<string, JsonObject>();

  add({ schema: { name } }: TableRows, uuid: string, update: Json): void {
    const rows = this.#tables.get(name) ?? {};
    rows[uuid] = update;
    this.#tables.set(name, rows);
  }

  /** Undefined if there are none. */
  get json(): JsonObject | undefined {
    return this.#tables.size === 0 ? undefined : Object.fromEntries(this.#tables);
  }
}
