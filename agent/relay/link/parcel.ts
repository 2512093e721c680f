import { HEADER_SIZE, type Message } from '../../vhost/header.ts';
import type { Action } from '../session/session.ts';
import type { TapMessage } from './tap.ts';

/** What the session's actions come to: bytes for the other side, and answers of ours for the front-end. */
export interface Parcel {
  /** Undefined: the message goes no further. */
  readonly forwarded: Uint8Array | undefined;
  readonly answers: readonly Uint8Array[];
  readonly verdict: TapMessage['verdict'];
  /** A payload other than the one that came. */
  readonly changedTo: Uint8Array | undefined;
}

/** Pure. */
export function packParcel(actions: readonly Action[], message: Pick<Message, 'bytes'>): Parcel {
  let forwarded: Uint8Array | undefined;
  let verdict: Parcel['verdict'] = 'refused';
  let changedTo: Uint8Array | undefined;
  const answers: Uint8Array[] = [];
  for (const action of actions) {
    if (action.do === 'forward') {
      forwarded = message.bytes;
      verdict = 'forwarded';
    } else if (action.do === 'forwardChanged') {
      forwarded = action.bytes;
      verdict = 'changed';
      changedTo = action.bytes.subarray(HEADER_SIZE);
    } else if (action.do === 'answer') {
      answers.push(action.bytes);
    }
  }
  if (!forwarded && answers[0]) {
    verdict = 'answered';
    changedTo = answers[0].subarray(HEADER_SIZE);
  }
  return { forwarded, answers, verdict, changedTo };
}
