import type { Json } from '../../../json/json-value.ts';
import type { Datum } from '../../notation/notation.ts';
import { OvsdbError, syntaxError } from '../../notation/ovsdb-error.ts';
import { rowFromJson } from '../../notation/row-json.ts';
import { type ColumnSchema, columnSetFromJson } from '../../notation/schema.ts';
import { conditionFromJson, matchingRows } from '../conditions.ts';
import type { Transaction } from '../ovsdb-transaction.ts';
import { rowKey, type TableRows } from '../table-rows.ts';
import { type Operation, tableMember, Unsatisfied } from './operation.ts';

/** RFC 7047, section 5.2.6. Throws `Unsatisfied` while time is left, so that the transaction waits. */
export const wait: Operation = {
  readOnly: true,
  run(op, txn, { elapsedMs, waitsUntil }) {
    const timeout = op.optional('timeout', 'integer');
    const where = op.required('where', 'array');
    const columnsJson = op.optional('columns', 'array');
    const until = op.required('until', 'string');
    const rows = op.required('rows', 'array');
    const table = tableMember(op, txn);
    const { schema } = table;
    const condition = conditionFromJson(where, schema, txn.named);
    const columns = columnsJson === undefined ? schema.columnList : columnSetFromJson(columnsJson, schema.columns);
    if (timeout !== undefined && timeout < 0) throw syntaxError(timeout, 'timeout must be nonnegative');
    if (until !== '==' && until !== '!=') throw syntaxError(until, '"until" must be "==" or "!="');
    const expected = expectedRows(rows, table, columns, txn);
    const matching = matchingRows(table, condition, txn);
    const actual = new Set(matching.map((row) => rowKey(row.fields, columns, txn.work)));
    const equal = actual.size === expected.size && [...actual].every((key) => expected.has(key));
    if (equal === (until === '==')) return {};
    if (timeout === undefined || elapsedMs < timeout) {
      waitsUntil(Number(timeout ?? Number.POSITIVE_INFINITY));
      throw new Unsatisfied();
    }
    const over = elapsedMs === 0 ? '"where" clause test failed' : `"wait" timed out after ${elapsedMs} ms`;
    throw new OvsdbError('timedOut', over);
  },
};

/** The rows to compare with, as a set; columns that a row does not name have their defaults. */
function expectedRows(rows: Json[], table: TableRows, columns: readonly ColumnSchema[], txn: Transaction): Set<string> {
  const expected = new Set<string>();
  for (const json of rows) {
    const fields: Datum[] = table.schema.defaults();
    for (const [column, datum] of rowFromJson(json, table.schema, txn.named)) fields[column.index] = datum;
    expected.add(rowKey(fields, columns, txn.work));
  }
  return expected;
}
