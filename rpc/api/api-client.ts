import { connect as dial } from 'node:net';
import { JSONRPCClient, JSONRPCErrorException, type JSONRPCResponse } from 'json-rpc-2.0';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { isErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { CompatError, type ErrorDetails } from '../../compat-tables/errors/compat-error.ts';
import type { MethodName, MethodResult, NotificationName, NotificationParams, Params } from './methods.ts';

/** An error that is not of the catalogue: an unknown method, an agent of another release. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The number of JSON-RPC 2.0. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface CallOptions {
  /** Milliseconds; default 30000. */
  readonly timeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** A close code of RFC 6455, section 7.4.1. */
const INVALID_PAYLOAD = 1007;
/** A host document with a thousand interfaces is about 2 MiB. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

type Listener = (params: never) => void;

/** A connection to the management API, with typed calls. */
export class ApiClient {
  readonly #path: string;
  readonly #socket: WebSocket;
  readonly #rpc: JSONRPCClient;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #closing = new Set<() => void>();

  private constructor(path: string, socket: WebSocket) {
    this.#path = path;
    this.#socket = socket;
    this.#rpc = new JSONRPCClient((request: unknown) => {
      if (socket.readyState !== socket.OPEN) throw this.#ended();
      socket.send(JSON.stringify(request));
    });
    socket.on('message', (data) => this.#message(data));
    socket.on('error', () => undefined); // `close` follows
    socket.on('close', () => {
      this.#rpc.rejectAllPendingRequests(this.#ended().message);
      for (const listener of this.#closing) listener();
    });
  }

  /** Connects to the agent's API socket. Throws VC-API-CONNECT. */
  static connect(path: string, { timeoutMs = DEFAULT_TIMEOUT_MS }: CallOptions = {}): Promise<ApiClient> {
    return new Promise((resolve, reject) => {
      if (path === '') {
        // node:net would take it for a TCP port
        const text = 'Cannot connect to the management API: saw an empty path; wanted that of a socket';
        return reject(new CompatError('VC-API-CONNECT', text, { path }));
      }
      // not ws+unix:PATH, where a colon, a percent sign, a question mark or a space of the path would mean something else
      const socket = new WebSocket('ws://localhost/', {
        createConnection: (() => dial({ path })) as ClientOptions['createConnection'],
        handshakeTimeout: timeoutMs,
        perMessageDeflate: false,
        maxPayload: MAX_MESSAGE_BYTES,
      });
      const failed = (cause: Error) => {
        const text = `Cannot connect to the management API at ${path}: ${cause.message}`;
        reject(new CompatError('VC-API-CONNECT', text, { path }, { cause }));
      };
      socket.once('error', failed);
      socket.once('open', () => {
        socket.off('error', failed);
        resolve(new ApiClient(path, socket));
      });
    });
  }

  /** Calls a method. Rejects with the agent's CompatError, with VC-TIMEOUT, VC-API-CONNECT (connection lost) or ApiError. */
  async call<M extends MethodName>(method: M, params: Params<M>, options: CallOptions = {}): Promise<MethodResult<M>> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const late = { code: LATE, message: `Cannot call ${method}: no answer within ${timeoutMs} ms` };
    try {
      if (this.#socket.readyState !== this.#socket.OPEN) throw this.#ended();
      const limited = this.#rpc.timeout(timeoutMs, (id) => ({ jsonrpc: '2.0', id, error: late }));
      return (await limited.request(method, params)) as MethodResult<M>;
    } catch (error) {
      throw this.#translated(error);
    }
  }

  /** Calls the listener for each notification, until the returned function is called. */
  on<N extends NotificationName>(name: N, listener: (params: NotificationParams<N>) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Calls the listener when the connection ends on either side. */
  onClose(listener: () => void): void {
    this.#closing.add(listener);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState === this.#socket.CLOSED) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.close();
    });
  }

  #message(data: RawData): void {
    let message: { readonly method?: unknown; readonly params?: unknown } | null;
    try {
      message = JSON.parse(String(data));
    } catch {
      this.#socket.close(INVALID_PAYLOAD, 'wanted JSON');
      return;
    }
    if (typeof message !== 'object' || message === null) return;
    if (typeof message.method !== 'string') this.#rpc.receive(message as JSONRPCResponse);
    else for (const listener of this.#listeners.get(message.method) ?? []) listener(message.params as never);
  }

  #translated(error: unknown): unknown {
    if (!(error instanceof JSONRPCErrorException)) return error;
    if (error.code === LATE) return new CompatError('VC-TIMEOUT', error.message);
    const data = error.data as { code?: unknown; details?: unknown } | undefined;
    const code = String(data?.code);
    if (isErrorCode(code)) return new CompatError(code, error.message, (data?.details ?? {}) as ErrorDetails);
    return this.#socket.readyState === this.#socket.OPEN ? new ApiError(error.code, error.message) : this.#ended();
  }

  #ended(): CompatError {
    return new CompatError('VC-API-CONNECT', `The connection to the management API at ${this.#path} has ended`);
  }
}

/** The code of our own time limit inside the library; no server sends it. */
const LATE = -1;
