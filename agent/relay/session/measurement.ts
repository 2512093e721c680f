import { PROTOCOL_FEATURES, PROTOCOL_MQ } from '../../../compat-tables/bits/named-masks.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { REQUESTS, type RequestName, requestName } from '../../../compat-tables/protocol/requests.ts';
import { VhostProtocolError } from '../../vhost/errors.ts';
import { encodeRequest, type MessageView } from '../../vhost/header.ts';
import { readU64 } from '../../vhost/payloads.ts';

/** Without the MQ protocol feature there is one queue pair, and nothing to ask. */
const ONE_QUEUE_PAIR = 1;

/** virtio 1.3, section 5.1.4.1: `max_virtqueue_pairs` is at most 0x8000. */
const MAX_QUEUE_PAIRS = 0x8000n;

/** Asks a back-end what it can do, with questions that change nothing: replies in, requests out, abilities at the end. */
export class Measurement {
  readonly #asksQueues: boolean;
  #asked: RequestName = 'GET_FEATURES';
  #features = 0n;
  #protocol = 0n;

  /**
   * `asksQueues` false: leaves the number of queues unknown. Some back-ends hang up when they are asked for it before the
   * front-end has accepted the MQ protocol feature, which a measurement never does.
   */
  constructor(asksQueues = true) {
    this.#asksQueues = asksQueues;
  }

  /** The request that the back-end has to answer next. */
  get asked(): RequestName {
    return this.#asked;
  }

  /** The first question. */
  begin(): Uint8Array {
    return this.#ask('GET_FEATURES');
  }

  /** Takes a reply whose form was checked; gives the next question or the result. Throws VhostProtocolError. */
  reply(message: MessageView): { readonly ask: Uint8Array } | { readonly abilities: Abilities } {
    if (message.request !== REQUESTS[this.#asked].id) {
      const saw = `a reply to ${requestName(message.request)}`;
      throw new VhostProtocolError('header', `Cannot measure the back-end: saw ${saw}; wanted one to ${this.#asked}`);
    }
    const value = readU64(message.payload);
    if (this.#asked === 'GET_QUEUE_NUM' && value > MAX_QUEUE_PAIRS) {
      const wanted = `wanted at most ${MAX_QUEUE_PAIRS}`;
      throw new VhostProtocolError('number', `Cannot measure the back-end: it has ${value} queue pairs; ${wanted}`);
    }
    if (this.#asked === 'GET_QUEUE_NUM') return this.#done({ queue_pairs: Number(value) });
    if (this.#asked === 'GET_FEATURES') {
      this.#features = value;
      if ((value & PROTOCOL_FEATURES) !== 0n) return { ask: this.#ask('GET_PROTOCOL_FEATURES') };
    } else {
      this.#protocol = value;
      if ((value & PROTOCOL_MQ) !== 0n) return this.#asksQueues ? { ask: this.#ask('GET_QUEUE_NUM') } : this.#done({});
    }
    return this.#done({ queue_pairs: ONE_QUEUE_PAIR });
  }

  #ask(request: RequestName): Uint8Array {
    this.#asked = request;
    return encodeRequest(REQUESTS[request].id);
  }

  #done(limits: Abilities['limits']): { readonly abilities: Abilities } {
    return { abilities: { virtioFeatures: this.#features, protocolFeatures: this.#protocol, limits } };
  }
}
