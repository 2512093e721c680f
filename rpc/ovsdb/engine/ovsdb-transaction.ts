import { randomUUID } from 'node:crypto';
import { equalDatum } from '../notation/datum-algebra.ts';
import { type Datum, datumOf } from '../notation/notation.ts';
import { OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import { UUID_INDEX, VERSION_INDEX } from '../notation/schema.ts';
import { checkIndexes, updateIndexes } from './indexes.ts';
import { assessWeakReferences, collectGarbage, countStrongReferences, updateWeakSources } from './references.ts';
import { type ChangeSet, mapIn, Row, RowChange, type TableRows, type Tables } from './table-rows.ts';
import { WorkBudget } from './work-budget.ts';

/**
 * One transaction on the rows in memory. Operations change the rows themselves, so each sees what earlier ones did; the
 * changes keep the former values, so `rollback` costs as much as was touched. Use: operations, `prepare`, then `finish` or
 * `rollback`.
 */
export class Transaction implements ChangeSet {
  readonly tables: Tables;
  readonly changes = new Set<RowChange>();
  effective: readonly RowChange[] = [];
  durable = false;
  readonly #deleted = new Map<TableRows, Map<string, RowChange>>();
  readonly #named = new Map<string, { uuid: string; defined: boolean }>();

  readonly work: WorkBudget;
  /** Who requested it, in words; undefined: nobody has to know. */
  readonly author: string | undefined;
  /** Rows that operations have selected so far. */
  selected = 0;

  constructor(tables: Tables, work = new WorkBudget(), author?: string) {
    this.tables = tables;
    this.work = work;
    this.author = author;
  }

  /** The UUID behind a name, whether or not the insert that defines it has come (RFC 7047, section 4.1.3). */
  readonly named = (name: string): string => {
    const known = this.#named.get(name);
    if (known !== undefined) return known.uuid;
    const uuid = randomUUID();
    this.#named.set(name, { uuid, defined: false });
    return uuid;
  };

  /** Binds a name to a UUID. @throws OvsdbError if an earlier insert did so */
  define(name: string, uuid: string | undefined): string {
    if (this.#named.get(name)?.defined === true) {
      throw syntaxError(name, 'This "uuid-name" appeared on an earlier "insert" operation.', 'duplicateUuidName');
    }
    const meaning = uuid ?? this.named(name);
    this.#named.set(name, { uuid: meaning, defined: true });
    return meaning;
  }

  /** Whether a row may get this UUID: that of a row this transaction deleted is not free. */
  mayInsert(table: TableRows, uuid: string): boolean {
    return !table.rows.has(uuid) && this.deletedChange(table, uuid) === undefined;
  }

  insert(table: TableRows, uuid: string, fields: Datum[]): void {
    fields[UUID_INDEX] = datumOf(uuid);
    fields[VERSION_INDEX] = datumOf(randomUUID());
    const row = new Row(table, fields);
    table.rows.set(uuid, row);
    row.change = new RowChange(row, undefined);
    this.changes.add(row.change);
  }

  modify(row: Row): Datum[] {
    const change = this.touch(row);
    const fields = change.after === change.before ? [...row.fields] : (row.fields as Datum[]);
    change.after = fields;
    row.fields = fields;
    return fields;
  }

  delete(row: Row): void {
    const change = this.touch(row);
    row.table.rows.delete(row.uuid);
    this.drop(change);
  }

  touch(row: Row): RowChange {
    if (row.change === undefined) {
      row.change = new RowChange(row, row.fields);
      this.changes.add(row.change);
    }
    return row.change;
  }

  drop(change: RowChange): void {
    change.after = undefined;
    if (change.before === undefined) this.changes.delete(change);
    else mapIn(this.#deleted, change.row.table).set(change.row.uuid, change);
  }

  deletedChange(table: TableRows, uuid: string): RowChange | undefined {
    return this.#deleted.get(table)?.get(uuid);
  }

  /** Checks and completes the changes, in ovsdb-server's order. @throws OvsdbError; the transaction must then be rolled back */
  prepare(): void {
    for (const change of this.changes) this.#determine(change);
    if (this.changes.size === 0) return;
    countStrongReferences(this);
    collectGarbage(this);
    this.#checkMaxRows();
    assessWeakReferences(this);
    checkIndexes(this);
    this.effective = [...this.changes].filter((change) => this.#settle(change));
  }

  /** Drops a change that wrote only the values that were there. */
  #determine(change: RowChange): void {
    const { before, after, row } = change;
    change.columns = differingColumns(change);
    if (change.columns.length > 0 || before === undefined || after === undefined) return;
    row.fields = before;
    row.change = undefined;
    this.changes.delete(change);
  }

  /**
   * Whether the row differs after garbage collection and weak references; if so, it gets a new version. So does one that was
   * given a weak reference which has vanished, and is as before.
   */
  #settle(change: RowChange): boolean {
    const { before, after, row } = change;
    const wasWritten = change.columns.length > 0;
    change.columns = differingColumns(change);
    if (before === undefined || after === undefined) return true;
    if (!wasWritten && change.columns.length === 0) return false;
    this.modify(row)[VERSION_INDEX] = datumOf(randomUUID());
    change.columns = [VERSION_INDEX, ...change.columns];
    return true;
  }

  #checkMaxRows(): void {
    const touched = new Set([...this.changes].map(({ row }) => row.table));
    for (const { rows, schema } of touched) {
      if (rows.size <= schema.maxRows) continue;
      const what = `"${schema.name}" table to contain ${rows.size} rows`;
      throw new OvsdbError(
        'constraint',
        `transaction causes ${what}, greater than the schema-defined limit of ${schema.maxRows} row(s)`,
      );
    }
  }

  /** Restores every row. */
  rollback(): void {
    for (const { row, before, after } of this.changes) {
      row.change = undefined;
      if (before === undefined) row.table.rows.delete(row.uuid);
      else {
        row.fields = before;
        if (after === undefined) row.table.rows.set(row.uuid, row);
      }
    }
    this.changes.clear();
  }

  /** Updates indexes and references. Nothing can fail here. */
  finish(): void {
    updateIndexes(this);
    updateWeakSources(this);
    for (const change of this.changes) {
      swapStrongCounts(change);
      change.row.change = undefined;
    }
  }

  /** Reverts what `finish` made final, because it could not be written. Transactions are undone in reverse order. */
  undo(): void {
    const { tables, changes, effective } = this;
    const backwards = effective.map(({ row, before, after }) => ({ row, before: after, after: before }));
    // Targets are looked up in the rows: the present ones before the rollback, the former ones after it.
    updateWeakSources({ tables, changes: backwards.map((one) => ({ ...one, after: undefined })) });
    for (const change of changes) swapStrongCounts(change);
    this.rollback();
    updateIndexes({ effective: backwards });
    updateWeakSources({ tables, changes: backwards.map((one) => ({ ...one, before: undefined })) });
    this.effective = [];
  }
}

function swapStrongCounts(change: RowChange): void {
  const { strongCount } = change.row;
  change.row.strongCount = change.strongCount;
  change.strongCount = strongCount;
}

const NO_COLUMNS: readonly number[] = [];

/** Indexes of the columns whose values differ: all of them in a new or deleted row. */
function differingColumns({ row, before, after }: RowChange): readonly number[] {
  const { columnList, allIndexes } = row.table.schema;
  if (before === after) return NO_COLUMNS;
  if (before === undefined || after === undefined) return allIndexes;
  const differing: number[] = [];
  for (let index = 0; index < columnList.length; index++) {
    const [old, now] = [before[index] as Datum, after[index] as Datum];
    if (old !== now && !equalDatum(old, now)) differing.push(index);
  }
  return differing;
}
