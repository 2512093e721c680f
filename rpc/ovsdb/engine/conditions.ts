import type { Json } from '../../json/json-value.ts';
import type { Atom } from '../notation/atoms.ts';
import { ATOMIC_TYPES } from '../notation/atoms.ts';
import type { ColumnType } from '../notation/column-type.ts';
import { englishType, isOptionalScalar, isScalar } from '../notation/column-type.ts';
import { equalDatum, excludesAll, includesAll } from '../notation/datum-algebra.ts';
import type { Datum, NamedUuids } from '../notation/notation.ts';
import { datumFromJson } from '../notation/notation.ts';
import { OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import type { ColumnSchema, TableSchema } from '../notation/schema.ts';
import { UUID_INDEX } from '../notation/schema.ts';
import type { Row, RowChange, TableRows } from './table-rows.ts';
import { columnsKey } from './table-rows.ts';

/** One clause of a `where`: a question about the fields of a row. */
export interface Clause {
  /** Undefined for `true` and `false`. */
  readonly column: ColumnSchema | undefined;
  /** The only value of the column that can match, if the clause says so. */
  readonly equals: Datum | undefined;
  test(fields: readonly Datum[]): boolean;
}

/** `<function>` of RFC 7047, section 5.1. */
interface ConditionFunction {
  /** The type of the argument, which is often laxer than the column's. */
  argumentType(type: ColumnType): ColumnType;
  /** Whether it makes sense for the type. */
  fits(type: ColumnType): boolean;
  test(value: Datum, argument: Datum, type: ColumnType): boolean;
}

const same = (type: ColumnType): ColumnType => type;
const always = (): boolean => true;

function ordering(matches: (order: number) => boolean): ConditionFunction {
  return {
    // An optional column is compared with a value, never with nothing.
    argumentType: (type) => ({ ...type, min: 1, max: 1 }),
    fits: (type) =>
      (isScalar(type) || isOptionalScalar(type)) && (type.key.type === 'integer' || type.key.type === 'real'),
    // An empty optional column never matches.
    test: (value, argument, { key }) =>
      value.keys.length === 1 &&
      argument.keys.length === 1 &&
      matches(ATOMIC_TYPES[key.type].compare(value.keys[0] as Atom, argument.keys[0] as Atom)),
  };
}

const FUNCTIONS: ReadonlyMap<string, ConditionFunction> = new Map<string, ConditionFunction>([
  ['==', { argumentType: same, fits: always, test: equalDatum }],
  ['!=', { argumentType: same, fits: always, test: (value, argument) => !equalDatum(value, argument) }],
  ['<', ordering((order) => order < 0)],
  ['<=', ordering((order) => order <= 0)],
  ['>', ordering((order) => order > 0)],
  ['>=', ordering((order) => order >= 0)],
  [
    'includes',
    { argumentType: (type) => (isScalar(type) ? type : { ...type, min: 0 }), fits: always, test: includesAll },
  ],
  [
    'excludes',
    {
      argumentType: (type) => (isScalar(type) ? type : { ...type, min: 0, max: Infinity }),
      fits: always,
      test: excludesAll,
    },
  ],
]);

/** `<condition>` of RFC 7047, section 5.1, or the extension `true` and `false`. @throws OvsdbError */
function clauseFromJson(json: Json, table: TableSchema, named?: NamedUuids): Clause {
  if (typeof json === 'boolean') return { column: undefined, equals: undefined, test: () => json };
  const [name, functionName, argumentJson] = Array.isArray(json) && json.length === 3 ? json : [];
  if (typeof name !== 'string' || typeof functionName !== 'string' || argumentJson === undefined) {
    throw syntaxError(json, 'Parse error in condition.');
  }
  const column = table.columns.get(name);
  if (column === undefined) throw syntaxError(json, `No column ${name} in table ${table.name}.`, 'unknownColumn');
  const { type, index } = column;
  const operator = FUNCTIONS.get(functionName);
  if (operator === undefined) throw new OvsdbError('unknownFunction', `No function named ${functionName}.`);
  if (!operator.fits(type)) {
    const may = `"${functionName}" operator may not be applied to column ${name} of type ${englishType(type)}`;
    throw syntaxError(json, `Type mismatch: ${may}.`);
  }
  const argument = datumFromJson(argumentJson, operator.argumentType(type), named);
  const only = functionName === '==' || (functionName === 'includes' && isScalar(type));
  return {
    column,
    equals: only ? argument : undefined,
    test:
      only && isScalar(type)
        ? equalsAtom(index, argument.keys[0] as Atom)
        : (fields) => operator.test(fields[index] as Datum, argument, type),
  };
}

/** The commonest test, on every row of a table at times. */
function equalsAtom(index: number, atom: Atom): Clause['test'] {
  return (fields) => (fields[index] as Datum).keys[0] === atom;
}

/** A whole `where`. @throws OvsdbError */
export function conditionFromJson(where: readonly Json[], table: TableSchema, named?: NamedUuids): Clause[] {
  return where.map((clause) => clauseFromJson(clause, table, named));
}

/**
 * The rows for which all clauses are true, as they are before anything is done to the first of them. `changes` are those of the
 * running transaction.
 */
export function matchingRows(table: TableRows, condition: readonly Clause[], changes: ReadonlySet<RowChange>): Row[] {
  const uuid = condition.find(({ column, equals }) => column?.index === UUID_INDEX && equals !== undefined)?.equals;
  if (uuid !== undefined) return passing(rowNamed(table, uuid.keys[0] as string), condition);
  const committed = committedCandidates(table, condition, changes.size === 0);
  if (committed === undefined) return passing(table.rows.values(), condition);
  const candidates = new Set(committed);
  // What the transaction has touched, indexes do not know yet.
  for (const { row } of changes) if (row.table === table) candidates.add(row);
  for (const row of candidates) if (table.rows.get(row.uuid) !== row) candidates.delete(row);
  return passing(candidates, condition);
}

function rowNamed(table: TableRows, uuid: string): Row[] {
  const row = table.rows.get(uuid);
  return row === undefined ? [] : [row];
}

function passing(candidates: Iterable<Row>, condition: readonly Clause[]): Row[] {
  const [first] = condition;
  if (first === undefined) return [...candidates];
  const matching: Row[] = [];
  if (condition.length === 1) {
    for (const row of candidates) if (first.test(row.fields)) matching.push(row);
  } else {
    for (const row of candidates) if (condition.every((clause) => clause.test(row.fields))) matching.push(row);
  }
  return matching;
}

/**
 * All rows that can match as of the last commit: from a unique index whose columns all have their value in the condition, or
 * from a lookup of one column. Undefined if it takes a search.
 */
function committedCandidates(
  table: TableRows,
  condition: readonly Clause[],
  quiet: boolean,
): Iterable<Row> | undefined {
  const fields: Datum[] = [];
  const known: ColumnSchema[] = [];
  for (const { column, equals } of condition) {
    if (column === undefined || equals === undefined) continue;
    fields[column.index] = equals;
    known.push(column);
  }
  if (known.length === 0) return undefined;
  for (const [i, columns] of table.schema.indexes.entries()) {
    if (!columns.every(({ index }) => fields[index] !== undefined)) continue;
    const row = table.indexes[i]?.get(columnsKey(fields, columns));
    return row === undefined ? [] : [row];
  }
  for (const { index, type } of known) {
    const rows = isScalar(type)
      ? table.lookups.find(table.rows, index, fields[index]?.keys[0] as Atom, quiet)
      : undefined;
    if (rows !== undefined) return rows;
  }
  return undefined;
}
