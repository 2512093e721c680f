import { familyOf } from '../../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../../compat-tables/bits/mask.ts';
import { LOG_ALL } from '../../../compat-tables/bits/named-masks.ts';
import { MEMORY_LIMIT } from '../../../compat-tables/entries/memory-slots.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { identifyProcess, type PeerIdentity } from '../../fd/peer.ts';
import type { ResumableSocketEvents } from '../../fd/resumable-socket.ts';
import type { JournalHead, Side } from '../handover/journal-format.ts';
import { resumeExchange } from '../handover/resume.ts';
import type { ResumedConnection } from '../handover/resumed-connection.ts';
import { type Handover, StoredPair } from '../handover/stored-pair.ts';
import type { PortEvent } from '../port/port-status.ts';
import { owedReplies } from '../session/pending-replies.ts';
import type { PendingReply, SessionState } from '../session/session.ts';
import type { BackendLink, VhostChannel } from './backend-link.ts';
import { SIDES } from './delivery.ts';
import { Exchange, type ExchangeContext, type ExchangeEvents } from './exchange.ts';
import type { Outstanding } from './recent-requests.ts';

export interface FrontendLinkEvents {
  /** Some part of the status changed. */
  changed(): void;
  event(event: PortEvent): void;
  /** The front-end accepted features. */
  negotiated(event: PortEvent): void;
  /** The front-end asked for what it may not have, or cannot be served. It may be closed next. */
  refused(error: CompatError): void;
  /** The connections would not outlive this process. */
  storeFailed(error: Error): void;
  /** Another process has its connection now: what that one is. */
  changedHands(peer: PeerIdentity): void;
  /** Once. Undefined: it hung up, or was closed. */
  ended(link: FrontendLink, error: Error | undefined): void;
}

/** What the next process has to know about the port. */
export type Identity = Pick<JournalHead, 'name' | 'deviceType' | 'frontend' | 'backend' | 'socketGroup'>;

/** A connected front-end, its exchange with the back-end, and what is stored of both for the next process. */
export class FrontendLink {
  readonly #channels: Readonly<Record<Side, VhostChannel>>;
  readonly #events: FrontendLinkEvents;
  readonly #exchange: Exchange;
  readonly #backend: BackendLink;
  #since = performance.now();
  #stored: StoredPair | undefined;

  /** Relays nothing before `begin` or `goOn`. */
  constructor(
    channel: VhostChannel,
    backend: BackendLink,
    context: ExchangeContext,
    state: SessionState,
    events: FrontendLinkEvents,
  ) {
    this.#channels = { frontend: channel, backend: backend.channel };
    this.#backend = backend;
    this.#learnSlots(state);
    this.#events = events;
    const heard: ExchangeEvents = {
      changed: (before, now) => this.#notice(before, now),
      refused: (error, close, learned) => {
        if (learned) backend.learn(learned);
        events.refused(error);
        if (close) this.close();
        else events.changed();
      },
      changedHands: (pid) => this.#changedHands(pid),
      starved: ({ message }) => {
        const text = `${message} It is tried again.`;
        events.event({ kind: 'starved', code: 'VC-VHOST-TRUNCATED', text, details: {} });
      },
    };
    this.#exchange = new Exchange(context, this.#channels, state, () => this.#pair, heard);
    const listener = (side: Side): Omit<ResumableSocketEvents, 'closed'> => ({
      readable: () => this.#exchange.readable(side),
      writable: () => this.#exchange.writable(side),
    });
    channel.events = { ...listener('frontend'), closed: (error) => this.#ended(error) };
    backend.lend(listener('backend'));
  }

  /** Has the pair stored, then relays: nothing passes before the keeper has copies of all descriptors. */
  begin(handover: Handover | undefined, identity: Identity): void {
    const { mode, abilities, peer } = this.context;
    for (const side of SIDES) this.#channels[side].pause();
    const head = { ...identity, mode, abilities, peer };
    this.#stored = StoredPair.begin(handover, this.#channels, head, this.#exchange.record, {
      // Not at once: the caller has to know the link before anything happens on it.
      ready: () => queueMicrotask(() => this.#begin()),
      failed: (error) => this.#events.storeFailed(error),
    });
  }

  #begin(): void {
    this.#since = performance.now();
    if (SIDES.every((side) => this.#channels[side].isOpen)) this.#exchange.begin();
  }

  /** Goes on with what an earlier process left. Throws VC-RESUME; then the caller closes the link. */
  goOn({ handover, id, journal, record }: ResumedConnection): void {
    this.#stored = StoredPair.resumed(handover, id, journal, (error) => this.#events.storeFailed(error));
    resumeExchange(this.#exchange, this.#channels, record, this.context.interface);
    this.#exchange.begin();
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
    return this.session.relayed || this.#exchange.towardBackend;
  }

  /** What was going on, for the event that tells of its end. */
  get outstanding(): Outstanding {
    return this.#exchange.outstanding;
  }

  /** The replies that the back-end owes to this front-end, when it is gone. */
  get owed(): PendingReply[] {
    return owedReplies(this.session);
  }

  /** Reads at once what has arrived, which notices a hang-up. */
  readNow(): void {
    this.#exchange.readable('frontend', 'toTheEnd');
  }

  /** Where we connected, the front-end is known by its socket file, whoever answers there. */
  #changedHands(pid: number): void {
    if (this.context.peer.socket === undefined) this.#events.changedHands(identifyProcess(pid));
  }

  #notice(before: SessionState, now: SessionState): void {
    if (!SHOWN.some((key) => now[key] !== before[key])) return;
    if (now.memorySlots !== before.memorySlots) this.#learnSlots(now);
    if (now.acked !== undefined && now.acked !== before.acked && !onlyLogging(before.acked, now.acked))
      this.#events.negotiated(negotiated(this.context, now.acked));
    this.#events.changed();
  }

  /** What the back-end answers to a front-end counts more than what it answered when it was measured, if it did. */
  #learnSlots({ memorySlots }: SessionState): void {
    if (memorySlots !== undefined) this.#backend.learn({ limits: { [MEMORY_LIMIT]: memorySlots } });
  }

  #ended(error: Error | undefined): void {
    this.#exchange.end();
    this.#stored?.end();
    this.#events.ended(this, error);
  }

  close(): void {
    this.#channels.frontend.close();
  }

  /** Leaves the front-end and what is stored of it to the next process. */
  leave(): void {
    const stored = this.#stored;
    this.#stored = undefined;
    this.#exchange.end('forNext');
    stored?.leave();
    this.#channels.frontend.leave();
  }
}

/** What of a session is in the status of its port. */
const SHOWN: readonly (keyof SessionState)[] = [
  ...(['offered', 'acked', 'ackedProtocol', 'queuePairs', 'ringSizes', 'memoryRegions', 'memorySlots'] as const),
];

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
