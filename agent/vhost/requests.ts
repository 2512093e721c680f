/**
 * The shape of a payload. `u64`, `state` and `address` have one size each; `memory` is as long as its own count says;
 * `{ atLeast, atMost }` counts bytes; `any` is not looked at.
 */
export type PayloadShape =
  | 'empty'
  | 'u64'
  | 'ring u64'
  | 'state'
  | 'address'
  | 'memory'
  | 'any'
  | { readonly atLeast: number; readonly atMost: number };

/**
 * How many descriptors come along. `memory`: one for each region; `ring`: one, or none when bit 8 of the payload says so.
 * Requests that we do not know may carry any number that fits a message.
 */
export type DescriptorRule = 'none' | 'one' | 'atMostOne' | 'memory' | 'ring' | 'any';

export interface RequestRow {
  readonly id: number;
  readonly payload: PayloadShape;
  readonly fds: DescriptorRule;
  /** `always`: the specification demands a reply; `ifAsked`: only to need_reply once REPLY_ACK is negotiated. */
  readonly reply: 'always' | 'ifAsked';
  readonly replyPayload: PayloadShape;
  readonly replyFds: DescriptorRule;
  /** Only asks; the back-end is afterwards as it was before. */
  readonly question: boolean;
}

type Given = Pick<RequestRow, 'id' | 'payload'> & Partial<RequestRow>;

function row(given: Given): RequestRow {
  return { fds: 'none', reply: 'ifAsked', replyPayload: 'any', replyFds: 'none', question: false, ...given };
}

const asks = { reply: 'always', question: true } as const;
const answers = { reply: 'always' } as const;

/**
 * Every request of a front-end, by its name in the vhost-user specification ("Front-end message types"). Sizes that
 * released peers disagree about are left open; so are fields that later revisions appended.
 */
export const REQUESTS = {
  GET_FEATURES: row({ id: 1, payload: 'empty', ...asks, replyPayload: 'u64' }),
  SET_FEATURES: row({ id: 2, payload: 'u64' }),
  SET_OWNER: row({ id: 3, payload: 'empty' }),
  RESET_OWNER: row({ id: 4, payload: 'any' }),
  // During postcopy the front-end acknowledges with the same request, a u64 of 0: a table of no regions.
  SET_MEM_TABLE: row({ id: 5, payload: 'memory', fds: 'memory' }),
  // DPDK replies with an empty payload, others with a u64. A u64 address instead of the log when LOG_SHMFD is missing.
  SET_LOG_BASE: row({ id: 6, payload: { atLeast: 8, atMost: 16 }, fds: 'atMostOne', ...answers }),
  SET_LOG_FD: row({ id: 7, payload: 'any', fds: 'atMostOne' }),
  SET_VRING_NUM: row({ id: 8, payload: 'state' }),
  SET_VRING_ADDR: row({ id: 9, payload: 'address' }),
  SET_VRING_BASE: row({ id: 10, payload: 'state' }),
  GET_VRING_BASE: row({ id: 11, payload: 'state', ...answers, replyPayload: 'state' }),
  SET_VRING_KICK: row({ id: 12, payload: 'ring u64', fds: 'ring' }),
  SET_VRING_CALL: row({ id: 13, payload: 'ring u64', fds: 'ring' }),
  SET_VRING_ERR: row({ id: 14, payload: 'ring u64', fds: 'ring' }),
  GET_PROTOCOL_FEATURES: row({ id: 15, payload: 'empty', ...asks, replyPayload: 'u64' }),
  SET_PROTOCOL_FEATURES: row({ id: 16, payload: 'u64' }),
  GET_QUEUE_NUM: row({ id: 17, payload: 'empty', ...asks, replyPayload: 'u64' }),
  SET_VRING_ENABLE: row({ id: 18, payload: 'state' }),
  SEND_RARP: row({ id: 19, payload: 'u64' }),
  NET_SET_MTU: row({ id: 20, payload: 'u64' }),
  SET_BACKEND_REQ_FD: row({ id: 21, payload: 'any', fds: 'one' }),
  IOTLB_MSG: row({ id: 22, payload: 'any' }),
  SET_VRING_ENDIAN: row({ id: 23, payload: 'state' }),
  GET_CONFIG: row({ id: 24, payload: 'any', ...asks }),
  SET_CONFIG: row({ id: 25, payload: 'any' }),
  CREATE_CRYPTO_SESSION: row({ id: 26, payload: 'any', ...answers }),
  CLOSE_CRYPTO_SESSION: row({ id: 27, payload: 'u64' }),
  POSTCOPY_ADVISE: row({ id: 28, payload: 'empty', ...answers, replyFds: 'atMostOne' }),
  POSTCOPY_LISTEN: row({ id: 29, payload: 'empty' }),
  POSTCOPY_END: row({ id: 30, payload: 'empty', ...answers }),
  GET_INFLIGHT_FD: row({ id: 31, payload: 'any', ...answers, replyFds: 'atMostOne' }),
  SET_INFLIGHT_FD: row({ id: 32, payload: 'any', fds: 'one' }),
  GPU_SET_SOCKET: row({ id: 33, payload: 'any', fds: 'one' }),
  RESET_DEVICE: row({ id: 34, payload: 'any' }),
  VRING_KICK: row({ id: 35, payload: 'state' }),
  GET_MAX_MEM_SLOTS: row({ id: 36, payload: 'empty', ...asks, replyPayload: 'u64' }),
  // During postcopy acknowledged as SET_MEM_TABLE is, without a descriptor.
  ADD_MEM_REG: row({ id: 37, payload: { atLeast: 8, atMost: 48 }, fds: 'atMostOne' }),
  // Should carry none, but some front-ends send the one of the region.
  REM_MEM_REG: row({ id: 38, payload: { atLeast: 40, atMost: 48 }, fds: 'atMostOne' }),
  SET_STATUS: row({ id: 39, payload: 'u64' }),
  GET_STATUS: row({ id: 40, payload: 'empty', ...asks, replyPayload: 'u64' }),
  GET_SHARED_OBJECT: row({ id: 41, payload: 'any', ...answers, replyFds: 'atMostOne' }),
  SET_DEVICE_STATE_FD: row({ id: 42, payload: 'any', fds: 'one', ...answers, replyFds: 'atMostOne' }),
  CHECK_DEVICE_STATE: row({ id: 43, payload: 'empty', ...answers, replyPayload: 'u64' }),
  GET_SHMEM_CONFIG: row({ id: 44, payload: 'any', ...asks }),
  // The same as GET_VRING_BASE, without waiting for what is in flight.
  GET_VRING_BASE_SKIP_DRAIN: row({ id: 45, payload: 'any', ...answers }),
} as const satisfies Record<string, RequestRow>;

export type RequestName = keyof typeof REQUESTS;

export interface NamedRequest extends RequestRow {
  readonly name: RequestName;
}

const byId = new Map<number, NamedRequest>();
for (const [name, request] of Object.entries(REQUESTS)) {
  const other = byId.get(request.id);
  if (other)
    throw new Error(`Cannot use the table of requests: ${name} and ${other.name} have the number ${request.id}`);
  byId.set(request.id, { name: name as RequestName, ...request });
}

/** The row of a request number, undefined when this release does not know it. */
export function requestById(id: number): NamedRequest | undefined {
  return byId.get(id);
}

/** `SET_FEATURES`, or `request 99`. */
export function requestName(id: number): string {
  return byId.get(id)?.name ?? `request ${id}`;
}
