import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { ApiConnection } from './api-connection.ts';
import type { EventJson } from './methods.ts';

export interface EventFilter {
  readonly interface?: string;
  readonly kinds?: readonly string[];
}

/** A connection needs few; more are a mistake in a loop. */
const MAX_PER_CONNECTION = 100;

/** The subscriptions of connections to events. */
export class EventSubscriptions {
  readonly #byConnection = new Map<ApiConnection, Map<number, EventFilter>>();
  #last = 0;

  constructor(subscribe: (listener: (event: EventJson) => void) => () => void) {
    subscribe((event) => this.#deliver(event));
  }

  /** The number of the new subscription. It ends with its connection. */
  add(connection: ApiConnection, filter: EventFilter): number {
    let filters = this.#byConnection.get(connection);
    if (filters === undefined) {
      filters = new Map();
      this.#byConnection.set(connection, filters);
      connection.onClose(() => this.#byConnection.delete(connection));
    }
    if (filters.size >= MAX_PER_CONNECTION) {
      const text = `Cannot subscribe: this connection has ${filters.size} subscriptions; wanted fewer than ${MAX_PER_CONNECTION}`;
      throw new CompatError('VC-API-PARAMS', text);
    }
    const subscription = ++this.#last;
    filters.set(subscription, filter);
    return subscription;
  }

  remove(connection: ApiConnection, subscription: number): boolean {
    return this.#byConnection.get(connection)?.delete(subscription) ?? false;
  }

  #deliver(event: EventJson): void {
    let text: string | undefined;
    for (const [connection, filters] of this.#byConnection) {
      for (const [subscription, filter] of filters) {
        if (!matches(filter, event)) continue;
        // once for all: there may be thousands of subscriptions
        text ??= JSON.stringify(event);
        connection.notifyText(notification(subscription, text));
      }
    }
  }
}

function matches(filter: EventFilter, event: EventJson): boolean {
  if (filter.interface !== undefined && filter.interface !== event.interface) return false;
  return filter.kinds === undefined || filter.kinds.includes(event.kind);
}

/** `events.event`, with the event as JSON. */
function notification(subscription: number, event: string): string {
  return `{"jsonrpc":"2.0","method":"events.event","params":{"subscription":${subscription},"event":${event}}}`;
}
