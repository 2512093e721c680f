import type { TraceListener } from '../vhost/trace-line.ts';

/** The listeners to the messages of each interface. A port without a listener spends nothing on it. */
export class TraceListeners {
  readonly #byName = new Map<string, Set<TraceListener>>();

  /** Adds a listener; the result removes it. */
  add(name: string, listener: TraceListener): () => void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byName.get(name) === listeners) this.#byName.delete(name);
    };
  }

  /** All listeners of an interface as one; undefined when there is none. */
  of(name: string): TraceListener | undefined {
    const listeners = this.#byName.get(name);
    if (listeners === undefined) return undefined;
    return (message) => {
      for (const listener of listeners) listener(message);
    };
  }
}
