import { Backoff } from '../../../base/backoff.ts';

/**
 * When to connect again, and when to give a silent peer up. Pure: time comes in as an argument, in milliseconds of any
 * steady clock. The figures are those of OVS (lib/reconnect.h), so that both sides of a connection have the same patience.
 */

export interface ReconnectOptions {
  /** Before the first attempt after a loss. Short, because most servers were only restarted. */
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

  /** An attempt failed, or a connection was lost: milliseconds to wait before the next attempt. */
  lost(now: number): number {
    // A server that accepts and hangs up at once must not be asked ten times a second: only a connection that has
    // lasted a while brings back the quick attempt.
    const lasted = this.#connectedAt === undefined ? 0 : now - this.#connectedAt;
    this.#connectedAt = undefined;
    if (lasted >= this.#minMs) this.#backoff.reset();
    return this.#backoff.next();
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
