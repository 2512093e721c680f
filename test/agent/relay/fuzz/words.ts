import { encodeMessage, HEADER_SIZE, NEED_REPLY, VERSION } from '../../../../agent/vhost/header.ts';
import { MEMORY_REGION_SIZE, NO_DESCRIPTOR, writeU64 } from '../../../../agent/vhost/payloads.ts';
import {
  type NamedRequest,
  REQUESTS,
  type RequestName,
  requestById,
} from '../../../../compat-tables/protocol/requests.ts';
import type { Chance } from '../../../rpc/ovsdb/fuzz/chance.ts';
import { KINDS, type Kind } from './raw.ts';

/** A message that somebody sends: right, wrong, or not whole. */
export interface Said {
  readonly bytes: Uint8Array;
  readonly fds: readonly Kind[];
}

/** What a front-end is offered. */
export interface Offer {
  readonly features: bigint;
  readonly protocol: bigint;
}

const U64S = [0n, 1n, 0xffn, 0x100n, 1n << 31n, 1n << 32n, (1n << 53n) + 1n, 1n << 63n, (1n << 64n) - 1n];
export const U32S = [0, 1, 2, 255, 256, 0xffff, 0x10000, 0x10001, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
/** These end a dialogue's running state or its usefulness, so they come seldom. */
const SELDOM: readonly string[] = ['RESET_OWNER', 'RESET_DEVICE', 'SET_FEATURES', 'SET_PROTOCOL_FEATURES'];
const NAMES = Object.keys(REQUESTS) as RequestName[];

export function anyU64(chance: Chance): bigint {
  if (chance.once(2)) return chance.pick(U64S);
  return (BigInt(chance.below(2 ** 32)) << 32n) | BigInt(chance.below(2 ** 32));
}

export function anyBytes(chance: Chance, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => chance.below(256));
}

export function kinds(chance: Chance, count: number): Kind[] {
  return Array.from({ length: count }, () => (chance.once(2) ? 'event' : chance.pick(KINDS)));
}

/** Requests as a correct front-end makes them, though in an order that none would choose. */
export class Words {
  readonly #chance: Chance;
  readonly #offer: Offer;

  constructor(chance: Chance, offer: Offer) {
    this.#chance = chance;
    this.#offer = offer;
  }

  /** The start of a device; sometimes without its questions. */
  negotiation(): Said[] {
    const chance = this.#chance;
    const { features, protocol } = this.#offer;
    const acked = chance.once(3) ? features & anyU64(chance) : features;
    const rings = chance.below(5);
    return [
      ...(chance.once(8) ? [] : [this.say('GET_FEATURES'), this.say('GET_PROTOCOL_FEATURES')]),
      this.say('SET_PROTOCOL_FEATURES', writeU64(chance.once(3) ? protocol & anyU64(chance) : protocol)),
      ...(chance.once(8) ? [] : [this.say('GET_QUEUE_NUM')]),
      this.say('SET_OWNER'),
      this.say('SET_FEATURES', writeU64(acked)),
      this.say('SET_MEM_TABLE'),
      ...Array.from({ length: rings }, (_, index) => this.#ring(index)).flat(),
    ];
  }

  #ring(index: number): Said[] {
    const state = (num: number) => Uint8Array.from(new Uint8Array(Uint32Array.of(index, num).buffer));
    const address = this.#payload(REQUESTS.SET_VRING_ADDR);
    address.set(state(0).subarray(0, 4));
    return [
      this.say('SET_VRING_NUM', state(256)),
      this.say('SET_VRING_BASE', state(0)),
      this.say('SET_VRING_ADDR', address),
      this.say('SET_VRING_KICK', writeU64(BigInt(index))),
      this.say('SET_VRING_CALL', writeU64(BigInt(index))),
      this.say('SET_VRING_ENABLE', state(1)),
    ];
  }

  /** Any request, with what belongs to it. */
  any(): Said {
    const chance = this.#chance;
    if (chance.once(12)) return this.#unknown();
    const name = chance.pick(NAMES);
    return SELDOM.includes(name) && !chance.once(10) ? this.say('GET_FEATURES') : this.say(name);
  }

  /** What has hurt others before: right in form, and not to be let through. */
  classics(): Said[] {
    const chance = this.#chance;
    const { features, protocol } = this.#offer;
    const bit = 1n << BigInt(chance.below(64));
    const rings = ['SET_VRING_NUM', 'SET_VRING_ADDR', 'SET_VRING_BASE', 'GET_VRING_BASE', 'SET_VRING_ENABLE'] as const;
    switch (chance.below(5)) {
      case 0: {
        const said = this.say(chance.pick(rings));
        new DataView(said.bytes.buffer).setUint32(HEADER_SIZE, chance.pick(U32S), true);
        return [said];
      }
      case 1:
        return [this.say('SET_FEATURES', writeU64(chance.once(2) ? bit : features ^ bit))];
      case 2:
        return [this.say('SET_PROTOCOL_FEATURES', writeU64(chance.once(2) ? bit : protocol ^ bit))];
      case 3: {
        // While a ring runs, with control bits and others.
        const change = chance.once(3) ? 1n << 26n : bit;
        const kick = this.say('SET_VRING_KICK', writeU64(BigInt(chance.below(4))));
        return [
          this.say('SET_FEATURES', writeU64(features)),
          kick,
          this.say('SET_FEATURES', writeU64(features ^ change)),
        ];
      }
      default:
        return [{ ...this.say(chance.pick(NAMES)), fds: kinds(chance, chance.pick([1, 2, 8, 9])) }];
    }
  }

  #unknown(): Said {
    const chance = this.#chance;
    const request = chance.pick([0, 46, 99, 999, 0x7fffffff, 0xffffffff]);
    const payload = anyBytes(chance, chance.pick([0, 1, 8, 40]));
    return { bytes: encodeMessage(request, this.#flags(), payload), fds: kinds(chance, chance.pick([0, 0, 1, 8])) };
  }

  say(name: RequestName, payload?: Uint8Array): Said {
    const row: NamedRequest = { name, ...REQUESTS[name] };
    const whole = payload ?? this.#payload(row);
    return { bytes: encodeMessage(row.id, this.#flags(), whole), fds: kinds(this.#chance, this.#count(row, whole)) };
  }

  #flags(): number {
    return this.#chance.once(5) ? VERSION | NEED_REPLY : VERSION;
  }

  #payload({ id, payload: shape }: { readonly id: number; readonly payload: NamedRequest['payload'] }): Uint8Array {
    const chance = this.#chance;
    if (id === REQUESTS.SET_FEATURES.id) return writeU64(this.#offer.features & anyU64(chance));
    if (id === REQUESTS.SET_PROTOCOL_FEATURES.id) return writeU64(this.#offer.protocol);
    if (typeof shape === 'object')
      return anyBytes(chance, shape.atLeast + chance.below(shape.atMost - shape.atLeast + 1));
    switch (shape) {
      case 'empty':
        return new Uint8Array(0);
      case 'u64':
        return writeU64(anyU64(chance));
      case 'ring u64':
        return writeU64(BigInt(chance.below(256)) | (chance.once(3) ? NO_DESCRIPTOR : 0n));
      case 'state':
      case 'address': {
        const payload = anyBytes(chance, shape === 'state' ? 8 : 40);
        const view = new DataView(payload.buffer);
        view.setUint32(0, chance.below(chance.pick([4, 256])), true);
        // No mode of ours allows less.
        if (id === REQUESTS.SET_VRING_NUM.id) view.setUint32(4, chance.below(257), true);
        return payload;
      }
      case 'memory': {
        const regions = chance.below(9);
        const payload = anyBytes(chance, 8 + regions * MEMORY_REGION_SIZE);
        new DataView(payload.buffer).setUint32(0, regions, true);
        return payload;
      }
      default: {
        const payload = anyBytes(chance, chance.pick([0, 1, 4, 8, 12, 40, 60]));
        return chance.once(100) ? new Uint8Array(4096) : payload;
      }
    }
  }

  #count({ fds }: NamedRequest, payload: Uint8Array): number {
    switch (fds) {
      case 'one':
        return 1;
      case 'atMostOne':
        return this.#chance.below(2);
      case 'memory':
        return payload[0] ?? 0;
      case 'ring':
        return (payload[1] ?? 0) & 1 ? 0 : 1;
      default:
        return 0;
    }
  }
}

/** One line for a person, of whole messages and of pieces of them. */
export function textOf({ bytes, fds }: Said): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const id = bytes.length >= 4 ? view.getUint32(0, true) : undefined;
  const name = id === undefined ? 'piece' : (requestById(id)?.name ?? `request ${id}`);
  const hex = Buffer.from(bytes.subarray(0, 64)).toString('hex');
  return `${name} ${bytes.length} bytes ${hex}${bytes.length > 64 ? '…' : ''} fds ${fds.length > 9 ? fds.length : `[${fds.join()}]`}`;
}
