import type { Json } from '../../json/json-value.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';
import { MemberParser } from '../notation/parser.ts';
import { OPERATIONS } from './operations/all.ts';
import { type OperationContext, Unsatisfied } from './operations/operation.ts';
import type { Transaction } from './ovsdb-transaction.ts';
import type { OperationResult, Result } from './selected-rows.ts';
import { WORK } from './work-budget.ts';

/** The end of a run of operations. Their changes are still there, to be committed or rolled back. */
type Execution =
  | { readonly state: 'done' | 'failed'; readonly results: Result[] }
  | { readonly state: 'waiting'; readonly timeoutMs: number };

interface ExecutionContext extends Pick<OperationContext, 'elapsedMs' | 'holdsLock'> {
  /** Why nothing may be changed, to follow "… operation not allowed"; undefined if it may. */
  readonly readOnly: string | undefined;
}

/** Runs the operations in order, up to the first error. Only bugs of this program are thrown. */
export function execute(operations: readonly Json[], txn: Transaction, context: ExecutionContext): Execution {
  const results: Result[] = operations.map(() => null); // those after an error stay null
  let timeoutMs = Number.POSITIVE_INFINITY;
  const waitsUntil = (ms: number): void => {
    timeoutMs = Math.min(timeoutMs, ms);
  };
  const shared = { ...context, waitsUntil };
  for (const [i, json] of operations.entries()) {
    const op = new MemberParser(json, `ovsdb operation ${i + 1} of ${operations.length}`);
    try {
      txn.work.spend(WORK.operation);
      results[i] = runOne(op, txn, shared);
    } catch (error) {
      if (error instanceof Unsatisfied) return { state: 'waiting', timeoutMs };
      if (!(error instanceof OvsdbError)) throw error; // our bug: never dress it up as the client's
      // The rows of a transaction that asks for too much are not sent either.
      if (error.kind === 'exhausted') results.fill(null, 0, i);
      results[i] = error.toJSON();
      return { state: 'failed', results };
    }
  }
  return { state: 'done', results };
}

function runOne(op: MemberParser, txn: Transaction, context: OperationContext & ExecutionContext): OperationResult {
  const name = op.required('op', 'id');
  const operation = OPERATIONS.get(name);
  if (operation === undefined) throw op.error(`No operation "${name}"`);
  let result: OperationResult;
  try {
    result = operation.run(op, txn, context);
  } catch (error) {
    // A syntax error overrides any other error of the client's, but never a bug of ours.
    if (error instanceof OvsdbError || error instanceof Unsatisfied) op.finish();
    throw error;
  }
  op.finish();
  if (context.readOnly !== undefined && !operation.readOnly) {
    throw new OvsdbError('notAllowed', `${name} operation not allowed ${context.readOnly}`);
  }
  return result;
}
