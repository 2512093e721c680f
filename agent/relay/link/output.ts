import { HEADER_SIZE, type Message } from '../../vhost/header.ts';
import type { TracedMessage } from '../../vhost/trace-line.ts';
import type { Action } from '../session/session.ts';

/** The bytes that a message leads to: for the other side, and answers of ours for the front-end. */
export interface Output {
  /** Undefined: the message goes no further. */
  readonly forwarded: Uint8Array | undefined;
  readonly answers: readonly Uint8Array[];
}

const NO_ANSWERS: readonly Uint8Array[] = [];

/** Pure. */
export function outputOf(actions: readonly Action[], { bytes }: Pick<Message, 'bytes'>): Output {
  let forwarded: Uint8Array | undefined;
  let answers = NO_ANSWERS;
  for (const action of actions) {
    if (action.do === 'forward') forwarded = bytes;
    else if (action.do === 'forwardChanged') forwarded = action.bytes;
    else if (action.do === 'answer') answers = [...answers, action.bytes];
  }
  return { forwarded, answers };
}

/** What became of a message, as a trace shows it. */
export function outcomeOf(
  { forwarded, answers }: Output,
  { bytes }: Pick<Message, 'bytes'>,
): Pick<TracedMessage, 'verdict' | 'changedTo'> {
  if (forwarded === bytes) return { verdict: 'forwarded' };
  if (forwarded) return { verdict: 'changed', changedTo: forwarded.subarray(HEADER_SIZE) };
  const [answer] = answers;
  return answer ? { verdict: 'answered', changedTo: answer.subarray(HEADER_SIZE) } : { verdict: 'refused' };
}
