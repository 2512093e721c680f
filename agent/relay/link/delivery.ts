import { requestName } from '../../../compat-tables/protocol/requests.ts';
import { closeAll } from '../../fd/owned-fd.ts';
import { cannotAccept } from '../../vhost/errors.ts';
import { HEADER_SIZE } from '../../vhost/header.ts';
import type { TracedMessage } from '../../vhost/trace-line.ts';
import type { PendingMessage, RelayStep, Side } from '../handover/journal-format.ts';
import type { Action } from '../session/session.ts';
import type { VhostChannel, VhostMessage } from './backend-link.ts';

/** A message from the decision about it until it is consumed. */
export interface Delivery extends PendingMessage {
  /** Bytes to be sent with descriptors, which a pipe cannot carry. */
  unsent?: Pick<VhostMessage, 'bytes' | 'fds'> | undefined;
  /** After a resumption: the message, while it is being found out whether it was sent. */
  uncertain?: VhostMessage | undefined;
}

export const SIDES = ['frontend', 'backend'] as const satisfies Side[];

/**
 * The messages that were decided on: each is staged, sent and consumed, one at a time from each side (docs/adr/0007). What
 * cannot be sent now waits until its peer takes bytes again.
 */
export class Deliveries {
  readonly #channels: Readonly<Record<Side, VhostChannel>>;
  readonly #journal: () => void;
  readonly #at: (step: RelayStep) => void;
  #pending: Delivery[] = [];
  #open = false;

  /** `journal` writes down how far the exchange has come; `at` is told of each step. */
  constructor(channels: Readonly<Record<Side, VhostChannel>>, journal: () => void, at: (step: RelayStep) => void) {
    this.#channels = channels;
    this.#journal = journal;
    this.#at = at;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** For the journal. */
  get pending(): readonly PendingMessage[] {
    return this.#pending.map(({ from, to, via, request, asks, descriptors, bytes }) => {
      return { from, to, via, request, asks, descriptors, bytes };
    });
  }

  /** A message of the front-end is on its way to the back-end. */
  get towardBackend(): boolean {
    return this.#pending.some(({ from }) => from === 'frontend');
  }

  /** Sends what is pending; from now on messages are delivered. */
  begin(): void {
    this.#open = true;
    for (const delivery of [...this.#pending]) this.guard(delivery.from, () => this.deliver(delivery));
    for (const side of SIDES) this.#toward(side, (channel) => channel.flush());
  }

  /** No more messages are delivered. The channels stay open: for another front-end, or `forNext` process to go on with. */
  end(forNext?: 'forNext'): void {
    this.#open = false;
    const { backend } = this.#channels;
    for (const { from, via, unsent, uncertain } of this.#pending) {
      closeAll([...(unsent?.fds ?? []), ...(uncertain?.fds ?? [])]);
      // It was decided on, so it is not one of those that are still to come.
      if (!forNext && from === 'backend' && via !== 'taken' && backend.isOpen) backend.consume(false);
    }
    this.#pending = [];
  }

  /** One message at a time from each side, and none while what it may lead to would have to wait. */
  hasRoomFor(side: Side): boolean {
    if (!this.#open) return false;
    if (side === 'frontend') return this.#pending.length === 0;
    return !this.#pending.some(({ from, to }) => from === 'backend' || to === 'frontend');
  }

  /** A peer takes bytes again. */
  writable(side: Side): void {
    this.#toward(side, (channel) => channel.flush());
    for (const delivery of this.#pending.filter(({ to }) => to === side))
      this.guard(delivery.from, () => this.deliver(delivery));
  }

  /** Consumes a message to learn which descriptors are its own. Ended in the middle of this, it is lost: see resume.ts. */
  take(side: Side, message: VhostMessage): VhostMessage {
    closeAll(message.fds);
    this.#pending.push(pendingMessage(side, side, 'taken', message, 0));
    this.#journal();
    this.#pending.pop();
    return { ...message, fds: this.#channels[side].take() };
  }

  /** Stages what is to be sent because of a message. `asks`: the back-end has to answer it. */
  stage(from: Side, message: VhostMessage, output: Output, via: 'pipe' | 'taken', asks: boolean): Delivery {
    const { forwarded, answers } = output;
    const to = from === 'frontend' && forwarded ? 'backend' : 'frontend';
    const carries = forwarded !== undefined && message.fds.length > 0;
    if (!forwarded) closeAll(message.fds);
    const staged = forwarded && !carries ? [forwarded, ...answers] : answers;
    if (staged.length > 0) this.#channels[to].stage(Buffer.concat(staged));
    this.#at('staged');
    const delivery: Delivery = {
      ...pendingMessage(from, to, via === 'pipe' && carries ? 'descriptors' : via, message),
      asks,
      unsent: carries ? { bytes: forwarded, fds: message.fds } : undefined,
    };
    this.#pending.push(delivery);
    return delivery;
  }

  /** Sends a message and consumes it; what its peer does not take now goes on in `writable`. */
  deliver(delivery: Delivery): void {
    if (delivery.uncertain) return;
    const { unsent } = delivery;
    if (unsent) {
      if (!this.#toward(delivery.to, (channel) => channel.send(unsent.bytes, unsent.fds))) return;
      closeAll(unsent.fds);
      delivery.unsent = undefined;
    }
    if (!this.#toward(delivery.to, (channel) => channel.flush())) return;
    this.#at('sent');
    this.#complete(delivery);
  }

  /** Consumes a message that leads to nothing. */
  swallow(from: Side, message: VhostMessage): void {
    closeAll(message.fds);
    const delivery = pendingMessage(from, 'frontend', 'pipe', message);
    this.#pending.push(delivery);
    this.#journal();
    this.#complete(delivery);
  }

  /** The message was sent: it is consumed, and its descriptors are compared with what was assumed. */
  #complete(delivery: Delivery): void {
    const channel = this.#channels[delivery.from];
    const expected = delivery.descriptors > 0;
    // The process before this one may have been ended in the middle of it: the descriptors went with the first byte.
    const whole = delivery.via !== 'taken' && channel.begun >= delivery.bytes;
    const carried =
      channel.begun > 0 && delivery.via !== 'taken'
        ? channel.consume(expected && whole, () => this.#at('begun'))
        : expected;
    this.#at('consumed');
    this.#pending = this.#pending.filter((one) => one !== delivery);
    this.#journal();
    this.#at('done');
    if (!whole || carried === expected) return;
    const why = carried ? 'descriptors came with it, wanted none' : 'its descriptors did not come with it';
    throw cannotAccept('descriptors', `${requestName(delivery.request)} from the ${delivery.from}`, why);
  }

  /** Sets a message of the process before this one on its way again. */
  adopt(delivery: Delivery): void {
    this.#pending.push(delivery);
  }

  /** It was found out whether an adopted message was sent; `unsent` is still to be sent. */
  resolve(delivery: Delivery, unsent: Delivery['unsent']): void {
    delivery.uncertain = undefined;
    delivery.unsent = unsent;
    this.guard(delivery.from, () => this.deliver(delivery));
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

  /** Does something because of a message of one side; an error there ends that side's channel. */
  guard(side: Side, work: () => void): void {
    if (!this.#open) return;
    try {
      work();
    } catch (error) {
      this.#channels[side].fail(error as Error);
    }
  }
}

function pendingMessage(
  from: Side,
  to: Side,
  via: PendingMessage['via'],
  { request, fds, bytes }: VhostMessage,
  descriptors = fds.length,
): PendingMessage {
  return { from, to, via, request, asks: false, descriptors, bytes: bytes.length };
}

/** The bytes that a message leads to: for the other side, and answers of ours for the front-end. */
export interface Output {
  /** Undefined: the message goes no further. */
  readonly forwarded: Uint8Array | undefined;
  readonly answers: readonly Uint8Array[];
}

/** Pure. */
export function outputOf(actions: readonly Action[], { bytes }: VhostMessage): Output {
  let forwarded: Uint8Array | undefined;
  let answers: readonly Uint8Array[] = [];
  for (const action of actions) {
    if (action.do === 'forward') forwarded = bytes;
    else if (action.do === 'forwardChanged') forwarded = action.bytes;
    else if (action.do === 'answer') answers = [...answers, action.bytes];
  }
  return { forwarded, answers };
}

type Outcome = Pick<TracedMessage, 'verdict' | 'changedTo'>;

/** What became of a message, as a trace shows it. */
export function outcomeOf({ forwarded, answers }: Output, { bytes }: VhostMessage): Outcome {
  if (forwarded === bytes) return { verdict: 'forwarded' };
  if (forwarded) return { verdict: 'changed', changedTo: forwarded.subarray(HEADER_SIZE) };
  const [answer] = answers;
  return answer ? { verdict: 'answered', changedTo: answer.subarray(HEADER_SIZE) } : { verdict: 'refused' };
}
