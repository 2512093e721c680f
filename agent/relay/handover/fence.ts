import { REQUESTS } from '../../../compat-tables/protocol/requests.ts';
import { encodeRequest } from '../../vhost/header.ts';
import type { Pending } from '../session/session.ts';

/**
 * A question of our own to the back-end, which answers in order: when the answer comes, whatever was asked before and is
 * not answered by then was never asked. It tells whether a request reached the back-end before we were ended. GET_FEATURES
 * has no effect and carries no descriptors, and every back-end answers it at any time.
 */
export class Fence {
  readonly #answered: () => void;

  constructor(answered: () => void) {
    this.#answered = answered;
  }

  static readonly question: Uint8Array = encodeRequest(REQUESTS.GET_FEATURES.id);

  readonly outstanding = 1;

  /** Is this reply the fence's? Not while the front-end itself waits for one of that kind. */
  swallows(request: number, pending: readonly Pending[]): boolean {
    if (request !== REQUESTS.GET_FEATURES.id) return false;
    return !pending.some((one) => one.request === request && one.answer === undefined);
  }

  answered(): void {
    this.#answered();
  }
}
