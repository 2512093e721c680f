import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { REQUESTS, type RequestName, requestById, requestName } from '../../../compat-tables/protocol/requests.ts';
import { closeAll } from '../../fd/owned-fd.ts';
import { processHolds, processServes } from '../../fd/process-descriptors.ts';
import { replyDescriptors, requestDescriptors } from '../../vhost/check-message.ts';
import { encodeRequest } from '../../vhost/header.ts';
import type { VhostChannel, VhostMessage } from '../link/backend-link.ts';
import { type Delivery, SIDES } from '../link/delivery.ts';
import { BARRIER, type Exchange } from '../link/exchange.ts';
import { keepOwn, ownDescriptors } from '../link/own-descriptors.ts';
import { isUnanswered } from '../session/pending-replies.ts';
import type { JournalRecord, PendingMessage, Side } from './journal-format.ts';

type Channels = Readonly<Record<Side, VhostChannel>>;

/** A front-end that got its reply goes on at once: how long to wait for that, and how often to look. */
const EVIDENCE_PATIENCE_MS = 200;
const EVIDENCE_LOOK_MS = 20;
/** Mapping the memory of a large guest takes a back-end its time. */
const REPLY_PATIENCE_MS = 5000;

/** Requests that nobody answers and that set something: setting the same file again changes nothing. */
const SETTERS: ReadonlySet<number> = new Set(
  (
    [
      ...['SET_VRING_KICK', 'SET_VRING_CALL', 'SET_VRING_ERR', 'SET_MEM_TABLE', 'SET_LOG_BASE', 'SET_LOG_FD'],
      ...['SET_BACKEND_REQ_FD', 'SET_INFLIGHT_FD', 'GPU_SET_SOCKET'],
    ] as RequestName[]
  ).map((name) => REQUESTS[name].id),
);

/**
 * Goes on where the process before this one was ended (docs/adr/0007). The journal says what had been decided, the kernel
 * how much of it was done: the peek offset of a socket counts the bytes that are not consumed yet, and what is in a pipe
 * was not sent yet. More has to be found out only about a message with descriptors that may have been sent or not.
 *
 * Throws VC-RESUME when it cannot be known what a peer has seen; the pair has to be closed then.
 */
export function resumeExchange(exchange: Exchange, channels: Channels, record: JournalRecord, what: string): void {
  const resumption: Resumption = { exchange, channels, record, what };
  for (const side of SIDES) {
    const owed = record.messages.some(({ to }) => to === side) || (side === 'backend' && record.barriers > 0);
    // Staged and then ended before the journal said so: the message is decided on anew.
    if (!owed) channels[side].unstage();
  }
  for (const side of SIDES) {
    const pending = record.messages.find(({ from }) => from === side);
    if (pending) resumeMessage(resumption, { ...pending });
    else channels[side].rewind();
  }
}

interface Resumption {
  readonly exchange: Exchange;
  readonly channels: Channels;
  readonly record: JournalRecord;
  /** The interface, for messages. */
  readonly what: string;
}

function resumeMessage(resumption: Resumption, delivery: Delivery): void {
  const { exchange, channels, record, what } = resumption;
  if (delivery.via === 'taken') {
    // Also when only a part of it is gone: its descriptors went with that.
    if (channels[delivery.from].begun < delivery.bytes)
      throw cannotResume(what, delivery, 'it was taken from the kernel and may not have been sent');
    channels[delivery.to].unstage();
    channels[delivery.from].rewind();
    return;
  }
  exchange.adopt(delivery);
  if (delivery.via === 'pipe' || channels[delivery.from].begun < delivery.bytes) return;
  const message = peekAgain(channels[delivery.from], delivery, what);
  delivery.uncertain = message;
  if (delivery.to === 'frontend') awaitEvidence(resumption, delivery, message);
  else if (delivery.asks && record.state.postcopy && delivery.request === REQUESTS.SET_MEM_TABLE.id)
    awaitReply(resumption, delivery, message);
  else if (delivery.asks) askBackend(resumption, delivery, message);
  else if (SETTERS.has(delivery.request)) {
    delivery.uncertain = undefined;
    delivery.unsent = message;
  } else {
    closeAll(message.fds);
    delivery.uncertain = undefined;
    throw cannotResume(what, delivery, 'nobody answers it');
  }
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
    const same = typeof owned === 'object' && message.request === pending.request && owned.own === pending.descriptors;
    if (same) return keepOwn(message, owned.own);
  }
  throw cannotResume(what, pending, 'another message stands in its place');
}

/** The message was sent before this process began. */
function wasSent(exchange: Exchange, delivery: Delivery, message: VhostMessage): void {
  closeAll(message.fds);
  exchange.resolve(delivery);
}

/**
 * Sends a barrier, a question of our own. The back-end answers in order: when the barrier is answered before the message,
 * the message never reached the back-end.
 */
function askBackend(
  { exchange, channels: { backend }, record }: Resumption,
  delivery: Delivery,
  message: VhostMessage,
): void {
  if (record.barriers === 0) {
    // A question that was staged and not recorded, as the process ended in between, is not asked twice.
    backend.unstage();
    backend.stage(encodeRequest(BARRIER));
  }
  exchange.awaitBarrier(() => {
    if (isUnanswered(exchange.session, delivery.request)) exchange.resolve(delivery, message);
    else wasSent(exchange, delivery, message);
  });
}

/**
 * In postcopy the back-end answers a memory table with one of its own and takes the very next message for the front-end's
 * consent to it (vhost-user.rst, "Postcopy"): no other question may come in between. Its answer is waited for.
 */
function awaitReply({ exchange, channels, what }: Resumption, delivery: Delivery, message: VhostMessage): void {
  const deadline = performance.now() + REPLY_PATIENCE_MS;
  const look = (): void => {
    if (!exchange.isOpen) return;
    if (!isUnanswered(exchange.session, delivery.request)) wasSent(exchange, delivery, message);
    else if (performance.now() < deadline) setTimeout(look, EVIDENCE_LOOK_MS);
    else channels.frontend.fail(cannotResume(what, delivery, 'the back-end does not answer it'));
  };
  setTimeout(look, 0);
}

/**
 * A front-end that has its reply says something new, has not read it yet, or holds what came with it. When it shows none
 * of this for a while, it does not have the reply.
 */
function awaitEvidence({ exchange, channels, what }: Resumption, delivery: Delivery, message: VhostMessage): void {
  const { frontend } = channels;
  const deadline = performance.now() + EVIDENCE_PATIENCE_MS;
  const { peer } = exchange.context;
  // Another process than the one that made the socket we connected to may answer there: that the maker lacks the file then
  // tells nothing.
  const serves = peer.socket === undefined || processServes(peer.pid, frontend.peerAddress);
  const look = (): void => {
    if (!exchange.isOpen) return;
    const held = message.fds.map(({ raw }) => {
      const seen = processHolds(peer.pid, raw);
      return seen === false && !serves ? undefined : seen;
    });
    if (frontend.unread > 0 || frontend.unsent > 0 || held.includes(true)) wasSent(exchange, delivery, message);
    else if (performance.now() < deadline) setTimeout(look, EVIDENCE_LOOK_MS);
    else if (!held.includes(undefined)) exchange.resolve(delivery, message);
    else frontend.fail(cannotResume(what, delivery, 'the front-end may be waiting for it or not'));
  };
  setTimeout(look, 0);
}

function cannotResume(what: string, { request, from }: PendingMessage, why: string): CompatError {
  const sender = from === 'frontend' ? 'front-end' : 'back-end';
  const state = `${requestName(request)} of the ${sender} was under way when the agent was ended, and ${why}`;
  return new CompatError('VC-RESUME', `Cannot go on with ${what}: ${state}`, { interface: what });
}
