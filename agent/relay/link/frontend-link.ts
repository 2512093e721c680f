import { familyOf } from '../../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../../compat-tables/bits/mask.ts';
import { LOG_ALL } from '../../../compat-tables/bits/named-masks.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import type { ResumableSocketEvents } from '../../fd/resumable-socket.ts';
import type { Journal } from '../handover/journal.ts';
import type { JournalHead, JournalRecord } from '../handover/journal-format.ts';
import { resumeExchange } from '../handover/resume.ts';
import { type Handover, StoredPair } from '../handover/stored-pair.ts';
import type { PortEvent } from '../port/port-status.ts';
import { owedReplies, type PendingReply } from '../session/pending-replies.ts';
import { beginSession, type Learned, type SessionState } from '../session/session.ts';
import { type BackendLink, openChannel, type VhostChannel } from './backend-link.ts';
import { Exchange, type ExchangeContext, type ExchangeEvents } from './exchange.ts';

export interface FrontendLinkEvents {
  /** Some part of the status changed. */
  changed(): void;
  event(event: PortEvent): void;
  /** The front-end accepted features. */
  negotiated(event: PortEvent): void;
  /** A refusal; with `close` the listener has to close the link. `learned`: about the back-end. */
  refused(error: CompatError, close: boolean, learned?: Learned): void;
  /** The connections would not outlive this process. */
  storeFailed(error: Error): void;
  /** Once. Undefined: it hung up, or was closed. */
  ended(error: Error | undefined): void;
}

/** What the next process has to know about the port. */
export type Identity = Pick<JournalHead, 'name' | 'deviceType' | 'frontend' | 'backend' | 'socketGroup'>;

/** A connected front-end, its exchange with the back-end, and what is stored of both for the next process. */
export class FrontendLink {
  readonly #channel: VhostChannel;
  readonly #backend: BackendLink;
  readonly #events: FrontendLinkEvents;
  readonly #exchange: Exchange;
  #since = performance.now();
  #stored: StoredPair | undefined;

  private constructor(
    channel: VhostChannel,
    backend: BackendLink,
    context: ExchangeContext,
    state: SessionState,
    events: FrontendLinkEvents,
  ) {
    this.#channel = channel;
    this.#backend = backend;
    this.#events = events;
    const heard: ExchangeEvents = {
      changed: (before, now) => this.#notice(before, now),
      refused: (error, close, learned) => events.refused(error, close, learned),
      starved: ({ message }) =>
        events.event({
          kind: 'starved',
          code: 'VC-VHOST-TRUNCATED',
          text: `${message} It is tried again.`,
          details: {},
        }),
    };
    const channels = { frontend: channel, backend: backend.channel };
    this.#exchange = new Exchange(context, channels, state, () => this.#pair, heard);
    const listener = (side: 'frontend' | 'backend'): Omit<ResumableSocketEvents, 'closed'> => ({
      readable: () => this.#exchange.readable(side),
      writable: () => this.#exchange.writable(side),
    });
    channel.events = { ...listener('frontend'), closed: (error) => this.#ended(error) };
    backend.lend(listener('backend'));
  }

  /** Takes the descriptor over. Nothing is relayed before the keeper has copies of all descriptors. */
  static connect(
    fd: OwnedFd,
    backend: BackendLink,
    context: ExchangeContext,
    options: {
      readonly handover: Handover | undefined;
      readonly identity: Identity;
      readonly partialPatienceMs?: number | undefined;
    },
    events: FrontendLinkEvents,
  ): FrontendLink {
    const channel = openChannel(fd, undefined, options.partialPatienceMs);
    const { mode, abilities, peer } = context;
    const link = new FrontendLink(channel, backend, context, beginSession(context, abilities, backend.owed), events);
    channel.pause();
    backend.channel.pause();
    const head = { ...options.identity, mode, abilities, peer };
    link.#stored = StoredPair.begin(
      options.handover,
      { frontend: channel, backend: backend.channel },
      head,
      link.#exchange.record,
      {
        // Not at once: the caller has to know the link before anything happens on it.
        ready: () => queueMicrotask(() => link.#begin()),
        failed: (error) => events.storeFailed(error),
      },
    );
    return link;
  }

  /** Goes on with what an earlier process left. Throws VC-RESUME; then the caller closes the link. */
  static resume(
    channel: VhostChannel,
    backend: BackendLink,
    context: ExchangeContext,
    left: {
      readonly handover: Handover;
      readonly id: string;
      readonly journal: Journal;
      readonly record: JournalRecord;
    },
    events: FrontendLinkEvents,
  ): FrontendLink {
    const link = new FrontendLink(channel, backend, context, left.record.state, events);
    link.#stored = StoredPair.resumed(left.handover, left.id, left.journal, (error) => events.storeFailed(error));
    return link;
  }

  /** After `resume`: finds out what was under way and goes on. */
  goOn(record: JournalRecord): void {
    const channels = { frontend: this.#channel, backend: this.#backend.channel };
    resumeExchange(this.#exchange, channels, record, this.context.interface);
    this.#exchange.begin();
  }

  #begin(): void {
    this.#since = performance.now();
    if (this.#channel.isOpen && this.#backend.channel.isOpen) this.#exchange.begin();
  }

  get #pair(): StoredPair {
    if (!this.#stored) throw new Error('Cannot relay before the descriptors were offered to the keeper');
    return this.#stored;
  }

  get context(): ExchangeContext {
    return this.#exchange.context;
  }

  get session(): SessionState {
    return this.#exchange.session;
  }

  get isStored(): boolean {
    return this.#stored?.isStored === true;
  }

  /** Milliseconds for which it could have said something and has not; 0 when it has, or while nobody listens to it. */
  get silentMs(): number {
    return this.#exchange.heard || !this.#exchange.isOpen ? 0 : performance.now() - this.#since;
  }

  /** More than questions has gone to the back-end, or is about to. */
  get touchedBackend(): boolean {
    return this.session.relayed || this.#exchange.towardBackend || this.#backend.channel.staged > 0;
  }

  /** The replies that the back-end owes to this front-end, when it is gone. */
  get owed(): PendingReply[] {
    return owedReplies(this.session);
  }

  /** Reads at once what has arrived, which notices a hang-up. */
  readNow(): void {
    this.#exchange.readable('frontend');
  }

  #notice(before: SessionState, now: SessionState): void {
    const shown: readonly (keyof SessionState)[] = ['offered', 'acked', 'ackedProtocol', 'queuePairs', 'ringSizes'];
    if (!shown.some((key) => now[key] !== before[key])) return;
    if (now.acked !== undefined && now.acked !== before.acked && !onlyLogging(before.acked, now.acked))
      this.#events.negotiated(negotiated(this.context, now.acked));
    this.#events.changed();
  }

  #ended(error: Error | undefined): void {
    this.#exchange.end();
    this.#stored?.end();
    this.#events.ended(error);
  }

  close(): void {
    this.#channel.close();
  }

  /** Leaves the front-end and what is stored of it to the next process. */
  leave(): void {
    const stored = this.#stored;
    this.#stored = undefined;
    this.#exchange.end('forNext');
    stored?.leave();
    this.#channel.leave();
  }
}

function onlyLogging(before: bigint | undefined, now: bigint): boolean {
  return before !== undefined && ((before ^ now) & ~LOG_ALL) === 0n;
}

function negotiated({ mode }: ExchangeContext, acked: bigint): PortEvent {
  const features = featureNames(familyOf(mode.deviceType), acked);
  return {
    kind: 'negotiated',
    text: `The front-end accepted ${formatMask(acked)} of version ${mode.version}`,
    details: { version: mode.version, acked: formatMask(acked), features },
  };
}
