import {
  type DescriptorRule,
  type PayloadShape,
  requestById,
  requestName,
} from '../../compat-tables/protocol/requests.ts';
import { VhostProtocolError } from './errors.ts';
import { type MessageView, REPLY } from './header.ts';
import {
  MEMORY_HEADER_SIZE,
  MEMORY_REGION_SIZE,
  NO_DESCRIPTOR,
  readU32,
  readU64,
  XEN_MEMORY_REGION_SIZE,
} from './payloads.ts';

/** The most that a message may carry: VHOST_MEMORY_BASELINE_NREGIONS, one descriptor for each region of memory. */
export const MAX_MESSAGE_FDS = 8;
/** A ring index has eight bits wherever it shares a word; the others are held to the same, over their full width. */
export const MAX_RINGS = 256;

/** The least and the most descriptors that a message may carry. */
export type DescriptorBounds = readonly [least: number, most: number];

/** Refuses a request that no correct front-end sends. One that we do not know passes: peers may be newer than we are. */
export function checkRequest(message: MessageView): void {
  checkDescriptors(requestName(message.request), requestDescriptors(message), message.fds.length);
}

/** How many descriptors belong to a request; checks all else of it first. Throws VhostProtocolError. */
export function requestDescriptors(message: Omit<MessageView, 'fds'>): DescriptorBounds {
  const name = requestName(message.request);
  if ((message.flags & REPLY) !== 0)
    throw new VhostProtocolError('header', `Cannot accept ${name} from the front-end: it is marked as a reply`);
  const row = requestById(message.request);
  checkSize(name, row?.payload ?? 'any', message.payload);
  checkRing(name, row?.payload ?? 'any', message.payload);
  return BOUNDS[row?.fds ?? 'any'](message.payload);
}

/** Refuses what no correct back-end sends on this socket: there it only replies. */
export function checkReply(message: MessageView): void {
  checkDescriptors(`reply to ${requestName(message.request)}`, replyDescriptors(message), message.fds.length);
}

/** How many descriptors belong to a reply; checks all else of it first. Throws VhostProtocolError. */
export function replyDescriptors(message: Omit<MessageView, 'fds'>): DescriptorBounds {
  if ((message.flags & REPLY) === 0)
    throw new VhostProtocolError(
      'header',
      `Cannot accept ${requestName(message.request)} from the back-end: it is not marked as a reply`,
    );
  const row = requestById(message.request);
  checkSize(`reply to ${requestName(message.request)}`, row?.replyPayload ?? 'any', message.payload);
  return BOUNDS[row?.replyFds ?? 'any'](message.payload);
}

const SIZES = { empty: 0, u64: 8, 'ring u64': 8, state: 8, address: 40 } as const;

function checkSize(name: string, shape: PayloadShape, payload: Uint8Array): void {
  const wrong = (wanted: string): never => {
    throw new VhostProtocolError(
      'size',
      `Cannot accept ${name}: its payload has ${payload.length} bytes, wanted ${wanted}`,
    );
  };
  if (shape === 'any') return;
  if (shape === 'memory') {
    checkMemorySize(payload, wrong);
    return;
  }
  if (typeof shape === 'object') {
    if (payload.length < shape.atLeast || payload.length > shape.atMost) wrong(`${shape.atLeast} to ${shape.atMost}`);
  } else if (payload.length !== SIZES[shape]) wrong(`${SIZES[shape]}`);
}

function checkMemorySize(payload: Uint8Array, wrong: (wanted: string) => never): void {
  if (payload.length < MEMORY_HEADER_SIZE) wrong(`at least ${MEMORY_HEADER_SIZE}`);
  const regions = readU32(payload);
  if (regions > MAX_MESSAGE_FDS) wrong(`at most ${MAX_MESSAGE_FDS} regions, not ${regions}`);
  const rest = payload.length - MEMORY_HEADER_SIZE;
  if (rest !== regions * MEMORY_REGION_SIZE && rest !== regions * XEN_MEMORY_REGION_SIZE)
    wrong(`${MEMORY_HEADER_SIZE + regions * MEMORY_REGION_SIZE} for ${regions} regions`);
}

function checkRing(name: string, shape: PayloadShape, payload: Uint8Array): void {
  if (shape !== 'state' && shape !== 'address') return;
  const index = readU32(payload);
  if (index >= MAX_RINGS)
    throw new VhostProtocolError('ring index', `Cannot accept ${name}: ring ${index}, wanted less than ${MAX_RINGS}`);
}

function checkDescriptors(name: string, [least, most]: DescriptorBounds, count: number): void {
  if (count >= least && count <= most) return;
  const wanted = least === most ? `${least}` : `${least} to ${most}`;
  throw new VhostProtocolError('descriptors', `Cannot accept ${name}: ${count} descriptors came, wanted ${wanted}`);
}

const BOUNDS: Readonly<Record<DescriptorRule, (payload: Uint8Array) => DescriptorBounds>> = {
  none: () => [0, 0],
  one: () => [1, 1],
  atMostOne: () => [0, 1],
  any: () => [0, MAX_MESSAGE_FDS],
  memory: (payload) => [readU32(payload), readU32(payload)],
  ring: (payload) => ((readU64(payload) & NO_DESCRIPTOR) === 0n ? [1, 1] : [0, 0]),
};
