import { randomUUID } from 'node:crypto';
import type { Json } from '../../rpc/json/types.ts';
import { encodeEvent } from '../../rpc/state/columns.ts';
import type { Log } from './log.ts';
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

/** Every event goes three ways: one line of the log, one row of the bounded history, and to those who listen now. */
export class EventLog {
  readonly #systemId: string;
  readonly #host: string;
  readonly #limit: number;
  readonly #outbox: Outbox;
  readonly #log: Log;
  readonly #listeners = new Set<EventListener>();
  /** UUIDs of our rows in the history, the oldest first. */
  readonly #kept: string[];

  constructor(options: {
    systemId: string;
    host: string;
    limit: number;
    kept: readonly string[];
    outbox: Outbox;
    log: Log;
  }) {
    this.#systemId = options.systemId;
    this.#host = options.host;
    this.#limit = options.limit;
    this.#kept = [...options.kept];
    this.#outbox = options.outbox;
    this.#log = options.log;
  }

  record(event: Omit<AgentEvent, 'host' | 'time' | 'details'> & { details?: Readonly<Record<string, string>> }): void {
    const full: AgentEvent = { host: this.#host, time: Date.now(), ...event, details: event.details ?? {} };
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
