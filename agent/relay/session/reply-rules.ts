import { guestFeatures } from '../../../compat-tables/bits/named-masks.ts';
import { QUEUE_LIMIT, queueCountOf } from '../../../compat-tables/bits/queue-counts.ts';
import { offeredFeatures, offeredProtocolFeatures } from '../../../compat-tables/entries/entry.ts';
import { MOST_SLOTS } from '../../../compat-tables/entries/memory-slots.ts';
import type { RequestName } from '../../../compat-tables/protocol/requests.ts';
import type { RequestOf } from '../../vhost/check-message.ts';
import { encodeMessage, type MessageView } from '../../vhost/header.ts';
import { readU64, writeU64 } from '../../vhost/payloads.ts';
import { settleReply } from './pending-replies.ts';
import { noLongerHonoured, tooFewQueues } from './refusals.ts';
import {
  type Action,
  FORWARD,
  JUST_FORWARD,
  type PendingReply,
  type SessionChange,
  type SessionContext,
  type SessionState,
  type Step,
} from './session.ts';

/** What happens with a message of the back-end, which only ever replies; `row` is that of the request. */
export function decideReply(context: SessionContext, state: SessionState, message: MessageView, row: RequestOf): Step {
  const { pending, answers, solicited, settled } = settleReply(state.pending, message.request);
  const ours = answers.map((bytes): Action => ({ do: 'answer', bytes }));
  if (settled?.dropped) return { state: { ...state, pending }, actions: ours };
  const outcome = row && MASKED_REPLIES[row.name]?.(context, message);
  const action = outcome?.action ?? FORWARD;
  return {
    state: { ...state, ...outcome?.change, ...accepted(settled, message), pending },
    actions:
      solicited && ours.length === 0 && action === FORWARD
        ? JUST_FORWARD
        : [...(solicited ? [] : [UNSOLICITED]), action, ...ours],
  };
}

const UNSOLICITED: Action = { do: 'count', what: 'unsolicited_replies' };

/** Features that the back-end was asked for with need_reply, and took. */
function accepted(settled: PendingReply | undefined, { payload }: MessageView): SessionChange | undefined {
  if (settled?.features === undefined || payload.length !== 8 || readU64(payload) !== 0n) return undefined;
  return { acked: settled.features };
}

interface Outcome {
  readonly action: Action;
  readonly change?: SessionChange;
}

/** The replies that a mode masks or limits, each time that the front-end asks. */
const MASKED_REPLIES: Partial<Record<RequestName, (context: SessionContext, message: MessageView) => Outcome>> = {
  GET_FEATURES: (context, message) => {
    const backend = readU64(message.payload);
    const missing = guestFeatures(context.mode.virtioFeatures) & ~backend;
    if (missing !== 0n) {
      const learned = { virtioFeatures: backend };
      return { action: { do: 'refuse', error: noLongerHonoured(context, missing), close: true, learned } };
    }
    const offered = offeredFeatures(context.mode, backend);
    return { action: forwardValue(message, offered), change: { offered } };
  },
  GET_PROTOCOL_FEATURES: (context, message) => {
    const offeredProtocol = offeredProtocolFeatures(context.mode, readU64(message.payload));
    return { action: forwardValue(message, offeredProtocol), change: { offeredProtocol } };
  },
  GET_QUEUE_NUM: (context, message) => {
    const backend = readU64(message.payload);
    const { deviceType, limits } = context.mode;
    const most = limits[QUEUE_LIMIT];
    if (most === undefined || queueCountOf(deviceType).fixed) return { action: FORWARD };
    if (backend >= BigInt(most)) return { action: forwardValue(message, BigInt(most)) };
    const learned = { limits: { [QUEUE_LIMIT]: Number(backend) } };
    return { action: { do: 'refuse', error: tooFewQueues(context, Number(backend), most), close: true, learned } };
  },
  GET_MAX_MEM_SLOTS: (_context, { payload }) => {
    const slots = readU64(payload);
    return { action: FORWARD, change: slots > MOST_SLOTS ? {} : { memorySlots: Number(slots) } };
  },
};

function forwardValue(message: MessageView, value: bigint): Action {
  if (readU64(message.payload) === value) return FORWARD;
  return { do: 'forwardChanged', bytes: encodeMessage(message.request, message.flags, writeU64(value)) };
}
