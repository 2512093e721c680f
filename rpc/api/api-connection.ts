import type { RawData, WebSocket } from 'ws';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { NotificationName, NotificationParams } from './methods.ts';

export interface ConnectionLimits {
  /** With this many unanswered messages the connection is not read until one is answered. */
  readonly maxRequestsInFlight: number;
  /** With this much output pending the connection is not read; when a notification finds more, it is closed. */
  readonly maxBufferedBytes: number;
  /** With so many bytes of unanswered messages the connection is not read until one is answered. */
  readonly maxRequestBytes: number;
  /** With more output pending for all clients together, requests of those that have not read all are refused, and those with the most are closed. */
  readonly maxAllBufferedBytes: number;
  /** With more output pending than this, notifications that may be dropped are. */
  readonly maxOfferedBytes: number;
}

/** A close code of RFC 6455, section 7.4.1. */
const UNSUPPORTED_DATA = 1003;
const GOING_AWAY = 1001;
/** A client that is not read is pinged so often, milliseconds: that it has hung up is seen only when something is written. */
const UNREAD_PING_MS = 5000;
/** How long a client may take to answer our close, milliseconds. */
const CLOSE_TIMEOUT_MS = 500;

/** A connection of a client to the management API: the context of handlers. */
export class ApiConnection {
  readonly id: number;
  /** Who it is, in words. */
  readonly client: string | undefined;
  readonly #socket: WebSocket;
  readonly #dispatcher: Dispatcher<ApiConnection>;
  readonly #limits: ConnectionLimits;
  readonly #dropped: (reason: string) => void;
  readonly #allPending: () => number;
  readonly #answered: () => void;
  readonly #closing = new Set<() => void>();
  /** Messages that had been read when reading stopped: at most what one read of the socket held. */
  readonly #pending: string[] = [];
  #inFlight = 0;
  #inFlightBytes = 0;
  #heldBytes = 0;
  #next: NodeJS.Immediate | undefined;
  #unread: NodeJS.Timeout | undefined;

  constructor(
    id: number,
    socket: WebSocket,
    dispatcher: Dispatcher<ApiConnection>,
    limits: ConnectionLimits,
    dropped: (reason: string) => void,
    allPending: () => number,
    answered: () => void,
    client?: string,
  ) {
    this.client = client;
    this.#allPending = allPending;
    this.#answered = answered;
    this.id = id;
    this.#socket = socket;
    this.#dispatcher = dispatcher;
    this.#limits = limits;
    this.#dropped = dropped;
    socket.on('message', (data, isBinary) => this.#message(data, isBinary));
    // Invalid frames and messages that are too long: ws closes the connection after this event.
    socket.on('error', (error) => dropped(error.message));
    socket.on('close', () => {
      clearInterval(this.#unread);
      for (const listener of this.#closing) listener();
      this.#closing.clear();
    });
  }

  /** Calls the listener when the connection ends; at once when it has ended. */
  onClose(listener: () => void): void {
    if (this.#socket.readyState === this.#socket.CLOSED) listener();
    else this.#closing.add(listener);
  }

  /** Answers of unfinished batches, and output that the client has not read. */
  get pendingBytes(): number {
    return this.#heldBytes + this.#socket.bufferedAmount;
  }

  /** Answers of an unfinished batch; negative: it is finished. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** Throws VC-API-BUSY while the client should read what is pending. */
  checkRoom(): void {
    const { maxBufferedBytes, maxAllBufferedBytes } = this.#limits;
    const pending = this.pendingBytes;
    if (pending > maxBufferedBytes) throw busy(pending, maxBufferedBytes, 'for this client');
    // one that has read everything is served, whatever others do
    const all = pending > 0 ? this.#allPending() : 0;
    if (all > maxAllBufferedBytes) throw busy(all, maxAllBufferedBytes, 'for all clients');
  }

  /** Sends a notification. The connection of a client that does not read is closed: others must not pay for it. */
  notify<N extends NotificationName>(method: N, params: NotificationParams<N>): void {
    this.notifyText(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  /** `notify` for a message that was serialised for several connections. */
  notifyText(message: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#limits.maxBufferedBytes) {
      this.drop();
      return;
    }
    this.#socket.send(message);
  }

  /** Ends the connection of a client that does not read; what is pending for it is lost. */
  drop(): void {
    this.#dropped(`the client does not read: ${this.#socket.bufferedAmount} bytes are pending`);
    this.#socket.terminate();
  }

  /**
   * Sends a notification that may be dropped; false: dropped, because the client reads slowly. `sent` is called when it
   * has gone out and there may be room again.
   */
  offer<N extends NotificationName>(method: N, params: NotificationParams<N>, sent: () => void): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount > this.#limits.maxOfferedBytes) return false;
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', method, params }), sent);
    return true;
  }

  /** Closes the connection; a client that does not answer the close in time is disconnected. */
  close(): void {
    this.#socket.close(GOING_AWAY);
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS);
    this.onClose(() => clearTimeout(timer));
  }

  #message(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      this.#socket.close(UNSUPPORTED_DATA, 'wanted text');
      return;
    }
    this.#pending.push(text(data));
    this.#flow();
  }

  async #answer(message: string): Promise<void> {
    const answer = await this.#dispatcher.receive(message, this);
    this.#inFlight -= 1;
    this.#inFlightBytes -= message.length;
    if (answer !== undefined && this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.send(answer, () => this.#flow());
      this.#answered();
    }
    this.#flow();
  }

  /** Handles pending messages as limits allow, and pauses reading, so that what one client keeps pending is bounded. */
  #flow(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // One in each turn: then its answer is counted before the next one begins, and other connections have their turn.
    const next = this.#busy || this.#next !== undefined ? undefined : this.#pending.shift();
    if (next !== undefined) {
      this.#inFlight += 1;
      this.#inFlightBytes += next.length;
      this.#next = setImmediate(() => {
        this.#next = undefined;
        this.#flow();
      });
      void this.#answer(next);
    }
    if (this.#busy && !this.#socket.isPaused) {
      this.#socket.pause();
      this.#unread = setInterval(() => this.#socket.ping(), UNREAD_PING_MS).unref();
    } else if (!this.#busy && this.#socket.isPaused) {
      clearInterval(this.#unread);
      this.#socket.resume();
    }
  }

  get #busy(): boolean {
    const { maxRequestsInFlight, maxRequestBytes, maxBufferedBytes } = this.#limits;
    if (this.#inFlight >= maxRequestsInFlight || this.#inFlightBytes >= maxRequestBytes) return true;
    return this.#socket.bufferedAmount > maxBufferedBytes;
  }
}

function text(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString('utf8');
}

function busy(pending: number, most: number, where: string): CompatError {
  const text = `Cannot answer: ${pending} bytes of answers are pending ${where}; wanted at most ${most}`;
  return new CompatError('VC-API-BUSY', text, { pending, limit: most });
}
