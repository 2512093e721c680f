import { LOG_ALL, NET_CTRL_VQ } from '../../../compat-tables/bits/named-masks.ts';
import { firstRingBeyond, QUEUE_LIMIT, queueCountOf, queuesUpTo } from '../../../compat-tables/bits/queue-counts.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import type { RequestName } from '../../../compat-tables/protocol/requests.ts';
import type { RequestOf } from '../../vhost/check-message.ts';
import { encodeReply, type MessageView } from '../../vhost/header.ts';
import { RING_INDEX_MASK, readU32, readU64, readVringState, writeU64 } from '../../vhost/payloads.ts';
import { featuresAskedLast, MAX_PENDING, pendingReply, wantsOutcome } from './pending-replies.ts';
import {
  featuresOutsideOffer,
  featuresWhileRunning,
  floodOfRequests,
  protocolOutsideOffer,
  ringTooLarge,
  tooManyQueues,
} from './refusals.ts';
import {
  type Action,
  FORWARD,
  JUST_FORWARD,
  type SessionChange,
  type SessionContext,
  type SessionState,
  type Step,
} from './session.ts';

/** To need_reply: anything but 0 says that the request failed. */
const FAILED = 1n;

/** What happens with a message of the front-end, whose form was checked; `row` is that of its request. */
export function decideRequest(
  context: SessionContext,
  state: SessionState,
  message: MessageView,
  row: RequestOf,
): Step {
  if (state.pending.length >= MAX_PENDING) {
    const error = floodOfRequests(context, state.pending.length);
    return { state, actions: [{ do: 'refuse', error, close: true }] };
  }
  const verdict = row && RULES[row.name]?.(context, state, message);
  if (verdict instanceof CompatError) return refuse(state, message, verdict);
  const reply = pendingReply(state, message, row);
  return {
    state: {
      ...state,
      ...verdict,
      relayed: state.relayed || row?.question !== true,
      pending: reply ? [...state.pending, reply] : state.pending,
    },
    actions: row ? JUST_FORWARD : [{ do: 'count', what: 'unknown_requests' }, FORWARD],
  };
}

/** A front-end that wants to know the outcome is told and stays; the connection of another is closed. */
function refuse(state: SessionState, { request, flags }: MessageView, error: CompatError): Step {
  if (!wantsOutcome(state, flags)) return { state, actions: [{ do: 'refuse', error, close: true }] };
  const answer = encodeReply(request, writeU64(FAILED));
  const refusal: Action = { do: 'refuse', error, close: false };
  if (state.pending.length === 0) return { state, actions: [refusal, { do: 'answer', bytes: answer }] };
  return { state: { ...state, pending: [...state.pending, { request, answer }] }, actions: [refusal] };
}

type Rule = (context: SessionContext, state: SessionState, message: MessageView) => SessionChange | CompatError;

const NO_CHANGE: SessionChange = {};

/** What the known requests change, or why they are refused. All others are forwarded and change nothing. */
const RULES: Partial<Record<RequestName, Rule>> = {
  SET_FEATURES: (context, state, { flags, payload }) => {
    const acked = readU64(payload);
    return checkFeatures(context, state, acked) ?? (wantsOutcome(state, flags) ? NO_CHANGE : { acked });
  },
  SET_PROTOCOL_FEATURES: (context, state, { payload }) => {
    const ackedProtocol = readU64(payload);
    const foreign = ackedProtocol & ~state.offeredProtocol;
    return foreign === 0n ? { ackedProtocol } : protocolOutsideOffer(context, state, foreign);
  },
  SET_VRING_NUM: (context, state, { payload }) => {
    const { index, num } = readVringState(payload);
    const most = context.mode.limits['ring_size'];
    if (most !== undefined && num > most) return ringTooLarge(context, index, num, most);
    return { ringSizes: new Map([...state.ringSizes, [index, num]]) };
  },
  SET_VRING_ENABLE: (context, state, { payload }) => {
    const { index, num } = readVringState(payload);
    return num === 0 ? NO_CHANGE : (checkRing(context, state, index) ?? counted(context, state, index));
  },
  SET_VRING_KICK: (context, state, { payload }) => start(context, state, Number(readU64(payload) & RING_INDEX_MASK)),
  // QEMU sends one for each ring of the device as soon as it is connected.
  SET_VRING_CALL: (context, state, { payload }) => counted(context, state, Number(readU64(payload) & RING_INDEX_MASK)),
  VRING_KICK: (context, state, { payload }) => start(context, state, readU32(payload)),
  GET_VRING_BASE: (_context, state, { payload }) => stop(state, readU32(payload)),
  GET_VRING_BASE_SKIP_DRAIN: (_context, state, { payload }) =>
    payload.length < 4 ? NO_CHANGE : stop(state, readU32(payload)),
  // in postcopy the front-end confirms a table and a region by a message with a number in it
  SET_MEM_TABLE: (_context, _state, { payload }) => {
    const regions = readU32(payload);
    return regions === 0 ? NO_CHANGE : { memoryRegions: regions };
  },
  ADD_MEM_REG: (_context, state, { payload }) => (payload.length <= 8 ? NO_CHANGE : regions(state, 1)),
  REM_MEM_REG: (_context, state) => regions(state, -1),
  POSTCOPY_LISTEN: () => ({ postcopy: true }),
  POSTCOPY_END: () => ({ postcopy: false }),
  RESET_OWNER: () => ({ started: [] }),
  RESET_DEVICE: () => ({ started: [] }),
  // QEMU writes a status of 0 when the guest resets the device: what follows is a new driver's choice.
  SET_STATUS: (_context, _state, { payload }) => (readU64(payload) === 0n ? { started: [] } : NO_CHANGE),
};

function start(context: SessionContext, state: SessionState, index: number): SessionChange | CompatError {
  const refused = checkRing(context, state, index);
  if (refused) return refused;
  const started = state.started.includes(index) ? state.started : [...state.started, index];
  return { started, ...counted(context, state, index) };
}

function stop(state: SessionState, index: number): SessionChange {
  return { started: state.started.filter((one) => one !== index) };
}

function regions({ memoryRegions = 0 }: SessionState, more: number): SessionChange {
  return { memoryRegions: Math.max(0, memoryRegions + more) };
}

/** The device has at least this ring. The control queue of a network card is no queue pair. */
function counted(context: SessionContext, state: SessionState, index: number): SessionChange {
  const { deviceType, virtioFeatures } = context.mode;
  if (index === controlRing(context) && (virtioFeatures & NET_CTRL_VQ) !== 0n) return NO_CHANGE;
  return { queuePairs: Math.max(state.queuePairs ?? 0, queuesUpTo(deviceType, index)) };
}

/** A front-end that was told the limit of queues asks for no ring above it. */
function checkRing(context: SessionContext, { acked = 0n }: SessionState, index: number): CompatError | undefined {
  const { deviceType, limits } = context.mode;
  const most = limits[QUEUE_LIMIT];
  const beyond = most === undefined ? undefined : firstRingBeyond(deviceType, most);
  if (most === undefined || beyond === undefined || index < beyond) return undefined;
  // a front-end that does not serve it itself passes it on, behind all pairs (virtio specification, section 5.1.2)
  if (index === controlRing(context) && (acked & NET_CTRL_VQ) !== 0n) return undefined;
  return tooManyQueues(context, index, most);
}

/** Where the control queue of a network card is that has as many queue pairs as the mode allows. */
function controlRing({ mode: { deviceType, limits } }: SessionContext): number | undefined {
  const most = limits[QUEUE_LIMIT];
  return most === undefined || queueCountOf(deviceType).counts === 'queues' ? undefined : most * 2;
}

/** Bits outside the offer are refused, and other bits than before while the device runs. */
function checkFeatures(context: SessionContext, state: SessionState, acked: bigint): CompatError | undefined {
  const foreign = acked & ~state.offered;
  if (foreign !== 0n) return featuresOutsideOffer(context, state, foreign);
  const before = featuresAskedLast(state) ?? state.acked;
  if (before === undefined || state.started.length === 0) return undefined;
  const changed = (acked ^ before) & ~LOG_ALL;
  return changed === 0n ? undefined : featuresWhileRunning(context, changed, before);
}
