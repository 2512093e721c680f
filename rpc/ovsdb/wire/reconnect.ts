import { Backoff } from '../../../base/backoff.ts';

/**
 * When to connect again, and when to give up a silent peer. Pure: times are arguments, in milliseconds of any steady clock.
 * The figures are those of OVS (lib/reconnect.h), so that both sides of a connection wait equally long.
 */

export interface ReconnectOptions {
  /** Pause before the first attempt after a loss. Short, because most servers were only restarted. */
  readonly firstMs?: number;
  readonly minMs?: number;
  readonly maxMs?: number;
}

/** Pauses between attempts to connect: a quick one first, then 1, 2, 4, 8, 8, … seconds. */
export class ReconnectBackoff {
  readonly #backoff: Backoff;
  readonly #minMs: number;
  #connectedAt: number | undefined;

  constructor({ firstMs = 100, minMs = 1000, maxMs = 8000 }: ReconnectOptions = {}) {
    this.#backoff = new Backoff({ quickMs: firstMs, firstMs: minMs, longestMs: maxMs });
    this.#minMs = minMs;
  }

  connected(now: number): void {
    this.#connectedAt = now;
  }

  /** After a failed attempt or a lost connection: milliseconds to wait before the next attempt. */
  lost(now: number): number {
    // Only a connection that lasted a while brings back the quick attempt: a server that accepts and hangs up at once must
    // not be tried ten times a second.
    const lasted = this.#connectedAt === undefined ? 0 : now - this.#connectedAt;
    this.#connectedAt = undefined;
    if (lasted >= this.#minMs) this.#backoff.reset();
    return this.#backoff.next();
  }
}

export type Liveness = { readonly do: 'wait'; readonly ms: number } | { readonly do: 'probe' | 'give up' };

/** Inactivity probe: one interval of silence: probe; another one: give up. For TCP, where a peer can vanish unnoticed. */
export class InactivityProbe {
  readonly #intervalMs: number;
  #since: number;
  #asked = false;

  constructor(intervalMs: number, now: number) {
    this.#intervalMs = intervalMs;
    this.#since = now;
  }

  /** Something came from the peer, or it took what we sent. */
  activity(now: number): void {
    this.#since = now;
    this.#asked = false;
  }

  /** What to do now; call again after the time it returns. */
  check(now: number): Liveness {
    const left = this.#since + this.#intervalMs - now;
    if (left > 0) return { do: 'wait', ms: left };
    if (this.#asked) return { do: 'give up' };
    this.#asked = true;
    this.#since = now;
    return { do: 'probe' };
  }
}
