import { LOG_SHMFD, REPLY_ACK } from '../../../compat-tables/bits/named-masks.ts';
import type { RequestOf } from '../../vhost/check-message.ts';
import { type MessageView, NEED_REPLY } from '../../vhost/header.ts';
import { readU32, readU64 } from '../../vhost/payloads.ts';
import type { PendingReply, SessionState } from './session.ts';

/** A front-end asks one thing at a time; this many unanswered requests are a flood. */
export const MAX_PENDING = 256;

/** The reply that a request leads to; undefined: the back-end answers nothing. */
export function pendingReply(
  state: SessionState,
  { request, flags, payload }: MessageView,
  row: RequestOf,
): PendingReply | undefined {
  if (!wantsOutcome(state, flags) && !isAnswered(state, payload, row)) return undefined;
  return row?.name === 'SET_FEATURES' ? { request, features: readU64(payload) } : { request };
}

/** Requests that are answered without need_reply. */
function isAnswered(state: SessionState, payload: Uint8Array, row: RequestOf): boolean {
  switch (row?.name) {
    case 'SET_MEM_TABLE':
      return state.postcopy && readU32(payload) > 0;
    // The front-end's consent in postcopy, a u64, gets no answer.
    case 'ADD_MEM_REG':
      return state.postcopy && payload.length > 8;
    case 'SET_LOG_BASE':
      return ((state.ackedProtocol ?? 0n) & LOG_SHMFD) !== 0n;
    default:
      return row?.reply === 'always';
  }
}

/** The front-end waits for the outcome of its request: need_reply, once REPLY_ACK is negotiated. */
export function wantsOutcome({ ackedProtocol }: Pick<SessionState, 'ackedProtocol'>, flags: number): boolean {
  return (flags & NEED_REPLY) !== 0 && ((ackedProtocol ?? 0n) & REPLY_ACK) !== 0n;
}

/**
 * Takes a reply off the list. Replies come in the order of the requests: one for a later request means that those before
 * it get none. `answers`: replies of ours whose turn has come.
 */
export function settleReply(pending: readonly PendingReply[], request: number) {
  const at = pending.findIndex((one) => one.answer === undefined && one.request === request);
  if (at < 0) return { pending, answers: [], solicited: false, settled: undefined };
  const rest = pending.slice(at + 1);
  const due = rest.findIndex(({ answer }) => answer === undefined);
  const own = due < 0 ? rest : rest.slice(0, due);
  const answers = [...pending.slice(0, at), ...own].flatMap(({ answer }) => answer ?? []);
  return { pending: rest.slice(own.length), answers, solicited: true, settled: pending[at] };
}

/** The replies that the back-end still owes when the front-end that waits for them has left. */
export function owedReplies({ pending }: Pick<SessionState, 'pending'>): PendingReply[] {
  return pending.filter(({ answer }) => answer === undefined).map(({ request }) => ({ request, dropped: true }));
}

/** Features that the back-end was asked for last and has not answered about: it may have taken them already. */
export function featuresAskedLast({ pending }: Pick<SessionState, 'pending'>): bigint | undefined {
  return pending.findLast(({ features, dropped }) => features !== undefined && !dropped)?.features;
}
