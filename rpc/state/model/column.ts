import type { Json } from '../../json/json-value.ts';
import type { ReplicaRow } from '../../ovsdb/client/replica.ts';
import { type Codec, textMap } from './codec.ts';

/**
 * The columns of the database, each declared once. Row types, reading, writing, documents and their checks, the columns of
 * commands, docs/describe.schema.json and docs/database.md come from these declarations.
 */

/**
 * Who writes a column. `intent`: clients say what they want, and the agent follows. `status`: the agent says what is.
 * `record`: the agent writes it with the row, or as its part of a reference. `free`: nobody interprets it.
 */
export type Role = 'intent' | 'status' | 'record' | 'free';

/** What does not follow from the name of a column. */
interface Options {
  /** The name of the value in TypeScript; default: the name of the column in camel case. */
  readonly property?: string;
  /** The value is a member of this property of the row, together with those of other columns. */
  readonly of?: 'abilities';
  /** The name of the value in documents; default: that of the column, when its codec has a shape; false: not in them. */
  readonly document?: string | false;
  /** The object of the document that has it; absent: the host, version or interface itself. */
  readonly within?: 'backend';
  /** How tables of the CLI head it; default: the name of the column; false: they do not show it. */
  readonly heading?: string | false;
  /**
   * When the agent leaves the value of a port as it stands. `negotiated`: while the front-end process lives, also between
   * two of its connections; `measured`: until something else is measured; `counted`: while nothing else is written.
   */
  readonly keeps?: 'negotiated' | 'measured' | 'counted';
}

interface Declared extends Options {
  readonly role: Role;
  readonly codec: Codec<unknown, unknown>;
  /** A sentence or two for docs/database.md. */
  readonly about: string;
}

export interface Column extends Omit<Declared, 'document' | 'heading'> {
  readonly property: string;
  readonly document: string | undefined;
  readonly heading: string | undefined;
}

/** The columns of a table by their names in the database, in the order in which documents have them. */
export type TableModel = Readonly<Record<string, Column>>;

function declared<const R extends Role>(role: R) {
  return <C extends Codec<unknown, unknown>, const O extends Options = Record<never, never>>(
    codec: C,
    about: string,
    options?: O,
  ) =>
    ({ ...options, role, codec, about }) as NoInfer<O> & {
      readonly role: R;
      readonly codec: C;
      readonly about: string;
    };
}

export const [intent, status, record] = [declared('intent'), declared('status'), declared('record')];

/** A column that nobody interprets. */
export function free(about: string) {
  return { role: 'free', codec: textMap, about, heading: false } as const;
}

type Camel<S> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;
type Filled<K, C> = Omit<C, 'property' | 'document' | 'heading'> & {
  readonly property: C extends { property: infer P extends string } ? P : Camel<K>;
  readonly document: C extends { document: infer D extends string }
    ? D
    : C extends { document: false } | { codec: { shape: undefined } }
      ? undefined
      : K;
  readonly heading: string | undefined;
};

/** A table from the declarations of its columns. */
export function table<const T extends Readonly<Record<string, Declared>>>(columns: T, { inDocuments = true } = {}) {
  const filled = Object.entries(columns).map(([name, column]): [string, Column] => {
    const { property, heading = name, codec, document = codec.shape && name } = column;
    const names = {
      property: property ?? name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      document: inDocuments && document !== false ? document : undefined,
      heading: heading === false ? undefined : heading,
    };
    return [name, { ...column, ...names }];
  });
  return Object.fromEntries(filled) as { readonly [K in keyof T]: Filled<K, T[K]> };
}

/** A row as a typed object, without the properties that are made of several columns. */
export type RowOf<T extends TableModel> = {
  readonly [K in keyof T as T[K] extends { of: string } ? never : T[K]['property']]: ReturnType<T[K]['codec']['read']>;
};

type InDocument<T extends TableModel, W> = {
  [K in keyof T as T[K] extends { document: infer D extends string }
    ? (T[K] extends { within: infer V } ? V : undefined) extends W
      ? D
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
