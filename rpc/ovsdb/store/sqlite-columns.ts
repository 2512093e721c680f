import { isJsonObject, type Json } from '../../json/json-value.ts';
import { parseJson64 } from '../../json/parse64.ts';
import { stringifyJson } from '../../json/stringify.ts';
import { type Atom, type AtomicType, toInteger, toReal, toUuid } from '../notation/atoms.ts';
import type { BaseType, ColumnType } from '../notation/column-type.ts';
import { checkAtom } from '../notation/constraints.ts';
import { type Datum, EMPTY, sortDatum } from '../notation/notation.ts';

/**
 * How SQLite keeps a value, readable for operators:
 *
 * | OVSDB                            | SQLite                                                                  |
 * |----------------------------------|-------------------------------------------------------------------------|
 * | integer, boolean                 | INTEGER; a boolean is 0 or 1                                            |
 * | real                             | REAL                                                                    |
 * | string, uuid                     | TEXT; a UUID without decoration                                         |
 * | optional (set of 0 or 1)         | the same, or NULL                                                       |
 * | any other set                    | TEXT: JSON array in OVSDB's order, `["a","b"]`                          |
 * | map                              | TEXT: JSON object, `{"key":"value"}`; keys that are not strings as text |
 */
export type SqliteValue = number | bigint | string | null;

export interface ColumnCodec {
  readonly sqlType: 'INTEGER' | 'REAL' | 'TEXT';
  readonly nullable: boolean;
  encode(datum: Datum): SqliteValue;
  /** @throws Error that says what is wrong with the value */
  decode(value: SqliteValue): Datum;
}

const SQL_TYPES: Readonly<Record<AtomicType, ColumnCodec['sqlType']>> = {
  integer: 'INTEGER',
  real: 'REAL',
  boolean: 'INTEGER',
  string: 'TEXT',
  uuid: 'TEXT',
};

const READ: Readonly<Record<AtomicType, (value: Json) => Atom | undefined>> = {
  integer: toInteger,
  real: toReal,
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  string: (value) => (typeof value === 'string' ? value : undefined),
  uuid: (value) => (typeof value === 'string' ? toUuid(value) : undefined),
};

function read(value: Json, base: BaseType): Atom {
  const atom = READ[base.type](value);
  if (atom === undefined) throw new Error(`saw ${String(value)}; wanted ${base.type}`);
  checkAtom(atom, base);
  return atom;
}

/** Reads a map's key, which is a string in a JSON object whatever its type. */
function readKey(text: string, base: BaseType): Atom {
  return read(base.type === 'string' || base.type === 'uuid' ? text : parseJson64(text), base);
}

function parse(text: SqliteValue): Json {
  if (typeof text !== 'string') throw new Error(`saw ${String(text)}; wanted JSON text`);
  return /\d{16}/.test(text) ? parseJson64(text) : (JSON.parse(text) as Json);
}

export function columnCodec(type: ColumnType): ColumnCodec {
  const { key, value, min, max } = type;
  if (value !== undefined) return mapCodec(type, value);
  return max === 1 ? atomCodec(key, min === 0) : setCodec(type);
}

function atomCodec(base: BaseType, nullable: boolean): ColumnCodec {
  const isBoolean = base.type === 'boolean';
  return {
    sqlType: SQL_TYPES[base.type],
    nullable,
    encode: ({ keys: [atom] }) => {
      if (atom === undefined) return null;
      return typeof atom === 'boolean' ? Number(atom) : atom;
    },
    decode: (stored) => {
      if (stored === null && nullable) return EMPTY;
      const json = isBoolean && stored !== null ? Number(stored) === 1 : stored;
      return { keys: [read(json, base)], values: [] };
    },
  };
}

function setCodec(type: ColumnType): ColumnCodec {
  return {
    sqlType: 'TEXT',
    nullable: false,
    encode: ({ keys }) => stringifyJson([...keys]),
    decode: (stored) => {
      const json = parse(stored);
      if (!Array.isArray(json)) throw new Error(`saw ${String(stored)}; wanted a JSON array`);
      return checked({ keys: json.map((one) => read(one, type.key)), values: [] }, type);
    },
  };
}

function mapCodec(type: ColumnType, valueType: BaseType): ColumnCodec {
  return {
    sqlType: 'TEXT',
    nullable: false,
    encode: ({ keys, values }) =>
      stringifyJson(Object.fromEntries(keys.map((key, i) => [String(key), values[i] as Atom]))),
    decode: (stored) => {
      const json = parse(stored);
      if (!isJsonObject(json)) throw new Error(`saw ${String(stored)}; wanted a JSON object`);
      const pairs = Object.entries(json);
      const keys = pairs.map(([key]) => readKey(key, type.key));
      return checked({ keys, values: pairs.map(([, value]) => read(value, valueType)) }, type);
    },
  };
}

function checked(datum: Datum, { key, min, max }: ColumnType): Datum {
  const count = datum.keys.length;
  if (count < min || count > max) throw new Error(`saw ${count} elements; wanted ${min} to ${max}`);
  const sorted = sortDatum(datum, key.type);
  if (sorted === undefined) throw new Error('saw an element twice; wanted each once');
  return sorted;
}
