import type { Operation } from './operation.ts';

/** RFC 7047, section 5.2.9. */
export const comment: Operation = {
  readOnly: true,
  run(op, txn) {
    txn.comments.push(op.required('comment', 'string'));
    return {};
  },
};
