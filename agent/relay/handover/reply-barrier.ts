import { REQUESTS } from '../../../compat-tables/protocol/requests.ts';
import { encodeRequest } from '../../vhost/header.ts';
import { isUnanswered } from '../session/pending-replies.ts';
import type { SessionState } from '../session/session.ts';

/**
 * A question of our own to the back-end, which answers in order: a request before it whose reply has not come when the
 * barrier is answered never reached the back-end. GET_FEATURES has no effect, carries no descriptors, and every back-end
 * answers it at any time.
 */
export class ReplyBarrier {
  static readonly question: Uint8Array = encodeRequest(REQUESTS.GET_FEATURES.id);
  readonly answered: () => void;

  constructor(answered: () => void) {
    this.answered = answered;
  }

  /** Is this reply the barrier's? Not while the front-end itself waits for one of that kind. */
  isAnsweredBy(request: number, state: SessionState): boolean {
    return request === REQUESTS.GET_FEATURES.id && !isUnanswered(state, request);
  }
}
