import { isJsonObject, type Json, type JsonObject } from '../../json/json-value.ts';
import { ATOMIC_TYPES, type AtomicType, INT64_MAX, INT64_MIN, isAtomicType, toInteger, toReal } from './atoms.ts';
import { type BaseType, type ColumnType, isScalar, UNLIMITED_COUNT } from './column-type.ts';
import { datumFromJson } from './notation.ts';
import { syntaxError } from './ovsdb-error.ts';
import { MemberParser } from './parser.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Bounds = Pick<Writable<BaseType>, 'min' | 'max'>;

/** `<type>` of RFC 7047, section 3.2. @throws OvsdbError */
export function typeFromJson(json: Json): ColumnType {
  if (typeof json === 'string') return { key: baseTypeFromJson(json), min: 1, max: 1 };
  const parser = new MemberParser(json, 'ovsdb type');
  const key = parser.required('key', 'string', 'object');
  const value = parser.optional('value', 'string', 'object');
  const min = parser.optional('min', 'integer');
  const max = parser.optional('max', 'integer', 'string');
  parser.finish();
  const type = {
    key: baseTypeFromJson(key),
    ...(value === undefined ? {} : { value: baseTypeFromJson(value) }),
    min: countFromJson(min),
    max: max === 'unlimited' ? Infinity : countFromJson(max),
  };
  if (type.min > 1 || type.max < 1) throw syntaxError(json, 'ovsdb type fails constraint checks');
  return type;
}

function countFromJson(json: Json | undefined): number {
  if (json === undefined) return 1;
  if (typeof json !== 'number' || json < 0 || json >= UNLIMITED_COUNT) throw syntaxError(json, 'bad min or max value');
  return json;
}

function baseTypeFromJson(json: string | JsonObject): BaseType {
  if (typeof json === 'string') return { type: atomicTypeFromJson(json) };
  const parser = new MemberParser(json, 'ovsdb type');
  const type = atomicTypeFromJson(parser.required('type', 'string'));
  const choices = parser.optional('enum', 'any');
  const base: BaseType =
    choices === undefined
      ? { type, ...CONSTRAINTS[type]?.(parser, json) }
      : { type, enum: enumFromJson(choices, type) };
  parser.finish();
  return base;
}

function atomicTypeFromJson(name: string): AtomicType {
  if (!isAtomicType(name)) throw syntaxError(name, `"${name}" is not an atomic-type`);
  return name;
}

function enumFromJson(json: Json, type: AtomicType): BaseType['enum'] & {} {
  return datumFromJson(json, { key: { type }, min: 1, max: Infinity }).keys;
}

const CONSTRAINTS: Readonly<Partial<Record<AtomicType, (parser: MemberParser, json: Json) => Partial<BaseType>>>> = {
  integer: (parser, json) => {
    const min = toInteger(parser.optional('minInteger', 'integer'));
    const max = toInteger(parser.optional('maxInteger', 'integer'));
    const wanted = bounds(min, max, json, 'minInteger exceeds maxInteger');
    // The ends of the type are no bounds.
    const { min: least = INT64_MIN, max: most = INT64_MAX } = wanted;
    return { ...(least === INT64_MIN ? {} : { min: least }), ...(most === INT64_MAX ? {} : { max: most }) };
  },
  real: (parser, json) => {
    const min = toReal(parser.optional('minReal', 'number'));
    const max = toReal(parser.optional('maxReal', 'number'));
    return bounds(min, max, json, 'minReal exceeds maxReal');
  },
  string: (parser, json) => {
    const min = length(parser, 'minLength');
    const max = length(parser, 'maxLength');
    return bounds(min === 0 ? undefined : min, max, json, 'minLength exceeds maxLength');
  },
  uuid: (parser, json) => {
    const refTable = parser.optional('refTable', 'id');
    if (refTable === undefined) return {};
    const refType = parser.optional('refType', 'id') ?? 'strong';
    if (refType !== 'strong' && refType !== 'weak') {
      throw syntaxError(json, `refType must be "strong" or "weak" (not "${refType}")`);
    }
    return { refTable, refType };
  },
};

type Bound = number | bigint | undefined;

function bounds(min: Bound, max: Bound, json: Json, complaint: string): Bounds {
  if (min !== undefined && max !== undefined && min > max) throw syntaxError(json, complaint);
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function length(parser: MemberParser, member: string): number | undefined {
  const json = parser.optional(member, 'integer');
  if (json !== undefined && (json < 0 || json > UNLIMITED_COUNT)) {
    throw syntaxError(json, `${member} out of valid range 0 to ${UNLIMITED_COUNT}`);
  }
  return json === undefined || json === UNLIMITED_COUNT ? undefined : Number(json);
}

/** The shortest equivalent form, as ovsdb-server's `get_schema` writes it. */
export function typeToJson(type: ColumnType): Json {
  const key = baseTypeToJson(type.key);
  if (isScalar(type) && typeof key === 'string') return key;
  return {
    key,
    ...(type.value === undefined ? {} : { value: baseTypeToJson(type.value) }),
    ...(type.min === 1 ? {} : { min: type.min }),
    ...(type.max === 1 ? {} : { max: type.max === Infinity ? 'unlimited' : type.max }),
  };
}

const BOUND_NAMES: Readonly<Partial<Record<AtomicType, readonly [string, string]>>> = {
  integer: ['minInteger', 'maxInteger'],
  real: ['minReal', 'maxReal'],
  string: ['minLength', 'maxLength'],
};

function baseTypeToJson(base: BaseType): Json {
  const json: JsonObject = { type: base.type };
  if (base.enum !== undefined) {
    const atoms = base.enum.map(ATOMIC_TYPES[base.type].toJson);
    json['enum'] = atoms.length === 1 ? (atoms[0] as Json) : ['set', atoms];
  }
  const [min, max] = BOUND_NAMES[base.type] ?? [];
  if (min !== undefined && base.min !== undefined) json[min] = base.min;
  if (max !== undefined && base.max !== undefined) json[max] = base.max;
  if (base.refTable !== undefined) json['refTable'] = base.refTable;
  if (base.refType === 'weak') json['refType'] = 'weak';
  return isJsonObject(json) && Object.keys(json).length === 1 ? base.type : json;
}
