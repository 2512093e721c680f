import type { Json } from '../../json/json-value.ts';
import { ATOMIC_TYPES, type Atom } from '../notation/atoms.ts';
import { type ColumnType, englishType, isOptionalScalar, isScalar } from '../notation/column-type.ts';
import { equalDatum, excludesAll, includesAll } from '../notation/datum-algebra.ts';
import { type Datum, datumFromJson, type NamedUuids } from '../notation/notation.ts';
import { OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import { columnNamed } from '../notation/row-json.ts';
import { type ColumnSchema, type TableSchema, UUID_INDEX } from '../notation/schema.ts';
import type { Transaction } from './ovsdb-transaction.ts';
import { columnsKey, type Row, type TableRows } from './table-rows.ts';

/** One clause of a `where`: a test of a row's fields. */
export interface Clause {
  /** Undefined for `true` and `false`. */
  readonly column: ColumnSchema | undefined;
  /** The only value of the column that can match, if there is just one. */
  readonly equals: Datum | undefined;
  /** What one test costs, in the unit of `WorkBudget`. */
  readonly cost: number;
  test(fields: readonly Datum[]): boolean;
}

/** `<function>` of RFC 7047, section 5.1. */
interface ConditionFunction {
  /** The argument's type, which often allows other numbers of elements than the column's. */
  argumentType(type: ColumnType): ColumnType;
  fits(type: ColumnType): boolean;
  test(value: Datum, argument: Datum, type: ColumnType): boolean;
}

const same = (type: ColumnType): ColumnType => type;
const fewer = (type: ColumnType): ColumnType => (isScalar(type) ? type : { ...type, min: 0 });
const anyNumber = (type: ColumnType): ColumnType => (isScalar(type) ? type : { ...type, min: 0, max: Infinity });
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
  ['includes', { argumentType: fewer, fits: always, test: includesAll }],
  ['excludes', { argumentType: anyNumber, fits: always, test: excludesAll }],
]);

/** `[column, function or mutator, argument]` of RFC 7047, section 5.1. @throws OvsdbError */
export function tripleFromJson(json: Json, table: TableSchema, what: 'condition' | 'mutation') {
  const [name, operator, argument] = Array.isArray(json) && json.length === 3 ? json : [];
  if (typeof name !== 'string' || typeof operator !== 'string' || argument === undefined)
    throw syntaxError(json, `Parse error in ${what}.`);
  return { column: columnNamed(name, table, json), operator, argument };
}

/** The error for a function or mutator that does not fit the column's type. */
export function typeMismatch(json: Json, operator: string, { name, type }: ColumnSchema): OvsdbError {
  const may = `"${operator}" operator may not be applied to column ${name} of type ${englishType(type)}`;
  return syntaxError(json, `Type mismatch: ${may}.`);
}

/** `<condition>` of RFC 7047, section 5.1, or the extension `true` and `false`. @throws OvsdbError */
function clauseFromJson(json: Json, table: TableSchema, named?: NamedUuids): Clause {
  if (typeof json === 'boolean') return { column: undefined, equals: undefined, cost: 1, test: () => json };
  const { column, operator: name, argument: argumentJson } = tripleFromJson(json, table, 'condition');
  const { type, index } = column;
  const operator = FUNCTIONS.get(name);
  if (operator === undefined) throw new OvsdbError('unknownFunction', `No function named ${name}.`);
  if (!operator.fits(type)) throw typeMismatch(json, name, column);
  const argument = datumFromJson(argumentJson, operator.argumentType(type), named);
  const only = name === '==' || (name === 'includes' && isScalar(type));
  return {
    column,
    equals: only ? argument : undefined,
    cost: 1 + argument.keys.length,
    test:
      only && isScalar(type)
        ? equalsAtom(index, argument.keys[0] as Atom)
        : (fields) => operator.test(fields[index] as Datum, argument, type),
  };
}

/** The most frequent test: at times it runs on every row of a table. */
function equalsAtom(index: number, atom: Atom): Clause['test'] {
  return (fields) => (fields[index] as Datum).keys[0] === atom;
}

/** A whole `where`. @throws OvsdbError */
export function conditionFromJson(where: readonly Json[], table: TableSchema, named?: NamedUuids): Clause[] {
  return where.map((clause) => clauseFromJson(clause, table, named));
}

/** What it costs to test one row with all of the clauses, in the unit of `WorkBudget`. */
export function costOf(condition: readonly Clause[]): number {
  return condition.reduce((sum, { cost }) => sum + cost, 1);
}

/** The rows for which all clauses are true, as a list of its own. @throws OvsdbError if the search costs too much */
export function matchingRows(table: TableRows, condition: readonly Clause[], { changes, work }: Transaction): Row[] {
  const uuid = condition.find(({ column, equals }) => column?.index === UUID_INDEX && equals !== undefined)?.equals;
  if (uuid !== undefined) {
    const row = table.rows.get(uuid.keys[0] as string);
    return row === undefined ? [] : passing([row], condition);
  }
  const committed = committedCandidates(table, condition, changes.size === 0);
  if (committed === undefined) {
    work.spend(table.rows.size * costOf(condition));
    return passing(table.rows.values(), condition);
  }
  const candidates = new Set(committed);
  work.spend(changes.size + candidates.size * costOf(condition));
  // Indexes do not know the transaction's changes yet.
  for (const { row } of changes) if (row.table === table) candidates.add(row);
  for (const row of candidates) if (table.rows.get(row.uuid) !== row) candidates.delete(row);
  return passing(candidates, condition);
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

/** All rows that can match as of the last commit, by a unique index or the lookup of a column; undefined: search the table. */
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
