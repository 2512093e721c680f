import { isJsonObject, type Json } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';

/** The connection could not be made, or was lost before the answer came. */
export class OvsdbConnectionError extends Error {
  override readonly name = 'OvsdbConnectionError';
  readonly remote: string;

  constructor(remote: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.remote = remote;
  }
}

/** The server did not answer in time; the request may have been carried out. */
export class OvsdbTimeoutError extends Error {
  override readonly name = 'OvsdbTimeoutError';
}

/** The server answered a request with the error `answer`. */
export class OvsdbCallError extends Error {
  override readonly name = 'OvsdbCallError';
  readonly method: string;
  readonly answer: Json;

  constructor(method: string, answer: Json) {
    super(`Cannot call ${method}: the server answered ${describe(answer)}`);
    this.method = method;
    this.answer = answer;
  }
}

/** An operation of a transaction, or its commit, failed; the transaction had no effect. */
export class OvsdbTransactionError extends Error {
  override readonly name = 'OvsdbTransactionError';
  /** The index of the operation that failed; the number of operations if the commit did. */
  readonly index: number;
  /** The error of RFC 7047, section 3.1: `constraint violation`. */
  readonly error: string;
  readonly details: string | undefined;
  readonly results: readonly Json[];

  constructor(index: number, operations: readonly Json[], results: readonly Json[]) {
    const answer = results[index] ?? null;
    const operation = operations[index];
    const what = isJsonObject(operation)
      ? `operation ${index + 1} of ${operations.length} (${[operation['op'], operation['table']].filter((one) => typeof one === 'string').join(' ')})`
      : 'the transaction';
    super(`Cannot carry out ${what}: the server answered ${describe(answer)}`);
    this.index = index;
    this.error = isJsonObject(answer) && typeof answer['error'] === 'string' ? answer['error'] : stringifyJson(answer);
    this.details = isJsonObject(answer) && typeof answer['details'] === 'string' ? answer['details'] : undefined;
    this.results = results;
  }
}

/** `constraint violation: 11 is not in the valid range …`, or JSON of another shape as it is. */
function describe(answer: Json): string {
  if (typeof answer === 'string') return answer;
  if (!isJsonObject(answer) || typeof answer['error'] !== 'string') return stringifyJson(answer);
  return typeof answer['details'] === 'string' ? `${answer['error']}: ${answer['details']}` : answer['error'];
}
