import { familyOf } from '../../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../../compat-tables/bits/mask.ts';
import { LOG_ALL } from '../../../compat-tables/bits/named-masks.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import type { ChannelEvents } from '../../fd/channel.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import type { Journal } from '../handover/journal.ts';
import type { JournalHead, JournalRecord } from '../handover/journal-format.ts';
import { type Keep, KeptPair } from '../handover/keep.ts';
import { resumeExchange } from '../handover/resume.ts';
import type { PortEvent } from '../port/port-status.ts';
import { beginSession, type Learned, owedReplies, type Pending, type SessionState } from '../session/session.ts';
import { type BackendLink, openChannel, type VhostChannel } from './backend-link.ts';
import { Exchange, type ExchangeContext, type ExchangeEvents } from './exchange.ts';

export interface FrontendLinkEvents {
  /** Something that the status shows has changed. */
  changed(): void;
  event(event: PortEvent): void;
  /** The front-end accepted features. */
  negotiated(event: PortEvent): void;
  /** A refusal; with `close` the link has to be closed by whoever hears this. `learned`: of the back-end. */
  refused(error: CompatError, close: boolean, learned?: Learned): void;
  keepFailed(error: Error): void;
  /** Once. Undefined: it hung up, or was closed. */
  ended(error: Error | undefined): void;
}

/** What the next process has to know besides. */
export type Identity = Pick<JournalHead, 'name' | 'deviceType' | 'frontend' | 'backend' | 'socketGroup'>;

/** A connected front-end, its exchange with the back-end, and what is kept of both for the next process. */
export class FrontendLink {
  readonly #channel: VhostChannel;
  readonly #backend: BackendLink;
  readonly #events: FrontendLinkEvents;
  readonly #exchange: Exchange;
  #since = performance.now();
  #kept: KeptPair | undefined;

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
    const told: ExchangeEvents = {
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
    this.#exchange = new Exchange(context, channels, state, () => this.#pair, told);
    const listener = (side: 'frontend' | 'backend'): Omit<ChannelEvents, 'closed'> => ({
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
      readonly keep: Keep | undefined;
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
    link.#kept = KeptPair.begin(
      options.keep,
      { frontend: channel, backend: backend.channel },
      head,
      link.#exchange.record,
      {
        // Not at once: the caller shall know the link before anything happens on it.
        ready: () => queueMicrotask(() => link.#begin()),
        failed: (error) => events.keepFailed(error),
      },
    );
    return link;
  }

  /** Goes on with what an earlier process left. Throws VC-RESUME; then the caller closes the link. */
  static resume(
    channel: VhostChannel,
    backend: BackendLink,
    context: ExchangeContext,
    left: { readonly keep: Keep; readonly id: string; readonly journal: Journal; readonly record: JournalRecord },
    events: FrontendLinkEvents,
  ): FrontendLink {
    const link = new FrontendLink(channel, backend, context, left.record.state, events);
    link.#kept = KeptPair.resumed(left.keep, left.id, left.journal, (error) => events.keepFailed(error));
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

  get #pair(): KeptPair {
    if (!this.#kept) throw new Error('Cannot relay before it is known who keeps the descriptors');
    return this.#kept;
  }

  get context(): ExchangeContext {
    return this.#exchange.context;
  }

  get session(): SessionState {
    return this.#exchange.session;
  }

  get isKept(): boolean {
    return this.#kept?.isKept === true;
  }

  /** How long it could have said something and has not; 0 when it has, or while nobody listens to it. */
  get silentMs(): number {
    return this.#exchange.heard || !this.#exchange.isOpen ? 0 : performance.now() - this.#since;
  }

  /** The back-end was told more than questions, or is about to be. */
  get touchedBackend(): boolean {
    return this.session.relayed || this.#exchange.inFlight || this.#backend.channel.staged > 0;
  }

  /** The replies that the back-end owes to this front-end, when it is gone. */
  get owed(): Pending[] {
    return owedReplies(this.session);
  }

  /** Reads what has arrived without waiting to be told: has it gone already? */
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
    this.#kept?.end();
    this.#events.ended(error);
  }

  close(): void {
    this.#channel.close();
  }

  /** Lets go of the front-end and of what is kept, for the next process. */
  leave(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    this.#exchange.end('forNext');
    kept?.leave();
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
