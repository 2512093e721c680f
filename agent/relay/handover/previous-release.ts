import { REQUESTS, type RequestName, requestName } from '../../../compat-tables/protocol/requests.ts';
import { bytesInPipe, peekOffset } from '../../fd/libc-stream.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import {
  JournalError,
  type JournalHead,
  type JournalRecord,
  type PendingMessage,
  type Side,
} from './journal-format.ts';

/** What the release before had of each side: what was to be sent there stood in the pipe until it was sent. */
type Left = Readonly<Record<Side, { readonly socket: OwnedFd; readonly pipe: OwnedFd }>>;

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
 * A pair of the release before, whose journal has format 1, as this release goes on with it. What is in the pipes stays there
 * until the new journal stands in the old one's place. Throws JournalError: it cannot be known what a peer has seen.
 */
export function ofThisRelease(
  head: JournalHead,
  record: JournalRecord,
  left: Left,
): { head: JournalHead; record: JournalRecord } {
  const [frontend = '', , backend = ''] = head.inodes;
  const messages = record.messages.map((one) => messageOfThisRelease(one, left));
  return { head: { ...head, inodes: [frontend, backend] }, record: { ...record, messages } };
}

function messageOfThisRelease(message: PendingMessage, left: Left): PendingMessage {
  const { asks, ...rest } = message;
  const { from, to, via, bytes, request } = rest;
  if (via === 'taken') return rest;
  const now = { ...rest, via: 'peeked' } as const;
  const unsent = bytesInPipe(left[to].pipe.raw);
  // fewer bytes than it has are left of it: it was sent
  if (via === 'pipe' || peekOffset(left[from].socket.raw) < bytes) return { ...now, descriptors: 0, output: unsent };
  if (from === 'frontend' && !asks && SETTERS.has(request)) return now;
  const state = `${requestName(request)} was under way when the release before was ended`;
  throw new JournalError(`${state}, and cannot be known to have been sent`);
}
