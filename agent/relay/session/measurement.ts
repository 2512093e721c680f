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

/** What a back-end is asked for its limits, and the protocol feature that has to be accepted before. */
const LIMIT_QUESTIONS: readonly { readonly request: RequestName; readonly needs: bigint }[] = [
  { request: 'GET_QUEUE_NUM', needs: PROTOCOL_MQ },
  { request: 'GET_MAX_MEM_SLOTS', needs: MEM_SLOTS },
];

/**
 * Asks a back-end what it can do, as a front-end does that has just connected: replies in, messages out, abilities at the end.
 * A back-end need not answer a question whose protocol feature was not accepted (vhost-user specification, "Protocol
 * features"), and the daemons of rust-vmm end over one. So MQ is accepted before the number of queues is asked for,
 * CONFIGURE_MEM_SLOTS before that of memory slots, and at the end nothing is: the front-end that comes finds the back-end as a
 * fresh one.
 */
export class Measurement {
  readonly #unasked: ReadonlySet<RequestName>;
  #asked: RequestName = 'GET_FEATURES';
  /** The questions behind the one that was asked. */
  #left: readonly RequestName[] = [];
  #features = 0n;
  #protocol = 0n;
  #limits: Abilities['limits'] = { queue_pairs: ONE_QUEUE_PAIR };

  /** `unasked`: questions for limits that are left out, with what would be accepted for them; those limits stay unknown. */
  constructor(unasked: ReadonlySet<RequestName> = new Set()) {
    this.#unasked = unasked;
  }

  /** The request that the back-end has to answer next. */
  get asked(): RequestName {
    return this.#asked;
  }

  /** The question for a limit that it has to answer next; undefined: it is asked for its features. */
  get askedLimit(): RequestName | undefined {
    return LIMIT_QUESTIONS.some(({ request }) => request === this.#asked) ? this.#asked : undefined;
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
    if ((this.#protocol & PROTOCOL_MQ) !== 0n) this.#limits = {};
    const questions = LIMIT_QUESTIONS.filter(
      ({ request, needs }) => (this.#protocol & needs) !== 0n && !this.#unasked.has(request),
    );
    const [first, ...left] = questions.map(({ request }) => request);
    if (first === undefined) return this.#done();
    this.#left = left;
    const needed = questions.reduce((all, { needs }) => all | needs, 0n);
    return { say: Buffer.concat([accept(needed), this.#ask(first)]) };
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
