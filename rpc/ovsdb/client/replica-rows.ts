import { isJsonObject, type Json } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import { ATOMIC_TYPES, type Atom } from '../notation/atoms.ts';
import type { ColumnType } from '../notation/column-type.ts';
import { datumToJson, defaultDatum } from '../notation/notation.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';
import { typeFromJson } from '../notation/type-json.ts';
import {
  type ColumnShape,
  columnShapes,
  decodeValue,
  type OvsAtom,
  OvsdbNotationError,
  type OvsValue,
} from '../notation/values.ts';

/** A row: its values by column, and its UUID under `_uuid`. Immutable: a change brings a new row. */
export type ReplicaRow = Readonly<Record<string, OvsValue | undefined>> & { readonly _uuid: string };

export interface ReplicaColumn {
  readonly shape: ColumnShape;
  readonly type: ColumnType;
  /** The value in a row of an update that leaves the column out. */
  readonly default: OvsValue | undefined;
}

export type ReplicaColumns = ReadonlyMap<string, ReplicaColumn>;

/** The columns of each table, from the answer of get_schema. @throws OvsdbNotationError */
export function replicaColumns(schema: Json): ReadonlyMap<string, ReplicaColumns> {
  return new Map(
    [...columnShapes(schema)].map(([table, shapes]) => [
      table,
      new Map(
        [...shapes].map(([name, shape]) => {
          const type = columnType(schema, table, name);
          return [name, { shape, type, default: decodeValue(datumToJson(defaultDatum(type), type), shape) }];
        }),
      ),
    ]),
  );
}

function columnType(schema: Json, table: string, column: string): ColumnType {
  const path = ['tables', table, 'columns', column, 'type'];
  try {
    return typeFromJson(path.reduce<Json>((json, name) => member(json, name) ?? null, schema));
  } catch (cause) {
    if (!(cause instanceof OvsdbError)) throw cause;
    throw new OvsdbNotationError(`Cannot read schema: column ${column} of table ${table}: ${cause.message}`, { cause });
  }
}

export function member(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** `old` after an `update`, `update2` or `update3`; undefined: deleted. @throws OvsdbNotationError if it does not fit the row */
export function updatedRow(
  uuid: string,
  old: ReplicaRow | undefined,
  update: Json,
  columns: ReplicaColumns,
): ReplicaRow | undefined {
  const complete = member(update, 'new');
  if (complete !== undefined) return rowOf(uuid, columns, (name, column) => cell(complete, name, column));
  const fresh = member(update, 'initial') ?? member(update, 'insert');
  if (fresh !== undefined) {
    return rowOf(uuid, columns, (name, column) =>
      member(fresh, name) === undefined ? column.default : cell(fresh, name, column),
    );
  }
  const difference = member(update, 'modify');
  if (difference === undefined) return undefined; // "delete", or "old" alone
  if (old === undefined)
    throw new OvsdbNotationError(`Cannot read update of row ${uuid}: it is to be modified, but not there`);
  return rowOf(uuid, columns, (name, column) =>
    member(difference, name) === undefined ? old[name] : modified(old[name], cell(difference, name, column), column),
  );
}

function rowOf(
  uuid: string,
  columns: ReplicaColumns,
  read: (name: string, column: ReplicaColumn) => OvsValue | undefined,
): ReplicaRow {
  const cells = [...columns].map(([name, column]): [string, OvsValue | undefined] => {
    try {
      return [name, read(name, column)];
    } catch (cause) {
      if (!(cause instanceof OvsdbNotationError)) throw cause;
      throw new OvsdbNotationError(`${cause.message}, in column ${name} of row ${uuid}`, { cause });
    }
  });
  return Object.freeze({ ...Object.fromEntries(cells), _uuid: uuid });
}

function cell(content: Json, name: string, { shape }: ReplicaColumn): OvsValue | undefined {
  const value = member(content, name);
  if (value === undefined) throw new OvsdbNotationError('Cannot read value: it is missing');
  try {
    return decodeValue(value, shape);
  } catch (cause) {
    if (!(cause instanceof OvsdbNotationError)) throw cause;
    throw new OvsdbNotationError(`${cause.message} (${stringifyJson(value).slice(0, 200)})`, { cause });
  }
}

/** Sets and maps of more than one element come as differences (ovsdb-server(7), section 4.1.14). */
function modified(
  old: OvsValue | undefined,
  change: OvsValue | undefined,
  { type }: ReplicaColumn,
): OvsValue | undefined {
  if (type.max === 1) return change;
  const { compare } = ATOMIC_TYPES[type.key.type];
  if (change instanceof Map && old instanceof Map) {
    const now = new Map<OvsAtom, OvsAtom>(old);
    for (const [key, value] of change as ReadonlyMap<OvsAtom, OvsAtom>) {
      if (now.get(key) === value) now.delete(key);
      else now.set(key, value);
    }
    return new Map([...now].sort(([a], [b]) => compare(a as Atom, b as Atom)));
  }
  const now = new Set<OvsAtom>(old as readonly OvsAtom[]);
  for (const element of change as readonly OvsAtom[]) if (!now.delete(element)) now.add(element);
  return [...now].sort((a, b) => compare(a as Atom, b as Atom));
}
