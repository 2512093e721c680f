import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { requestById, requestName } from '../../../compat-tables/protocol/requests.ts';
import { replyDescriptors, requestDescriptors } from '../../vhost/check-message.ts';
import type { VhostChannel, VhostMessage } from '../link/backend-link.ts';
import { SIDES } from '../link/delivery.ts';
import type { Exchange } from '../link/exchange.ts';
import { keepOwn, ownDescriptors } from '../link/own-descriptors.ts';
import type { JournalRecord, PendingMessage, Side } from './journal-format.ts';

type Channels = Readonly<Record<Side, VhostChannel>>;

/**
 * Goes on where the process before this one was ended (docs/adr/0007). The journal says what had been decided and how much
 * of it was sent, the peek offset of a socket how many bytes are not consumed yet.
 *
 * Throws VC-RESUME when it cannot be known what a peer has seen; the pair has to be closed then.
 */
export function resumeExchange(exchange: Exchange, channels: Channels, record: JournalRecord, what: string): void {
  for (const side of SIDES) {
    const pending = record.messages.find(({ from }) => from === side);
    if (pending) resumeMessage(exchange, channels[side], pending, what);
    else channels[side].rewind();
  }
}

function resumeMessage(exchange: Exchange, channel: VhostChannel, pending: PendingMessage, what: string): void {
  const { via, sent, bytes, output } = pending;
  if (via === 'taken') {
    // Also when only a part of it is gone: its descriptors went with that.
    if (channel.begun < bytes)
      throw cannotResume(what, pending, 'it was taken from the kernel and may not have been sent');
    channel.rewind();
    return;
  }
  if (sent >= (output?.length ?? bytes)) exchange.adopt(pending);
  else exchange.adopt(pending, peekAgain(channel, pending, what));
}

/** Peeks at a message once more, for its bytes and descriptors. */
function peekAgain(channel: VhostChannel, pending: PendingMessage, what: string): VhostMessage {
  channel.rewind();
  const peeked = channel.peek();
  if (peeked) {
    const { message, alone, truncated } = peeked;
    const row = requestById(message.request);
    const bounds = pending.from === 'frontend' ? requestDescriptors(message, row) : replyDescriptors(message, row);
    const owned = ownDescriptors(bounds, message.fds.length, alone, truncated);
    const same = typeof owned === 'object' && message.request === pending.request && owned.own >= pending.descriptors;
    if (same) return keepOwn(message, pending.descriptors);
  }
  throw cannotResume(what, pending, 'another message stands in its place');
}

function cannotResume(what: string, { request, from }: PendingMessage, why: string): CompatError {
  const sender = from === 'frontend' ? 'front-end' : 'back-end';
  const state = `${requestName(request)} of the ${sender} was under way when the agent was ended, and ${why}`;
  return new CompatError('VC-RESUME', `Cannot go on with ${what}: ${state}`, { interface: what });
}
