import { plural } from '../../base/text.ts';
import { requestById, requestName } from '../../compat-tables/protocol/requests.ts';
import { type MessageView, NEED_REPLY, REPLY } from './header.ts';
import { readU64, readVringState } from './payloads.ts';

/**
 * One short line for logs: `SET_VRING_NUM [need_reply] ring 0: 256`. Feature words and ring states are shown; of any
 * other payload only its size, for it may be the guest's.
 */
export function summarise(message: MessageView): string {
  const { request, flags, payload, fds } = message;
  const isReply = (flags & REPLY) !== 0;
  const marks = [
    ...(isReply ? ['[reply]'] : []),
    ...((flags & NEED_REPLY) !== 0 ? ['[need_reply]'] : []),
    ...describe(isReply, request, payload),
    ...(fds.length > 0 ? [`with ${plural(fds.length, 'descriptor')}`] : []),
  ];
  return [requestName(request), ...marks].join(' ');
}

function describe(isReply: boolean, request: number, payload: Uint8Array): string[] {
  if (payload.length === 0) return [];
  const row = requestById(request);
  const shape = isReply ? row?.replyPayload : row?.payload;
  if (payload.length === 8) {
    // What acknowledges a request is a u64 too. That of SEND_RARP has the guest's address.
    if (!isReply && row?.name === 'SEND_RARP') return ['8 bytes'];
    if (shape === 'u64' || shape === 'ring u64' || (isReply && row?.reply === 'ifAsked'))
      return [`0x${readU64(payload).toString(16)}`];
    if (shape === 'state') {
      const { index, num } = readVringState(payload);
      return [`ring ${index}: ${num}`];
    }
  }
  return [`${payload.length} bytes`];
}
