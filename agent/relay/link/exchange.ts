import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { requestById } from '../../../compat-tables/protocol/requests.ts';
import { TruncatedError } from '../../fd/libc-message.ts';
import { closeAll } from '../../fd/owned-fd.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { Peeked } from '../../fd/resumable-socket.ts';
import { checkDescriptors, type RequestOf, replyDescriptors, requestDescriptors } from '../../vhost/check-message.ts';
import type { TraceListener } from '../../vhost/trace-line.ts';
import type { JournalRecord, PendingMessage, RelayStep, Side } from '../handover/journal-format.ts';
import type { StoredPair } from '../handover/stored-pair.ts';
import type { Statistics } from '../port/port-status.ts';
import { decideReply } from '../session/reply-rules.ts';
import { decideRequest } from '../session/request-rules.ts';
import { hasSpoken, type Learned, type SessionContext, type SessionState } from '../session/session.ts';
import type { VhostChannel, VhostMessage } from './backend-link.ts';
import {
  Deliveries,
  type Delivery,
  type DeliveryJournal,
  type Output,
  outcomeOf,
  outputOf,
  SIDES,
} from './delivery.ts';
import { lookAgain } from './look-again.ts';
import { keepOwn, ownDescriptors } from './own-descriptors.ts';
import { type Outstanding, RecentRequests } from './recent-requests.ts';

export interface ExchangeContext extends SessionContext {
  readonly peer: PeerIdentity;
  readonly statistics: Statistics;
  /** Who traces the port now; undefined: nobody. */
  traceListener(): TraceListener | undefined;
  /** For tests that end the process between two steps. */
  readonly atStep?: ((step: RelayStep) => void) | undefined;
}

export interface ExchangeEvents {
  /** The session went from one state to another. */
  changed(before: SessionState, now: SessionState): void;
  /** A refusal; with `close` the front-end has to go. */
  refused(error: CompatError, close: boolean, learned?: Learned): void;
  /** The front-end's connection speaks for another process than before. */
  changedHands(pid: number): void;
  /** A message waits where it is, because there is no room for its descriptors. */
  starved(error: TruncatedError): void;
}

/** So that one busy peer does not starve the others. */
const MESSAGES_PER_TURN = 64;
/** With the table of open files full a message waits where it is: for so long, so many times. */
const STARVED_PAUSE_MS = 100;
const STARVED_LOOKS = 50;

/**
 * Two connected peers and what passes between them. Each message is peeked at, checked against its row of the table of
 * requests, decided on by the session, and delivered (delivery.ts). At each point in between the kernel and the journal
 * together know how far it has come (docs/adr/0007).
 */
export class Exchange {
  readonly context: ExchangeContext;
  readonly #channels: Readonly<Record<Side, VhostChannel>>;
  readonly #events: ExchangeEvents;
  readonly #deliveries: Deliveries;
  readonly #requests = new RecentRequests();
  readonly #journal: DeliveryJournal;
  #state: SessionState;
  #starved = 0;
  #timer: NodeJS.Timeout | undefined;
  #heard = false;
  /** The process that spoke last for the front-end. */
  #sender: number;

  constructor(
    context: ExchangeContext,
    channels: Readonly<Record<Side, VhostChannel>>,
    state: SessionState,
    stored: () => StoredPair,
    events: ExchangeEvents,
  ) {
    this.context = context;
    this.#sender = context.peer.pid;
    this.#channels = channels;
    this.#state = state;
    this.#events = events;
    this.#heard = hasSpoken(state);
    const record = () => this.record;
    this.#journal = {
      write: () => stored().write(record),
      consumed: (side) => stored().consumed(side),
      receipt: (side, number) => stored().receipt(side, number),
    };
    this.#deliveries = new Deliveries(channels, this.#journal, (step) => context.atStep?.(step));
  }

  get session(): SessionState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#deliveries.isOpen;
  }

  get record(): JournalRecord {
    return { state: this.#state, messages: this.#deliveries.pending };
  }

  /** What was going on, for the event that tells of its end. */
  get outstanding(): Outstanding {
    const { last, unconfirmed } = this.#requests;
    return { last, unconfirmed, unanswered: this.#requests.unanswered(this.#state.pending) };
  }

  /** The front-end has said something since it came. */
  get heard(): boolean {
    return this.#heard;
  }

  /** A message of the front-end is on its way to the back-end. */
  get towardBackend(): boolean {
    return this.#deliveries.towardBackend;
  }

  /** From now on messages are taken. */
  begin(): void {
    this.#deliveries.begin();
    this.#flow();
    for (const side of SIDES) if (this.isOpen) this.readable(side);
  }

  /** No more messages are taken. The channels stay open: for another front-end, or `forNext` process to go on with. */
  end(forNext?: 'forNext'): void {
    clearTimeout(this.#timer);
    this.#deliveries.end(forNext);
  }

  /** Takes what waits at one side; `toTheEnd` notices a hang-up behind it, too. An error there ends that side's channel. */
  readable(side: Side, toTheEnd?: 'toTheEnd'): void {
    if (this.#takeFrom(side, toTheEnd) && !toTheEnd) lookAgain.while(() => this.#takeFrom(this.#nextToSpeak));
  }

  /** Whose message comes next, as a rule. */
  get #nextToSpeak(): Side {
    return this.#state.pending.length > 0 ? 'backend' : 'frontend';
  }

  /** True: there was a message. */
  #takeFrom(side: Side, toTheEnd?: 'toTheEnd'): boolean {
    let took = false;
    this.#deliveries.guard(side, () => {
      for (let turn = 0; turn < MESSAGES_PER_TURN && this.#mayTake(side); turn += 1) {
        const peeked = this.#channels[side].peek();
        if (!peeked || !this.isOpen) break;
        const wasLast = this.#channels[side].drained;
        if (!this.#take(side, peeked)) break;
        took = true;
        if (wasLast && !toTheEnd) break;
      }
      this.#flow();
    });
    return took;
  }

  /** A peer takes bytes again. */
  writable(side: Side): void {
    this.#deliveries.writable(side);
    this.#flow();
  }

  #mayTake(side: Side): boolean {
    if (this.#timer !== undefined) return false;
    return this.#deliveries.hasRoomFor(side);
  }

  #flow(): void {
    if (!this.isOpen) return;
    for (const side of SIDES) {
      if (this.#mayTake(side)) this.#channels[side].resume();
      else this.#channels[side].pause();
    }
  }

  /** False: not now. */
  #take(side: Side, { message: peeked, alone, truncated, sender }: Peeked<VhostMessage>): boolean {
    this.context.atStep?.('peeked');
    if (side === 'frontend' && sender !== this.#sender && sender > 0) this.#changedHands(sender);
    const row = requestById(peeked.request);
    const bounds = side === 'frontend' ? requestDescriptors(peeked, row) : replyDescriptors(peeked, row);
    const owned = ownDescriptors(bounds, peeked.fds.length, alone, truncated);
    if (owned === 'starved') return this.#waitForRoom(side, peeked.fds.length);
    this.#starved = 0;
    const unclear = owned === 'unclear';
    const message = unclear ? this.#deliveries.take(side, peeked) : keepOwn(peeked, owned.own);
    try {
      if (side === 'frontend') this.#heard = true;
      checkDescriptors(message, bounds);
      this.#decide(side, message, row, unclear ? 'taken' : 'peeked');
    } catch (error) {
      closeAll(message.fds);
      throw error;
    }
    return true;
  }

  /** Another process speaks on the front-end's connection: it was handed on, or inherited. */
  #changedHands(sender: number): void {
    this.#sender = sender;
    this.#events.changedHands(sender);
  }

  #decide(side: Side, message: VhostMessage, row: RequestOf, via: 'peeked' | 'taken'): void {
    const before = this.#state;
    const decide = side === 'frontend' ? decideRequest : decideReply;
    const { state, actions } = decide(this.context, before, message, row);
    const output = outputOf(actions, message);
    this.#trace(side, message, output);
    for (const action of actions) {
      if (action.do === 'count') this.context.statistics[action.what] += 1;
      if (action.do !== 'refuse') continue;
      this.#events.refused(action.error, action.close, action.learned);
      if (action.close || !this.isOpen) {
        closeAll(message.fds);
        return;
      }
    }
    const delivery = this.#deliveries.add(side, message, output, via);
    this.#state = state;
    this.#count(delivery, output);
    this.#journal.write();
    this.context.atStep?.('journalled');
    this.#deliveries.deliver(delivery);
    if (side === 'backend') this.#requests.answered(message.request);
    else if (output.forwarded) this.#requests.sent(message);
    if (this.isOpen || before !== this.#state) this.#events.changed(before, this.#state);
  }

  /** Sets a message of the process before this one on its way again; `message`: not all of it was sent. */
  adopt(pending: PendingMessage, message?: VhostMessage): void {
    this.#heard = true;
    this.#deliveries.adopt(pending, message);
  }

  /** With the table of open files full a message stays where it is for a while. */
  #waitForRoom(side: Side, left: number): false {
    this.#starved += 1;
    if (this.#starved > STARVED_LOOKS) throw new TruncatedError(left);
    if (this.#starved === 1) this.#events.starved(new TruncatedError(left));
    this.#channels[side].rewind();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flow();
      this.readable(side);
    }, STARVED_PAUSE_MS);
    return false;
  }

  #count({ to, descriptors }: Delivery, { forwarded, answers }: Output): void {
    const { statistics } = this.context;
    if (to === 'backend') statistics.messages_to_backend += 1;
    else statistics.messages_to_frontend += (forwarded ? 1 : 0) + answers.length;
    if (forwarded) statistics[`descriptors_to_${to}`] += descriptors;
  }

  #trace(side: Side, message: VhostMessage, output: Output): void {
    const listener = this.context.traceListener();
    if (!listener) return;
    const { request, flags, payload, fds } = message;
    const from = side === 'frontend' ? 'front-end' : 'back-end';
    const outcome = outcomeOf(output, message);
    listener({ time: Date.now(), from, request, flags, payload, descriptors: fds.length, ...outcome });
  }
}
