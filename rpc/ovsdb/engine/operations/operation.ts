import type { JsonObject } from '../../../json/json-value.ts';
import type { MemberParser } from '../../notation/parser.ts';
import type { Transaction } from '../ovsdb-transaction.ts';
import type { TableRows } from '../table-rows.ts';

/** What an operation may know besides the working set. */
export interface OperationContext {
  /** How long the transaction has been waiting. */
  readonly elapsedMs: number;
  readonly holdsLock: (lock: string) => boolean;
  /** Notes the deadline of a `wait`, in milliseconds since the transaction was asked for. */
  readonly waitsUntil: (timeoutMs: number) => void;
}

/**
 * One operation of RFC 7047, section 5.2, as a value. `run` reads all members before it does anything, because a mistake in
 * the form hides every other error.
 */
export interface Operation {
  /** Whether a read-only session may ask for it. */
  readonly readOnly: boolean;
  /** The element of the result. @throws OvsdbError */
  run(op: MemberParser, txn: Transaction, context: OperationContext): JsonObject;
}

/** Thrown by a `wait` whose condition is not met while there is time left. Not an error: the transaction is parked. */
export class Unsatisfied extends Error {
  override readonly name = 'Unsatisfied';
}

/** The table that a member names. @throws OvsdbError if there is none */
export function tableMember(op: MemberParser, txn: Transaction): TableRows {
  const name = op.required('table', 'id');
  const table = txn.tables.get(name);
  if (table === undefined) throw op.error(`No table named ${name}.`);
  return table;
}
