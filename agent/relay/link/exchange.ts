import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { requestName } from '../../../compat-tables/protocol/requests.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import { TruncatedError } from '../../fd/truncated-error.ts';
import { VhostProtocolError } from '../../vhost/errors.ts';
import { replyDescriptors, requestDescriptors } from '../../vhost/rules.ts';
import type { Fence } from '../handover/fence.ts';
import type { Flight, JournalRecord, Side } from '../handover/journal-format.ts';
import type { KeptPair } from '../handover/keep.ts';
import type { RelayStep } from '../handover/relay-step.ts';
import type { Statistics } from '../port/port-status.ts';
import { hasSpoken, type Learned, onReply, onRequest, type SessionState, type Step } from '../session/session.ts';
import type { VhostChannel, VhostMessage } from './backend-link.ts';
import { claim, owning } from './claim.ts';
import { type Parcel, packParcel } from './parcel.ts';
import type { Tap, TapMessage } from './tap.ts';

export interface ExchangeContext {
  readonly interface: string;
  readonly mode: Entry;
  readonly abilities: Abilities;
  readonly peer: PeerIdentity;
  readonly statistics: Statistics;
  /** Undefined: nobody looks on. */
  tap(): Tap | undefined;
  /** For tests that end the process between two steps. */
  readonly atStep?: ((step: RelayStep) => void) | undefined;
}

export interface ExchangeEvents {
  /** The session went from one state to another. */
  changed(before: SessionState, now: SessionState): void;
  /** A refusal; with `close` the front-end has to go. */
  refused(error: CompatError, close: boolean, learned?: Learned): void;
  /** A message waits where it is, because there is no room for its descriptors. */
  starved(error: TruncatedError): void;
}

/** A message on its way, and what of it cannot be staged. */
export interface Flying extends Flight {
  cargo?: { readonly bytes: Uint8Array; readonly fds: readonly OwnedFd[] } | undefined;
  /** After a resumption: the message, while it has to be found out whether it was sent. */
  uncertain?: VhostMessage | undefined;
}

/** So that one busy peer does not starve the others. */
const MESSAGES_PER_TURN = 64;
/** With the table of open files full, a message waits where it is: for so long, so many times. */
const STARVED_PAUSE_MS = 100;
const STARVED_LOOKS = 50;

/**
 * Two connected peers and what passes between them, one message at a time from each: peeked at, decided on by the session,
 * staged, journalled, sent, consumed (docs/adr/0007). At each point in between the kernel and the journal together know
 * how far it has come.
 */
export class Exchange {
  readonly context: ExchangeContext;
  readonly #channels: Readonly<Record<Side, VhostChannel>>;
  readonly #events: ExchangeEvents;
  readonly #kept: () => KeptPair;
  #state: SessionState;
  #flights: Flying[];
  #fence: Fence | undefined;
  #starved = 0;
  #timer: NodeJS.Timeout | undefined;
  #open = false;
  #heard = false;

  constructor(
    context: ExchangeContext,
    channels: Readonly<Record<Side, VhostChannel>>,
    state: SessionState,
    kept: () => KeptPair,
    events: ExchangeEvents,
  ) {
    this.context = context;
    this.#channels = channels;
    this.#state = state;
    this.#kept = kept;
    this.#events = events;
    this.#flights = [];
    this.#heard = hasSpoken(state);
  }

  get session(): SessionState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get record(): JournalRecord {
    const flights = this.#flights.map(({ from, to, via, request, asks, descriptors, bytes }) => {
      return { from, to, via, request, asks, descriptors, bytes };
    });
    return { state: this.#state, flights, fences: this.#fence?.outstanding ?? 0 };
  }

  /** The front-end has said something since it came. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Something of the front-end is on its way to the back-end. */
  get inFlight(): boolean {
    return this.#flights.some(({ from }) => from === 'frontend');
  }

  /** From now on messages are taken. */
  begin(): void {
    this.#open = true;
    for (const flight of [...this.#flights]) this.#guard(flight.from, () => this.#deliver(flight));
    for (const side of ['frontend', 'backend'] as const) this.#toward(side, (channel) => channel.flush());
    this.#flow();
    for (const side of ['frontend', 'backend'] as const) if (this.#open) this.readable(side);
  }

  /** No more messages are taken. The channels stay open: for another front-end, or `forNext` process to go on with. */
  end(forNext?: 'forNext'): void {
    this.#open = false;
    clearTimeout(this.#timer);
    const { backend } = this.#channels;
    for (const { from, via, cargo, uncertain } of this.#flights) {
      for (const fd of [...(cargo?.fds ?? []), ...(uncertain?.fds ?? [])]) fd.close();
      // It was decided on, so it is not one of those that are still to come.
      if (!forNext && from === 'backend' && via !== 'taken' && backend.isOpen) backend.consume(false);
    }
    this.#flights = [];
  }

  /** Takes what waits at one side. An error there ends that side's channel. */
  readable(side: Side): void {
    this.#guard(side, () => {
      for (let turn = 0; turn < MESSAGES_PER_TURN && this.#mayTake(side); turn += 1) {
        const peeked = this.#channels[side].peek();
        if (!peeked || !this.#open) break;
        if (!this.#take(side, peeked)) break;
      }
      this.#flow();
    });
  }

  /** A peer takes bytes again. */
  writable(side: Side): void {
    this.#toward(side, (channel) => channel.flush());
    for (const flight of this.#flights.filter(({ to }) => to === side)) {
      if (this.#open) this.#guard(flight.from, () => this.#deliver(flight));
    }
    this.#flow();
  }

  /** One message at a time from each side; and none while what it may lead to would have to wait. */
  #mayTake(side: Side): boolean {
    if (!this.#open || this.#timer !== undefined) return false;
    if (side === 'frontend') return this.#flights.length === 0 && this.#fence === undefined;
    return !this.#flights.some(({ from, to }) => from === 'backend' || to === 'frontend');
  }

  #flow(): void {
    if (!this.#open) return;
    for (const side of ['frontend', 'backend'] as const) {
      if (this.#mayTake(side)) this.#channels[side].resume();
      else this.#channels[side].pause();
    }
  }

  /** False: not now. */
  #take(side: Side, peeked: NonNullable<ReturnType<VhostChannel['peek']>>): boolean {
    this.#at('peeked');
    const bounds = side === 'frontend' ? requestDescriptors(peeked.message) : replyDescriptors(peeked.message);
    const claimed = claim(bounds, peeked.message.fds.length, peeked.alone, peeked.truncated);
    if (claimed === 'starved') return this.#starve(side, peeked.message.fds.length);
    this.#starved = 0;
    const via = claimed === 'unclear' ? 'taken' : 'pipe';
    const message = claimed === 'unclear' ? this.#taken(side, peeked.message) : owning(peeked.message, claimed.own);
    try {
      if (side === 'backend' && this.#fence?.swallows(message.request, this.#state.pending)) {
        this.#swallow(message);
        return true;
      }
      this.#decide(side, message, via);
    } catch (error) {
      for (const fd of message.fds) fd.close();
      throw error;
    }
    return true;
  }

  /** Consumes a message to learn which descriptors are its own. Ended in the middle of this, it is lost: see `resume`. */
  #taken(side: Side, message: VhostMessage): VhostMessage {
    for (const fd of message.fds) fd.close();
    const { request, bytes } = message;
    const flight: Flying = {
      ...{ from: side, to: side, via: 'taken', request, asks: false },
      ...{ descriptors: 0, bytes: bytes.length },
    };
    this.#flights.push(flight);
    this.#kept().write(this.record);
    this.#flights.pop();
    return { ...message, fds: this.#channels[side].take() };
  }

  #decide(side: Side, message: VhostMessage, via: Flight['via']): void {
    if (side === 'frontend') this.#heard = true;
    const before = this.#state;
    const decide = side === 'frontend' ? onRequest : onReply;
    const step = decide(this.context, before, message);
    const parcel = packParcel(step.actions, message);
    this.#tell(side, message, parcel);
    for (const action of step.actions) {
      if (action.do === 'count') this.context.statistics[action.what] += 1;
      if (action.do !== 'refuse') continue;
      this.#events.refused(action.error, action.close, action.learned);
      if (action.close || !this.#open) {
        for (const fd of message.fds) fd.close();
        return;
      }
    }
    const flight = this.#board(side, message, parcel, step, via);
    this.#kept().write(this.record);
    this.#at('journalled');
    this.#deliver(flight);
    if (this.#open || before !== this.#state) this.#events.changed(before, this.#state);
  }

  /** Stages what is to be sent; sets the message on its way. */
  #board(side: Side, message: VhostMessage, parcel: Parcel, step: Step, via: Flight['via']): Flying {
    const to = side === 'frontend' && parcel.forwarded ? 'backend' : 'frontend';
    const carries = parcel.forwarded !== undefined && message.fds.length > 0;
    if (!parcel.forwarded) for (const fd of message.fds) fd.close();
    const staged = [...(parcel.forwarded && !carries ? [parcel.forwarded] : []), ...parcel.answers];
    if (staged.length > 0) this.#channels[to].stage(Buffer.concat(staged));
    this.#at('staged');
    const flight: Flying = {
      from: side,
      to,
      via: via === 'pipe' && carries ? 'descriptors' : via,
      request: message.request,
      asks: side === 'frontend' && step.state.pending.length > this.#state.pending.length,
      descriptors: message.fds.length,
      bytes: message.bytes.length,
      ...(carries && { cargo: { bytes: parcel.forwarded ?? message.bytes, fds: message.fds } }),
    };
    this.#state = step.state;
    this.#flights.push(flight);
    this.#count(parcel, to, message.fds.length);
    return flight;
  }

  #deliver(flight: Flying): void {
    if (flight.uncertain) return;
    const { cargo } = flight;
    if (cargo) {
      if (!this.#toward(flight.to, (channel) => channel.send(cargo.bytes, cargo.fds))) return;
      for (const fd of cargo.fds) fd.close();
      flight.cargo = undefined;
    }
    if (!this.#toward(flight.to, (channel) => channel.flush())) return;
    this.#at('sent');
    this.#land(flight);
  }

  /** What the message called for is done: it is consumed, and its descriptors are held against what was assumed. */
  #land(flight: Flying): void {
    const channel = this.#channels[flight.from];
    const expected = flight.descriptors > 0;
    // The process before this one may have been ended in the middle of it: the descriptors went with the first byte.
    const whole = flight.via !== 'taken' && channel.begun >= flight.bytes;
    const carried = channel.begun > 0 && flight.via !== 'taken' ? this.#consume(channel, expected && whole) : expected;
    this.#at('consumed');
    this.#flights = this.#flights.filter((one) => one !== flight);
    this.#kept().write(this.record);
    this.#at('done');
    if (!whole || carried === expected) return;
    const name = requestName(flight.request);
    throw new VhostProtocolError(
      'descriptors',
      `Cannot accept ${name} from the ${flight.from}: ${carried ? 'descriptors came with it, wanted none' : 'its descriptors did not come with it'}`,
    );
  }

  #consume(channel: VhostChannel, expectDescriptors: boolean): boolean {
    return channel.consume(expectDescriptors, () => this.#at('begun'));
  }

  // After a resumption: resume.ts says what is to be done, these do it.

  /** Sets a message of the process before this one on its way again. */
  adopt(flight: Flying): void {
    this.#heard = true;
    this.#flights.push(flight);
  }

  /** An adopted message was sent after all, or is so now. */
  certain(flight: Flying, cargo?: Flying['cargo']): void {
    flight.uncertain = undefined;
    flight.cargo = cargo;
    this.#guard(flight.from, () => this.#deliver(flight));
    this.#flow();
  }

  /** Waits for the reply to a question of our own before anything else of the front-end is taken. */
  awaitFence(fence: Fence): void {
    this.#fence = fence;
    this.#kept().write(this.record);
  }

  #swallow({ request, fds, bytes }: VhostMessage): void {
    for (const fd of fds) fd.close();
    const fence = this.#fence;
    this.#fence = undefined;
    const flight: Flying = {
      ...{ from: 'backend', to: 'frontend', via: 'pipe', request, asks: false },
      ...{ descriptors: fds.length, bytes: bytes.length },
    };
    this.#flights.push(flight);
    this.#kept().write(this.record);
    this.#land(flight);
    fence?.answered();
    this.#flow();
  }

  // Small things

  /** With the table of open files full a message stays where it is for a while. */
  #starve(side: Side, left: number): false {
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

  #count(parcel: Parcel, to: Side, descriptors: number): void {
    const { statistics } = this.context;
    if (to === 'backend') statistics.messages_to_backend += 1;
    else statistics.messages_to_frontend += (parcel.forwarded ? 1 : 0) + parcel.answers.length;
    if (parcel.forwarded) statistics[`descriptors_to_${to}`] += descriptors;
  }

  #tell(side: Side, { request, flags, payload, fds }: VhostMessage, parcel: Parcel): void {
    const tap = this.context.tap();
    if (!tap) return;
    const from: TapMessage['from'] = side === 'frontend' ? 'front-end' : 'back-end';
    const { verdict, changedTo } = parcel;
    tap({
      time: Date.now(),
      from,
      request,
      flags,
      payload,
      descriptors: fds.length,
      verdict,
      ...(changedTo && { changedTo }),
    });
  }

  #at(step: RelayStep): void {
    this.context.atStep?.(step);
  }

  /** Does something that may fail because of the peer it is done to. True: it was done whole. */
  #toward(side: Side, work: (channel: VhostChannel) => boolean): boolean {
    const channel = this.#channels[side];
    try {
      return this.#open && channel.isOpen && work(channel) && this.#open;
    } catch (error) {
      channel.fail(error as Error);
      return false;
    }
  }

  #guard(side: Side, work: () => void): void {
    if (!this.#open) return;
    try {
      work();
    } catch (error) {
      this.#channels[side].fail(error as Error);
    }
  }
}
