import type { MemberParser } from '../../notation/parser.ts';
import type { Transaction } from '../ovsdb-transaction.ts';
import type { OperationResult } from '../selected-rows.ts';
import type { TableRows } from '../table-rows.ts';

/** What an operation may know besides the rows. */
export interface OperationContext {
  /** Time since the transaction was requested. */
  readonly elapsedMs: number;
  readonly holdsLock: (lock: string) => boolean;
  /** Notes the deadline of a `wait`, in milliseconds since the transaction was requested. */
  readonly waitsUntil: (timeoutMs: number) => void;
}

/** One operation of RFC 7047, section 5.2. `run` reads all members before it acts: a syntax error hides every other error. */
export interface Operation {
  /** Whether a read-only session may request it. */
  readonly readOnly: boolean;
  /** The element of the result. @throws OvsdbError */
  run(op: MemberParser, txn: Transaction, context: OperationContext): OperationResult;
}

/** Thrown by a `wait` whose condition is not met while time is left. Not an error: the transaction waits. */
export class Unsatisfied extends Error {
  override readonly name = 'Unsatisfied';
}

/** The table that the member `table` names. @throws OvsdbError if there is none */
export function tableMember(op: MemberParser, txn: Transaction): TableRows {
  const name = op.required('table', 'id');
  const table = txn.tables.get(name);
  if (table === undefined) throw op.error(`No table named ${name}.`);
  return table;
}
