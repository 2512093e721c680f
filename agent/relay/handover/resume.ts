import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { REQUESTS, requestName } from '../../../compat-tables/protocol/requests.ts';
import { processHolds, processServes } from '../../fd/held-file.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import { socketPath } from '../../fd/peer.ts';
import { replyDescriptors, requestDescriptors } from '../../vhost/rules.ts';
import type { VhostChannel, VhostMessage } from '../link/backend-link.ts';
import { claim } from '../link/claim.ts';
import type { Exchange, Flying } from '../link/exchange.ts';
import { Fence } from './fence.ts';
import type { Flight, JournalRecord, Side } from './journal-format.ts';

type Channels = Readonly<Record<Side, VhostChannel>>;

const SIDES = ['frontend', 'backend'] as const;
/** A front-end that got its reply goes on at once; how long it is waited for, and how often it is looked at. */
const EVIDENCE_PATIENCE_MS = 200;
const EVIDENCE_LOOK_MS = 20;
/** Mapping the memory of a large guest takes a back-end its time. */
const REPLY_PATIENCE_MS = 5000;

/** Requests that nobody answers and that set something: setting the same file again changes nothing. */
const SETTERS: ReadonlySet<number> = new Set(
  (
    [
      ...([
        'SET_VRING_KICK',
        'SET_VRING_CALL',
        'SET_VRING_ERR',
        'SET_MEM_TABLE',
        'SET_LOG_BASE',
        'SET_LOG_FD',
      ] as const),
      ...(['SET_BACKEND_REQ_FD', 'SET_INFLIGHT_FD', 'GPU_SET_SOCKET'] as const),
    ] as const
  ).map((name) => REQUESTS[name].id),
);

/**
 * Goes on where the process before this one was ended (docs/adr/0007). The journal says what had been decided, the kernel
 * how much of it was done: the peek offset of a socket counts the bytes that are not consumed yet, and what is in a pipe
 * was not sent yet. Only for a message with descriptors that may or may not have been sent has more to be found out.
 *
 * Throws VC-RESUME when it cannot be known what a peer has seen; the pair has to be closed then.
 */
export function resumeExchange(exchange: Exchange, channels: Channels, record: JournalRecord, what: string): void {
  for (const side of SIDES) {
    const owed = record.flights.some(({ to }) => to === side) || (side === 'backend' && record.fences > 0);
    // Staged and then ended before the journal said so: the message is decided on anew.
    if (!owed) channels[side].unstage();
  }
  for (const side of SIDES) {
    const flight = record.flights.find(({ from }) => from === side);
    if (flight) resumeFlight(exchange, channels, { ...flight }, record, what);
    else channels[side].rewind();
  }
}

function resumeFlight(
  exchange: Exchange,
  channels: Channels,
  flight: Flying,
  record: JournalRecord,
  what: string,
): void {
  if (flight.via === 'taken') {
    // Also when only a part of it is gone: its descriptors went with that.
    if (channels[flight.from].begun < flight.bytes)
      throw unknown(what, flight, 'it was taken from the kernel and may not have been sent');
    channels[flight.to].unstage();
    channels[flight.from].rewind();
    return;
  }
  exchange.adopt(flight);
  if (flight.via === 'pipe' || channels[flight.from].begun < flight.bytes) return;
  const message = again(channels[flight.from], flight, what);
  flight.uncertain = message;
  if (flight.to === 'frontend') awaitEvidence(exchange, channels, flight, message, what);
  else if (flight.asks && record.state.postcopy && flight.request === REQUESTS.SET_MEM_TABLE.id)
    awaitReply(exchange, channels, flight, message, what);
  else if (flight.asks) askBackend(exchange, channels.backend, flight, message, record);
  else if (SETTERS.has(flight.request)) {
    flight.uncertain = undefined;
    flight.cargo = cargoOf(message);
  } else {
    drop(message);
    flight.uncertain = undefined;
    throw unknown(what, flight, 'nobody answers it');
  }
}

/** Peeks at a message once more, for its bytes and descriptors. */
function again(channel: VhostChannel, flight: Flight, what: string): VhostMessage {
  channel.rewind();
  const peeked = channel.peek();
  if (peeked) {
    const { message, alone, truncated } = peeked;
    const bounds = flight.from === 'frontend' ? requestDescriptors(message) : replyDescriptors(message);
    const claimed = claim(bounds, message.fds.length, alone, truncated);
    const same =
      message.request === flight.request && typeof claimed === 'object' && claimed.own === flight.descriptors;
    if (same) {
      for (const fd of message.fds.slice(claimed.own)) fd.close();
      return { ...message, fds: message.fds.slice(0, claimed.own) };
    }
  }
  throw unknown(what, flight, 'another message stands in its place');
}

function cargoOf({ bytes, fds }: VhostMessage): { bytes: Uint8Array; fds: readonly OwnedFd[] } {
  return { bytes, fds };
}

function drop({ fds }: VhostMessage): void {
  for (const fd of fds) fd.close();
}

/** The back-end answers in order: its answer to another question tells whether it got this one. */
function askBackend(
  exchange: Exchange,
  backend: VhostChannel,
  flight: Flying,
  message: VhostMessage,
  record: JournalRecord,
): void {
  const fence = new Fence(() => {
    if (isUnanswered(exchange, flight)) {
      exchange.certain(flight, cargoOf(message));
      return;
    }
    drop(message);
    exchange.certain(flight);
  });
  if (record.fences === 0) {
    // One that was staged and not recorded, when we were ended in between, is not asked twice.
    backend.unstage();
    backend.stage(Fence.question);
  }
  exchange.awaitFence(fence);
}

function isUnanswered({ session }: Exchange, flight: Flight): boolean {
  return session.pending.some(({ request, answer }) => request === flight.request && answer === undefined);
}

/**
 * In postcopy the back-end answers a memory table with one of its own and takes the very next message for the front-end's
 * consent to it (vhost-user.rst, "Postcopy"): no other question may come in between. Its answer is waited for.
 */
function awaitReply(
  exchange: Exchange,
  { frontend }: Channels,
  flight: Flying,
  message: VhostMessage,
  what: string,
): void {
  const deadline = Date.now() + REPLY_PATIENCE_MS;
  const look = (): void => {
    if (!exchange.isOpen) return;
    if (!isUnanswered(exchange, flight)) {
      drop(message);
      exchange.certain(flight);
    } else if (Date.now() < deadline) setTimeout(look, EVIDENCE_LOOK_MS);
    else frontend.fail(unknown(what, flight, 'the back-end does not answer it'));
  };
  setTimeout(look, 0);
}

/**
 * A front-end that has its reply says something new, has not read it yet, or holds what came with it. One that shows none
 * of this, for a while, does not have it.
 */
function awaitEvidence(
  exchange: Exchange,
  { frontend }: Channels,
  flight: Flying,
  message: VhostMessage,
  what: string,
): void {
  const deadline = Date.now() + EVIDENCE_PATIENCE_MS;
  const { peer } = exchange.context;
  // Who made the socket that we connected to need not be who answers there: it does not tell then that nobody has the file.
  const path = socketPath(peer);
  const isIt = path === undefined || processServes(peer.pid, path);
  const look = (): void => {
    if (!exchange.isOpen) return;
    const held = message.fds.map(({ raw }) => {
      const seen = processHolds(peer.pid, raw);
      return seen === false && !isIt ? undefined : seen;
    });
    if (frontend.unread > 0 || frontend.unsent > 0 || held.includes(true)) {
      drop(message);
      exchange.certain(flight);
    } else if (Date.now() < deadline) {
      setTimeout(look, EVIDENCE_LOOK_MS);
    } else if (held.includes(undefined)) {
      frontend.fail(unknown(what, flight, 'the front-end may be waiting for it or not'));
    } else {
      exchange.certain(flight, cargoOf(message));
    }
  };
  setTimeout(look, 0);
}

function unknown(what: string, { request, from }: Flight, why: string): CompatError {
  const sender = from === 'frontend' ? 'front-end' : 'back-end';
  return new CompatError(
    'VC-RESUME',
    `Cannot go on with ${what}: ${requestName(request)} of the ${sender} was under way when the agent was ended, and ${why}`,
    { interface: what },
  );
}
