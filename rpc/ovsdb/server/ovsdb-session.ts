import type { Socket } from 'node:net';
import type { Json } from '../../json/json-value.ts';
import { canonicalText, OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import { isId } from '../notation/ovsdb-text.ts';
import {
  failure,
  notification,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
  success,
  successText,
} from '../wire/envelope.ts';
import { JsonConnection } from '../wire/json-connection.ts';
import type { LockClient, LockTable } from './locks.ts';
import type { RunningTransaction, ServedDatabase } from './served-database.ts';
import { SessionMonitors } from './session-monitors.ts';

export interface SessionLimits {
  /** Longest message in bytes. 64 MiB: ovsdb-server was seen to serve as much, and one column value may be long. */
  readonly messageBytes: number;
  /** Deepest nesting of a message. OVSDB needs less than 20. */
  readonly depth: number;
  /** Bytes queued for a client that does not read; beyond, it is dropped. Enough for an initial answer of any size seen. */
  readonly queuedBytes: number;
  /** Monitors of one client: one for each table of a large schema, and more. */
  readonly monitors: number;
  /** Operations of one transaction, which runs without interruption: 100,000 inserts block the server for seconds. */
  readonly operations: number;
  /** Unfinished transactions of one client, e.g. in a `wait`; beyond, its next message is not read. */
  readonly transactions: number;
}

/** What the sessions of a server share. */
export interface SessionHost {
  readonly databases: ReadonlyMap<string, ServedDatabase>;
  readonly locks: LockTable;
  readonly serverId: string;
  readonly limits: SessionLimits;
  readonly readOnly: boolean;
  /** In milliseconds. 0: this transport needs no probes. */
  readonly probeIntervalMs: number;
  /** A bug of ours; the client is told `internal error` only. */
  internalError(error: unknown): void;
  /** A client gave the database another schema. */
  converted(database: ServedDatabase): void;
  /** The session has ended; with a reason unless the client ended it. */
  closed(session: OvsdbSession, reason: Error | undefined): void;
}

/** An error reply of any shape. */
class AnswerError extends Error {
  readonly answer: Json;

  constructor(answer: Json) {
    super(canonicalText(answer));
    this.answer = answer;
  }
}

/** The result of a request; none for a request that sends its answer itself, which may delay the next one. */
type Outcome = Json | ResultText | Promise<void> | undefined;
type Method = (session: OvsdbSession, request: RpcRequest) => Outcome;

const NO_LOCKS = 'lock and unlock methods not allowed, DB server is read only.';

/**
 * What a read-only remote refuses besides the writing operations of `transact`. A lock serves writing only, and stealing one
 * could stop clients that may write. The texts are ovsdb-server's, except for `convert`, which it permits.
 */
const NOT_READ_ONLY: Readonly<Record<string, Json>> = {
  lock: NO_LOCKS,
  steal: NO_LOCKS,
  unlock: NO_LOCKS,
  convert: { error: 'not allowed', details: 'convert not allowed when database server is in read only mode' },
};

/** A serialised result. */
class ResultText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** One client of the server. */
export class OvsdbSession implements LockClient {
  readonly #host: SessionHost;
  readonly #connection: JsonConnection;
  readonly #transactions = new Map<string, RunningTransaction>();
  readonly #monitors: SessionMonitors;
  readonly #locks = new Set<string>();
  #changeAware = false;
  #finished: (() => void) | undefined;

  constructor(socket: Socket, host: SessionHost) {
    this.#host = host;
    const { messageBytes: bytes, depth, monitors } = host.limits;
    this.#monitors = new SessionMonitors(monitors, (message) => this.#send(message));
    this.#connection = new JsonConnection(
      socket,
      { message: (message) => this.#receive(message), closed: (reason) => this.#closed(reason) },
      { bytes, depth, plainText: true, probeIntervalMs: host.probeIntervalMs },
    );
  }

  close(): void {
    this.#connection.close();
  }

  destroy(reason?: Error): void {
    this.#connection.destroy(reason);
  }

  locked(name: string): void {
    this.#send(notification('locked', [name]));
  }

  stolen(name: string): void {
    this.#send(notification('stolen', [name]));
  }

  /** RFC 7047, section 4.1, and ovsdb-server(7). Any other is an `unknown method`. */
  static readonly #METHODS: Readonly<Record<string, Method>> = {
    echo: (_session, { params }) => params,
    list_dbs: (session) => [...session.#host.databases.keys()].sort(),
    get_server_id: (session) => session.#host.serverId,
    get_schema: (session, request) => session.#database(request).schema.toJson(),
    transact: (session, request) => session.#transact(request),
    monitor: (session, request) => session.#monitor(request),
    monitor_cond: (session, request) => session.#monitor(request),
    monitor_cond_since: (session, request) => session.#monitor(request),
    monitor_cond_change: (session, request) => session.#monitors.change(request),
    monitor_cancel: (session, request) => session.#cancelMonitor(request),
    lock: (session, request) => session.#lock(request),
    steal: (session, request) => session.#lock(request),
    unlock: (session, request) => session.#unlock(request),
    convert: (session, request) => session.#convert(request),
    set_db_change_aware: (session, request) => session.#setChangeAware(request),
  };

  #receive(message: RpcMessage): void | Promise<void> {
    if (message.kind === 'reply') throw new Error('saw a reply; the server sent no request');
    if (message.kind === 'notification') {
      if (message.method === 'cancel') this.#cancelTransaction(message);
      return undefined;
    }
    const answered = this.#answer(message);
    // A client that does not read its answers gets no new ones, so that it fills its own queues and not our memory.
    const full = this.#connection.full || this.#transactions.size >= this.#host.limits.transactions;
    return answered || full ? this.#ready(answered) : undefined;
  }

  async #ready(answered: Promise<void> | undefined): Promise<void> {
    await answered;
    await this.#connection.drained();
    while (this.#transactions.size >= this.#host.limits.transactions) {
      await new Promise<void>((resolve) => {
        this.#finished = resolve;
      });
    }
  }

  #answer(request: RpcRequest): Promise<void> | undefined {
    try {
      const method = Object.hasOwn(OvsdbSession.#METHODS, request.method)
        ? OvsdbSession.#METHODS[request.method]
        : undefined;
      if (!method) throw new AnswerError('unknown method');
      const refusal = this.#host.readOnly ? NOT_READ_ONLY[request.method] : undefined;
      if (refusal !== undefined) throw new AnswerError(refusal);
      // Answers are in the order of the requests: transactions that wait for the end of this turn come first.
      if (request.method !== 'transact' && this.#transactions.size > 0) this.#flush();
      const outcome = method(this, request);
      if (outcome === undefined || outcome instanceof Promise) return outcome;
      if (outcome instanceof ResultText) this.#send(Buffer.from(successText(request.id, outcome.text)));
      else this.#send(success(request.id, outcome));
    } catch (error) {
      this.#send(failure(request.id, this.#errorAnswer(error)));
    }
    return undefined;
  }

  /** The database that the first parameter names. */
  #database({ method, params }: RpcRequest): ServedDatabase {
    const [name] = params;
    if (typeof name !== 'string') throw syntaxError(params, `${method} request params must begin with <db-name>`);
    const database = this.#host.databases.get(name);
    if (database) return database;
    throw syntaxError(params, `${method} request specifies unknown database ${name}`, 'unknownDatabase');
  }

  #flush(): void {
    for (const database of this.#host.databases.values()) database.flush();
  }

  /** Answers when the transaction is done: usually at the end of this turn; one that waits does not delay others. */
  #transact(request: RpcRequest): undefined {
    const { id, params } = request;
    const database = this.#database(request);
    const key = typeof id === 'number' ? String(id) : canonicalText(id);
    if (this.#transactions.has(key)) this.#flush();
    if (this.#transactions.has(key)) throw syntaxError(params, 'transact: duplicate request ID');
    const { limits, locks, readOnly } = this.#host;
    const count = params.length - 1;
    if (count > limits.operations)
      throw exhausted(`a transaction may have ${limits.operations} operations; this one has ${count}`);
    const holdsLock = (lock: string): boolean => locks.holds(lock, this);
    const running = database.transact(params.slice(1), { holdsLock, readOnly });
    this.#transactions.set(key, running);
    running.whenDone((ending) => {
      if (this.#transactions.get(key) !== running) return; // canceled
      this.#transactions.delete(key);
      this.#send('results' in ending ? success(id, ending.results) : failure(id, this.#errorAnswer(ending.error)));
      this.#finished?.();
    });
  }

  /** RFC 7047 wants an answer for the canceled request; like ovsdb-server, it is sent only to change-aware clients. */
  #cancelTransaction({ params }: RpcNotification): void {
    const [id] = params;
    if (id === undefined) return;
    const key = typeof id === 'number' ? String(id) : canonicalText(id);
    const running = this.#transactions.get(key);
    if (!running) return;
    this.#transactions.delete(key); // otherwise it would be answered
    if (!running.cancel()) {
      this.#transactions.set(key, running);
      return;
    }
    if (this.#changeAware) this.#send(failure(id, 'canceled'));
    this.#finished?.();
  }

  #monitor(request: RpcRequest): Outcome {
    const database = this.#database(request);
    const { monitors } = this.#host.limits;
    if (this.#monitors.full) throw exhausted(`a session may have ${monitors} monitors`);
    return new ResultText(this.#monitors.add(request, database));
  }

  #cancelMonitor({ params }: RpcRequest): Outcome {
    const [id] = params;
    if (id === undefined || params.length > 1) throw new AnswerError('invalid parameters');
    if (!this.#monitors.cancel(id)) throw new AnswerError('unknown monitor');
    return {};
  }

  #convert(request: RpcRequest): Outcome {
    const { id, params } = request;
    const database = this.#database(request);
    const [, schema] = params;
    if (schema === undefined || params.length !== 2) throw syntaxError(params, 'array expected');
    database.convert(schema);
    this.#send(success(id, {}));
    this.#host.converted(database);
    return undefined;
  }

  /** A database has another schema: change-aware clients are told which monitors ended, others have to reconnect. */
  converted(database: ServedDatabase): void {
    for (const id of this.#monitors.forget(database)) {
      if (this.#changeAware) this.#send(notification('monitor_canceled', [id]));
    }
    if (!this.#changeAware) this.close();
  }

  #lock(request: RpcRequest): Outcome {
    const { method, params } = request;
    const name = lockName(request);
    if (this.#locks.has(name)) throw syntaxError(params, `must issue "unlock" before new "${method}"`);
    this.#locks.add(name);
    if (method === 'lock') return { locked: this.#host.locks.lock(name, this) };
    this.#host.locks.steal(name, this);
    return { locked: true };
  }

  #unlock(request: RpcRequest): Outcome {
    const name = lockName(request);
    if (!this.#locks.delete(name)) throw syntaxError(request.params, 'unlock: "unlock" without "lock" or "steal"');
    this.#host.locks.unlock(name, this);
    return {};
  }

  #setChangeAware({ params }: RpcRequest): Outcome {
    const [aware] = params;
    if (typeof aware !== 'boolean' || params.length > 1)
      throw syntaxError(params, 'set_db_change_aware: true or false parameter expected');
    this.#changeAware = aware;
    return {};
  }

  /** The part of an error that the client may see. */
  #errorAnswer(error: unknown): Json {
    if (error instanceof AnswerError) return error.answer;
    if (error instanceof OvsdbError && error.kind === 'canceled') return 'canceled';
    if (error instanceof OvsdbError) return { ...error.toJSON() };
    this.#host.internalError(error);
    return { error: 'internal error' };
  }

  #send(message: Json | Buffer): void {
    const { queuedBytes } = this.#host.limits;
    // Checked before the message is added: one answer may be longer, if it is the only one in the queue.
    if (this.#connection.queuedBytes > queuedBytes)
      this.destroy(new Error(`the client does not read: more than ${queuedBytes} bytes wait for it`));
    this.#connection.send(message);
  }

  /** Waiting transactions, monitors and locks end with their connection. */
  #closed(reason: Error | undefined): void {
    for (const running of this.#transactions.values()) running.cancel();
    for (const name of this.#locks) this.#host.locks.unlock(name, this);
    this.#transactions.clear();
    this.#monitors.clear();
    this.#locks.clear();
    this.#finished?.();
    this.#host.closed(this, reason);
  }
}

function exhausted(details: string): AnswerError {
  return new AnswerError({ error: 'resources exhausted', details });
}

function lockName({ method, params }: RpcRequest): string {
  const [name] = params;
  if (params.length === 1 && typeof name === 'string' && isId(name)) return name;
  throw syntaxError(params, `${method} request params must be <id>`);
}
