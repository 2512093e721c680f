import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { requestName } from '../../../compat-tables/protocol/requests.ts';
import { Channel, type ChannelEvents } from '../../fd/channel.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import { VhostProtocolError } from '../../vhost/errors.ts';
import { VhostFramer } from '../../vhost/framer.ts';
import type { Message } from '../../vhost/header.ts';
import { checkReply } from '../../vhost/rules.ts';
import { Measurement } from '../session/measurement.ts';
import type { Learned, Pending } from '../session/session.ts';

export type VhostMessage = Message<OwnedFd>;
export type VhostChannel = Channel<VhostMessage>;

export interface BackendLinkEvents {
  measured(abilities: Abilities): void;
  /** Once. Undefined: it hung up. */
  ended(error: Error | undefined): void;
}

export interface BackendLinkOptions {
  /** For messages: the interface or the endpoint. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly partialPatienceMs?: number | undefined;
  /** False: the number of queues is not asked for. */
  readonly asksQueues?: boolean;
}

/**
 * A connection to a back-end: measured first, then lent to the exchange with a front-end. In between it swallows the
 * replies to questions of a front-end that left before they came.
 */
export class BackendLink {
  readonly channel: VhostChannel;
  readonly #events: BackendLinkEvents;
  readonly #what: string;
  readonly #own: ChannelEvents;
  #timer: NodeJS.Timeout | undefined;
  #measurement: Measurement | undefined;
  #abilities: Abilities | undefined;
  #owed: readonly Pending[] = [];
  #wasClosed = false;

  private constructor(channel: VhostChannel, what: string, events: BackendLinkEvents) {
    this.channel = channel;
    this.#what = what;
    this.#events = events;
    this.#own = {
      readable: () => this.#readable(),
      writable: () => void channel.flush(),
      closed: (error) => this.#closed(error),
    };
    channel.events = this.#own;
  }

  /** A new connection, of which it takes the descriptor over; `measure` comes next. */
  static toMeasure(fd: OwnedFd, options: BackendLinkOptions, events: BackendLinkEvents): BackendLink {
    const link = new BackendLink(openChannel(fd, undefined, options.partialPatienceMs), options.what, events);
    link.#measurement = new Measurement(options.asksQueues);
    link.#timer = setTimeout(() => {
      const text = `Cannot measure the back-end of ${options.what}: it did not answer within ${options.timeoutMs} ms`;
      link.channel.close(new CompatError('VC-VHOST-TIMEOUT', text, { timeoutMs: options.timeoutMs }));
    }, options.timeoutMs);
    return link;
  }

  /** A connection that was measured by the process before this one. */
  static measured(channel: VhostChannel, what: string, abilities: Abilities, events: BackendLinkEvents): BackendLink {
    const link = new BackendLink(channel, what, events);
    link.#abilities = abilities;
    return link;
  }

  /** Asks the first question. Apart from the beginning, because the answer to it may be that the peer is gone. */
  measure(): void {
    if (this.#measurement) this.#ask(this.#measurement.begin());
  }

  /** Undefined until measured. */
  get abilities(): Abilities | undefined {
    return this.#abilities;
  }

  /** It said something else than when it was measured: that is what it can do now. */
  learn(learned: Learned): void {
    if (this.#abilities) this.#abilities = { ...this.#abilities, ...learned };
  }

  /** Replies that are still to come and that nobody waits for. Whoever borrows the channel has to drop them. */
  get owed(): readonly Pending[] {
    return this.#owed;
  }

  /** Lends the channel: until `takeBack` its bytes are the borrower's. Its end is told here all the same. */
  lend(events: Omit<ChannelEvents, 'closed'>): void {
    this.channel.events = { ...events, closed: (error) => this.#closed(error) };
  }

  /** It was asked how many queues it has, and has not answered. */
  get askedForQueues(): boolean {
    return this.#measurement?.asked === 'GET_QUEUE_NUM';
  }

  /** Ends the loan. */
  takeBack(owed: readonly Pending[]): void {
    this.#owed = owed;
    this.channel.events = this.#own;
    this.channel.resume();
  }

  #ask(question: Uint8Array): void {
    this.channel.stage(question);
    this.channel.flush();
  }

  #readable(): void {
    for (let peeked = this.channel.peek(); peeked; peeked = this.channel.peek()) {
      const { message } = peeked;
      checkReply(message);
      this.channel.consume(message.fds.length > 0);
      for (const fd of message.fds) fd.close();
      this.#reply(message);
      if (this.channel.events !== this.#own) return;
    }
  }

  #reply(message: VhostMessage): void {
    if (this.#measurement) {
      this.#step(this.#measurement.reply(message));
      return;
    }
    const at = this.#owed.findIndex(({ request }) => request === message.request);
    if (at < 0) {
      const text = `Cannot accept ${requestName(message.request)} from the back-end: nobody asked for it`;
      throw new VhostProtocolError('header', text);
    }
    this.#owed = this.#owed.slice(at + 1);
  }

  #step(step: ReturnType<Measurement['reply']>): void {
    if ('ask' in step) {
      this.#ask(step.ask);
      return;
    }
    clearTimeout(this.#timer);
    this.#measurement = undefined;
    this.#abilities = step.abilities;
    this.#events.measured(step.abilities);
  }

  #closed(error: Error | undefined): void {
    clearTimeout(this.#timer);
    const early = error === undefined && this.#measurement !== undefined && !this.#wasClosed;
    const text = `Cannot measure the back-end of ${this.#what}: it hung up before it answered`;
    this.#events.ended(early ? new CompatError('VC-VHOST-GONE', text) : error);
  }

  close(): void {
    this.#wasClosed = true;
    this.channel.close();
  }

  /** Lets go of the connection, which goes on when a keeper has it. */
  leave(): void {
    this.#wasClosed = true;
    this.channel.leave();
  }
}

/** A channel for vhost-user messages. Its listener is set by whoever uses it next. */
export function openChannel(socket: OwnedFd, pipe?: OwnedFd, partialPatienceMs?: number): VhostChannel {
  const nobody: ChannelEvents = { readable: () => {}, writable: () => {}, closed: () => {} };
  return new Channel<VhostMessage>(socket, pipe, new VhostFramer<OwnedFd>(), nobody, partialPatienceMs);
}
