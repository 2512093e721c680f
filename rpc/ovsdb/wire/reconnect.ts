/**
 * When to try again, and when to doubt that the peer is alive. Pure: time comes in as an argument, in milliseconds of any
 * steady clock. The figures are those of OVS (lib/reconnect.h), so that both sides of a link have the same patience.
 */

export interface BackoffOptions {
  /** Before the first attempt after a loss. Short, for a server that was only restarted; and most were. */
  readonly firstMs?: number;
  readonly minMs?: number;
  readonly maxMs?: number;
}

/** Delays between attempts to connect: a quick one first, then 1, 2, 4, 8, 8, … seconds. */
export class Backoff {
  readonly #firstMs: number;
  readonly #minMs: number;
  readonly #maxMs: number;
  #nextMs: number;
  #connectedAt: number | undefined;

  constructor(options: BackoffOptions = {}) {
    this.#firstMs = options.firstMs ?? 100;
    this.#minMs = options.minMs ?? 1000;
    this.#maxMs = options.maxMs ?? 8000;
    this.#nextMs = this.#firstMs;
  }

  connected(now: number): void {
    this.#connectedAt = now;
  }

  /** An attempt failed, or a connection was lost: milliseconds to wait before the next attempt. */
  lost(now: number): number {
    // A server that accepts and hangs up at once must not be asked ten times a second: only a connection that has
    // lasted a while brings back the quick attempt.
    const lasted = this.#connectedAt === undefined ? 0 : now - this.#connectedAt;
    this.#connectedAt = undefined;
    if (lasted >= this.#minMs) this.#nextMs = this.#firstMs;
    const delay = this.#nextMs;
    this.#nextMs = delay < this.#minMs ? this.#minMs : Math.min(delay * 2, this.#maxMs);
    return delay;
  }
}

export type Liveness = { readonly do: 'wait'; readonly ms: number } | { readonly do: 'probe' | 'give up' };

/**
 * Inactivity probe: after one interval of silence ask, after another one of silence give up. For TCP, where a peer can
 * vanish without a word; the kernel tells of the end of a unix socket.
 */
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

  /** Call again after the time it says, and send a probe when it says so. */
  check(now: number): Liveness {
    const left = this.#since + this.#intervalMs - now;
    if (left > 0) return { do: 'wait', ms: left };
    if (this.#asked) return { do: 'give up' };
    this.#asked = true;
    this.#since = now;
    return { do: 'probe' };
  }
}
