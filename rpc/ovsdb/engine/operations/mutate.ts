import type { Datum } from '../../notation/notation.ts';
import { conditionFromJson, matchingRows } from '../conditions.ts';
import { mutationFromJson } from '../mutations.ts';
import type { Operation } from './operation.ts';
import { tableMember } from './operation.ts';

/** RFC 7047, section 5.2.4. Mutations of one row see each other. */
export const mutate: Operation = {
  readOnly: false,
  run(op, txn) {
    const table = tableMember(op, txn);
    const where = op.required('where', 'array');
    const mutationsJson = op.required('mutations', 'array');
    const mutations = mutationsJson.map((json) => mutationFromJson(json, table.schema, txn.named));
    const matching = matchingRows(table, conditionFromJson(where, table.schema, txn.named), txn.changes);
    for (const row of matching) {
      for (const { column, apply } of mutations) {
        const old = row.fields[column.index] as Datum;
        const mutated = apply(old);
        if (mutated !== old) txn.modify(row)[column.index] = mutated;
      }
    }
    return { count: matching.length };
  },
};
