import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { SocketFileOptions } from '../../base/socket-file.ts';
import { SocketFileError } from '../../base/socket-file-error.ts';
import { listenOnPath, type UnixServer } from '../../base/unix-server.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { ApiConnection, type ConnectionLimits } from './api-connection.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Handlers } from './methods.ts';

export interface ApiLimits extends ConnectionLimits {
  /** Longer messages end the connection; the documents of a fleet for a selection fit. */
  readonly maxMessageBytes: number;
  /** A manager has one or two. */
  readonly maxConnections: number;
}

const DEFAULT_LIMITS: ApiLimits = {
  maxMessageBytes: 1024 * 1024,
  maxConnections: 200,
  maxRequestsInFlight: 32,
  maxRequestBytes: 2 * 1024 * 1024,
  maxBufferedBytes: 4 * 1024 * 1024,
  maxAllBufferedBytes: 64 * 1024 * 1024,
  maxOfferedBytes: 256 * 1024,
};

export type ApiLogEvent =
  | { readonly kind: 'connected' | 'closed'; readonly connection: number }
  | { readonly kind: 'dropped'; readonly connection: number; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'internal-error'; readonly method: string; readonly error: unknown };

export interface ApiServerOptions {
  readonly limits?: Partial<ApiLimits>;
  readonly log?: (event: ApiLogEvent) => void;
  /** Who is at the other end of a connection, in words. */
  readonly identify?: (socket: Socket) => string | undefined;
}

/** How long a client may take to ask for its upgrade, milliseconds. */
const UPGRADE_TIMEOUT_MS = 10_000;
/** How long a client may take to read a refusal, which is a few bytes, milliseconds. */
const REFUSAL_TIMEOUT_MS = 1000;
/** How many connections may wait for their upgrade, on top of the limit. */
const MAX_WAITING = 20;

/** The management API: JSON-RPC 2.0 in WebSocket messages, at path `/` of a unix socket. */
export class ApiServer {
  readonly #limits: ApiLimits;
  readonly #log: (event: ApiLogEvent) => void;
  readonly #identify: ApiServerOptions['identify'];
  readonly #dispatcher: Dispatcher<ApiConnection>;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<ApiConnection>();
  /** Sockets that have not asked for their upgrade yet. */
  readonly #waiting = new Set<Duplex>();
  #listener: UnixServer | undefined;
  #lastId = 0;

  constructor(handlers: Handlers<ApiConnection>, options: ApiServerOptions = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.log ?? (() => undefined);
    this.#identify = options.identify;
    this.#dispatcher = new Dispatcher(handlers, this.#log, {
      check: (connection) => connection.checkRoom(),
      hold: (connection, bytes) => connection.hold(bytes),
    });
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: this.#limits.maxMessageBytes,
    });
    this.#http = createServer((_, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', connection: 'close', upgrade: 'websocket' });
      response.end('This is the management API of vhost-compat: JSON-RPC 2.0 over WebSocket.\n');
    });
    // It does not apply to WebSocket connections.
    this.#http.timeout = UPGRADE_TIMEOUT_MS;
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Answers that clients have not read, in bytes. */
  get pendingBytes(): number {
    let sum = 0;
    for (const { pendingBytes } of this.#connections) sum += pendingBytes;
    return sum;
  }

  /** Listens on the path, mode 0660 by default; replaces only the socket of a dead server. Throws VC-API-LISTEN. */
  async listen(path: string, options: SocketFileOptions = {}): Promise<void> {
    try {
      this.#listener = await listenOnPath(path, options, (socket) => this.#arrive(socket));
    } catch (cause) {
      if (!(cause instanceof SocketFileError)) throw cause;
      throw new CompatError('VC-API-LISTEN', `Cannot listen on ${path}: ${cause.message}`, { path }, { cause });
    }
    const { server } = this.#listener;
    server.maxConnections = this.#limits.maxConnections + MAX_WAITING;
    server.on('error', (error) => this.#log({ kind: 'refused', reason: error.message }));
  }

  /** Ends all connections and removes the socket. */
  async close(): Promise<void> {
    const listener = this.#listener;
    const closed = new Promise<void>((resolve) =>
      listener?.server.listening ? listener.close(() => resolve()) : resolve(),
    );
    const ended = [...this.#connections].map((one) => new Promise<void>((resolve) => one.onClose(resolve)));
    for (const connection of this.#connections) connection.close();
    for (const socket of this.#waiting) socket.destroy();
    await Promise.all([closed, ...ended]);
  }

  /** Many clients that read nothing must not fill the memory, even with one answer for each: those with the most go. */
  #makeRoom(): void {
    let pending = this.pendingBytes;
    if (pending <= this.#limits.maxAllBufferedBytes) return;
    for (const one of [...this.#connections].toSorted((a, b) => b.pendingBytes - a.pendingBytes)) {
      if (pending <= this.#limits.maxAllBufferedBytes) return;
      pending -= one.pendingBytes;
      this.#connections.delete(one);
      one.drop();
    }
  }

  #arrive(socket: Socket): void {
    this.#waiting.add(socket);
    socket.on('close', () => this.#waiting.delete(socket));
    this.#http.emit('connection', socket);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '').split('?')[0];
    const full = this.#connections.size >= this.#limits.maxConnections;
    // Browsers send it, and only they: no page of any site may speak to the agent through its visitor.
    if (request.headers.origin !== undefined) {
      this.#log({ kind: 'refused', reason: `a web page, of ${request.headers.origin.slice(0, 100)}` });
      refuse(socket, 403);
    } else if (path !== '/') refuse(socket, 404);
    else if (full) {
      this.#log({ kind: 'refused', reason: `more than ${this.#limits.maxConnections} connections` });
      refuse(socket, 503);
    } else this.#accept(request, socket, head);
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#waiting.delete(socket);
      const id = ++this.#lastId;
      const connection = new ApiConnection(
        id,
        webSocket,
        this.#dispatcher,
        this.#limits,
        (reason) => this.#log({ kind: 'dropped', connection: id, reason }),
        () => this.pendingBytes,
        () => this.#makeRoom(),
        this.#identify?.(request.socket),
      );
      this.#connections.add(connection);
      this.#log({ kind: 'connected', connection: id });
      connection.onClose(() => {
        this.#connections.delete(connection);
        this.#log({ kind: 'closed', connection: id });
      });
    });
  }
}

/** Refuses an upgrade and closes the socket, even when the client does not. */
function refuse(socket: Duplex, status: number): void {
  socket.once('finish', () => socket.destroy());
  setTimeout(() => socket.destroy(), REFUSAL_TIMEOUT_MS).unref();
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
