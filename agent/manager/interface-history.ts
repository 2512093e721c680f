import type { Json } from '../../rpc/json/types.ts';

/** Beyond this many unsent events (the database is away), the oldest are dropped. */
const MAX_EVENTS = 1000;
/** Of dropped events those operations are kept that delete older rows, or the history would outgrow its limit. */
const MAX_DELETIONS = 10_000;

/** Events that wait to be written, each the operations that go together. */
export class History {
  #events: (readonly Json[])[] = [];
  #deletions: Json[] = [];

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** How many were dropped for it. */
  add(event: readonly Json[]): number {
    this.#events.push(event);
    return this.#bound();
  }

  /** All that waits, the oldest first. */
  take(): (readonly Json[])[] {
    const events = this.#deletions.length > 0 ? [this.#deletions, ...this.#events] : this.#events;
    this.#events = [];
    this.#deletions = [];
    return events;
  }

  /** Events that could not be sent. */
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
