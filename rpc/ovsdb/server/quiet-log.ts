/** What is limited: lines of one kind share a bucket. */
export interface Line {
  readonly event: string;
  readonly remote?: string;
  readonly text: string;
}

/** So many lines at once are worth reading, and one more each second. */
const BURST = 20;
const PER_SECOND = 1;

/** Lines that others can cause in any number: after a burst one a second passes, and says how many did not. */
export class QuietLog {
  readonly #buckets = new Map<string, { tokens: number; at: number; omitted: number }>();

  /** The line to write, or undefined. `now` in milliseconds of any steady clock. */
  pass<L extends Line>(line: L, now: number): L | undefined {
    const key = `${line.event} ${line.remote ?? ''}`;
    const bucket = this.#buckets.get(key) ?? { tokens: BURST, at: now, omitted: 0 };
    this.#buckets.set(key, bucket);
    bucket.tokens = Math.min(BURST, bucket.tokens + ((now - bucket.at) / 1000) * PER_SECOND);
    bucket.at = now;
    if (bucket.tokens < 1) {
      bucket.omitted++;
      return undefined;
    }
    bucket.tokens -= 1;
    const { omitted } = bucket;
    bucket.omitted = 0;
    return omitted === 0 ? line : { ...line, text: `${line.text} (${omitted} more of this kind were not logged)` };
  }
}
