import type { Json } from '../../json/json-value.ts';
import { syntaxError } from '../notation/ovsdb-error.ts';
import { isId } from '../notation/ovsdb-text.ts';
import type { RpcRequest } from '../wire/envelope.ts';
import type { LockClient, LockTable } from './locks.ts';

/** Object and queue of a lock, beside its request. */
const OVERHEAD_BYTES = 256;

export interface SessionLocksOptions {
  readonly client: LockClient;
  /** Those of the server. */
  readonly table: LockTable;
  /** Counts what is kept, in bytes; negative: no longer. @throws if it is too much */
  keep(bytes: number): void;
}

/** The locks that one client holds or waits for (RFC 7047, sections 4.1.8 to 4.1.10). */
export class SessionLocks {
  readonly #options: SessionLocksOptions;
  /** What each keeps in use. */
  readonly #bytes = new Map<string, number>();

  constructor(options: SessionLocksOptions) {
    this.#options = options;
  }

  readonly holds = (name: string): boolean => this.#options.table.holds(name, this.#options.client);

  /** `lock` or `steal`. `length`: that of the request. @throws OvsdbError */
  lock(request: RpcRequest, length: number): Json {
    const { method, params } = request;
    const { client, table, keep } = this.#options;
    const name = lockName(request);
    if (this.#bytes.has(name)) throw syntaxError(params, `must issue "unlock" before new "${method}"`);
    const bytes = length + OVERHEAD_BYTES;
    keep(bytes);
    this.#bytes.set(name, bytes);
    if (method === 'lock') return { locked: table.lock(name, client) };
    table.steal(name, client);
    return { locked: true };
  }

  /** @throws OvsdbError */
  unlock(request: RpcRequest): Json {
    const name = lockName(request);
    const bytes = this.#bytes.get(name);
    if (bytes === undefined) throw syntaxError(request.params, 'unlock: "unlock" without "lock" or "steal"');
    this.#bytes.delete(name);
    this.#options.keep(-bytes);
    this.#options.table.unlock(name, this.#options.client);
    return {};
  }

  /** Gives up all of them: the connection has ended. */
  clear(): void {
    for (const name of this.#bytes.keys()) this.#options.table.unlock(name, this.#options.client);
    this.#bytes.clear();
  }
}

function lockName({ method, params }: RpcRequest): string {
  const [name] = params;
  if (params.length === 1 && typeof name === 'string' && isId(name)) return name;
  throw syntaxError(params, `${method} request params must be <id>`);
}
