import type { TraceListener } from '../vhost/trace-line.ts';

/** Who listens to which interface. One without listeners has no tap, so that its messages cost nothing. */
export class Taps {
  readonly #byName = new Map<string, Set<TraceListener>>();

  /** The answer takes it away again. */
  add(name: string, tap: TraceListener): () => void {
    const taps = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, taps.add(tap));
    return () => {
      taps.delete(tap);
      if (taps.size === 0 && this.#byName.get(name) === taps) this.#byName.delete(name);
    };
  }

  /** All taps of an interface as one; undefined when there is none. */
  of(name: string): TraceListener | undefined {
    const taps = this.#byName.get(name);
    if (taps === undefined) return undefined;
    return (message) => {
      for (const tap of taps) tap(message);
    };
  }
}
