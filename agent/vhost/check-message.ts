import {
  type DescriptorRule,
  type NamedRequest,
  type PayloadShape,
  requestById,
  requestName,
} from '../../compat-tables/protocol/requests.ts';
import { cannotAccept } from './errors.ts';
import { type MessageView, REPLY } from './header.ts';
import {
  MEMORY_HEADER_SIZE,
  MEMORY_REGION_SIZE,
  NO_DESCRIPTOR,
  readU32,
  readU64,
  XEN_MEMORY_REGION_SIZE,
} from './payloads.ts';

/** The most descriptors of a message: VHOST_MEMORY_BASELINE_NREGIONS, one for each region of memory. */
const MAX_MESSAGE_FDS = 8;
/** A ring index has eight bits wherever it shares a word; requests that carry it alone are held to the same limit. */
const MAX_RINGS = 256;

/** The least and the most descriptors that a message may carry. */
export type DescriptorBounds = readonly [least: number, most: number];
/** The row of a message; undefined for a request that this release does not know, which passes: peers may be newer. */
export type RequestOf = NamedRequest | undefined;

/**
 * Checks all of a request and returns its row. Throws VhostProtocolError for what no correct front-end sends.
 * @internal for tests; an exchange checks the bytes before it has the descriptors
 */
export function checkRequest(message: MessageView): RequestOf {
  const row = requestById(message.request);
  checkDescriptors(message, requestDescriptors(message, row));
  return row;
}

/** Checks all of a reply and returns the row of its request. Throws VhostProtocolError for what no correct back-end sends. */
export function checkReply(message: MessageView): RequestOf {
  const row = requestById(message.request);
  checkDescriptors(message, replyDescriptors(message, row));
  return row;
}

/** Checks all of a request but its descriptors; returns how many belong to it. Throws VhostProtocolError. */
export function requestDescriptors(message: Omit<MessageView, 'fds'>, row: RequestOf): DescriptorBounds {
  if ((message.flags & REPLY) !== 0)
    throw cannotAccept('header', `${requestName(message.request)} from the front-end`, 'it is marked as a reply');
  if (row === undefined) return ANY_NUMBER;
  checkSize(message, row.payload);
  if (row.payload === 'state' || row.payload === 'address') checkRing(message);
  return BOUNDS[row.fds](message.payload);
}

/** Checks all of a reply but its descriptors; returns how many belong to it. Throws VhostProtocolError. */
export function replyDescriptors(message: Omit<MessageView, 'fds'>, row: RequestOf): DescriptorBounds {
  if ((message.flags & REPLY) === 0)
    throw cannotAccept('header', `${requestName(message.request)} from the back-end`, 'it is not marked as a reply');
  if (row === undefined) return ANY_NUMBER;
  checkSize(message, row.replyPayload);
  return BOUNDS[row.replyFds](message.payload);
}

/** Refuses a message with another number of descriptors than belongs to it. Throws VhostProtocolError. */
export function checkDescriptors(message: MessageView, [least, most]: DescriptorBounds): void {
  const count = message.fds.length;
  if (count >= least && count <= most) return;
  const wanted = least === most ? `${least}` : `${least} to ${most}`;
  throw cannotAccept('descriptors', nameOf(message), `${count} descriptors came, wanted ${wanted}`);
}

function nameOf({ request, flags }: Omit<MessageView, 'fds'>): string {
  return (flags & REPLY) === 0 ? requestName(request) : `reply to ${requestName(request)}`;
}

const SIZES = { empty: 0, u64: 8, 'ring u64': 8, state: 8, address: 40 } as const;

function checkSize(message: Omit<MessageView, 'fds'>, shape: PayloadShape): void {
  const wanted = wantedSize(shape, message.payload);
  if (wanted === undefined) return;
  throw cannotAccept('size', nameOf(message), `its payload has ${message.payload.length} bytes, wanted ${wanted}`);
}

/** The size that a payload should have had; undefined when it is right. */
function wantedSize(shape: PayloadShape, payload: Uint8Array): string | undefined {
  if (shape === 'any') return undefined;
  if (shape === 'memory') return wantedMemorySize(payload);
  if (typeof shape === 'string') return payload.length === SIZES[shape] ? undefined : `${SIZES[shape]}`;
  const { atLeast, atMost } = shape;
  return payload.length >= atLeast && payload.length <= atMost ? undefined : `${atLeast} to ${atMost}`;
}

function wantedMemorySize(payload: Uint8Array): string | undefined {
  if (payload.length < MEMORY_HEADER_SIZE) return `at least ${MEMORY_HEADER_SIZE}`;
  const regions = readU32(payload);
  if (regions > MAX_MESSAGE_FDS) return `at most ${MAX_MESSAGE_FDS} regions, not ${regions}`;
  const rest = payload.length - MEMORY_HEADER_SIZE;
  if (rest === regions * MEMORY_REGION_SIZE || rest === regions * XEN_MEMORY_REGION_SIZE) return undefined;
  return `${MEMORY_HEADER_SIZE + regions * MEMORY_REGION_SIZE} for ${regions} regions`;
}

function checkRing(message: Omit<MessageView, 'fds'>): void {
  const index = readU32(message.payload);
  if (index >= MAX_RINGS)
    throw cannotAccept('ring index', nameOf(message), `ring ${index}, wanted less than ${MAX_RINGS}`);
}

const NONE: DescriptorBounds = [0, 0];
const ONE: DescriptorBounds = [1, 1];
const AT_MOST_ONE: DescriptorBounds = [0, 1];
const ANY_NUMBER: DescriptorBounds = [0, MAX_MESSAGE_FDS];

/** Shared values, so that no message costs an array. */
const BOUNDS: Readonly<Record<DescriptorRule, (payload: Uint8Array) => DescriptorBounds>> = {
  none: () => NONE,
  one: () => ONE,
  atMostOne: () => AT_MOST_ONE,
  any: () => ANY_NUMBER,
  memory: (payload) => [readU32(payload), readU32(payload)],
  ring: (payload) => ((readU64(payload) & NO_DESCRIPTOR) === 0n ? ONE : NONE),
};
