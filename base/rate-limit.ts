export interface RateLimitOptions {
  /** How many of one kind pass in each window. */
  readonly burst: number;
  /** Milliseconds. After `burst` only the powers of two of the same window pass. */
  readonly windowMs: number;
  /** Milliseconds of any steady clock. */
  readonly now?: () => number;
}

/** The number of kinds that are remembered; the oldest is forgotten first. */
const MAX_KINDS = 1000;

interface Window {
  readonly since: number;
  times: number;
  leftOut: number;
}

/**
 * Keeps a peer that repeats itself from filling a log or a list of events that others share. Counts by kind, not by text: a
 * stranger can make each text different.
 */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Undefined: leave this one out. Else the number left out since the last one that passed. */
  pass(kind: string): number | undefined {
    const window = this.#windowOf(kind);
    window.times += 1;
    if (window.times > this.#options.burst && !Number.isInteger(Math.log2(window.times))) {
      window.leftOut += 1;
      return undefined;
    }
    const { leftOut } = window;
    window.leftOut = 0;
    return leftOut;
  }

  #windowOf(kind: string): Window {
    const before = this.#windows.get(kind);
    const now = this.#now();
    if (before !== undefined && now - before.since < this.#options.windowMs) return before;
    const window = { since: now, times: 0, leftOut: before?.leftOut ?? 0 };
    this.#windows.delete(kind);
    this.#windows.set(kind, window);
    const [oldest] = this.#windows.keys();
    if (this.#windows.size > MAX_KINDS && oldest !== undefined) this.#windows.delete(oldest);
    return window;
  }
}

/** What a line that passed says of those that were left out before it. */
export function andMore(leftOut: number): string {
  return leftOut === 0 ? '' : ` (${leftOut} more of this kind were not logged)`;
}
