import type { Json } from '../../json/json-value.ts';
import type { ReplicaRow } from '../../ovsdb/client/replica.ts';
import type { Codec } from './codec.ts';

/**
 * A column of the database, declared once. Row types, reading, writing, documents and their checks, the columns of
 * commands, docs/describe.schema.json and docs/database.md come from these declarations.
 */
export interface Column {
  /** The name of the value in TypeScript. */
  readonly property: string;
  /** The value is a member of this property of the row, together with those of other columns. */
  readonly of?: 'abilities';
  readonly codec: Codec<unknown, unknown>;
  readonly role: Role;
  /** A sentence or two for docs/database.md. */
  readonly about: string;
  /** The name of the value in documents; absent: it does not stand in them. */
  readonly document?: string;
  /** The object of the document that has it; absent: the host, version or interface itself. */
  readonly within?: 'backend';
  /** How tables of the CLI head it; absent: they do not show it. */
  readonly heading?: string;
  /** How the CLI calls it beside its value, where that is not the heading with spaces. */
  readonly label?: string;
  /**
   * When the agent leaves the value of a port as it stands. `negotiated`: while the front-end process lives, also between
   * two of its connections; `measured`: until something else is measured; `counted`: while nothing else is written.
   */
  readonly keeps?: 'negotiated' | 'measured' | 'counted';
}

/**
 * Who writes a column. `intent`: clients say what they want, and the agent follows. `status`: the agent says what is.
 * `record`: the agent writes it with the row, or as its part of a reference. `free`: nobody interprets it.
 */
export type Role = 'intent' | 'status' | 'record' | 'free';

/** The columns of a table by their names in the database, in the order in which documents have them. */
export type TableModel = Readonly<Record<string, Column>>;

type Plain<T extends TableModel> = { [K in keyof T as T[K] extends { of: string } ? never : K]: T[K] };
type Value<C extends Column> = ReturnType<C['codec']['read']>;

/** A row as a typed object, without the properties that are made of several columns. */
export type RowOf<T extends TableModel> = {
  readonly [K in keyof Plain<T> as Plain<T>[K]['property']]: Value<Plain<T>[K]>;
};

type InDocument<T extends TableModel, W> = {
  [K in keyof T as T[K] extends { document: string }
    ? (T[K] extends { within: infer V } ? V : undefined) extends W
      ? T[K]['document'] & string
      : never
    : never]: ReturnType<T[K]['codec']['toDocument']>;
};
type Required_<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] };
type Optional_<T> = { readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** The members of a document that come from a table. */
export type DocumentOf<T extends TableModel, W extends Column['within'] = undefined> = Required_<InDocument<T, W>> &
  Optional_<InDocument<T, W>>;

/** Columns of one row in OVSDB notation, for insert and update. */
export type Columns = Readonly<Record<string, Json>>;

type Values = Readonly<Record<string, unknown>>;

/** Reads all columns of a row. Never throws; a column that is missing reads as empty. */
export function readColumns<T extends TableModel>(table: T, row: ReplicaRow): RowOf<T> {
  const values = Object.entries(table).flatMap(([name, { property, of, codec }]) =>
    of === undefined ? [[property, codec.read(row[name])]] : [],
  );
  return Object.fromEntries(values) as RowOf<T>;
}

/** The columns of the properties that are there. A property that is undefined empties its column. */
export function encodeColumns(table: TableModel, values: object): Columns {
  const cells = Object.entries(table).flatMap(([name, column]) =>
    Object.hasOwn(values, column.of ?? column.property)
      ? [[name, column.codec.write(columnValue(column, values))] as const]
      : [],
  );
  return Object.fromEntries(cells);
}

/** The value of a column in a row; undefined when what it is a member of is. */
export function columnValue({ property, of }: Column, row: object): unknown {
  const values = row as Values;
  return of === undefined ? values[property] : (values[of] as Values | undefined)?.[property];
}

/** The value of a column as a cell of a table. */
export function cellOf(column: Column, row: object): string | number | undefined {
  const value = columnValue(column, row);
  if (value === undefined) return undefined;
  const { codec } = column;
  if (codec.toText !== undefined) return codec.toText(value);
  const shown = codec.toDocument(value);
  if (typeof shown !== 'object' || shown === null) return shown as string | number | undefined;
  return Array.isArray(shown) ? shown.join(' ') : mapText(shown);
}

/** `pid=41 start_time=9`, sorted by name; numbers as numbers. */
function mapText(map: object): string {
  const entries = Object.entries(map).sort(([a], [b]) => Number(a) - Number(b) || (a < b ? -1 : 1));
  return entries.map(([name, value]) => `${name}=${value}`).join(' ');
}
