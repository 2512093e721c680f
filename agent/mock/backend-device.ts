import { LOG_SHMFD, REPLY_ACK } from '../../compat-tables/bits/named-masks.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { MEMORY_LIMIT } from '../../compat-tables/entries/memory-slots.ts';
import { type RequestName, requestById } from '../../compat-tables/protocol/requests.ts';
import { encodeReply, type MessageView, NEED_REPLY } from '../vhost/header.ts';
import { readU64, readVringState, writeU64, writeVringState } from '../vhost/payloads.ts';

/** What a back-end does about a request: nothing, reply, or hang up. */
export type Reaction = { readonly reply: Uint8Array } | 'nothing' | 'hang up';

/**
 * The state of a back-end for one connection. It reacts as DPDK's library does, including the hang-up on features that were
 * not offered and the empty reply to SET_LOG_BASE.
 */
export class BackendDevice {
  readonly abilities: Abilities;
  acked: bigint | undefined;
  ackedProtocol = 0n;
  status = 0n;
  readonly ringSizes = new Map<number, number>();

  constructor(abilities: Abilities) {
    this.abilities = abilities;
  }

  react(message: MessageView): Reaction {
    const row = requestById(message.request);
    const own = row ? this.#reactions[row.name]?.(message.payload) : undefined;
    if (own instanceof Uint8Array) return { reply: encodeReply(message.request, own) };
    const asked = (message.flags & NEED_REPLY) !== 0 && (this.ackedProtocol & REPLY_ACK) !== 0n;
    const failed = row === undefined || own === 'refused';
    if (asked || row?.reply === 'always') return { reply: encodeReply(message.request, writeU64(failed ? 1n : 0n)) };
    return own === 'refused' ? 'hang up' : 'nothing';
  }

  readonly #reactions: Partial<Record<RequestName, (payload: Uint8Array) => Uint8Array | 'refused' | undefined>> = {
    GET_FEATURES: () => writeU64(this.abilities.virtioFeatures),
    GET_PROTOCOL_FEATURES: () => writeU64(this.abilities.protocolFeatures),
    GET_QUEUE_NUM: () => writeU64(BigInt(this.abilities.limits['queue_pairs'] ?? 1)),
    GET_MAX_MEM_SLOTS: () => writeU64(BigInt(this.abilities.limits[MEMORY_LIMIT] ?? 8)),
    GET_STATUS: () => writeU64(this.status),
    GET_VRING_BASE: (payload) => writeVringState({ index: readVringState(payload).index, num: 0 }),
    SET_LOG_BASE: () => ((this.ackedProtocol & LOG_SHMFD) === 0n ? undefined : new Uint8Array(0)),
    SET_FEATURES: (payload) => {
      if ((readU64(payload) & ~this.abilities.virtioFeatures) !== 0n) return 'refused';
      this.acked = readU64(payload);
    },
    SET_PROTOCOL_FEATURES: (payload) => {
      if ((readU64(payload) & ~this.abilities.protocolFeatures) !== 0n) return 'refused';
      this.ackedProtocol = readU64(payload);
    },
    SET_STATUS: (payload) => {
      this.status = readU64(payload);
    },
    SET_VRING_NUM: (payload) => {
      const { index, num } = readVringState(payload);
      this.ringSizes.set(index, num);
    },
  };
}
