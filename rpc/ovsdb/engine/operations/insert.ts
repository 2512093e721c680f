import { randomUUID } from 'node:crypto';
import { toUuid } from '../../notation/atoms.ts';
import { syntaxError } from '../../notation/ovsdb-error.ts';
import { rowFromJson } from '../../notation/row-json.ts';
import { checkDefault } from '../../notation/schema.ts';
import type { Transaction } from '../ovsdb-transaction.ts';
import type { TableRows } from '../table-rows.ts';
import type { Operation } from './operation.ts';
import { tableMember } from './operation.ts';

/** RFC 7047, section 5.2.1, with ovsdb-server's extension `uuid`. */
export const insert: Operation = {
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
