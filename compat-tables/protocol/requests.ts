/**
 * The vhost-user requests of both channels, one row each: the relay's checks, the mocks, traces and explanations read them.
 * Adding a request is one line here.
 */

/**
 * The shape of a payload. `u64`, `state` and `address` have one size each; `memory` has the size that its own count of
 * regions gives; `{ atLeast, atMost }` counts bytes; `any` is not checked.
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
 * The number of descriptors of a message. `memory`: one for each region; `ring`: one, or none when bit 8 of the payload is
 * set. Unknown requests may carry any number that fits a message.
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
  /** The request changes nothing in the back-end. */
  readonly question: boolean;
}

function row(given: Pick<RequestRow, 'id' | 'payload'> & Partial<RequestRow>): RequestRow {
  return { fds: 'none', reply: 'ifAsked', replyPayload: 'any', replyFds: 'none', question: false, ...given };
}

const asks = { reply: 'always', question: true } as const;
const answers = { reply: 'always' } as const;

/**
 * The requests of the front-end, by their names in the vhost-user specification ("Front-end message types"). Sizes that
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

/**
 * The requests of the back-end on its own channel, which does not pass through the relay ("Back-end message types").
 * Names lack the prefix `BACKEND_`, as the programs print them.
 */
const BACKEND_REQUESTS = {
  IOTLB_MSG: row({ id: 1, payload: 'any' }),
  CONFIG_CHANGE_MSG: row({ id: 2, payload: 'empty' }),
  VRING_HOST_NOTIFIER_MSG: row({ id: 3, payload: 'any', fds: 'atMostOne' }),
  VRING_CALL: row({ id: 4, payload: 'state' }),
  VRING_ERR: row({ id: 5, payload: 'state' }),
  SHARED_OBJECT_ADD: row({ id: 6, payload: 'any' }),
  SHARED_OBJECT_REMOVE: row({ id: 7, payload: 'any' }),
  SHARED_OBJECT_LOOKUP: row({ id: 8, payload: 'any', ...asks, replyFds: 'atMostOne' }),
  SHMEM_MAP: row({ id: 9, payload: 'any', fds: 'one' }),
  SHMEM_UNMAP: row({ id: 10, payload: 'any' }),
} as const satisfies Record<string, RequestRow>;

export type RequestName = keyof typeof REQUESTS;

export interface NamedRequest<Name extends string = RequestName> extends RequestRow {
  readonly name: Name;
}

function indexed<Name extends string>(table: Readonly<Record<Name, RequestRow>>) {
  const rows: (NamedRequest<Name> | undefined)[] = [];
  for (const [name, request] of Object.entries(table) as [Name, RequestRow][]) {
    const other = rows[request.id];
    if (other)
      throw new Error(`Cannot use the table of requests: ${name} and ${other.name} have the number ${request.id}`);
    rows[request.id] = { name, ...request };
  }
  return rows;
}

const FRONTEND_BY_ID = indexed(REQUESTS);
const BACKEND_BY_ID = indexed(BACKEND_REQUESTS);

/** The row of a front-end's request; undefined when this release does not know the number. */
export function requestById(id: number): NamedRequest | undefined {
  return FRONTEND_BY_ID[id];
}

/** `SET_FEATURES`, or `request 99`. */
export function requestName(id: number): string {
  return FRONTEND_BY_ID[id]?.name ?? `request ${id}`;
}

/** `SET_FEATURES (2)`, or `request 99`. */
export function numberedRequest(id: number, channel: 'frontend' | 'backend' = 'frontend'): string {
  const row = (channel === 'frontend' ? FRONTEND_BY_ID : BACKEND_BY_ID)[id];
  return row === undefined ? `request ${id}` : `${row.name} (${id})`;
}
