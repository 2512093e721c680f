import type { Atom } from '../notation/atoms.ts';
import type { Datum } from '../notation/notation.ts';
import type { ColumnSchema, TableSchema } from '../notation/schema.ts';
import { UUID_INDEX } from '../notation/schema.ts';
import { Lookups } from './lookups.ts';

/** A row of the working set. It stays the same object for its whole life; its fields are replaced, never changed. */
export class Row {
  readonly table: TableRows;
  readonly uuid: string;
  /** One datum for each column, at the column's index. */
  fields: readonly Datum[];
  /** What the running transaction did to it. */
  change: RowChange | undefined;
  /** Strong references to this row from other rows, each counted, as of the last commit. */
  strongCount = 0;
  /** Other rows with weak references to this one, as of the last commit. */
  readonly weakSources = new Set<Row>();

  constructor(table: TableRows, fields: readonly Datum[]) {
    this.table = table;
    this.fields = fields;
    this.uuid = atomAt(fields, UUID_INDEX) as string;
  }
}

/** What a transaction does to one row: inserts it (no `before`), deletes it (no `after`), or changes it. */
export class RowChange {
  readonly row: Row;
  /** The fields before the transaction. */
  readonly before: readonly Datum[] | undefined;
  /** The fields as they are now. The same array as `before` while nothing is changed. */
  after: readonly Datum[] | undefined;
  /** Indexes of the columns that differ; determined at commit. All of them when inserted or deleted. */
  columns: readonly number[] = [];
  /** Strong references to the row that will remain. */
  strongCount: number;

  constructor(row: Row, before: readonly Datum[] | undefined) {
    this.row = row;
    this.before = before;
    this.after = row.fields;
    this.strongCount = row.strongCount;
  }
}

/** The only atom of a scalar column. */
function atomAt(fields: readonly Datum[], index: number): Atom | undefined {
  return fields[index]?.keys[0];
}

/** The rows of one table, and its unique indexes as of the last commit. */
export class TableRows {
  readonly schema: TableSchema;
  readonly rows = new Map<string, Row>();
  /** For each index of the schema: the rows by `indexKey`. */
  readonly indexes: readonly Map<string, Row>[];
  /** What else is worth having at hand, as of the last commit. */
  readonly lookups = new Lookups<Row>();

  constructor(schema: TableSchema) {
    this.schema = schema;
    this.indexes = schema.indexes.map(() => new Map());
  }
}

export type Tables = ReadonlyMap<string, TableRows>;

/** The values of some columns as one string: equal strings for equal values, and only for them. */
export function columnsKey(fields: readonly Datum[], columns: readonly ColumnSchema[]): string {
  const only = columns[0];
  if (columns.length === 1 && only !== undefined && only.type.max === 1 && only.type.min === 1) {
    const { keys, values } = fields[only.index] as Datum;
    if (values.length === 0) return String(keys[0]);
  }
  return columns.map(({ index }) => datumKey(fields[index] as Datum)).join('');
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
