export interface BackoffOptions {
  /** The first pause after a success, milliseconds. Default: `firstMs`. */
  readonly quickMs?: number | undefined;
  /** The pause that is doubled, milliseconds. */
  readonly firstMs: number;
  /** The longest pause, milliseconds. */
  readonly longestMs: number;
}

/** The pauses between attempts: a quick one, then one that doubles up to the longest. Pure: the caller has the clock. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** An attempt failed: the pause before the next one, milliseconds. */
  next(): number {
    const { quickMs, firstMs, longestMs } = this.#options;
    const doublings = quickMs === undefined ? this.#failures : this.#failures - 1;
    this.#failures += 1;
    // 2 ** 30 times the smallest pause is longer than any timer; more would only lose digits.
    return doublings < 0 ? (quickMs ?? firstMs) : Math.min(firstMs * 2 ** Math.min(doublings, 30), longestMs);
  }

  /** An attempt succeeded: the next failure is the first one again. */
  reset(): void {
    this.#failures = 0;
  }
}
