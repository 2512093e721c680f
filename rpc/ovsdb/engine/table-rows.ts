import type { Datum } from '../notation/notation.ts';
import { type ColumnSchema, type TableSchema, UUID_INDEX } from '../notation/schema.ts';
import { Lookups } from './lookups.ts';
import { WORK, type WorkBudget } from './work-budget.ts';

/** A row in memory: the same object for its whole life, while its fields are replaced and never changed in place. */
export class Row {
  readonly table: TableRows;
  readonly uuid: string;
  /** One datum for each column, at the column's index. */
  fields: readonly Datum[];
  change: RowChange | undefined;
  /** Strong references to this row from other rows, each counted, as of the last commit. */
  strongCount = 0;
  /** Other rows with weak references to this one, as of the last commit. */
  readonly weakSources = new Set<Row>();

  constructor(table: TableRows, fields: readonly Datum[]) {
    this.table = table;
    this.fields = fields;
    this.uuid = fields[UUID_INDEX]?.keys[0] as string;
  }
}

/** What a transaction does to one row: inserts it (no `before`), deletes it (no `after`), or changes it. */
export class RowChange {
  readonly row: Row;
  readonly before: readonly Datum[] | undefined;
  /** The present fields; the same array as `before` while nothing is changed. */
  after: readonly Datum[] | undefined;
  /** Indexes of the columns that differ, set at commit; all of them for an insert or a delete. */
  columns: readonly number[] = [];
  /** Strong references to the row after the transaction. */
  strongCount: number;

  constructor(row: Row, before: readonly Datum[] | undefined) {
    this.row = row;
    this.before = before;
    this.after = row.fields;
    this.strongCount = row.strongCount;
  }
}

/** The rows of one table, and its unique indexes as of the last commit. */
export class TableRows {
  readonly schema: TableSchema;
  readonly rows = new Map<string, Row>();
  /** For each index of the schema: the rows by `columnsKey`. */
  readonly indexes: readonly Map<string, Row>[];
  readonly lookups = new Lookups<Row>();

  constructor(schema: TableSchema) {
    this.schema = schema;
    this.indexes = schema.indexes.map(() => new Map());
  }
}

export type Tables = ReadonlyMap<string, TableRows>;

/** A transaction as the checks at commit see it: what it touched, and the means to touch more. */
export interface ChangeSet {
  readonly tables: Tables;
  /** In the order of the first touch; grows while references are followed, with rows that are only read, too. */
  readonly changes: ReadonlySet<RowChange>;
  /** The rows that really differ, which the disk and the monitors must know; set by `prepare`. */
  readonly effective: readonly RowChange[];
  /** Makes the row part of the transaction. */
  touch(row: Row): RowChange;
  /** The fields of a row, to be written to. */
  modify(row: Row): Datum[];
  /** Notes that a row is gone; one that this transaction inserted leaves no trace. */
  drop(change: RowChange): void;
  /** The change of a row that this transaction deleted. */
  deletedChange(table: TableRows, uuid: string): RowChange | undefined;
}

/** The inner map under a key, made when it is missing. */
export function mapIn<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = maps.get(key);
  if (inner === undefined) {
    inner = new Map();
    maps.set(key, inner);
  }
  return inner;
}

/** The values of some columns as one string; equal exactly for equal values. */
export function columnsKey(fields: readonly Datum[], columns: readonly ColumnSchema[]): string {
  const only = columns[0];
  if (columns.length === 1 && only !== undefined && only.type.max === 1 && only.type.min === 1) {
    const { keys, values } = fields[only.index] as Datum;
    if (values.length === 0) return String(keys[0]);
  }
  return columns.map(({ index }) => datumKey(fields[index] as Datum)).join('');
}

/** `columnsKey`, paid for. @throws OvsdbError if it costs too much */
export function rowKey(fields: readonly Datum[], columns: readonly ColumnSchema[], work: WorkBudget): string {
  const key = columnsKey(fields, columns);
  work.spend(WORK.keyValue * columns.length + Math.floor(key.length / WORK.keyCharacters));
  return key;
}

function datumKey({ keys, values }: Datum): string {
  let text = `${keys.length}:`;
  for (const atoms of [keys, values]) {
    for (const atom of atoms) {
      const part = String(atom);
      text += `${part.length}:${part}`;
    }
  }
  return text;
}

/** Calls `found` for every reference of one kind in a datum, with the table it points into. */
export function forEachReference(
  { keys, values }: Datum,
  { type }: ColumnSchema,
  kind: 'strong' | 'weak',
  found: (uuid: string, table: string) => void,
): void {
  if (type.key.refType === kind && type.key.refTable !== undefined) {
    for (const key of keys) found(key as string, type.key.refTable);
  }
  if (type.value?.refType === kind && type.value.refTable !== undefined) {
    for (const value of values) found(value as string, type.value.refTable);
  }
}
