import { PROTOCOL_FEATURES, PROTOCOL_MQ } from '../../../compat-tables/bits/named-masks.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
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
 * features"), and the daemons of rust-vmm end over one. So MQ is accepted before the number of queues is asked for, and at the
 * end nothing is: the front-end that comes finds the back-end as a fresh one.
 */
export class Measurement {
  readonly #asksQueues: boolean;
  #asked: RequestName = 'GET_FEATURES';
  #features = 0n;
  #protocol = 0n;

  /** `asksQueues` false: leaves the number of queues unknown, and accepts nothing for it. */
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
        if ((value & PROTOCOL_FEATURES) !== 0n) return { say: this.#ask('GET_PROTOCOL_FEATURES') };
        return this.#done({ queue_pairs: ONE_QUEUE_PAIR });
      case 'GET_PROTOCOL_FEATURES':
        this.#protocol = value;
        if ((value & PROTOCOL_MQ) === 0n) return this.#done({ queue_pairs: ONE_QUEUE_PAIR });
        if (!this.#asksQueues) return this.#done({});
        return { say: Buffer.concat([accept(PROTOCOL_MQ), this.#ask('GET_QUEUE_NUM')]) };
      default:
        return { say: accept(0n), ...this.#done({ queue_pairs: queuePairs(value) }) };
    }
  }

  #ask(request: RequestName): Uint8Array {
    this.#asked = request;
    return encodeRequest(REQUESTS[request].id);
  }

  #done(limits: Abilities['limits']): { readonly abilities: Abilities } {
    return { abilities: { virtioFeatures: this.#features, protocolFeatures: this.#protocol, limits } };
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
