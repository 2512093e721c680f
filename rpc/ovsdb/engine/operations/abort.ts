import { OvsdbError } from '../../notation/ovsdb-error.ts';
import type { Operation } from './operation.ts';

/** RFC 7047, section 5.2.8. */
export const abort: Operation = {
  readOnly: true,
  run() {
    throw new OvsdbError('aborted', 'aborted by request');
  },
};
