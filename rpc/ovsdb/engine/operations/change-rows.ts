import { randomUUID } from 'node:crypto';
import type { Json } from '../../../json/json-value.ts';
import { toUuid } from '../../notation/atoms.ts';
import { equalDatum } from '../../notation/datum-algebra.ts';
import type { Datum } from '../../notation/notation.ts';
import { syntaxError } from '../../notation/ovsdb-error.ts';
import { rowFromJson } from '../../notation/row-json.ts';
import { checkDefault } from '../../notation/schema.ts';
import { conditionFromJson, matchingRows } from '../conditions.ts';
import { mutationFromJson } from '../mutations.ts';
import type { Transaction } from '../ovsdb-transaction.ts';
import type { Row, TableRows } from '../table-rows.ts';
import { WORK } from '../work-budget.ts';
import { type Operation, tableMember } from './operation.ts';

/** RFC 7047, section 5.2.1, with ovsdb-server's extension `uuid`. */
export const insertRow: Operation = {
  readOnly: false,
  run(op, txn) {
    const table = tableMember(op, txn);
    const wanted = op.optional('uuid', 'string');
    const name = op.optional('uuid-name', 'id');
    const row = op.required('row', 'object');
    const given = wanted === undefined ? undefined : freeUuid(wanted, table, txn);
    const uuid = name === undefined ? (given ?? randomUUID()) : txn.define(name, given);
    const fields = table.schema.defaults();
    const set = rowFromJson(row, table.schema, txn.named);
    for (const [column, datum] of set) fields[column.index] = datum;
    for (const column of table.schema.badDefaults) if (!set.has(column)) checkDefault(column);
    txn.work.spend(WORK.change);
    txn.insert(table, uuid, fields);
    return { uuid: ['uuid', uuid] };
  },
};

function freeUuid(text: string, table: TableRows, txn: Transaction): string {
  const uuid = toUuid(text);
  if (uuid === undefined) throw syntaxError(text, 'bad uuid');
  if (txn.mayInsert(table, uuid)) return uuid;
  const reason =
    'This UUID would duplicate a UUID already present within the table or deleted within the same transaction.';
  throw syntaxError(text, reason, 'duplicateUuid');
}

/** RFC 7047, section 5.2.3. The count is of rows matched, whether or not they change. */
export const updateRows: Operation = {
  readOnly: false,
  run(op, txn) {
    const table = tableMember(op, txn);
    const where = op.required('where', 'array');
    const rowJson = op.required('row', 'object');
    const set = [...rowFromJson(rowJson, table.schema, txn.named)];
    const fixed = set.find(([column]) => !column.mutable);
    if (fixed !== undefined) {
      const text = `Cannot update immutable column ${fixed[0].name} in table ${table.schema.name}.`;
      throw syntaxError(op.json, text, 'constraint');
    }
    const rows = rowsToChange(where, table, txn, set.length === 0 ? WORK.value : WORK.change);
    for (const row of rows) {
      const differing = set.filter(([{ index }, datum]) => !equalDatum(row.fields[index] as Datum, datum));
      if (differing.length === 0) continue;
      const fields = txn.modify(row);
      for (const [{ index }, datum] of differing) fields[index] = datum;
    }
    return { count: rows.length };
  },
};

/** RFC 7047, section 5.2.4. Each mutation of a row sees the result of those before it. */
export const mutateRows: Operation = {
  readOnly: false,
  run(op, txn) {
    const table = tableMember(op, txn);
    const where = op.required('where', 'array');
    const mutationsJson = op.required('mutations', 'array');
    const mutations = mutationsJson.map((json) => mutationFromJson(json, table.schema, txn.named));
    const rows = rowsToChange(where, table, txn, mutations.length === 0 ? WORK.value : WORK.change);
    for (const row of rows) {
      for (const { column, apply, cost } of mutations) {
        const old = row.fields[column.index] as Datum;
        txn.work.spend(cost + WORK.value * old.keys.length);
        const mutated = apply(old);
        if (mutated !== old) txn.modify(row)[column.index] = mutated;
      }
    }
    return { count: rows.length };
  },
};

/** RFC 7047, section 5.2.5. */
export const deleteRows: Operation = {
  readOnly: false,
  run(op, txn) {
    const where = op.required('where', 'array');
    // A row can be deleted once, and whoever inserted it paid for it.
    const rows = rowsToChange(where, tableMember(op, txn), txn, WORK.value);
    for (const row of rows) txn.delete(row);
    return { count: rows.length };
  },
};

/** `cost`: that of each row, in the unit of `WorkBudget`. */
function rowsToChange(where: readonly Json[], table: TableRows, txn: Transaction, cost: number): Row[] {
  const rows = matchingRows(table, conditionFromJson(where, table.schema, txn.named), txn);
  txn.work.spend(rows.length * cost);
  return rows;
}
