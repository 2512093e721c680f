export interface BackoffOptions {
  /** The pause before the second restart in a row; the first one comes at once. */
  readonly firstMs: number;
  /** Pauses double up to this one. */
  readonly longestMs: number;
  /** A life that was ready and lasted so long is a success: the next restart comes at once again. */
  readonly goodLifeMs: number;
}

/** Short, because guests stand still meanwhile; long enough that a program that cannot start does not take a processor. */
export const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 20, longestMs: 1000, goodLifeMs: 500 };

/** How long to wait before a process is started again. */
export class Backoff {
  readonly #options: BackoffOptions;
  #inARow = 0;

  constructor(options: BackoffOptions = DEFAULT_BACKOFF) {
    this.#options = options;
  }

  /** The pause after a life that ended unexpectedly. */
  after(life: { readonly ready: boolean; readonly lastedMs: number }): number {
    const { firstMs, longestMs, goodLifeMs } = this.#options;
    if (life.ready && life.lastedMs >= goodLifeMs) this.#inARow = 0;
    this.#inARow += 1;
    return this.#inARow === 1 ? 0 : Math.min(firstMs * 2 ** Math.min(this.#inARow - 2, 30), longestMs);
  }
}
