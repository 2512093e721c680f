import { randomUUID } from 'node:crypto';
import type { Log } from '../../base/log.ts';
import { shortened } from '../../base/text.ts';
import type { EventJson } from '../../rpc/api/methods.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { encodeEvent } from '../../rpc/state/encode-rows.ts';
import { whereUuid } from '../../rpc/state/row-operations.ts';
import type { StoredEvent } from './host-rows.ts';
import type { PendingWrites } from './pending-writes.ts';

/** Something that happened to an interface or to the host, as it is recorded: its details become texts, and those that are undefined are left out. */
export type NewEvent = Omit<EventJson, 'host' | 'time' | 'details'> & {
  readonly details?: Readonly<Record<string, unknown>>;
};

type EventListener = (event: EventJson) => void;

interface EventLogParts {
  readonly systemId: string;
  readonly host: string;
  /** The most events that the database stores; 0: none. */
  readonly limit: number;
  readonly stored: readonly StoredEvent[];
  readonly writes: Pick<PendingWrites, 'record'>;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly now?: () => number;
}

/** What clients, peers and other programs say comes back in events; longer texts are cut off. In characters. */
const LONGEST_TEXT = 4096;
const LONGEST_DETAIL = 1024;

/** The events of a burst get later times than they had, but not by more than this. */
const CLOCK_SET_BACK_MS = 60_000;

/** Writes every event to the log and to the bounded history in the database, and tells those who listen. */
export class EventLog {
  readonly #parts: EventLogParts;
  readonly #listeners = new Set<EventListener>();
  /** UUIDs of the rows of this host in the table Event, the oldest first. */
  #stored: string[];
  /** The time of the last event. */
  #last: number;

  constructor(parts: EventLogParts) {
    this.#parts = parts;
    this.#stored = parts.stored.map(({ uuid }) => uuid);
    this.#last = parts.stored.at(-1)?.time ?? 0;
  }

  record({ details = {}, ...event }: NewEvent): void {
    const { host, log } = this.#parts;
    const text = shortened(event.text, LONGEST_TEXT);
    const name = event.interface && { interface: shortened(event.interface, LONGEST_DETAIL) };
    const full: EventJson = { host, time: this.#time(), ...event, ...name, text, details: detailTexts(details) };
    const fields = { interface: full.interface, code: full.code, text: full.text, by: full.details['by'] };
    log[full.code === undefined ? 'info' : 'warn'](full.kind, fields);
    this.#store(full);
    for (const listener of this.#listeners) listener(full);
  }

  /** The database is another one than before, or another state of it, and holds these events. */
  moved(stored: readonly StoredEvent[]): void {
    this.#stored = stored.map(({ uuid }) => uuid);
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
    const now = (this.#parts.now ?? Date.now)();
    this.#last = this.#last - now > CLOCK_SET_BACK_MS ? now : Math.max(now, this.#last + 1);
    return this.#last;
  }

  #store(event: EventJson): void {
    const { limit, systemId, writes } = this.#parts;
    if (limit === 0) return;
    // The row's name is chosen here, so that it can be deleted later without asking what became of it.
    const uuid = randomUUID();
    const excess = this.#stored.splice(0, Math.max(0, this.#stored.length + 1 - limit));
    this.#stored.push(uuid);
    writes.record(...excess.map((oldest): Json => ({ op: 'delete', table: 'Event', where: whereUuid(oldest) })), {
      op: 'insert',
      table: 'Event',
      uuid,
      row: encodeEvent({ systemId, ...event }),
    });
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

function detailTexts(details: Readonly<Record<string, unknown>>): Record<string, string> {
  const known = Object.entries(details).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, shortened(asText(value), LONGEST_DETAIL)]));
}
