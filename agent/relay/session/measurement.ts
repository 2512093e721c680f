import { MEM_SLOTS, PROTOCOL_FEATURES, PROTOCOL_MQ } from '../../../compat-tables/bits/named-masks.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { MEMORY_LIMIT, MOST_SLOTS } from '../../../compat-tables/entries/memory-slots.ts';
import { REQUESTS, type RequestName, requestName } from '../../../compat-tables/protocol/requests.ts';
import { VhostProtocolError } from '../../vhost/errors.ts';
import { encodeRequest, type MessageView } from '../../vhost/header.ts';
import { readU64, writeU64 } from '../../vhost/payloads.ts';

/** Without the MQ protocol feature there is one queue pair, and nothing to ask. */
const ONE_QUEUE_PAIR = 1;

/** virtio 1.3, section 5.1.4.1: `max_virtqueue_pairs` is at most 0x8000. */
const MAX_QUEUE_PAIRS = 0x8000n;

/**
 * Asks a back-end what it can do, as a front-end does that has just connected: replies in, messages out, abilities at the end.
 * A back-end need not answer a question whose protocol feature was not accepted (vhost-user specification, "Protocol
 * features"), and the daemons of rust-vmm end over one. So MQ is accepted before the number of queues is asked for,
 * CONFIGURE_MEM_SLOTS before that of memory slots, and at the end nothing is: the front-end that comes finds the back-end as a
 * fresh one.
 */
export class Measurement {
  readonly #asksLimits: boolean;
  #asked: RequestName = 'GET_FEATURES';
  /** The questions behind the one that was asked. */
  #left: readonly RequestName[] = [];
  #features = 0n;
  #protocol = 0n;
  #limits: Abilities['limits'] = { queue_pairs: ONE_QUEUE_PAIR };

  /** `asksLimits` false: leaves the numbers of queues and memory slots unknown, and accepts nothing for them. */
  constructor(asksLimits = true) {
    this.#asksLimits = asksLimits;
  }

  /** The request that the back-end has to answer next. */
  get asked(): RequestName {
    return this.#asked;
  }

  /** It was asked something that other than its features alone decide about. */
  get asksLimit(): boolean {
    return this.#asked === 'GET_QUEUE_NUM' || this.#asked === 'GET_MAX_MEM_SLOTS';
  }

  /** The first question. */
  begin(): Uint8Array {
    return this.#ask('GET_FEATURES');
  }

  /**
   * Takes a reply whose form was checked; gives what to say to the back-end now, and the abilities once all is answered.
   * Throws VhostProtocolError.
   */
  reply(message: MessageView): { readonly say?: Uint8Array; readonly abilities?: Abilities } {
    if (message.request !== REQUESTS[this.#asked].id) {
      const saw = `a reply to ${requestName(message.request)}`;
      throw new VhostProtocolError('header', `Cannot measure the back-end: saw ${saw}; wanted one to ${this.#asked}`);
    }
    const value = readU64(message.payload);
    switch (this.#asked) {
      case 'GET_FEATURES':
        this.#features = value;
        return (value & PROTOCOL_FEATURES) === 0n ? this.#done() : { say: this.#ask('GET_PROTOCOL_FEATURES') };
      case 'GET_PROTOCOL_FEATURES':
        this.#protocol = value;
        return this.#askLimits();
      case 'GET_QUEUE_NUM':
        this.#limits = { ...this.#limits, queue_pairs: queuePairs(value) };
        break;
      default:
        if (value > 0n && value <= MOST_SLOTS) this.#limits = { ...this.#limits, [MEMORY_LIMIT]: Number(value) };
    }
    const [next, ...left] = this.#left;
    this.#left = left;
    return next === undefined ? { say: accept(0n), ...this.#done() } : { say: this.#ask(next) };
  }

  #askLimits(): { readonly say?: Uint8Array; readonly abilities?: Abilities } {
    const hasMq = (this.#protocol & PROTOCOL_MQ) !== 0n;
    if (hasMq) this.#limits = {};
    const hasSlots = (this.#protocol & MEM_SLOTS) !== 0n;
    const [first, ...left] = [
      ...(hasMq ? ['GET_QUEUE_NUM'] : []),
      ...(hasSlots ? ['GET_MAX_MEM_SLOTS'] : []),
    ] as RequestName[];
    if (first === undefined || !this.#asksLimits) return this.#done();
    this.#left = left;
    return { say: Buffer.concat([accept(this.#protocol & (PROTOCOL_MQ | MEM_SLOTS)), this.#ask(first)]) };
  }

  #ask(request: RequestName): Uint8Array {
    this.#asked = request;
    return encodeRequest(REQUESTS[request].id);
  }

  #done(): { readonly abilities: Abilities } {
    return { abilities: { virtioFeatures: this.#features, protocolFeatures: this.#protocol, limits: this.#limits } };
  }
}

/** Accepts protocol features in place of those that were accepted before; it is not answered. */
function accept(protocolFeatures: bigint): Uint8Array {
  return encodeRequest(REQUESTS.SET_PROTOCOL_FEATURES.id, writeU64(protocolFeatures));
}

function queuePairs(value: bigint): number {
  if (value <= MAX_QUEUE_PAIRS) return Number(value);
  const wanted = `wanted at most ${MAX_QUEUE_PAIRS}`;
  throw new VhostProtocolError('number', `Cannot measure the back-end: it has ${value} queue pairs; ${wanted}`);
}
