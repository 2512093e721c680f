import type { Socket } from 'node:net';
import type { Json } from '../../json/json-value.ts';
import { canonicalText, OvsdbError, syntaxError } from '../notation/ovsdb-error.ts';
import {
  failure,
  notification,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
  success,
} from '../wire/envelope.ts';
import { JsonConnection } from '../wire/json-connection.ts';
import { type Outgoing, Pieces } from '../wire/message-output.ts';
import { monitorAnswer, transactionAnswer } from './answer-pieces.ts';
import { KeptBytes } from './kept-bytes.ts';
import type { RunningTransaction, ServedDatabase } from './served-database.ts';
import type { ServedClient, SessionHost } from './session-host.ts';
import { SessionLocks } from './session-locks.ts';
import { SessionMonitors } from './session-monitors.ts';
import { SessionTransactions } from './session-transactions.ts';

/** An error reply of any shape. */
class AnswerError extends Error {
  readonly answer: Json;

  constructor(answer: Json) {
    super(canonicalText(answer));
    this.answer = answer;
  }
}

/** The result of a request; none for a request that sends its answer itself, which may delay the next one. */
type Outcome = Json | Buffer | Pieces | Promise<void> | undefined;
type Method = (session: OvsdbSession, request: RpcRequest, bytes: number) => Outcome;

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

/** Objects and queues for a monitor, beside its request. */
const MONITOR_BYTES = 1024;

/** A request that is kept takes about so many times its length as an object. */
const PARSED = 4;

/** One client of the server. */
export class OvsdbSession implements ServedClient {
  readonly #host: SessionHost;
  readonly #connection: JsonConnection;
  readonly #transactions: SessionTransactions;
  readonly #monitors: SessionMonitors;
  readonly #locks: SessionLocks;
  readonly #kept: KeptBytes;
  #changeAware = false;
  readonly #socket: Socket;

  constructor(socket: Socket, host: SessionHost) {
    this.#host = host;
    this.#socket = socket;
    const { messageBytes: bytes, depth, monitors, work, keptBytes } = host.limits;
    this.#kept = new KeptBytes(keptBytes);
    const { keep } = this.#kept;
    this.#locks = new SessionLocks({ client: this, table: host.locks, keep });
    this.#transactions = new SessionTransactions({
      limits: host.limits,
      kept: this.#kept,
      flush: () => this.#flush(),
      run: (database, operations, bytes) => this.#run(database, operations, bytes),
      answer: (id, ending) =>
        this.#send(
          'results' in ending ? transactionAnswer(id, ending.results) : failure(id, this.#errorAnswer(ending.error)),
        ),
    });
    this.#monitors = new SessionMonitors({ limit: monitors, work, keep, send: (message) => this.#send(message) });
    this.#connection = new JsonConnection(
      socket,
      {
        message: (message, length) => this.#receive(message, length),
        received: () => host.grown(this),
        closed: (reason) => this.#closed(reason),
      },
      { bytes, depth, plainText: true, probeIntervalMs: host.probeIntervalMs },
    );
  }

  /** About the memory that this client takes beyond the connection itself, in bytes. */
  get memoryBytes(): number {
    return this.#connection.queuedBytes + this.#connection.begunBytes + PARSED * this.#kept.bytes;
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
    transact: (session, request, bytes) => session.#transactions.begin(request, session.#database(request), bytes),
    monitor: (session, request, bytes) => session.#monitor(request, bytes),
    monitor_cond: (session, request, bytes) => session.#monitor(request, bytes),
    monitor_cond_since: (session, request, bytes) => session.#monitor(request, bytes),
    monitor_cond_change: (session, request, bytes) => session.#monitors.change(request, bytes),
    monitor_cancel: (session, request) => session.#cancelMonitor(request),
    lock: (session, request, bytes) => session.#locks.lock(request, bytes),
    steal: (session, request, bytes) => session.#locks.lock(request, bytes),
    unlock: (session, request) => session.#locks.unlock(request),
    convert: (session, request) => session.#convert(request),
    set_db_change_aware: (session, request) => session.#setChangeAware(request),
  };

  #receive(message: RpcMessage, bytes: number): void | Promise<void> {
    if (message.kind === 'reply') throw new Error('saw a reply; the server sent no request');
    if (message.kind === 'notification') {
      if (message.method === 'cancel') this.#cancelTransaction(message);
      return undefined;
    }
    const answered = this.#answer(message, bytes);
    // A client that does not read its answers gets no new ones, so that it fills its own queues and not our memory.
    return answered || this.#connection.full || this.#transactions.full ? this.#ready(answered) : undefined;
  }

  async #ready(answered: Promise<void> | undefined): Promise<void> {
    await answered;
    await this.#connection.drained();
    while (this.#transactions.full) await this.#transactions.oneEnded();
  }

  #answer(request: RpcRequest, bytes: number): Promise<void> | undefined {
    try {
      const method = Object.hasOwn(OvsdbSession.#METHODS, request.method)
        ? OvsdbSession.#METHODS[request.method]
        : undefined;
      if (!method) throw new AnswerError('unknown method');
      const refusal = this.#host.readOnly ? NOT_READ_ONLY[request.method] : undefined;
      if (refusal !== undefined) throw new AnswerError(refusal);
      // Answers are in the order of the requests: transactions that wait for the end of this turn come first.
      if (request.method !== 'transact' && this.#transactions.size > 0) this.#flush();
      const outcome = method(this, request, bytes);
      if (outcome === undefined || outcome instanceof Promise) return outcome;
      if (Buffer.isBuffer(outcome) || outcome instanceof Pieces) this.#send(outcome);
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

  #run(database: ServedDatabase, operations: readonly Json[], bytes: number): RunningTransaction {
    const {
      limits: { work },
      readOnly,
      own,
    } = this.#host;
    // asked while it certainly is connected
    const author = readOnly || own ? undefined : this.#host.identify(this.#socket);
    return database.transact(operations, { holdsLock: this.#locks.holds, readOnly, own, work, bytes, author });
  }

  /** RFC 7047 wants an answer for the canceled request; like ovsdb-server, it is sent only to change-aware clients. */
  #cancelTransaction(request: RpcNotification): void {
    const id = this.#transactions.cancel(request);
    if (id !== undefined && this.#changeAware) this.#send(failure(id, 'canceled'));
  }

  #monitor(request: RpcRequest, bytes: number): Outcome {
    const database = this.#database(request);
    const { monitors } = this.#host.limits;
    if (this.#monitors.full) throw exhausted(`a session may have ${monitors} monitors`);
    const begun = this.#monitors.add(request, database, bytes + MONITOR_BYTES);
    this.#send(monitorAnswer(request.id, begun));
    begun.next();
    return undefined;
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
    try {
      database.convert(schema, () => this.#host.converted(database, () => this.#send(success(id, {}))));
    } catch (error) {
      if (error instanceof OvsdbError && error.kind === 'notAllowed')
        this.#host.denied(this.#host.identify(this.#socket), request.method, error.details ?? '');
      throw error;
    }
    return undefined;
  }

  monitorsEnded(database: ServedDatabase): void {
    for (const id of this.#monitors.forget(database)) {
      if (this.#changeAware) this.#send(notification('monitor_canceled', [id]));
    }
  }

  leaveUnlessChangeAware(): void {
    if (!this.#changeAware) this.close();
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

  #send(message: Outgoing): void {
    const { queuedBytes } = this.#host.limits;
    // The message that is being sent may be longer: a client that reads comes to its end, however large the database.
    if (this.#connection.bytesBehind > queuedBytes)
      this.destroy(new Error(`the client does not read: more than ${queuedBytes} bytes wait for it`));
    this.#connection.send(message);
    this.#host.grown(this);
  }

  /** Waiting transactions, monitors and locks end with their connection. */
  #closed(reason: Error | undefined): void {
    this.#transactions.clear();
    this.#locks.clear();
    this.#monitors.clear();
    this.#host.closed(this, reason);
  }
}

function exhausted(details: string): OvsdbError {
  return new OvsdbError('exhausted', details);
}
