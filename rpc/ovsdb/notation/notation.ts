import type { Json } from '../../json/json-value.ts';
import { ATOMIC_TYPES, type Atom, type AtomicType, toInteger, toReal, toUuid } from './atoms.ts';
import { type BaseType, type ColumnType, UNLIMITED_COUNT } from './column-type.ts';
import { checkAtom } from './constraints.ts';
import { OvsdbError, syntaxError } from './ovsdb-error.ts';
import { isId } from './ovsdb-text.ts';

/** A column's value: sorted distinct atoms (one for a scalar) and, in a map, their values. Immutable, so that rows may share it. */
export interface Datum {
  readonly keys: readonly Atom[];
  /** As long as `keys` in a map, else empty. */
  readonly values: readonly Atom[];
}

/** The UUID behind a `["named-uuid", name]`, which may stand before the insert that defines the name. */
export type NamedUuids = (name: string) => string;

const NONE: readonly Atom[] = [];
export const EMPTY: Datum = { keys: NONE, values: NONE };

export function datumOf(atom: Atom): Datum {
  return { keys: [atom], values: NONE };
}

/** The value of a column that was not set (RFC 7047, section 5.2.1). */
export function defaultDatum({ key, value, min }: ColumnType): Datum {
  if (min === 0) return EMPTY;
  return { keys: [ATOMIC_TYPES[key.type].zero], values: value === undefined ? NONE : [ATOMIC_TYPES[value.type].zero] };
}

const READ: Readonly<Record<AtomicType, (json: Json, named: NamedUuids | undefined) => Atom | undefined>> = {
  integer: toInteger,
  real: toReal,
  boolean: (json) => (typeof json === 'boolean' ? json : undefined),
  string: (json) => (typeof json === 'string' ? json : undefined),
  uuid: readUuid,
};

/** `<atom>` of RFC 7047, section 5.1, checked against the constraints of its type. @throws OvsdbError */
function atomFromJson(json: Json, base: BaseType, named?: NamedUuids): Atom {
  const atom = READ[base.type](json, named);
  if (atom === undefined) throw syntaxError(json, `expected ${base.type}`);
  checkAtom(atom, base);
  return atom;
}

function readUuid(json: Json, named: NamedUuids | undefined): string {
  const [tag, text] = Array.isArray(json) && json.length === 2 ? json : [];
  if (tag === 'uuid' && typeof text === 'string') {
    const uuid = toUuid(text);
    if (uuid === undefined) throw syntaxError(json, `"${text}" is not a valid UUID`);
    return uuid;
  }
  if (named !== undefined && tag === 'named-uuid' && typeof text === 'string') {
    if (!isId(text)) throw syntaxError(json, 'named-uuid string is not a valid <id>');
    return named(text);
  }
  throw syntaxError(json, 'expected ["uuid", <string>]');
}

/** `<value>` of RFC 7047, section 5.1: an atom, a set or a map, in canonical form. @throws OvsdbError */
export function datumFromJson(json: Json, type: ColumnType, named?: NamedUuids): Datum {
  if (type.value === undefined && !(Array.isArray(json) && json[0] === 'set')) {
    return datumOf(atomFromJson(json, type.key, named));
  }
  const elements = unwrap(json, type.value === undefined ? 'set' : 'map', type);
  if (type.value === undefined) {
    const keys = elements.map((element) => atomFromJson(element, type.key, named));
    return canonical({ keys, values: NONE }, type);
  }
  const keys: Atom[] = [];
  const values: Atom[] = [];
  for (const element of elements) {
    if (!Array.isArray(element) || element.length !== 2) throw syntaxError(element, 'expected 2-element array');
    keys.push(atomFromJson(element[0] as Json, type.key, named));
    values.push(atomFromJson(element[1] as Json, type.value, named));
  }
  return canonical({ keys, values }, type);
}

function unwrap(json: Json, wanted: 'set' | 'map', { min, max }: ColumnType): Json[] {
  if (!Array.isArray(json) || json.length !== 2 || json[0] !== wanted || !Array.isArray(json[1])) {
    throw syntaxError(json, `expected ["${wanted}", <array>]`);
  }
  const elements = json[1];
  if (elements.length < min || elements.length > max) {
    if (min === 1 && max === 1) {
      throw syntaxError(json, `${wanted} must have exactly one member but ${elements.length} are present`);
    }
    const most = max === Infinity ? UNLIMITED_COUNT : max;
    throw syntaxError(json, `${wanted} must have ${min} to ${most} members but ${elements.length} are present`);
  }
  return elements;
}

/** Sorts by key. @throws OvsdbError if two keys are equal */
function canonical(datum: Datum, type: ColumnType): Datum {
  const sorted = sortDatum(datum, type.key.type);
  if (sorted !== undefined) return sorted;
  throw new OvsdbError('untagged', type.value === undefined ? 'set contains duplicate' : 'map contains duplicate key');
}

/** The datum sorted by its keys; undefined if two of them are equal. */
export function sortDatum(datum: Datum, type: AtomicType): Datum | undefined {
  const { compare } = ATOMIC_TYPES[type];
  const { keys, values } = datum;
  if (isAscending(keys, compare)) return datum;
  const order = keys.map((_, index) => index).sort((a, b) => compare(keys[a] as Atom, keys[b] as Atom));
  const sorted = {
    keys: order.map((index) => keys[index] as Atom),
    values: values.length === 0 ? NONE : order.map((index) => values[index] as Atom),
  };
  return isAscending(sorted.keys, compare) ? sorted : undefined;
}

function isAscending(keys: readonly Atom[], compare: (a: Atom, b: Atom) => number): boolean {
  for (let i = 1; i < keys.length; i++) if (compare(keys[i - 1] as Atom, keys[i] as Atom) >= 0) return false;
  return true;
}

/** A set of one element is written as the bare element, every map as a map. */
export function datumToJson({ keys, values }: Datum, type: ColumnType): Json {
  const { toJson } = ATOMIC_TYPES[type.key.type];
  if (type.value !== undefined) {
    const valueToJson = ATOMIC_TYPES[type.value.type].toJson;
    return ['map', keys.map((key, index) => [toJson(key), valueToJson(values[index] as Atom)])];
  }
  return keys.length === 1 ? toJson(keys[0] as Atom) : ['set', keys.map((key) => toJson(key))];
}

/** As in ovsdb-server's messages: `x`, `[a, b]`, `{k=v}`. */
export function datumToText({ keys, values }: Datum, type: ColumnType): string {
  const { toText } = ATOMIC_TYPES[type.key.type];
  const valueToText = type.value && ATOMIC_TYPES[type.value.type].toText;
  const parts = keys.map((key, i) => (valueToText ? `${toText(key)}=${valueToText(values[i] as Atom)}` : toText(key)));
  const bare = type.max === 1 && keys.length > 0;
  const [open, close] = bare ? ['', ''] : valueToText ? ['{', '}'] : ['[', ']'];
  return `${open}${parts.join(', ')}${close}`;
}
