import { isJsonObject, type Json } from '../../json/json-value.ts';
import { type Clause, conditionFromJson } from '../engine/conditions.ts';
import type { TableRows, Tables } from '../engine/table-rows.ts';
import type { Datum } from '../notation/notation.ts';
import { canonicalText, OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import { compareText } from '../notation/ovsdb-text.ts';
import { MemberParser } from '../notation/parser.ts';
import { type ColumnSchema, UUID_INDEX } from '../notation/schema.ts';

/** The events of a row that a monitor can select: `<monitor-select>` of RFC 7047, section 4.1.5. */
export type MonitorEvent = 'initial' | 'insert' | 'delete' | 'modify';

const EVENTS: readonly MonitorEvent[] = ['initial', 'insert', 'delete', 'modify'];

/** Which rows of a table a monitor sees. */
export interface MonitorCondition {
  /** Combined by `or`; an empty list is true. */
  readonly clauses: readonly Clause[];
  /** The conditions' canonical text. */
  readonly key: string;
}

/** One table of a monitor. */
export interface WatchedTable {
  readonly table: TableRows;
  /** Events that any column is monitored for. */
  readonly events: ReadonlySet<MonitorEvent>;
  /** The columns to show at each event; all of them are compared. */
  readonly columns: Readonly<Record<MonitorEvent, readonly ColumnSchema[]>>;
  readonly all: readonly ColumnSchema[];
  readonly condition: MonitorCondition;
  /** Equal for tables that are watched in the same way, whatever their conditions. */
  readonly key: string;
}

const EVERYTHING: MonitorCondition = { clauses: [], key: '' };

export function matches({ clauses }: MonitorCondition, fields: readonly Datum[]): boolean {
  return clauses.length === 0 || clauses.some((clause) => clause.test(fields));
}

/** Reads `<monitor-requests>` of RFC 7047, section 4.1.5, where `conditional` with `where`. @throws OvsdbError */
export function watchedTables(requests: Json, tables: Tables, conditional: boolean): WatchedTable[] {
  if (!isJsonObject(requests)) throw syntaxError(requests, 'monitor-requests must be object');
  return Object.keys(requests)
    .sort(compareText)
    .map((name) => {
      const table = tables.get(name);
      if (table === undefined) throw new OvsdbError('syntax', `no table named ${name}`);
      return watchTable(table, requests[name] as Json, conditional);
    });
}

/** One `<monitor-request>` or an array of them, for one table. @throws OvsdbError */
function watchTable(table: TableRows, json: Json, conditional: boolean): WatchedTable {
  const chosen = new Map<ColumnSchema, ReadonlySet<MonitorEvent>>();
  const events = new Set<MonitorEvent>();
  let condition: MonitorCondition | undefined;
  for (const request of Array.isArray(json) ? json : [json]) {
    const { columnsJson, select, where } = readRequest(request, table.schema.name, conditional);
    for (const event of select) events.add(event);
    for (const column of requestedColumns(columnsJson, table)) {
      if (chosen.has(column)) throw syntaxError(columnsJson, `column ${column.name} mentioned more than once`);
      chosen.set(column, select);
    }
    const read = conditionOf(where, table);
    condition ??= read; // ovsdb-server parses the others and ignores them
  }
  const shown = (event: MonitorEvent): ColumnSchema[] =>
    [...chosen].filter(([, select]) => select.has(event)).map(([column]) => column);
  return {
    table,
    events,
    all: [...chosen.keys()],
    columns: { initial: shown('initial'), insert: shown('insert'), delete: shown('delete'), modify: shown('modify') },
    condition: condition ?? EVERYTHING,
    key: canonicalText([
      table.schema.name,
      [...events].sort(),
      [...chosen].map(([{ name }, select]) => [name, ...[...select].sort()]),
    ]),
  };
}

interface TableRequest {
  readonly columnsJson: Json[] | undefined;
  readonly select: ReadonlySet<MonitorEvent>;
  readonly where: Json[] | undefined;
}

function readRequest(json: Json, table: string, conditional: boolean): TableRequest {
  const parser = new MemberParser(json, `table ${table}`);
  const where = conditional ? parser.optional('where', 'array') : undefined;
  const columnsJson = parser.optional('columns', 'array');
  const selectJson = parser.optional('select', 'object');
  parser.finish();
  if (selectJson === undefined) return { columnsJson, select: new Set(EVENTS), where };
  const flags = new MemberParser(selectJson, `table ${table} select`);
  const select = new Set(EVENTS.filter((event) => flags.optional(event, 'boolean') ?? true));
  flags.finish();
  return { columnsJson, select, where };
}

function requestedColumns(json: Json[] | undefined, { schema }: TableRows): readonly ColumnSchema[] {
  if (json === undefined) return schema.columnList.filter((column) => column.index !== UUID_INDEX);
  return json.map((name) => {
    if (typeof name !== 'string') throw syntaxError(json, 'array of column names expected');
    const column = schema.columns.get(name);
    if (column === undefined) throw syntaxError(json, `${name} is not a valid column name`);
    return column;
  });
}

function conditionOf(where: Json[] | undefined, { schema }: TableRows): MonitorCondition {
  if (where === undefined || where.length === 0) return EVERYTHING;
  return { clauses: conditionFromJson(where, schema), key: canonicalText(where) };
}

/** Reads `<monitor-cond-update-requests>` of ovsdb-server(7), section 4.1.13: the tables' new conditions. @throws OvsdbError */
export function changedConditions(
  requests: Json,
  tables: Tables,
  watched: ReadonlyMap<TableRows, WatchedTable>,
): Map<TableRows, MonitorCondition> {
  if (!isJsonObject(requests)) throw new OvsdbError('syntax', 'monitor-cond-change-requests must be object');
  const changed = new Map<TableRows, MonitorCondition>();
  for (const name of Object.keys(requests).sort(compareText)) {
    const table = tables.get(name);
    if (table === undefined) throw new OvsdbError('syntax', `no table named ${name}`);
    if (!watched.has(table)) throw new OvsdbError('syntax', `no table named ${name} in monitor session`);
    const changes = requests[name];
    if (!Array.isArray(changes)) throw new OvsdbError('syntax', `table ${name} no monitor-cond-change JSON array`);
    for (const change of changes) {
      const parser = new MemberParser(change, `table ${name}`);
      const columns = parser.optional('columns', 'array');
      const where = parser.optional('where', 'array');
      parser.finish();
      if (columns !== undefined) throw syntaxError(change, 'changing columns is unsupported');
      changed.set(table, conditionOf(where, table)); // the last one counts
    }
  }
  return changed;
}
