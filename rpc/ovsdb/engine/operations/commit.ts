import type { Operation } from './operation.ts';

/** RFC 7047, section 5.2.7. */
export const commit: Operation = {
  readOnly: false,
  run(op, txn) {
    if (op.required('durable', 'boolean')) txn.durable = true;
    return {};
  },
};
