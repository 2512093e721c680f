import type { FeatureFamily } from '../../compat-tables/bits/feature-bits.ts';
import { featureNames, formatMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { type RequestName, requestById } from '../../compat-tables/protocol/requests.ts';
import {
  MEMORY_HEADER_SIZE,
  MEMORY_REGION_SIZE,
  NO_DESCRIPTOR,
  RING_INDEX_MASK,
  readU32,
  readU64,
  readVringState,
  XEN_MEMORY_REGION_SIZE,
} from './payloads.ts';

/**
 * The content of a payload, for people and programs: only what front-end and back-end negotiate. Addresses, configuration,
 * the guest's MAC and unknown payloads show as a number of bytes. Members keep their names; 64-bit numbers are text.
 */
export interface DecodedPayload {
  readonly bytes: number;
  readonly mask?: string;
  readonly features?: readonly string[];
  /** A number that is not a mask: queues, an MTU, a status. */
  readonly value?: string;
  /** The outcome that an acknowledgement tells. */
  readonly succeeded?: boolean;
  readonly ring?: number;
  readonly ring_size?: number;
  readonly base?: number;
  readonly enabled?: boolean;
  /** SET_VRING_KICK, _CALL and _ERR without a descriptor: the ring is polled. */
  readonly polled?: boolean;
  readonly address_flags?: number;
  readonly regions?: number;
  readonly region_bytes?: readonly string[];
  readonly log_bytes?: string;
}

type Found = Omit<DecodedPayload, 'bytes'>;
type Decoder = (payload: Uint8Array, virtio: FeatureFamily) => Found;

const U64 = 8;
const VRING_ADDRESS = 40;
const LOG = 16;
/** The offset of the size in a region of memory. */
const REGION_SIZE_AT = 8;

/** Decodes the payload of a message; of one with a wrong size only the number of bytes. */
export function decodePayload(
  message: { readonly request: number; readonly reply: boolean; readonly payload: Uint8Array },
  virtio: FeatureFamily,
): DecodedPayload {
  const { request, reply, payload } = message;
  const row = requestById(request);
  const acknowledged = row?.reply === 'ifAsked' ? outcome : undefined;
  const decoder = row && (reply ? (REPLIES[row.name] ?? acknowledged) : QUESTIONS[row.name]);
  return { bytes: payload.length, ...decoder?.(payload, virtio) };
}

function sized(size: number, decoder: Decoder): Decoder {
  return (payload, virtio) => (payload.length === size ? decoder(payload, virtio) : {});
}

const virtioFeatures = sized(U64, (payload, virtio) => featureWord(readU64(payload), virtio));
const protocolFeatures = sized(U64, (payload) => featureWord(readU64(payload), PROTOCOL));
const value = sized(U64, (payload) => ({ value: String(readU64(payload)) }));
/** The answer to need_reply: 0 means success. */
const outcome = sized(U64, (payload) => ({ value: String(readU64(payload)), succeeded: readU64(payload) === 0n }));
const ring = ringAnd(() => ({}));
const base = ringAnd((number) => ({ base: number }));
const ringDescriptor = sized(U64, (payload) => {
  const word = readU64(payload);
  return { ring: Number(word & RING_INDEX_MASK), polled: (word & NO_DESCRIPTOR) !== 0n };
});

/** The index of a ring, and what the number beside it means. */
function ringAnd(meaning: (number: number) => Found): Decoder {
  return sized(U64, (payload) => {
    const { index, num } = readVringState(payload);
    return { ring: index, ...meaning(num) };
  });
}

function featureWord(mask: bigint, family: FeatureFamily): Found {
  return { mask: formatMask(mask), features: featureNames(family, mask) };
}

function memoryTable(payload: Uint8Array): Found {
  if (payload.length < MEMORY_HEADER_SIZE) return {};
  const regions = readU32(payload);
  return regionList(payload, regions) ?? { regions };
}

/** ADD_MEM_REG and REM_MEM_REG: eight bytes of padding and one region. */
function oneRegion(payload: Uint8Array): Found {
  return regionList(payload, 1) ?? {};
}

/** Undefined: the size is not that of so many regions. */
function regionList(payload: Uint8Array, regions: number): Found | undefined {
  const rest = payload.length - MEMORY_HEADER_SIZE;
  const size = [MEMORY_REGION_SIZE, XEN_MEMORY_REGION_SIZE].find((one) => one * regions === rest);
  if (size === undefined) return undefined;
  const bytesAt = (at: number): string => String(readU64(payload.subarray(at + REGION_SIZE_AT)));
  const bytesOf = (_: unknown, index: number): string => bytesAt(MEMORY_HEADER_SIZE + index * size);
  return { regions, region_bytes: Array.from({ length: regions }, bytesOf) };
}

const QUESTIONS: Partial<Record<RequestName, Decoder>> = {
  SET_FEATURES: virtioFeatures,
  SET_PROTOCOL_FEATURES: protocolFeatures,
  SET_MEM_TABLE: memoryTable,
  ADD_MEM_REG: oneRegion,
  REM_MEM_REG: oneRegion,
  SET_LOG_BASE: sized(LOG, (payload) => ({ log_bytes: String(readU64(payload)) })),
  SET_VRING_NUM: ringAnd((number) => ({ ring_size: number })),
  // The places of the rings in the guest's memory are left out.
  SET_VRING_ADDR: sized(VRING_ADDRESS, (payload) => {
    const { index, num } = readVringState(payload);
    return { ring: index, address_flags: num };
  }),
  SET_VRING_BASE: base,
  GET_VRING_BASE: ring,
  GET_VRING_BASE_SKIP_DRAIN: ring,
  SET_VRING_KICK: ringDescriptor,
  SET_VRING_CALL: ringDescriptor,
  SET_VRING_ERR: ringDescriptor,
  SET_VRING_ENABLE: ringAnd((number) => ({ enabled: number !== 0 })),
  VRING_KICK: ring,
  NET_SET_MTU: value,
  SET_STATUS: value,
};

const REPLIES: Partial<Record<RequestName, Decoder>> = {
  GET_FEATURES: virtioFeatures,
  GET_PROTOCOL_FEATURES: protocolFeatures,
  GET_QUEUE_NUM: value,
  GET_MAX_MEM_SLOTS: value,
  GET_STATUS: value,
  GET_VRING_BASE: base,
  GET_VRING_BASE_SKIP_DRAIN: base,
  SET_LOG_BASE: outcome,
  CHECK_DEVICE_STATE: outcome,
};
