import { OvsdbError } from '../../notation/ovsdb-error.ts';
import type { Operation } from './operation.ts';

/** RFC 7047, section 5.2.10. */
export const assertLock: Operation = {
  readOnly: true,
  run(op, _txn, { holdsLock }) {
    const lock = op.required('lock', 'id');
    if (!holdsLock(lock)) throw new OvsdbError('notOwner', `Asserted lock ${lock} not held.`);
    return {};
  },
};
