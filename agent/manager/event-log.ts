import { randomUUID } from 'node:crypto';
import type { Log } from '../../base/log.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { encodeEvent } from '../../rpc/state/encode-rows.ts';
import type { StoredEvent } from './host-rows.ts';
import type { PendingWrites } from './pending-writes.ts';

/** Something that happened to an interface or to the host. */
export interface AgentEvent {
  /** The host name, as the configuration has it. */
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: string;
  readonly interface?: string;
  /** A code of the catalogue when the event is an error. */
  readonly code?: string;
  readonly text: string;
  readonly details: Readonly<Record<string, string>>;
}

export type EventListener = (event: AgentEvent) => void;

/** The events of a burst get later times than they had, but not by more than this. */
const CLOCK_SET_BACK_MS = 60_000;

/** Writes every event to the log and to the bounded history in the database, and tells those who listen. */
export class EventLog {
  readonly #systemId: string;
  readonly #host: string;
  readonly #limit: number;
  readonly #writes: Pick<PendingWrites, 'record'>;
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #now: () => number;
  readonly #listeners = new Set<EventListener>();
  /** UUIDs of the rows of this host in the table Event, the oldest first. */
  readonly #stored: string[];
  /** The time of the last event. */
  #last: number;

  constructor(options: {
    systemId: string;
    host: string;
    limit: number;
    stored: readonly StoredEvent[];
    writes: Pick<PendingWrites, 'record'>;
    log: Pick<Log, 'info' | 'warn'>;
    now?: () => number;
  }) {
    this.#systemId = options.systemId;
    this.#host = options.host;
    this.#limit = options.limit;
    this.#stored = options.stored.map(({ uuid }) => uuid);
    this.#last = options.stored.at(-1)?.time ?? 0;
    this.#now = options.now ?? Date.now;
    this.#writes = options.writes;
    this.#log = options.log;
  }

  record(event: Omit<AgentEvent, 'host' | 'time' | 'details'> & { details?: Readonly<Record<string, string>> }): void {
    const full: AgentEvent = { host: this.#host, time: this.#time(), ...event, details: event.details ?? {} };
    const write = full.code === undefined ? this.#log.info.bind(this.#log) : this.#log.warn.bind(this.#log);
    write(full.kind, { interface: full.interface, code: full.code, text: full.text });
    this.#store(full);
    for (const listener of this.#listeners) listener(full);
  }

  /** Calls `listener` with each event from now on; the result ends that. */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * No two events have the same time, because rows of a database have no other order. A clock that was set back by much is
   * followed all the same.
   */
  #time(): number {
    const now = this.#now();
    this.#last = this.#last - now > CLOCK_SET_BACK_MS ? now : Math.max(now, this.#last + 1);
    return this.#last;
  }

  #store(event: AgentEvent): void {
    if (this.#limit === 0) return;
    const operations: Json[] = [];
    while (this.#stored.length >= this.#limit) {
      const oldest = this.#stored.shift();
      if (oldest !== undefined)
        operations.push({ op: 'delete', table: 'Event', where: [['_uuid', '==', ['uuid', oldest]]] });
    }
    // The row's name is chosen here, so that it can be deleted later without asking what became of it.
    const uuid = randomUUID();
    this.#stored.push(uuid);
    operations.push({ op: 'insert', table: 'Event', uuid, row: encodeEvent({ systemId: this.#systemId, ...event }) });
    this.#writes.record(...operations);
  }
}

/** `a b` for a list, `a=1 b=2` for an object. */
function asText(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${name}=${String(one)}`)
    .join(' ');
}

/** Details of an event as the database stores them: texts. */
export function detailTexts(details: Readonly<Record<string, unknown>>): Record<string, string> {
  const known = Object.entries(details).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, asText(value)]));
}
