import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPlain } from '../../json/json-framer.ts';
import { isJsonObject, type Json } from '../../json/json-value.ts';
import { failure, notification, type RpcMessage, type RpcRequest, request, success } from '../wire/envelope.ts';
import { JsonConnection } from '../wire/json-connection.ts';
import { ReconnectBackoff, type ReconnectOptions } from '../wire/reconnect.ts';
import { type ActiveRemote, formatRemote, isSecure, parseActiveRemotes, RemoteError } from '../wire/remotes.ts';
import type { TlsFiles } from '../wire/tls-files.ts';
import { OvsdbCallError, OvsdbConnectionError, OvsdbTimeoutError, OvsdbTransactionError } from './client-errors.ts';
import { dial } from './dial.ts';

export interface ClientOptions extends ReconnectOptions {
  /** Connect again after a connection is lost. Default true. */
  readonly reconnect?: boolean;
  /** Let connect() retry until its timeout, instead of failing after one round of the remotes. Default false. */
  readonly retry?: boolean;
  /** Try the remotes in random order, so that many clients spread over the servers of a cluster. Default false. */
  readonly shuffle?: boolean;
  /** Needed for ssl: remotes. */
  readonly tls?: TlsFiles | undefined;
  /** Probe an idle connection over TCP or TLS after this many milliseconds. 0: never. Default 5000, as OVS. */
  readonly probeIntervalMs?: number;
  /** Longest message that is read, in bytes. Default 256 MiB: the first answer of a monitor may hold a whole database. */
  readonly messageBytes?: number;
  readonly log?: (event: ClientEvent) => void;
  /** Makes a connection in the place of one to the remote. Default: `dial`. */
  readonly dial?: () => Promise<Socket>;
}

export interface ClientEvent {
  readonly level: 'info' | 'warn';
  readonly event: 'connected' | 'disconnected' | 'cannot connect';
  readonly remote: string;
  readonly text: string;
}

export interface ClientEvents {
  connected: [];
  disconnected: [reason: Error];
  /** `update`, `locked`, `stolen` and others, as they come: before the answer to a later request settles. */
  notification: [method: string, params: Json[]];
}

interface PendingCall {
  readonly method: string;
  resolve(result: Json): void;
  reject(error: Error): void;
}

/** Time for a server to accept, before the next remote is tried. */
const DIAL_TIMEOUT_MS = 5000;
const MESSAGE_BYTES = 256 << 20;

/**
 * A client of any OVSDB server. The remote may be a comma list, whose members are tried in turn, after a loss beginning with
 * the next one, as Open vSwitch does. Requests need a connection: without one they are rejected at once, and pending ones are
 * rejected when it is lost, because it is unknown whether the server has carried them out.
 */
export class OvsdbClient extends EventEmitter<ClientEvents> {
  readonly remote: string;
  readonly #remotes: readonly ActiveRemote[];
  readonly #options: ClientOptions;
  readonly #backoff: ReconnectBackoff;
  readonly #calls = new Map<number, PendingCall>();
  readonly #end = new AbortController();
  #started = false;
  /** The index of the remote that the next round begins with. */
  #next = 0;
  #lastId = 0;
  #connection: JsonConnection | undefined;
  #connectedTo = '';
  #timer: NodeJS.Timeout | undefined;

  /** @throws RemoteError */
  constructor(remote: string, options: ClientOptions = {}) {
    super();
    this.remote = remote;
    this.#remotes = options.shuffle ? shuffled(parseActiveRemotes(remote)) : parseActiveRemotes(remote);
    const secure = this.#remotes.find(isSecure);
    const missing = 'saw no TLS files; wanted private key, certificate and CA certificate';
    if (secure && !options.tls)
      throw new RemoteError(remote, `Cannot use remote "${formatRemote(secure)}": ${missing}`);
    this.#options = options;
    this.#backoff = new ReconnectBackoff(options);
    this.setMaxListeners(0); // each replica has two
  }

  get connected(): boolean {
    return this.#connection?.open ?? false;
  }

  /** Makes the first connection; closes the client on failure. @throws OvsdbConnectionError naming each remote with its reason */
  async connect(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#started) throw new Error(`Cannot connect to ${this.remote}: this client was started before`);
    this.#started = true;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        await this.#round(deadline);
        return;
      } catch (error) {
        const pause = this.#backoff.lost(performance.now());
        if (!this.#options.retry || this.#end.signal.aborted || performance.now() + pause >= deadline) {
          this.close();
          throw error;
        }
        await sleep(pause, undefined, { signal: this.#end.signal }).catch(() => undefined);
      }
    }
  }

  /** Requests a method; resolves to its result. @throws OvsdbCallError, OvsdbConnectionError, OvsdbTimeoutError */
  call(method: string, params: Json[], timeoutMs?: number): Promise<Json> {
    const connection = this.#connection;
    if (!connection?.open) {
      const reason = this.#end.signal.aborted ? 'the client is closed' : 'there is no connection';
      const text = `Cannot call ${method} of ${this.remote}: ${reason}`;
      return Promise.reject(new OvsdbConnectionError(this.remote, text));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#giveUp(id, timeoutMs), timeoutMs);
      const settle = <T>(how: (value: T) => void) => {
        return (value: T): void => {
          clearTimeout(timer);
          this.#calls.delete(id);
          how(value);
        };
      };
      this.#calls.set(id, { method, resolve: settle(resolve), reject: settle(reject) });
      connection.send(request(id, method, params));
    });
  }

  /** Runs one transaction; resolves to its operations' results. @throws OvsdbTransactionError, and as call() does */
  async transact(database: string, operations: Json[], timeoutMs?: number): Promise<Json[]> {
    // a server ends the connection for a text that it cannot read, and everything else on it would be lost, too
    const broken = operations.findIndex((operation) => !isPlain(operation));
    if (broken >= 0) {
      const answers: Json[] = operations.slice(0, broken).map(() => ({}));
      const details = 'a string contains U+0000 or half a surrogate pair';
      throw new OvsdbTransactionError(broken, operations, [...answers, { error: 'constraint violation', details }]);
    }
    const results = await this.call('transact', [database, ...operations], timeoutMs);
    if (!Array.isArray(results)) throw new OvsdbCallError('transact', results);
    const failed = results.findIndex((one) => isJsonObject(one) && 'error' in one);
    if (failed >= 0) throw new OvsdbTransactionError(failed, operations, results);
    return results;
  }

  /** Ends the connection and all attempts; pending requests are rejected. */
  close(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    clearTimeout(this.#timer);
    this.#connection?.close();
    this.#rejectCalls('the client was closed');
  }

  /** Tries each remote once. */
  async #round(deadline: number): Promise<void> {
    const failures: Error[] = [];
    for (const remote of [...this.#remotes.slice(this.#next), ...this.#remotes.slice(0, this.#next)]) {
      try {
        const timeoutMs = Math.min(DIAL_TIMEOUT_MS, Math.max(0, deadline - performance.now()));
        const { dial: own, tls } = this.#options;
        this.#begin(await (own?.() ?? dial(remote, timeoutMs, this.#end.signal, tls)), remote);
        this.#next = (this.#remotes.indexOf(remote) + 1) % this.#remotes.length;
        return;
      } catch (error) {
        if (!(error instanceof OvsdbConnectionError)) throw error;
        failures.push(error);
      }
    }
    const text = failures.map((error) => error.message).join('; ');
    throw new OvsdbConnectionError(this.remote, text, { cause: failures.at(-1) });
  }

  #begin(socket: Socket, remote: ActiveRemote): void {
    this.#connectedTo = formatRemote(remote);
    if (this.#end.signal.aborted) {
      socket.destroy();
      throw new OvsdbConnectionError(
        this.#connectedTo,
        `Cannot connect to ${this.#connectedTo}: the client was closed`,
      );
    }
    const connection = new JsonConnection(
      socket,
      {
        message: (message) => this.#receive(message),
        closed: (reason) => this.#lost(connection, reason),
      },
      {
        bytes: this.#options.messageBytes ?? MESSAGE_BYTES,
        probeIntervalMs: remote.kind === 'unix' ? 0 : (this.#options.probeIntervalMs ?? 5000),
      },
    );
    this.#connection = connection;
    this.#backoff.connected(performance.now());
    this.#log('info', 'connected', `connected to ${this.#connectedTo}`);
    this.emit('connected');
  }

  #receive(message: RpcMessage): void {
    if (message.kind === 'request') this.#answer(message);
    else if (message.kind === 'notification') this.emit('notification', message.method, message.params);
    else if (typeof message.id === 'number') {
      // An unknown id belongs to a request that has timed out.
      const call = this.#calls.get(message.id);
      if (message.error === null) call?.resolve(message.result);
      else call?.reject(new OvsdbCallError(call.method, message.error));
    }
  }

  #answer({ id, method, params }: RpcRequest): void {
    this.#connection?.send(method === 'echo' ? success(id, params) : failure(id, 'unknown method'));
  }

  #giveUp(id: number, timeoutMs: number): void {
    const call = this.#calls.get(id);
    if (!call) return;
    if (call.method === 'transact') this.#connection?.send(notification('cancel', [id]));
    const text = `Cannot wait longer for ${call.method} of ${this.#connectedTo}: no answer in ${timeoutMs} ms`;
    call.reject(new OvsdbTimeoutError(text));
  }

  #lost(connection: JsonConnection, cause: Error | undefined): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    const why = cause?.message ?? (this.#end.signal.aborted ? 'the client was closed' : 'the server ended it');
    const text = `Connection to ${this.#connectedTo} ended: ${why}`;
    const reason = new OvsdbConnectionError(this.#connectedTo, text, { cause });
    this.#rejectCalls(why);
    this.#log(this.#end.signal.aborted ? 'info' : 'warn', 'disconnected', reason.message);
    this.emit('disconnected', reason);
    if ((this.#options.reconnect ?? true) && !this.#end.signal.aborted) this.#later();
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#round(Number.POSITIVE_INFINITY).catch((error: unknown) => {
        if (this.#end.signal.aborted) return;
        this.#log('warn', 'cannot connect', error instanceof Error ? error.message : String(error));
        this.#later();
      });
    }, this.#backoff.lost(performance.now()));
  }

  #rejectCalls(reason: string): void {
    for (const call of [...this.#calls.values()]) {
      const text = `Cannot finish ${call.method} of ${this.#connectedTo}: ${reason}`;
      call.reject(new OvsdbConnectionError(this.#connectedTo, text));
    }
  }

  #log(level: ClientEvent['level'], event: ClientEvent['event'], text: string): void {
    this.#options.log?.({ level, event, remote: this.remote, text });
  }
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ one }) => one);
}
