import type { Json } from '../../rpc/json/json-value.ts';

/** Beyond this many unwritten events (the database is away), the oldest are dropped. */
const MAX_EVENTS = 1000;
/** Dropped events leave behind the operations that delete older rows, or the history would outgrow its limit. */
const MAX_DELETIONS = 10_000;

/** Events that are not written yet, each as the operations that belong together. */
export class PendingEvents {
  #events: (readonly Json[])[] = [];
  #deletions: Json[] = [];

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Returns how many were dropped for it. */
  add(event: readonly Json[]): number {
    this.#events.push(event);
    return this.#bound();
  }

  /** Removes and returns all of them, the oldest first. */
  take(): (readonly Json[])[] {
    const events = this.#deletions.length > 0 ? [this.#deletions, ...this.#events] : this.#events;
    this.#events = [];
    this.#deletions = [];
    return events;
  }

  /** Takes back events that could not be written. */
  putBack(events: readonly (readonly Json[])[]): void {
    this.#events = [...events, ...this.#events];
    this.#bound();
  }

  #bound(): number {
    const dropped = this.#events.splice(0, Math.max(0, this.#events.length - MAX_EVENTS));
    for (const event of dropped) this.#deletions.push(...event.filter(isDeletion));
    // The oldest ones are of rows that are there; later ones of events that were dropped themselves.
    this.#deletions.splice(MAX_DELETIONS);
    return dropped.length;
  }
}

function isDeletion(operation: Json): boolean {
  return typeof operation === 'object' && operation !== null && 'op' in operation && operation['op'] === 'delete';
}
