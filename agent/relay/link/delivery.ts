import { requestName } from '../../../compat-tables/protocol/requests.ts';
import type { Receipt } from '../../fd/libc-message.ts';
import { closeAll, type OwnedFd } from '../../fd/owned-fd.ts';
import { cannotAccept } from '../../vhost/errors.ts';
import { HEADER_SIZE } from '../../vhost/header.ts';
import type { TracedMessage } from '../../vhost/trace-line.ts';
import type { PendingMessage, ReceiptNumber, RelayStep, Side } from '../handover/journal-format.ts';
import type { Action } from '../session/session.ts';
import type { VhostChannel, VhostMessage } from './backend-link.ts';

/** A message from the decision about it until it is consumed. */
export interface Delivery extends PendingMessage {
  /** What is left to send of it. */
  rest: Uint8Array;
  /**
   * They leave with its first byte, but not back to where they came from. They stay open until the message is consumed: the
   * kernel drops its own copies then, and the last copy of a file must not go in that call.
   */
  fds: readonly OwnedFd[];
  sent: number;
  receipt: ReceiptNumber;
  /** The journal names the receipt of the next attempt. */
  recorded: boolean;
}

export interface DeliveryJournal {
  /** Writes down how far the exchange has come. */
  write(): void;
  /** The message of a side that stands in the last record was consumed. */
  consumed(side: Side): void;
  /** For the next call alone. */
  receipt(side: Side, number: ReceiptNumber): Receipt | undefined;
}

export const SIDES = ['frontend', 'backend'] as const satisfies Side[];

/**
 * The messages that were decided on: each is sent and consumed, one at a time from each side (docs/adr/0007). What cannot be
 * sent now waits until its peer takes bytes again.
 */
export class Deliveries {
  readonly #channels: Readonly<Record<Side, VhostChannel>>;
  readonly #journal: DeliveryJournal;
  readonly #at: (step: RelayStep) => void;
  #pending: Delivery[] = [];
  /** The receipt of each side's last message. */
  readonly #receipts: Record<Side, ReceiptNumber> = { frontend: 0, backend: 0 };
  #open = false;

  /** `at` is told of each step. */
  constructor(channels: Readonly<Record<Side, VhostChannel>>, journal: DeliveryJournal, at: (step: RelayStep) => void) {
    this.#channels = channels;
    this.#journal = journal;
    this.#at = at;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** For the journal. */
  get pending(): readonly PendingMessage[] {
    return this.#pending.map(({ rest: _rest, fds: _fds, recorded: _recorded, ...message }) => message);
  }

  /** A message of the front-end is on its way to the back-end. */
  get towardBackend(): boolean {
    return this.#pending.some(({ from }) => from === 'frontend');
  }

  /** Sends what is pending; from now on messages are delivered. */
  begin(): void {
    this.#open = true;
    for (const delivery of [...this.#pending]) this.guard(delivery.from, () => this.deliver(delivery));
  }

  /** No more messages are delivered. The channels stay open: for another front-end, or `forNext` process to go on with. */
  end(forNext?: 'forNext'): void {
    this.#open = false;
    const { backend } = this.#channels;
    for (const { from, via, fds } of this.#pending) {
      // It was decided on, so it is not one of those that are still to come.
      if (!forNext && from === 'backend' && via !== 'taken' && backend.isOpen) backend.consume(false);
      closeAll(fds);
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
    for (const delivery of this.#pending.filter(({ to }) => to === side))
      this.guard(delivery.from, () => this.deliver(delivery));
  }

  /** Consumes a message to learn which descriptors are its own. Ended in the middle of this, it is lost: see resume.ts. */
  take(side: Side, message: VhostMessage): VhostMessage {
    closeAll(message.fds);
    const { request, bytes } = message;
    const taken = { from: side, to: side, via: 'taken', request, descriptors: 0, bytes: bytes.length } as const;
    this.#pending.push({ ...taken, rest: bytes, fds: [], sent: 0, receipt: this.#receipts[side], recorded: true });
    this.#journal.write();
    this.#pending.pop();
    return { ...message, fds: this.#channels[side].take() };
  }

  /** Decides what is sent because of a message; to be written down before it is delivered. */
  add(from: Side, message: VhostMessage, output: Output, via: 'peeked' | 'taken'): Delivery {
    const { forwarded, answers } = output;
    const rest = forwarded && answers.length === 0 ? forwarded : Buffer.concat([forwarded ?? NOTHING, ...answers]);
    const delivery: Delivery = {
      ...{ from, to: from === 'frontend' && forwarded ? 'backend' : 'frontend', via, request: message.request },
      ...{ descriptors: message.fds.length, bytes: message.bytes.length },
      output: rest === message.bytes ? undefined : rest,
      ...{ rest, fds: message.fds, sent: 0, receipt: this.#receipts[from], recorded: true },
    };
    this.#arm(delivery);
    this.#pending.push(delivery);
    return delivery;
  }

  /** The other receipt tells of the next attempt: the one that the journal names now goes on telling of the last. */
  #arm(delivery: Delivery): void {
    const { from } = delivery;
    delivery.receipt = this.#receipts[from] === 0 ? 1 : 0;
    this.#receipts[from] = delivery.receipt;
    this.#journal.receipt(from, delivery.receipt)?.arm();
  }

  /** Sends a message and consumes it; what its peer does not take now goes on in `writable`. */
  deliver(delivery: Delivery): void {
    if (!this.#toward(delivery.to, (channel) => this.#send(channel, delivery))) return;
    this.#at('sent');
    this.#complete(delivery);
  }

  /** True: all of it was sent. */
  #send(channel: VhostChannel, delivery: Delivery): boolean {
    while (delivery.rest.length > 0) {
      if (!delivery.recorded) this.#journal.write();
      delivery.recorded = true;
      const receipt = this.#journal.receipt(delivery.from, delivery.receipt);
      const carries = delivery.sent === 0 && delivery.from !== delivery.to;
      const sent = channel.send(delivery.rest, carries ? delivery.fds : [], receipt);
      if (sent === undefined) return false;
      delivery.sent += sent;
      delivery.rest = delivery.rest.subarray(sent);
      if (delivery.rest.length === 0) return true;
      this.#arm(delivery); // a receipt tells of one call
      delivery.recorded = false;
    }
    return true;
  }

  /** The message was sent: it is consumed, and its descriptors are compared with what was assumed. */
  #complete(delivery: Delivery): void {
    const channel = this.#channels[delivery.from];
    const taken = delivery.via === 'taken';
    // the process before this one may have consumed it
    const whole = !taken && channel.begun >= delivery.bytes;
    const expected = delivery.descriptors > 0;
    const carried = !taken && channel.begun > 0 && channel.consume(whole && expected, () => this.#at('begun'));
    closeAll(delivery.fds);
    delivery.fds = [];
    this.#at('consumed');
    this.#pending = this.#pending.filter((one) => one !== delivery);
    this.#journal.consumed(delivery.from);
    this.#at('done');
    if (!whole || carried === expected) return;
    const why = carried ? 'descriptors came with it, wanted none' : 'its descriptors did not come with it';
    throw cannotAccept('descriptors', `${requestName(delivery.request)} from the ${delivery.from}`, why);
  }

  /** Sets a message of the process before this one on its way again; it is peeked at once more when not all was sent. */
  adopt(pending: PendingMessage, message?: VhostMessage): void {
    const all = pending.output ?? message?.bytes;
    const rest = message && all ? all.subarray(pending.sent) : NOTHING;
    this.#receipts[pending.from] = pending.receipt;
    const delivery: Delivery = { ...pending, rest, fds: message?.fds ?? [], recorded: false };
    this.#arm(delivery);
    this.#pending.push(delivery);
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

const NOTHING = new Uint8Array(0);

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
