import { OvsdbError } from '../../notation/ovsdb-error.ts';
import { deleteRows, insertRow, mutateRows, updateRows } from './change-rows.ts';
import type { Operation } from './operation.ts';
import { selectRows } from './select-rows.ts';
import { wait } from './wait.ts';

/** RFC 7047, section 5.2.7. */
const commit: Operation = {
  readOnly: false,
  run(op, txn) {
    if (op.required('durable', 'boolean')) txn.durable = true;
    return {};
  },
};

/** RFC 7047, section 5.2.8. */
const abort: Operation = {
  readOnly: true,
  run() {
    throw new OvsdbError('aborted', 'aborted by request');
  },
};

/** RFC 7047, section 5.2.9. The comment has no effect. */
const comment: Operation = {
  readOnly: true,
  run(op) {
    op.required('comment', 'string');
    return {};
  },
};

/** RFC 7047, section 5.2.10. */
const assertLock: Operation = {
  readOnly: true,
  run(op, _txn, { holdsLock }) {
    const lock = op.required('lock', 'id');
    if (!holdsLock(lock)) throw new OvsdbError('notOwner', `Asserted lock ${lock} not held.`);
    return {};
  },
};

/** The operations of RFC 7047, section 5.2, by their name on the wire. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['insert', insertRow],
  ['select', selectRows],
  ['update', updateRows],
  ['mutate', mutateRows],
  ['delete', deleteRows],
  ['wait', wait],
  ['commit', commit],
  ['abort', abort],
  ['comment', comment],
  ['assert', assertLock],
]);
