import type { Socket } from 'node:net';
import { type FramerOptions, JsonFramer } from '../../json/json-framer.ts';
import type { Json } from '../../json/json-value.ts';
import { type RpcMessage, readMessage, request } from './envelope.ts';
import { MessageOutput, type Outgoing } from './message-output.ts';
import { InactivityProbe } from './reconnect.ts';

export interface ConnectionHandlers {
  /**
   * Called in the order of the messages, with the length of each in bytes. A promise delays the next ones and, after what was
   * read already, the peer.
   */
  message(message: RpcMessage, bytes: number): void | Promise<void>;
  /** Called when bytes have come, for whoever counts them. */
  received?(): void;
  /** Called once; without a reason after a regular end. */
  closed(reason: Error | undefined): void;
}

export interface ConnectionOptions extends FramerOptions {
  /** Probe an idle peer after this many milliseconds. 0, the default: never. */
  readonly probeIntervalMs?: number;
}

/** The id that OVS uses for its probes. Answers to it are dropped, requested or not, as OVS does. */
const PROBE_ID = 'echo';

/**
 * A peer that is not read is sent a probe so often, in milliseconds: that it has hung up is seen when it is read, or when
 * something is written to it.
 */
const UNREAD_PROBE_MS = 5000;

/** Messages of one peer are handled for so long, in milliseconds; then others have their turn. */
const TURN_MS = 5;

/**
 * One stream of JSON-RPC messages, for client and server. Bytes that are no message close it. When the peer ends its side,
 * complete messages are still answered, then our side is ended too.
 */
export class JsonConnection {
  readonly #socket: Socket;
  readonly #framer: JsonFramer;
  readonly #handlers: ConnectionHandlers;
  readonly #chunks: Buffer[] = [];
  #reading: Generator<Json, void> | undefined;
  readonly #output: MessageOutput;
  #busy = false;
  #ended = false;
  readonly #probe: InactivityProbe | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unread: NodeJS.Timeout | undefined;
  #reason: Error | undefined;

  /** The socket must be connected and allow half-open connections. */
  constructor(socket: Socket, handlers: ConnectionHandlers, options: ConnectionOptions = {}) {
    this.#socket = socket;
    this.#output = new MessageOutput(socket);
    this.#handlers = handlers;
    this.#framer = new JsonFramer(options);
    const interval = options.probeIntervalMs ?? 0;
    if (interval > 0) this.#probe = new InactivityProbe(interval, performance.now());
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#probe?.activity(performance.now());
      this.#chunks.push(chunk);
      this.#work();
      handlers.received?.();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#work();
    });
    socket.on('drain', () => this.#probe?.activity(performance.now()));
    socket.on('error', (error) => {
      this.#reason ??= error;
    });
    socket.on('close', () => {
      clearTimeout(this.#timer);
      clearInterval(this.#unread);
      handlers.closed(this.#reason);
    });
    this.#watch();
  }

  /** Bytes that were sent and not yet taken by the kernel. */
  get queuedBytes(): number {
    return this.#output.bytes;
  }

  /** Those of them that wait behind the message that is being sent. */
  get bytesBehind(): number {
    return this.#output.bytesBehind;
  }

  /** Bytes of a message that has begun. */
  get begunBytes(): number {
    return this.#framer.heldBytes;
  }

  /** True while the peer should take something before it is sent more. */
  get full(): boolean {
    return this.#output.full;
  }

  /** True until the end has begun, from whichever side. */
  get open(): boolean {
    return this.#socket.writable;
  }

  /** Sends a message, as JSON, serialised or in pieces. */
  send(message: Outgoing): void {
    if (this.open) this.#output.send(message);
  }

  /** Resolves when everything sent was taken by the kernel, or the connection has ended. */
  drained(): Promise<void> {
    return this.#output.drained();
  }

  /** Sends what is queued, then closes. */
  close(): void {
    this.#output.end();
  }

  /** Closes at once; what is queued is lost. */
  destroy(reason?: Error): void {
    this.#reason ??= reason;
    this.#output.flush(); // what precedes an error is answered as far as the kernel takes it at once
    this.#socket.destroy();
  }

  #watch(): void {
    if (!this.#probe || this.#socket.destroyed) return;
    // A peer that we do not read is not silent, unless we wait for it to take our answers.
    if (this.#busy && !this.#socket.writableNeedDrain) this.#probe.activity(performance.now());
    const verdict = this.#probe.check(performance.now());
    if (verdict.do === 'give up') {
      // If this process was asleep, the answer is in the socket already: it is read before an immediate runs.
      setImmediate(() => {
        if (this.#probe?.check(performance.now()).do === 'wait') this.#watch();
        else this.destroy(new Error('the peer no longer answers'));
      });
      return;
    }
    if (verdict.do === 'probe') this.send(request(PROBE_ID, 'echo', []));
    this.#timer = setTimeout(() => this.#watch(), verdict.do === 'wait' ? verdict.ms : 0);
  }

  #work(): void {
    if (this.#busy) return;
    const until = performance.now() + TURN_MS;
    try {
      for (let message = this.#next(); message; message = this.#next()) {
        const pending = this.#handlers.message(message, this.#framer.messageBytes);
        if (pending) {
          this.#hold(pending);
          return;
        }
        if (performance.now() < until) continue;
        this.#hold(nextTurn());
        return;
      }
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (this.#ended && !this.#socket.destroyed) this.close();
  }

  /** Stops reading until a message is handled. */
  #hold(pending: Promise<void>): void {
    this.#busy = true;
    this.#socket.pause();
    this.#unread ??= setInterval(() => {
      if (this.queuedBytes === 0) this.send(request(PROBE_ID, 'echo', []));
    }, UNREAD_PROBE_MS).unref();
    pending.then(
      () => {
        this.#busy = false;
        clearInterval(this.#unread);
        this.#unread = undefined;
        this.#socket.resume();
        this.#work();
      },
      (error: unknown) => this.destroy(error as Error),
    );
  }

  #next(): RpcMessage | undefined {
    while (!this.#socket.destroyed) {
      if (!this.#reading) {
        const chunk = this.#chunks.shift();
        if (!chunk) return undefined;
        this.#reading = this.#framer.push(chunk);
      }
      const { value, done } = this.#reading.next();
      if (done) {
        this.#reading = undefined;
        continue;
      }
      const message = readMessage(value);
      if (message.kind !== 'reply' || message.id !== PROBE_ID || message.error !== null) return message;
    }
    return undefined;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
