import { familyOf } from '../../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../../compat-tables/bits/mask.ts';
import { guestFeatures, LOG_ALL, LOG_SHMFD, REPLY_ACK } from '../../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { offeredFeatures, offeredProtocolFeatures } from '../../../compat-tables/entries/offer.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { type RequestName, requestById } from '../../../compat-tables/protocol/requests.ts';
import { encodeMessage, encodeReply, type MessageView, NEED_REPLY } from '../../vhost/header.ts';
import { RING_INDEX_MASK, readU32, readU64, readVringState, writeU64 } from '../../vhost/payloads.ts';
import { checkReply, checkRequest } from '../../vhost/rules.ts';

/** What a session is about; the same from its first message to its last. */
export interface SessionContext {
  readonly interface: string;
  readonly mode: Entry;
}

/** Who still owes the front-end a reply: the back-end, or we, in its turn. */
export interface Pending {
  readonly request: number;
  /** Our own reply, to be sent when all before it have been. */
  readonly answer?: Uint8Array;
  /** Asked by a front-end that has left since: the reply is dropped. */
  readonly dropped?: true;
  /** What SET_FEATURES asked for: acked when the back-end says that it did it. */
  readonly features?: bigint;
}

/** All that a session has learned. Plain data, never changed in place. */
export interface SessionState {
  readonly offered: bigint;
  readonly offeredProtocol: bigint;
  readonly acked: bigint | undefined;
  readonly ackedProtocol: bigint | undefined;
  /** Rings that were started and not stopped since: while there are any, the device runs. */
  readonly started: readonly number[];
  readonly ringSizes: ReadonlyMap<number, number>;
  /** Of the device, whether the guest uses them or not: from the highest ring that was set up, enabled or started. */
  readonly queuePairs: number | undefined;
  /** Anything but questions has gone to the back-end. */
  readonly relayed: boolean;
  /** Memory comes after the guest has moved here: the back-end answers a memory table with one of its own. */
  readonly postcopy: boolean;
  readonly pending: readonly Pending[];
}

/** What is to be done about a message. The session does none of it. */
export type Action =
  /** Send it on as it came, its descriptors with it. */
  | { readonly do: 'forward' }
  /** Send the reply on with another number in it. */
  | { readonly do: 'forwardChanged'; readonly bytes: Uint8Array }
  /** Answer the front-end in the back-end's place. */
  | { readonly do: 'answer'; readonly bytes: Uint8Array }
  /** The front-end asked for what it may not have. With `close` it has to go. */
  | { readonly do: 'refuse'; readonly error: CompatError; readonly close: boolean; readonly learned?: Learned }
  | { readonly do: 'count'; readonly what: 'unknown_requests' | 'unsolicited_replies' };

/** What the back-end can do, where it is not what it was measured to be. */
export type Learned = Partial<Abilities>;

export interface Step {
  readonly state: SessionState;
  readonly actions: readonly Action[];
}

/** A front-end asks one thing at a time; this many unanswered questions are a flood. */
const MAX_PENDING = 256;
/** To need_reply, anything but 0 says that the request failed. */
const FAILED = 1n;

/** `owed`: replies to an earlier front-end that are still to come. */
export function beginSession(
  context: SessionContext,
  abilities: Abilities,
  owed: readonly Pending[] = [],
): SessionState {
  return {
    offered: offeredFeatures(context.mode, abilities.virtioFeatures),
    offeredProtocol: offeredProtocolFeatures(context.mode, abilities.protocolFeatures),
    acked: undefined,
    ackedProtocol: undefined,
    started: [],
    ringSizes: new Map(),
    queuePairs: undefined,
    relayed: false,
    postcopy: false,
    pending: owed,
  };
}

/** The replies that the back-end still owes, now that nobody waits for them any more. */
export function owedReplies(state: SessionState): Pending[] {
  return state.pending.filter(({ answer }) => answer === undefined).map(({ request }) => ({ request, dropped: true }));
}

/** The front-end of this session has said something, to this process or to one before it. */
export function hasSpoken({ relayed, acked, ackedProtocol, pending }: SessionState): boolean {
  return relayed || acked !== undefined || ackedProtocol !== undefined || pending.some(({ dropped }) => !dropped);
}

type Change = Partial<SessionState>;
type Handler<R> = (context: SessionContext, state: SessionState, message: MessageView) => R;

/** A message of the front-end. Throws VhostProtocolError when it breaks the protocol. */
export function onRequest(context: SessionContext, state: SessionState, message: MessageView): Step {
  checkRequest(message);
  if (state.pending.length >= MAX_PENDING) {
    const error = new CompatError(
      'VC-VHOST-FLOOD',
      `Cannot forward to the back-end of ${context.interface}: the front-end left ${state.pending.length} replies unread`,
      { interface: context.interface },
    );
    return { state, actions: [{ do: 'refuse', error, close: true }] };
  }
  const row = requestById(message.request);
  const verdict = row ? REQUEST_HANDLERS[row.name]?.(context, state, message) : undefined;
  if (verdict instanceof CompatError) return refuse(state, message, verdict);
  return {
    state: {
      ...state,
      ...verdict,
      relayed: state.relayed || row?.question !== true,
      pending: expectsReply(state, message) ? [...state.pending, asked(message)] : state.pending,
    },
    actions: row ? [{ do: 'forward' }] : [{ do: 'count', what: 'unknown_requests' }, { do: 'forward' }],
  };
}

function asked({ request, payload }: MessageView): Pending {
  return requestById(request)?.name === 'SET_FEATURES' ? { request, features: readU64(payload) } : { request };
}

function expectsReply(state: SessionState, { request, flags, payload }: MessageView): boolean {
  const row = requestById(request);
  if (row?.name === 'SET_MEM_TABLE' && state.postcopy && readU32(payload) > 0) return true;
  // Neither is asked for with need_reply then; the front-end's consent, a u64, gets none.
  if (row?.name === 'ADD_MEM_REG' && state.postcopy && payload.length > 8) return true;
  const protocol = state.ackedProtocol ?? 0n;
  if (row?.name === 'SET_LOG_BASE' && (protocol & LOG_SHMFD) !== 0n) return true;
  if (row?.reply === 'always' && row.name !== 'SET_LOG_BASE') return true;
  return wantsAnswer(state, flags);
}

function wantsAnswer(state: SessionState, flags: number): boolean {
  return (flags & NEED_REPLY) !== 0 && ((state.ackedProtocol ?? 0n) & REPLY_ACK) !== 0n;
}

/** A front-end that wants to know the outcome is told and stays; another can only be sent away. */
function refuse(state: SessionState, { request, flags }: MessageView, error: CompatError): Step {
  if (!wantsAnswer(state, flags)) return { state, actions: [{ do: 'refuse', error, close: true }] };
  const answer = encodeReply(request, writeU64(FAILED));
  const told: Action = { do: 'refuse', error, close: false };
  if (state.pending.length === 0) return { state, actions: [told, { do: 'answer', bytes: answer }] };
  return { state: { ...state, pending: [...state.pending, { request, answer }] }, actions: [told] };
}

/** What the requests that we understand change, or why they are refused. All others are forwarded and change nothing. */
const REQUEST_HANDLERS: Partial<Record<RequestName, Handler<Change | CompatError>>> = {
  SET_FEATURES: (context, state, { flags, payload }) => {
    const acked = readU64(payload);
    return features(context, state, acked) ?? (wantsAnswer(state, flags) ? {} : { acked });
  },
  SET_PROTOCOL_FEATURES: (context, state, { payload }) => {
    const ackedProtocol = readU64(payload);
    const foreign = ackedProtocol & ~state.offeredProtocol;
    if (foreign === 0n) return { ackedProtocol };
    return outsideOffer(context, 'SET_PROTOCOL_FEATURES', featureNames(PROTOCOL, foreign), state.offeredProtocol);
  },
  SET_VRING_NUM: (context, state, { payload }) => {
    const { index, num } = readVringState(payload);
    const most = context.mode.limits['ring_size'];
    if (most !== undefined && num > most) return ringTooLarge(context, index, num, most);
    return { ringSizes: new Map([...state.ringSizes, [index, num]]) };
  },
  SET_VRING_ENABLE: (context, state, { payload }) => {
    const { index, num } = readVringState(payload);
    return num === 0 ? {} : (tooManyQueues(context, index) ?? { queuePairs: queuePairs(state, index) });
  },
  SET_VRING_KICK: (context, state, { payload }) => start(context, state, Number(readU64(payload) & RING_INDEX_MASK)),
  // QEMU sends one for each ring of the device as soon as it is connected.
  SET_VRING_CALL: (_context, state, { payload }) => ({
    queuePairs: queuePairs(state, Number(readU64(payload) & RING_INDEX_MASK)),
  }),
  VRING_KICK: (context, state, { payload }) => start(context, state, readU32(payload)),
  GET_VRING_BASE: (_context, state, { payload }) => stop(state, readU32(payload)),
  GET_VRING_BASE_SKIP_DRAIN: (_context, state, { payload }) =>
    payload.length < 4 ? {} : stop(state, readU32(payload)),
  POSTCOPY_LISTEN: () => ({ postcopy: true }),
  POSTCOPY_END: () => ({ postcopy: false }),
  RESET_OWNER: () => ({ started: [] }),
  RESET_DEVICE: () => ({ started: [] }),
  // QEMU writes a status of 0 when the guest resets the device: what follows is a new driver's choice.
  SET_STATUS: (_context, _state, { payload }) => (readU64(payload) === 0n ? { started: [] } : {}),
};

function start(context: SessionContext, state: SessionState, index: number): Change | CompatError {
  const refused = tooManyQueues(context, index);
  if (refused) return refused;
  const started = state.started.includes(index) ? state.started : [...state.started, index];
  return { started, queuePairs: queuePairs(state, index) };
}

function stop(state: SessionState, index: number): Change {
  return { started: state.started.filter((one) => one !== index) };
}

function queuePairs(state: SessionState, index: number): number {
  return Math.max(state.queuePairs ?? 0, Math.floor(index / 2) + 1);
}

/** Two rings make a pair; a front-end that was told the limit asks for no more. */
function tooManyQueues(context: SessionContext, index: number): CompatError | undefined {
  const most = context.mode.limits['queue_pairs'];
  if (most === undefined || index < most * 2) return undefined;
  return new CompatError(
    'VC-QUEUE-PAIRS',
    `Cannot accept ring ${index} of ${context.interface}: version ${context.mode.version} allows ${most} queue pairs, rings 0 to ${most * 2 - 1}`,
    { interface: context.interface, version: context.mode.version, ring: index, limit: most },
  );
}

function features(context: SessionContext, state: SessionState, acked: bigint): CompatError | undefined {
  const family = familyOf(context.mode.deviceType);
  const foreign = acked & ~state.offered;
  if (foreign !== 0n) return outsideOffer(context, 'SET_FEATURES', featureNames(family, foreign), state.offered);
  const before = askedLast(state) ?? state.acked;
  if (before === undefined || state.started.length === 0) return undefined;
  const changed = (acked ^ before) & ~LOG_ALL;
  if (changed === 0n) return undefined;
  const names = featureNames(family, changed);
  return new CompatError(
    'VC-FEATURES-RUNNING',
    `Cannot change the features of ${context.interface} while its device runs: ${names.join(', ')} would change; wanted ${formatMask(before)}, VHOST_F_LOG_ALL aside`,
    { interface: context.interface, version: context.mode.version, changed: names },
  );
}

/** Features that the back-end was asked for last and has not answered about: it may have taken them already. */
function askedLast({ pending }: SessionState): bigint | undefined {
  return pending.findLast(({ features: asked, dropped }) => asked !== undefined && !dropped)?.features;
}

function outsideOffer(context: SessionContext, what: string, missing: readonly string[], offered: bigint): CompatError {
  return new CompatError(
    'VC-ACK-OUTSIDE-OFFER',
    `Cannot accept ${what} of the front-end of ${context.interface}: ${missing.join(', ')} is not in the offer ${formatMask(offered)} of version ${context.mode.version}`,
    { interface: context.interface, version: context.mode.version, missing },
  );
}

function ringTooLarge(context: SessionContext, index: number, num: number, most: number): CompatError {
  return new CompatError(
    'VC-RING-SIZE',
    `Cannot accept ring ${index} of ${context.interface}: it has ${num} descriptors; version ${context.mode.version} allows ${most}`,
    { interface: context.interface, version: context.mode.version, ring: index, size: num, limit: most },
  );
}

/** A message of the back-end, which only ever replies. Throws VhostProtocolError when it breaks the protocol. */
export function onReply(context: SessionContext, state: SessionState, message: MessageView): Step {
  checkReply(message);
  const { pending, answers, solicited, settled } = settle(state.pending, message.request);
  const ours = answers.map((bytes) => ({ do: 'answer', bytes }) as const);
  if (settled?.dropped) return { state: { ...state, pending }, actions: ours };
  const name = requestById(message.request)?.name;
  const outcome = (name && REPLY_HANDLERS[name]?.(context, state, message)) ?? { action: { do: 'forward' } };
  return {
    state: { ...state, ...outcome.change, ...accepted(settled, message), pending },
    actions: [...(solicited ? [] : [{ do: 'count', what: 'unsolicited_replies' } as const]), outcome.action, ...ours],
  };
}

/** Features that the back-end was asked for with need_reply, and took. */
function accepted(settled: Pending | undefined, { payload }: MessageView): Change {
  if (settled?.features === undefined || payload.length !== 8 || readU64(payload) !== 0n) return {};
  return { acked: settled.features };
}

/** Replies come in the order of the requests: one for a later request means that those before it get none. */
function settle(pending: readonly Pending[], request: number) {
  const at = pending.findIndex((one) => one.answer === undefined && one.request === request);
  if (at < 0) return { pending, answers: [], solicited: false, settled: undefined };
  const rest = pending.slice(at + 1);
  const due = rest.findIndex(({ answer }) => answer === undefined);
  const own = due < 0 ? rest : rest.slice(0, due);
  const skipped = pending.slice(0, at);
  const answers = [...skipped, ...own].flatMap(({ answer }) => answer ?? []);
  return { pending: rest.slice(own.length), answers, solicited: true, settled: pending[at] };
}

interface Outcome {
  readonly action: Action;
  readonly change?: Change;
}

/** The replies that a mode limits; every one of them, however often the front-end asks. */
const REPLY_HANDLERS: Partial<Record<RequestName, Handler<Outcome>>> = {
  GET_FEATURES: (context, _state, message) => {
    const backend = readU64(message.payload);
    const missing = guestFeatures(context.mode.virtioFeatures) & ~backend;
    if (missing !== 0n) {
      const learned: Learned = { virtioFeatures: backend };
      return { action: { do: 'refuse', error: noLongerHonoured(context, missing), close: true, learned } };
    }
    const offered = offeredFeatures(context.mode, backend);
    return { action: changed(message, offered), change: { offered } };
  },
  GET_PROTOCOL_FEATURES: (context, _state, message) => {
    const offeredProtocol = offeredProtocolFeatures(context.mode, readU64(message.payload));
    return { action: changed(message, offeredProtocol), change: { offeredProtocol } };
  },
  GET_QUEUE_NUM: (context, _state, message) => {
    const backend = readU64(message.payload);
    const most = context.mode.limits['queue_pairs'];
    if (most === undefined) return { action: { do: 'forward' } };
    if (backend >= BigInt(most)) return { action: changed(message, BigInt(most)) };
    const learned: Learned = { limits: { queue_pairs: Number(backend) } };
    return { action: { do: 'refuse', error: tooFewQueues(context, backend, most), close: true, learned } };
  },
};

function changed(message: MessageView, value: bigint): Action {
  if (readU64(message.payload) === value) return { do: 'forward' };
  return { do: 'forwardChanged', bytes: encodeMessage(message.request, message.flags, writeU64(value)) };
}

function tooFewQueues(context: SessionContext, backend: bigint, most: number): CompatError {
  return new CompatError(
    'VC-MODE-LIMIT',
    `Cannot offer version ${context.mode.version} on ${context.interface}: the back-end has ${backend} queue pairs, the version promises ${most}`,
    {
      interface: context.interface,
      version: context.mode.version,
      limit: 'queue_pairs',
      has: Number(backend),
      wanted: most,
    },
  );
}

function noLongerHonoured(context: SessionContext, mask: bigint): CompatError {
  const missing = featureNames(familyOf(context.mode.deviceType), mask);
  return new CompatError(
    'VC-MODE-FEATURES',
    `Cannot offer version ${context.mode.version} on ${context.interface}: the back-end no longer offers ${missing.join(', ')}`,
    { interface: context.interface, version: context.mode.version, missing },
  );
}
