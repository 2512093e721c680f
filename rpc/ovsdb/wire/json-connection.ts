import type { Socket } from 'node:net';
import { type FramerOptions, JsonFramer } from '../../json/json-framer.ts';
import type { Json } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import { type RpcMessage, readMessage, request } from './envelope.ts';
import { InactivityProbe } from './reconnect.ts';

export interface ConnectionHandlers {
  /** Called in the order of the messages. A promise delays the next ones and, after what was read already, the peer. */
  message(message: RpcMessage): void | Promise<void>;
  /** Called once; without a reason after a regular end. */
  closed(reason: Error | undefined): void;
}

export interface ConnectionOptions extends FramerOptions {
  /** Probe an idle peer after this many milliseconds. 0, the default: never. */
  readonly probeIntervalMs?: number;
}

/** The id that OVS uses for its probes. Answers to it are dropped, requested or not, as OVS does. */
const PROBE_ID = 'echo';

/** Characters that may wait for the end of the current task; with more, the peer could be reading already. */
const OUTBOX_LENGTH = 64 << 10;

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
  #outbox: (string | Buffer)[] = [];
  #outboxLength = 0;
  #busy = false;
  #ended = false;
  readonly #probe: InactivityProbe | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reason: Error | undefined;

  /** The socket must be connected and allow half-open connections. */
  constructor(socket: Socket, handlers: ConnectionHandlers, options: ConnectionOptions = {}) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#framer = new JsonFramer(options);
    const interval = options.probeIntervalMs ?? 0;
    if (interval > 0) this.#probe = new InactivityProbe(interval, performance.now());
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#probe?.activity(performance.now());
      this.#chunks.push(chunk);
      this.#work();
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
      handlers.closed(this.#reason);
    });
    this.#watch();
  }

  /** Bytes that were sent and not yet taken by the kernel. */
  get queuedBytes(): number {
    return this.#socket.writableLength + this.#outboxLength;
  }

  /** True while the peer should take something before it is sent more. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** True until the end has begun, from whichever side. */
  get open(): boolean {
    return this.#socket.writable;
  }

  /** Sends a message, as JSON or serialised. What one task sends goes to the kernel together, at its end. */
  send(message: Json | Buffer): void {
    if (!this.open) return;
    const part = Buffer.isBuffer(message) ? message : stringifyJson(message);
    this.#outboxLength += part.length;
    if (this.#outbox.push(part) === 1) queueMicrotask(() => this.#empty());
    if (this.#outboxLength >= OUTBOX_LENGTH) this.#empty();
  }

  #empty(): void {
    if (this.#outbox.length === 0) return;
    const parts = this.#outbox;
    this.#outbox = [];
    this.#outboxLength = 0;
    // As bytes, because the socket counts the characters of a string.
    if (this.open) this.#socket.write(joined(parts));
  }

  /** Resolves when everything sent was taken by the kernel, or the connection has ended. */
  async drained(): Promise<void> {
    this.#empty();
    if (!this.full || this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }

  /** Sends what is queued, then closes. */
  close(): void {
    this.#empty();
    this.#socket.destroySoon();
  }

  /** Closes at once; what is queued is lost. */
  destroy(reason?: Error): void {
    this.#reason ??= reason;
    this.#empty(); // what precedes an error is answered as far as the kernel takes it at once
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
    try {
      for (let message = this.#next(); message; message = this.#next()) {
        const pending = this.#handlers.message(message);
        if (pending) {
          this.#hold(pending);
          return;
        }
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
    pending.then(
      () => {
        this.#busy = false;
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

function joined(parts: readonly (string | Buffer)[]): Buffer {
  const [only] = parts;
  if (parts.length === 1 && Buffer.isBuffer(only)) return only;
  if (parts.every((part) => typeof part === 'string')) return Buffer.from(parts.join(''));
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}
