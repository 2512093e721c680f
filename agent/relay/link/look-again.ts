/** How long the next message is looked for after one was relayed: longer than a peer takes that only has to be woken. */
const LOOK_MS = 0.15;
/** Other ports wait meanwhile. A whole handshake takes less. */
const MOST_AT_ONCE_MS = 5;
/** In each window so much may be spent on looks that find nothing. */
const WINDOW_MS = 100;
const MOST_IN_VAIN_MS = 3;

/**
 * A peer that was sent a message answers at once, as a rule. To look for that a moment longer is quicker than to go to sleep
 * and be woken, which is a good third of what a relay costs in a handshake. When many ports are busy, looks are in vain, and
 * few are made.
 */
export class LookAgain {
  readonly #now: () => number;
  #windowEnds = 0;
  #inVainMs = 0;

  /** `now`: milliseconds on a clock that never goes back. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Calls `look` until it finds nothing for a moment; it says whether it found something. */
  while(look: () => boolean): void {
    const begun = this.#now();
    if (begun >= this.#windowEnds) {
      this.#windowEnds = begun + WINDOW_MS;
      this.#inVainMs = 0;
    }
    if (this.#inVainMs >= MOST_IN_VAIN_MS) return;
    let last = begun;
    for (let now = begun; now - begun < MOST_AT_ONCE_MS; ) {
      const found = look();
      now = this.#now();
      if (found) last = now;
      else if (now - last >= LOOK_MS) {
        this.#inVainMs += now - last;
        return;
      }
    }
  }
}

/** One for all ports: what one of them may spend the others cannot. */
export const lookAgain = new LookAgain();
