import { PROTOCOL_FEATURES, PROTOCOL_MQ } from '../../../compat-tables/bits/named-masks.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { REQUESTS, type RequestName, requestName } from '../../../compat-tables/protocol/requests.ts';
import { VhostProtocolError } from '../../vhost/errors.ts';
import { encodeRequest, type MessageView } from '../../vhost/header.ts';
import { readU64 } from '../../vhost/payloads.ts';

/** Without the MQ protocol feature there is one queue pair, and nothing to ask. */
const ONE_QUEUE_PAIR = 1;

/**
 * Asks a back-end what it can do, with questions only, so that nothing changes in it. Replies in, requests out; ends with
 * the abilities.
 */
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
      throw new VhostProtocolError(
        'header',
        `Cannot measure the back-end: saw a reply to ${requestName(message.request)}; wanted one to ${this.#asked}`,
      );
    }
    return this.#take[this.#asked]?.(readU64(message.payload)) ?? this.#done(ONE_QUEUE_PAIR);
  }

  readonly #take: Partial<Record<RequestName, (value: bigint) => ReturnType<Measurement['reply']>>> = {
    GET_FEATURES: (value) => {
      this.#features = value;
      return (value & PROTOCOL_FEATURES) === 0n
        ? this.#done(ONE_QUEUE_PAIR)
        : { ask: this.#ask('GET_PROTOCOL_FEATURES') };
    },
    GET_PROTOCOL_FEATURES: (value) => {
      this.#protocol = value;
      if ((value & PROTOCOL_MQ) === 0n) return this.#done(ONE_QUEUE_PAIR);
      return this.#asksQueues ? { ask: this.#ask('GET_QUEUE_NUM') } : this.#done(undefined);
    },
    GET_QUEUE_NUM: (value) => this.#done(Number(value)),
  };

  #ask(request: RequestName): Uint8Array {
    this.#asked = request;
    return encodeRequest(REQUESTS[request].id);
  }

  #done(queuePairs: number | undefined): { readonly abilities: Abilities } {
    return {
      abilities: {
        virtioFeatures: this.#features,
        protocolFeatures: this.#protocol,
        limits: queuePairs === undefined ? {} : { queue_pairs: queuePairs },
      },
    };
  }
}
