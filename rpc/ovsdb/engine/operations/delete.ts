import { conditionFromJson, matchingRows } from '../conditions.ts';
import type { Operation } from './operation.ts';
import { tableMember } from './operation.ts';

/** RFC 7047, section 5.2.5. */
export const deleteRows: Operation = {
  readOnly: false,
  run(op, txn) {
    const where = op.required('where', 'array');
    const table = tableMember(op, txn);
    const matching = matchingRows(table, conditionFromJson(where, table.schema, txn.named), txn.changes);
    for (const row of matching) txn.delete(row);
    return { count: matching.length };
  },
};
