import type { RowChange } from '../../rpc/ovsdb/client/replica.ts';
import { isStatusColumn } from '../../rpc/state/model/tables.ts';

/** Whether a change is one of status only, such as we make ourselves: there is nothing to bring together then. */
export function isStatusOnly({ table, kind, columns }: RowChange): boolean {
  return kind === 'modify' && columns.every((column) => isStatusColumn(table, column));
}
