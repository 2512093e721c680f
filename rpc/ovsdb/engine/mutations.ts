import type { Json } from '../../json/json-value.ts';
import { type Atom, INT64_MAX, toInteger, toReal } from '../notation/atoms.ts';
import { type ColumnType, englishType, isMap, isScalar, isSet } from '../notation/column-type.ts';
import { checkAtom } from '../notation/constraints.ts';
import { subtract, union } from '../notation/datum-algebra.ts';
import { type Datum, datumFromJson, type NamedUuids, sortDatum } from '../notation/notation.ts';
import { OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import type { ColumnSchema, TableSchema } from '../notation/schema.ts';
import { tripleFromJson, typeMismatch } from './conditions.ts';

/** One of the `mutations` of a `mutate`. */
export interface Mutation {
  readonly column: ColumnSchema;
  /** What it costs beside the value that it changes, in the unit of `WorkBudget`. */
  readonly cost: number;
  /** @throws OvsdbError domain, range or constraint */
  apply(value: Datum): Datum;
}

/** `<mutator>` of RFC 7047, section 5.1. */
interface Mutator {
  fits(type: ColumnType): boolean;
  argument(json: Json, type: ColumnType, named?: NamedUuids): Datum;
  apply(value: Datum, argument: Datum, type: ColumnType): Datum;
}

interface Arithmetic {
  /** On safe integers; the result counts only if it is safe too, and then it is exact. */
  readonly small: (x: number, y: number) => number;
  readonly exact: (x: bigint, y: bigint) => bigint;
  readonly real?: (x: number, y: number) => number;
  readonly divides?: boolean;
}

function arithmetic(name: string, { small, exact, real, divides }: Arithmetic): Mutator {
  const integers = (x: Atom, y: Atom): Atom | undefined => {
    const quick = typeof x === 'number' && typeof y === 'number' ? small(x, y) : Number.NaN;
    if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick;
    return toInteger(exact(BigInt(x), BigInt(y)));
  };
  const compute = (x: Atom, y: Atom, integer: boolean): Atom => {
    if (divides === true && Number(y) === 0) throw new OvsdbError('domain', 'Division by zero.');
    const result = integer ? integers(x, y) : toReal(real?.(x as number, y as number));
    if (result === undefined) throw new OvsdbError('range', `Result of "${name}" operation is out of range.`);
    return result;
  };
  return {
    fits: (type) =>
      (isScalar(type) || isSet(type)) &&
      (type.key.type === 'integer' || (real !== undefined && type.key.type === 'real')),
    argument: (json, { key }, named) => datumFromJson(json, { key: { type: key.type }, min: 1, max: 1 }, named),
    apply: (value, argument, { key }) => {
      const integer = key.type === 'integer';
      const operand = argument.keys[0] as Atom;
      const keys = value.keys.map((atom) => compute(atom, operand, integer));
      for (const atom of keys) checkAtom(atom, key);
      const sorted = sortDatum({ keys, values: value.values }, key.type);
      if (sorted === undefined) {
        throw new OvsdbError('constraint', `Result of "${name}" operation contains duplicates.`);
      }
      return sorted;
    },
  };
}

const fitsElements = (type: ColumnType): boolean => isSet(type) || isMap(type);

const insert: Mutator = {
  fits: fitsElements,
  argument: (json, type, named) => datumFromJson(json, { ...type, min: 0 }, named),
  apply: (value, argument, type) => checkCount(union(value, argument, type), type),
};

const remove: Mutator = {
  fits: fitsElements,
  argument: (json, type, named) => {
    const lax = { ...type, min: 0, max: Infinity };
    try {
      return datumFromJson(json, lax, named);
    } catch (error) {
      // From a map, a set of keys may be deleted as well.
      if (!(error instanceof OvsdbError) || !isMap(type)) throw error;
      return datumFromJson(json, { key: type.key, min: 0, max: Infinity }, named);
    }
  },
  apply: (value, argument, type) => checkCount(subtract(value, argument, type), type),
};

function checkCount(value: Datum, type: ColumnType): Datum {
  const count = value.keys.length;
  if (count >= type.min && count <= type.max) return value;
  throw new OvsdbError('constraint', `Attempted to store ${count} elements in ${englishType(type)}.`);
}

const MUTATORS: ReadonlyMap<string, Mutator> = new Map([
  ['+=', arithmetic('+=', { small: (x, y) => x + y, exact: (x, y) => x + y, real: (x, y) => x + y })],
  ['-=', arithmetic('-=', { small: (x, y) => x - y, exact: (x, y) => x - y, real: (x, y) => x - y })],
  ['*=', arithmetic('*=', { small: (x, y) => x * y, exact: (x, y) => x * y, real: (x, y) => x * y })],
  [
    '/=',
    // x - (x % y) is a multiple of y, so that the double quotient is exact and truncated.
    arithmetic('/=', {
      small: (x, y) => (x - (x % y)) / y,
      exact: (x, y) => x / y,
      real: (x, y) => x / y,
      divides: true,
    }),
  ],
  [
    '%=',
    // The remainder is out of range exactly when the quotient is, as in C.
    arithmetic('%=', {
      small: (x, y) => x % y,
      exact: (x, y) => (x / y > INT64_MAX ? INT64_MAX + 1n : x % y),
      divides: true,
    }),
  ],
  ['insert', insert],
  ['delete', remove],
]);

/** `<mutation>` of RFC 7047, section 5.1. @throws OvsdbError */
export function mutationFromJson(json: Json, table: TableSchema, named?: NamedUuids): Mutation {
  const { column, operator, argument: argumentJson } = tripleFromJson(json, table, 'mutation');
  const { type, name, mutable } = column;
  if (!mutable) throw syntaxError(json, `Cannot mutate immutable column ${name} in table ${table.name}.`, 'constraint');
  const mutator = MUTATORS.get(operator);
  if (mutator === undefined) throw new OvsdbError('unknownMutator', `No mutator named ${operator}.`);
  if (!mutator.fits(type)) throw typeMismatch(json, operator, column);
  const argument = mutator.argument(argumentJson, type, named);
  return { column, cost: argument.keys.length, apply: (value) => mutator.apply(value, argument, type) };
}
