import { randomUUID } from 'node:crypto';
import type { Log } from '../../base/log.ts';
import type { Json } from '../../rpc/json/types.ts';
import { encodeEvent } from '../../rpc/state/columns.ts';
import type { KeptEvent } from './host-rows.ts';
import type { Outbox } from './outbox.ts';

/** Something that happened to an interface or to the host, as people and programs are told. */
export interface AgentEvent {
  /** The host's name for people. */
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

/** Events in a burst are told to be later than they were, but not by more than this. */
const CLOCK_SET_BACK_MS = 60_000;

/** Every event goes three ways: one line of the log, one row of the bounded history, and to those who listen now. */
export class EventLog {
  readonly #systemId: string;
  readonly #host: string;
  readonly #limit: number;
  readonly #outbox: Pick<Outbox, 'record'>;
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #now: () => number;
  readonly #listeners = new Set<EventListener>();
  /** UUIDs of our rows in the history, the oldest first. */
  readonly #kept: string[];
  /** The time of the last event. */
  #last: number;

  constructor(options: {
    systemId: string;
    host: string;
    limit: number;
    kept: readonly KeptEvent[];
    outbox: Pick<Outbox, 'record'>;
    log: Pick<Log, 'info' | 'warn'>;
    now?: () => number;
  }) {
    this.#systemId = options.systemId;
    this.#host = options.host;
    this.#limit = options.limit;
    this.#kept = options.kept.map(({ uuid }) => uuid);
    this.#last = options.kept.at(-1)?.time ?? 0;
    this.#now = options.now ?? Date.now;
    this.#outbox = options.outbox;
    this.#log = options.log;
  }

  record(event: Omit<AgentEvent, 'host' | 'time' | 'details'> & { details?: Readonly<Record<string, string>> }): void {
    const full: AgentEvent = { host: this.#host, time: this.#time(), ...event, details: event.details ?? {} };
    const write = full.code === undefined ? this.#log.info.bind(this.#log) : this.#log.warn.bind(this.#log);
    write(full.kind, { interface: full.interface, code: full.code, text: full.text });
    this.#keep(full);
    for (const listener of this.#listeners) listener(full);
  }

  /** Calls `listener` with each event from now on; the answer ends that. */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * No two events have the same time: rows of a database have no other order. A clock that was set back by much is followed
   * all the same.
   */
  #time(): number {
    const now = this.#now();
    this.#last = this.#last - now > CLOCK_SET_BACK_MS ? now : Math.max(now, this.#last + 1);
    return this.#last;
  }

  #keep(event: AgentEvent): void {
    if (this.#limit === 0) return;
    const operations: Json[] = [];
    while (this.#kept.length >= this.#limit) {
      const oldest = this.#kept.shift();
      if (oldest !== undefined)
        operations.push({ op: 'delete', table: 'Event', where: [['_uuid', '==', ['uuid', oldest]]] });
    }
    // The row's name is chosen here, so that it can be deleted later without asking what became of it.
    const uuid = randomUUID();
    this.#kept.push(uuid);
    operations.push({ op: 'insert', table: 'Event', uuid, row: encodeEvent({ systemId: this.#systemId, ...event }) });
    this.#outbox.record(...operations);
  }
}

/** `a b` for a list, `a=1 b=2` for an object. */
function inOneWord(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${name}=${String(one)}`)
    .join(' ');
}

/** Details of an event as the database keeps them. */
export function inWords(details: Readonly<Record<string, unknown>>): Record<string, string> {
  const known = Object.entries(details).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, inOneWord(value)]));
}
