import { type JSONRPCID, JSONRPCServer } from 'json-rpc-2.0';
import { nextTurn } from '../../base/turns.ts';
import { isNestedDeeper } from '../json/nesting.ts';
import type { Check } from '../json/shape.ts';
import { errorResponse, isForeseen, publicError, RPC_CODE } from './api-errors.ts';
import { readParams } from './api-params.ts';
import { type Handlers, isMethod, METHODS, type MethodName } from './methods.ts';
import { stringifyInTurns } from './stringify-in-turns.ts';

/**
 * Text in, text out: JSON-RPC 2.0. The library handles single, well-formed requests; this handles what it passes or fails
 * on: `null` inside a batch, ids that are objects, a batch of one that would be answered without its array, internal error
 * texts, results that JSON cannot carry.
 */

/** The most requests in a batch. */
const MAX_BATCH = 100;
/** Documents of hosts need less than ten levels. */
const MAX_DEPTH = 64;

type InternalError = { readonly kind: 'internal-error'; readonly method: string; readonly error: unknown };
export type DispatcherLog = (event: InternalError) => void;

type Id = string | number | null;
interface Request {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: unknown;
  readonly id?: Id;
}

/** Counts what clients make the server hold. */
export interface AnswerMemory<Context> {
  /** Whether there is room for one more answer, before it is made. Throws VC-API-BUSY. */
  check(context: Context): void;
  /** Answers of a batch wait for the others: so many bytes; negative: they have been sent. */
  hold(context: Context, bytes: number): void;
}

export class Dispatcher<Context> {
  readonly #server: JSONRPCServer<Context>;
  readonly #log: DispatcherLog;
  readonly #memory: AnswerMemory<Context>;

  constructor(
    handlers: Handlers<Context>,
    log: DispatcherLog = () => undefined,
    memory: AnswerMemory<Context> = { check: () => undefined, hold: () => undefined },
  ) {
    this.#log = log;
    this.#memory = memory;
    // The default listener writes to the console; `mapErrorToJSONRPCErrorResponse` gets the same errors.
    this.#server = new JSONRPCServer<Context>({ errorListener: () => undefined });
    this.#server.mapErrorToJSONRPCErrorResponse = (id: JSONRPCID, error: unknown) =>
      errorResponse(id, publicError(error));
    for (const name of Object.keys(METHODS) as MethodName[]) this.#add(name, handlers[name] as Handler<Context>);
  }

  /** The text of the answer; undefined for notifications, which have none. Never rejects. */
  async receive(text: string, context: Context): Promise<string | undefined> {
    const unread = (problem: string): string =>
      JSON.stringify(errorResponse(null, { code: RPC_CODE.parse, message: `Parse error: ${problem}` }));
    if (isNestedDeeper(text, MAX_DEPTH)) return unread(`it is nested more than ${MAX_DEPTH} levels deep`);
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return unread('wanted JSON');
    }
    if (!Array.isArray(message)) return this.#one(message, context);
    if (message.length === 0) return JSON.stringify(invalid(null, 'the batch is empty'));
    if (message.length > MAX_BATCH)
      return JSON.stringify(invalid(null, `more than ${MAX_BATCH} requests in one batch`));
    return this.#batch(message, context);
  }

  /** Begins one request in each turn, so that a batch does not keep the others waiting; what takes long overlaps. */
  async #batch(requests: readonly unknown[], context: Context): Promise<string | undefined> {
    let held = 0;
    const answering = async (request: unknown): Promise<string | undefined> => {
      const answer = await this.#one(request, context);
      held += answer?.length ?? 0;
      this.#memory.hold(context, answer?.length ?? 0);
      return answer;
    };
    const answers: Promise<string | undefined>[] = [];
    for (const request of requests) {
      answers.push(answering(request));
      await nextTurn();
    }
    const due = (await Promise.all(answers)).filter((answer) => answer !== undefined);
    this.#memory.hold(context, -held);
    return due.length > 0 ? `[${due.join(',')}]` : undefined;
  }

  async #one(message: unknown, context: Context): Promise<string | undefined> {
    const problem = problemOf(message);
    if (problem !== undefined) return JSON.stringify(invalid(idOf(message), problem));
    const request = message as Request;
    if (!isMethod(request.method)) {
      if (request.id === undefined) return undefined;
      const text = `Method not found: "${request.method.slice(0, 60)}"`;
      return JSON.stringify(errorResponse(request.id, { code: RPC_CODE.method, message: text }));
    }
    try {
      const answer = await this.#server.receive(request, context);
      return answer === null ? undefined : await stringifyInTurns(answer);
    } catch (error) {
      // a result that JSON cannot carry (a bigint, a circle) fails only here, after the handler has run
      this.#log({ kind: 'internal-error', method: request.method, error });
      return request.id === undefined ? undefined : JSON.stringify(errorResponse(request.id, publicError(error)));
    }
  }

  #add(name: MethodName, handler: Handler<Context>): void {
    const check: Check<unknown> = METHODS[name].params;
    this.#server.addMethod(name, async (params: unknown, context: Context) => {
      try {
        this.#memory.check(context);
        // an answer needs a result: `null` when the handler returns nothing
        return (await handler(readParams(check, params), context)) ?? null;
      } catch (error) {
        if (!isForeseen(error)) this.#log({ kind: 'internal-error', method: name, error });
        throw error;
      }
    });
  }
}

type Handler<Context> = (params: unknown, context: Context) => unknown;

function problemOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return 'wanted an object';
  const { jsonrpc, method, params, id } = message as Partial<Record<keyof Request, unknown>>;
  if (jsonrpc !== '2.0') return 'wanted "jsonrpc": "2.0"';
  if (typeof method !== 'string') return 'wanted "method", a string';
  if (id !== undefined && !isId(id)) return 'wanted "id", a string or a whole number';
  if (params !== undefined && (typeof params !== 'object' || params === null)) return 'wanted "params", an object';
  return undefined;
}

function isId(value: unknown): value is Id {
  return typeof value === 'string' || Number.isSafeInteger(value) || value === null;
}

function idOf(message: unknown): Id {
  if (typeof message !== 'object' || message === null || !('id' in message)) return null;
  return isId(message.id) ? message.id : null;
}

function invalid(id: Id, problem: string) {
  return errorResponse(id, { code: RPC_CODE.request, message: `Invalid Request: ${problem}` });
}
