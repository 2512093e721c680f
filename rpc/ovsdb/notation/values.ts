/**
 * Values of the OVSDB notation (RFC 7047, section 5.1) in TypeScript: a scalar column is an atom, an optional one (min 0,
 * max 1) an atom or undefined, any other set an array, a map a Map. UUIDs are strings. Integers are `number` when that is
 * exact and `bigint` otherwise.
 */
import { isJsonObject, type Json, jsonTypeName } from '../../json/json-value.ts';

export type OvsAtom = string | number | bigint | boolean;
export type OvsValue = OvsAtom | readonly OvsAtom[] | ReadonlyMap<OvsAtom, OvsAtom>;

/** The part of a column's type that reading its values needs. */
export interface ColumnShape {
  readonly kind: 'scalar' | 'optional' | 'set' | 'map';
}

/** A server sent something that does not fit RFC 7047 or the schema. */
export class OvsdbNotationError extends Error {
  override readonly name = 'OvsdbNotationError';
}

/** A reference to a row, for an operation. */
export function ovsUuid(uuid: string): Json {
  return ['uuid', uuid];
}

/** A reference to a row that the same transaction inserts with this `uuid-name`. */
export function namedUuid(name: string): Json {
  return ['named-uuid', name];
}

/** A set of atoms, or of results of ovsUuid() and namedUuid(). */
export function ovsSet(elements: Iterable<Json>): Json {
  return ['set', [...elements]];
}

/** The value of an optional column: undefined is the empty set. */
export function ovsOptional(value: Json | undefined): Json {
  return value === undefined ? ['set', []] : value;
}

/** A map from pairs or from the members of an object. */
export function ovsMap(entries: Readonly<Record<string, Json>> | Iterable<readonly [Json, Json]>): Json {
  const pairs = Symbol.iterator in entries ? [...entries] : Object.entries(entries);
  return ['map', pairs.map(([key, value]): Json => [key, value])];
}

/** The columns of each table, from the answer of get_schema. */
export function columnShapes(schema: Json): ReadonlyMap<string, ReadonlyMap<string, ColumnShape>> {
  const tables = isJsonObject(schema) ? schema['tables'] : undefined;
  return new Map(
    members(tables, 'tables').map(([table, content]) => {
      const columns = members(isJsonObject(content) ? content['columns'] : undefined, `columns of ${table}`);
      return [table, new Map(columns.map(([name, column]) => [name, shapeOf(column)]))];
    }),
  );
}

function members(value: Json | undefined, what: string): [string, Json][] {
  if (!isJsonObject(value)) throw new OvsdbNotationError(`Cannot read schema: saw ${jsonTypeName(value)} as ${what}`);
  return Object.entries(value);
}

function shapeOf(column: Json): ColumnShape {
  const type = isJsonObject(column) ? column['type'] : undefined;
  if (!isJsonObject(type)) return { kind: 'scalar' };
  if (type['value'] !== undefined) return { kind: 'map' };
  const { min = 1, max = 1 } = type;
  if (max !== 1) return { kind: 'set' };
  return { kind: min === 0 ? 'optional' : 'scalar' };
}

/** Reads a column's value. @throws OvsdbNotationError */
export function decodeValue(value: Json, shape: ColumnShape): OvsValue | undefined {
  if (shape.kind === 'map') {
    return new Map(tagged(value, 'map').map((pair) => [decodeAtom(half(pair, 0)), decodeAtom(half(pair, 1))]));
  }
  const atoms = isTagged(value, 'set') ? tagged(value, 'set').map(decodeAtom) : [decodeAtom(value)];
  if (shape.kind === 'set') return atoms;
  if (atoms.length > 1 || (atoms.length === 0 && shape.kind === 'scalar'))
    throw new OvsdbNotationError(`Cannot read value: saw ${atoms.length} elements; wanted one`);
  return atoms[0];
}

function decodeAtom(value: Json): OvsAtom {
  if (Array.isArray(value)) {
    const [tag, uuid] = value;
    if (tag === 'uuid' && typeof uuid === 'string') return uuid;
  } else if (typeof value !== 'object') return value;
  throw new OvsdbNotationError(`Cannot read value: saw ${jsonTypeName(value)}; wanted an atom`);
}

function isTagged(value: Json, tag: string): value is Json[] {
  return Array.isArray(value) && value[0] === tag && Array.isArray(value[1]);
}

function tagged(value: Json, tag: string): Json[] {
  const content = isTagged(value, tag) ? value[1] : undefined;
  if (!Array.isArray(content))
    throw new OvsdbNotationError(`Cannot read value: saw ${jsonTypeName(value)}; wanted a ${tag}`);
  return content;
}

function half(pair: Json, which: 0 | 1): Json {
  const atom = Array.isArray(pair) ? pair[which] : undefined;
  if (atom === undefined) throw new OvsdbNotationError('Cannot read map: saw something else than pairs');
  return atom;
}

/** Whether two values of one column are equal; the order of elements, which servers choose, does not count. */
export function sameValue(a: OvsValue | undefined, b: OvsValue | undefined): boolean {
  if (a === b) return true;
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && [...a].every(([key, one]) => b.get(key) === one);
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  const others = new Set<unknown>(b);
  return a.every((one) => others.has(one));
}
