import { compareDatum } from '../../notation/datum-algebra.ts';
import type { Datum } from '../../notation/notation.ts';
import { type ColumnSchema, columnSetFromJson, UUID_INDEX } from '../../notation/schema.ts';
import { conditionFromJson, matchingRows } from '../conditions.ts';
import { SelectedRows } from '../selected-rows.ts';
import { type Row, rowKey } from '../table-rows.ts';
import { WORK, type WorkBudget } from '../work-budget.ts';
import { type Operation, tableMember } from './operation.ts';

type Fields = readonly Datum[];

/** RFC 7047, section 5.2.2, with ovsdb-server's extension `sort`. Rows that are equal in the columns asked for appear once. */
export const selectRows: Operation = {
  readOnly: true,
  run(op, txn) {
    const table = tableMember(op, txn);
    const where = op.required('where', 'array');
    const columnsJson = op.optional('columns', 'array');
    const sortJson = op.optional('sort', 'array');
    const { columns: known, columnList } = table.schema;
    const condition = conditionFromJson(where, table.schema, txn.named);
    const columns = columnsJson === undefined ? columnList : columnSetFromJson(columnsJson, known);
    const sort = sortJson === undefined ? columnList : columnSetFromJson(sortJson, known);
    const matching = matchingRows(table, condition, txn).map(fieldsNow);
    // One select may read a table of any size.
    if (txn.selected > 0) txn.work.spend(matching.length * columns.length * WORK.value);
    txn.selected += matching.length;
    const rows = distinct(matching, columns, txn.work);
    if (sortJson !== undefined) {
      txn.work.spend(rows.length * sort.length * WORK.value);
      rows.sort((a, b) => compareFields(a, b, sort));
    }
    return new SelectedRows(rows, columns);
  },
};

/** The fields of a row that this transaction has changed may still change in place, so they are copied. */
function fieldsNow({ fields, change }: Row): Fields {
  return change === undefined ? fields : [...fields];
}

function distinct(rows: Fields[], columns: readonly ColumnSchema[], work: WorkBudget): Fields[] {
  if (columns.some((column) => column.index === UUID_INDEX)) return rows;
  const first = new Map<string, Fields>();
  for (const fields of rows) {
    const key = rowKey(fields, columns, work);
    if (!first.has(key)) first.set(key, fields);
  }
  return [...first.values()];
}

function compareFields(a: Fields, b: Fields, columns: readonly ColumnSchema[]): number {
  for (const { index, type } of columns) {
    const order = compareDatum(a[index] as Datum, b[index] as Datum, type);
    if (order !== 0) return order;
  }
  return 0;
}
