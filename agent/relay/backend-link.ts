import { CompatError } from '../../compat-tables/errors.ts';
import type { Abilities } from '../../compat-tables/types.ts';
import { FdSocket } from '../fd/fd-socket.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import { VhostProtocolError } from '../vhost/errors.ts';
import { VhostFramer } from '../vhost/framer.ts';
import type { Message } from '../vhost/header.ts';
import { requestName } from '../vhost/requests.ts';
import { checkReply } from '../vhost/rules.ts';
import { Measurement } from './measure.ts';

export type VhostMessage = Message<OwnedFd>;

export interface BackendLinkEvents {
  measured(abilities: Abilities): void;
  /** A reply for the front-end; `true` when somebody took it. */
  reply(message: VhostMessage): boolean;
  backlog(waiting: boolean): void;
  /** Once. Undefined: it hung up. */
  ended(error: Error | undefined): void;
}

export interface BackendLinkOptions {
  /** For messages: the interface or the endpoint. */
  readonly what: string;
  readonly timeoutMs: number;
}

/**
 * A connection to a back-end: measured first, then open for the front-end's messages. It also swallows the replies to
 * questions of a front-end that left before they came.
 */
export class BackendLink {
  readonly #socket: FdSocket<VhostMessage>;
  readonly #events: BackendLinkEvents;
  readonly #timer: NodeJS.Timeout;
  #measurement: Measurement | undefined = new Measurement();
  #abilities: Abilities | undefined;
  #unwanted = 0;
  #wasClosed = false;

  /** Takes the descriptor over. */
  constructor(fd: OwnedFd, options: BackendLinkOptions, events: BackendLinkEvents) {
    this.#events = events;
    this.#socket = new FdSocket<VhostMessage>(fd, new VhostFramer<OwnedFd>(), {
      message: (message) => this.#message(message),
      backlog: (waiting) => events.backlog(waiting),
      closed: (error) => this.#closed(error, options.what),
    });
    this.#timer = setTimeout(() => {
      const text = `Cannot measure the back-end of ${options.what}: it did not answer within ${options.timeoutMs} ms`;
      this.#socket.destroy(new CompatError('VC-VHOST-TIMEOUT', text, { timeoutMs: options.timeoutMs }));
    }, options.timeoutMs);
  }

  /** Asks the first question. Apart from the constructor, because the answer to it may be that the peer is gone. */
  measure(): void {
    if (this.#measurement) this.#socket.write(this.#measurement.begin());
  }

  /** Undefined until measured. */
  get abilities(): Abilities | undefined {
    return this.#abilities;
  }

  get queued(): number {
    return this.#socket.queued;
  }

  #message(message: VhostMessage): void {
    if (this.#measurement) {
      this.#measured(this.#measurement.reply(message));
      return;
    }
    if (this.#unwanted > 0) {
      checkReply(message);
      this.#unwanted -= 1;
      for (const fd of message.fds) fd.close();
    } else if (!this.#events.reply(message)) {
      const text = `Cannot accept ${requestName(message.request)} from the back-end: nobody asked for it`;
      throw new VhostProtocolError('header', text);
    }
  }

  #measured(step: ReturnType<Measurement['reply']>): void {
    if ('ask' in step) {
      this.#socket.write(step.ask);
      return;
    }
    clearTimeout(this.#timer);
    this.#measurement = undefined;
    this.#abilities = step.abilities;
    this.#events.measured(step.abilities);
  }

  #closed(error: Error | undefined, what: string): void {
    clearTimeout(this.#timer);
    const early = error === undefined && this.#measurement !== undefined && !this.#wasClosed;
    const text = `Cannot measure the back-end of ${what}: it hung up before it answered`;
    this.#events.ended(early ? new CompatError('VC-VHOST-GONE', text) : error);
  }

  send(message: VhostMessage): void {
    this.#socket.write(message.bytes, message.fds);
  }

  /** Replies still to come that nobody waits for any more. */
  swallow(count: number): void {
    this.#unwanted += count;
  }

  pause(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  close(): void {
    this.#wasClosed = true;
    this.#socket.destroy(undefined);
  }
}
