import { equalDatum } from '../../notation/datum-algebra.ts';
import type { Datum } from '../../notation/notation.ts';
import { syntaxError } from '../../notation/ovsdb-error.ts';
import { rowFromJson } from '../../notation/row-json.ts';
import { conditionFromJson, matchingRows } from '../conditions.ts';
import type { Operation } from './operation.ts';
import { tableMember } from './operation.ts';

/** RFC 7047, section 5.2.3. The count is of rows matched, whether or not they change. */
export const update: Operation = {
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
    const matching = matchingRows(table, conditionFromJson(where, table.schema, txn.named), txn.changes);
    for (const row of matching) {
      const differing = set.filter(([{ index }, datum]) => !equalDatum(row.fields[index] as Datum, datum));
      if (differing.length === 0) continue;
      const fields = txn.modify(row);
      for (const [{ index }, datum] of differing) fields[index] = datum;
    }
    return { count: matching.length };
  },
};
