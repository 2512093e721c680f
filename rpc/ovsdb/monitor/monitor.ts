import type { Json } from '../../json/json-value.ts';
import { costOf } from '../engine/conditions.ts';
import type { RowChange, TableRows, Tables } from '../engine/table-rows.ts';
import type { WorkBudget } from '../engine/work-budget.ts';
import type { Datum } from '../notation/notation.ts';
import { type ColumnSchema, VERSION_INDEX } from '../notation/schema.ts';
import { changedConditions, matches, type WatchedTable, watchedTables } from './monitor-request.ts';
import type { UpdatedRow, UpdatedTable } from './monitor-update.ts';
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
  initial(work: WorkBudget): UpdatedTable[] {
    const updated: UpdatedTable[] = [];
    for (const { table, columns, condition, events } of this.#tables.values()) {
      if (!events.has('initial')) continue;
      work.spend(table.rows.size * costOf(condition.clauses));
      const rows: UpdatedRow[] = [];
      // a row gets other fields later
      for (const { uuid, fields } of table.rows.values())
        if (matches(condition, fields)) rows.push({ uuid, before: undefined, after: fields, columns: [] });
      if (rows.length === 0) continue;
      const toJson = ({ after = [] }: UpdatedRow): Json => this.#format.initial(after, columns.initial);
      updated.push({ name: table.schema.name, rows, toJson });
    }
    return updated;
  }

  /** What the monitor sees of committed changes. */
  updates(changes: readonly SeenChange[]): UpdatedTable[] {
    const updates = new Updates(this.#format);
    for (const { row, before, after, columns } of changes) {
      const watched = this.#tables.get(row.table);
      if (watched === undefined) continue;
      const seen = (fields: Fields | undefined): Fields | undefined =>
        fields !== undefined && matches(watched.condition, fields) ? fields : undefined;
      updates.add(watched, { uuid: row.uuid, before: seen(before), after: seen(after), columns });
    }
    return updates.tables;
  }

  /**
   * The update that turns the contents of this one into those of the other one.
   * @throws OvsdbError if the search for it costs too much
   */
  difference(other: MonitoredData, work: WorkBudget): UpdatedTable[] {
    const updates = new Updates(this.#format);
    for (const watched of this.#tables.values()) {
      const { table, condition: old } = watched;
      const condition = other.#tables.get(table)?.condition ?? old;
      if (condition.key === old.key) continue;
      work.spend(table.rows.size * (costOf(old.clauses) + costOf(condition.clauses)));
      for (const { uuid, fields } of table.rows.values()) {
        const [was, is] = [matches(old, fields), matches(condition, fields)];
        const [before, after] = [was ? fields : undefined, is ? fields : undefined];
        if (was !== is) updates.add(watched, { uuid, before, after, columns: [] });
      }
    }
    return updates.tables;
  }
}

/** Collects the rows that a monitor is told of. */
class Updates {
  readonly #format: UpdateFormat;
  readonly #rows = new Map<WatchedTable, UpdatedRow[]>();

  constructor(format: UpdateFormat) {
    this.#format = format;
  }

  /** Adds a row unless its change is nothing that is monitored. */
  add(watched: WatchedTable, row: UpdatedRow): void {
    if (!tells(watched, row)) return;
    const rows = this.#rows.get(watched);
    if (rows === undefined) this.#rows.set(watched, [row]);
    else rows.push(row);
  }

  get tables(): UpdatedTable[] {
    return [...this.#rows].map(([watched, rows]) => ({
      name: watched.table.schema.name,
      rows,
      toJson: (row) => this.#toJson(row, watched),
    }));
  }

  #toJson({ before, after, columns }: UpdatedRow, { columns: shown }: WatchedTable): Json {
    if (after === undefined) return this.#format.delete(before ?? [], shown.delete);
    if (before === undefined) return this.#format.insert(after, shown.insert);
    const changed = shown.modify.filter(({ index }) => columns.includes(index));
    return this.#format.modify(before, after, shown.modify, changed);
  }
}

function tells({ events, all }: WatchedTable, { before, after, columns }: UpdatedRow): boolean {
  if (before === undefined) return after !== undefined && events.has('insert');
  if (after === undefined) return events.has('delete');
  return events.has('modify') && all.some(({ index }) => columns.includes(index));
}
