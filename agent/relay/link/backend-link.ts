import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { type RequestName, requestName } from '../../../compat-tables/protocol/requests.ts';
import { SystemCallError } from '../../fd/libc.ts';
import { isUnread } from '../../fd/libc-stream.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import { ResumableSocket, type ResumableSocketEvents } from '../../fd/resumable-socket.ts';
import { checkReply } from '../../vhost/check-message.ts';
import { cannotAccept } from '../../vhost/errors.ts';
import { VhostFramer } from '../../vhost/framer.ts';
import type { Message } from '../../vhost/header.ts';
import { Measurement } from '../session/measurement.ts';
import type { Learned, PendingReply } from '../session/session.ts';

/** How often the time is prolonged for a back-end that has not read the question. */
const MOST_WAITS = 11;

export type VhostMessage = Message<OwnedFd>;
export type VhostChannel = ResumableSocket<VhostMessage>;

export interface BackendLinkEvents {
  measured(abilities: Abilities): void;
  /**
   * Once, when the time is over and the back-end has not even read what it was asked: it starts still, or stands still. With
   * this event the link waits twelve times as long, because the connection that waits there may be the only one that it
   * serves; not for ever, because another process may listen in its place by then.
   */
  late?(error: CompatError): void;
  /** Once. Undefined: the back-end hung up. */
  ended(link: BackendLink, error: Error | undefined): void;
}

export interface BackendLinkOptions {
  /** For messages: the interface or the endpoint. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly partialPatienceMs?: number | undefined;
  /** Questions for limits that are left out. */
  readonly unasked?: ReadonlySet<RequestName>;
}

/** A connection to a back-end: measured, then lent to exchanges. In between it drops replies that nobody waits for. */
export class BackendLink {
  readonly channel: VhostChannel;
  readonly #events: BackendLinkEvents;
  readonly #what: string;
  readonly #own: ResumableSocketEvents;
  #timer: NodeJS.Timeout | undefined;
  #measurement: Measurement | undefined;
  #abilities: Abilities | undefined;
  #owed: readonly PendingReply[] = [];
  #wasClosed = false;
  /** How often the time of the measurement was over. */
  #waits = 0;

  private constructor(channel: VhostChannel, what: string, events: BackendLinkEvents) {
    this.channel = channel;
    this.#what = what;
    this.#events = events;
    this.#own = {
      readable: () => this.#readable(),
      writable: () => channel.flush(),
      closed: (error) => this.#closed(error),
    };
    channel.events = this.#own;
  }

  /** A new connection, whose descriptor it takes over; `measure` comes next. */
  static toMeasure(fd: OwnedFd, options: BackendLinkOptions, events: BackendLinkEvents): BackendLink {
    const link = new BackendLink(openChannel(fd, options.partialPatienceMs), options.what, events);
    link.#measurement = new Measurement(options.unasked);
    link.#limit(options.timeoutMs);
    return link;
  }

  /** Ends a measurement that takes too long, or goes on waiting. */
  #limit(timeoutMs: number): void {
    this.#timer = setTimeout(() => {
      const asked = this.#measurement?.asked;
      const text = `Cannot measure the back-end of ${this.#what}: it did not answer ${asked} within ${timeoutMs} ms`;
      const error = new CompatError('VC-VHOST-TIMEOUT', text, { timeoutMs });
      this.#waits += 1;
      if (this.#events.late === undefined || !isUnread(this.channel.descriptor) || this.#waits > MOST_WAITS) {
        this.channel.close(error);
        return;
      }
      if (this.#waits === 1) this.#events.late(error);
      this.#limit(timeoutMs);
    }, timeoutMs);
  }

  /** A connection that was measured by the process before this one. */
  static measured(channel: VhostChannel, what: string, abilities: Abilities, events: BackendLinkEvents): BackendLink {
    const link = new BackendLink(channel, what, events);
    link.#abilities = abilities;
    return link;
  }

  /** Asks the first question. Not part of `toMeasure`, because it may find that the peer is gone: throws VC-VHOST-GONE then. */
  measure(): void {
    if (this.#measurement === undefined) return;
    const first = this.#measurement.begin();
    try {
      this.channel.say(first);
    } catch (error) {
      throw SystemCallError.isHangUp(error) ? this.#gone() : error;
    }
  }

  /** What the back-end can do; undefined until it was measured. */
  get abilities(): Abilities | undefined {
    return this.#abilities;
  }

  /** The back-end answered otherwise than when it was measured. */
  learn(learned: Learned): void {
    if (this.#abilities === undefined) return;
    const limits = { ...this.#abilities.limits, ...learned.limits };
    this.#abilities = { ...this.#abilities, ...learned, limits };
  }

  /** Replies to come that nobody waits for. The borrower of the channel has to drop them. */
  get owed(): readonly PendingReply[] {
    return this.#owed;
  }

  /** Lends the channel until `takeBack`. Its end is still noticed here. */
  lend(events: Omit<ResumableSocketEvents, 'closed'>): void {
    this.channel.events = { ...events, closed: (error) => this.#closed(error) };
  }

  /** It has answered a question. */
  get answered(): boolean {
    return this.#measurement?.asked !== 'GET_FEATURES';
  }

  /** The question for a limit that it has not answered. */
  get askedLimit(): RequestName | undefined {
    return this.#measurement?.askedLimit;
  }

  /** Ends the loan. */
  takeBack(owed: readonly PendingReply[]): void {
    this.#owed = owed;
    this.channel.events = this.#own;
    this.channel.resume();
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
      const { say, abilities } = this.#measurement.reply(message);
      if (say) this.channel.say(say);
      if (abilities) this.#measured(abilities);
      return;
    }
    const at = this.#owed.findIndex(({ request }) => request === message.request);
    const what = `${requestName(message.request)} from the back-end`;
    if (at < 0) throw cannotAccept('header', what, 'nobody asked for it');
    this.#owed = this.#owed.slice(at + 1);
  }

  #measured(abilities: Abilities): void {
    clearTimeout(this.#timer);
    this.#measurement = undefined;
    this.#abilities = abilities;
    this.#events.measured(abilities);
  }

  #closed(error: Error | undefined): void {
    clearTimeout(this.#timer);
    const hungUp = error === undefined || SystemCallError.isHangUp(error);
    const early = hungUp && this.#measurement !== undefined && !this.#wasClosed;
    this.#events.ended(this, early ? this.#gone() : error);
  }

  #gone(): CompatError {
    const text = `Cannot measure the back-end of ${this.#what}: it hung up before it answered ${this.#measurement?.asked}`;
    return new CompatError('VC-VHOST-GONE', text);
  }

  close(): void {
    this.#wasClosed = true;
    this.channel.close();
  }

  /** Leaves the connection to the next process, which goes on when a keeper has it. */
  leave(): void {
    this.#wasClosed = true;
    this.channel.leave();
  }
}

/** A channel for vhost-user messages; its next user sets the listener. */
export function openChannel(socket: OwnedFd, partialPatienceMs?: number): VhostChannel {
  const nobody: ResumableSocketEvents = { readable: () => {}, writable: () => {}, closed: () => {} };
  return new ResumableSocket<VhostMessage>(socket, new VhostFramer<OwnedFd>(), nobody, partialPatienceMs);
}
