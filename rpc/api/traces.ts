import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { State } from '../state/state.ts';
import type { ApiConnection } from './api-connection.ts';
import type { MessageJson } from './message-json.ts';

/** Calls the listener with each message of an interface until the returned function is called; undefined: no such interface. */
export type TraceSource = (name: string, listener: (message: MessageJson) => void) => (() => void) | undefined;

/** A user watches one or two; each costs something for every message. */
const MAX_PER_CONNECTION = 10;

interface Trace {
  readonly name: string;
  readonly end: () => void;
}

/**
 * The traces of connections: each sends the messages of an interface. For a client that reads slowly messages are dropped
 * and counted, so that neither the port nor the agent's memory pays for it. Without a trace nothing is spent.
 */
export class Traces {
  readonly #state: State;
  readonly #source: TraceSource;
  readonly #byConnection = new Map<ApiConnection, Map<number, Trace>>();
  #unwatch: (() => void) | undefined;
  #last = 0;

  constructor(state: State, source: TraceSource) {
    this.#state = state;
    this.#source = source;
  }

  /** The number of the new trace. It ends with its connection. Throws VC-INTERFACE-UNKNOWN. */
  add(connection: ApiConnection, name: string): number {
    const open = this.#byConnection.get(connection)?.size ?? 0;
    if (open >= MAX_PER_CONNECTION) {
      const text = `Cannot trace ${name}: this connection has ${open} traces; wanted fewer than ${MAX_PER_CONNECTION}`;
      throw new CompatError('VC-API-PARAMS', text);
    }
    this.#state.interface(name);
    const trace = ++this.#last;
    const end = this.#source(name, deliverer(connection, trace));
    if (end === undefined) {
      const text = `Cannot trace ${name}: this agent does not serve it`;
      throw new CompatError('VC-INTERFACE-UNKNOWN', text, { interface: name });
    }
    this.#keep(connection, trace, { name, end });
    return trace;
  }

  remove(connection: ApiConnection, trace: number): boolean {
    const traces = this.#byConnection.get(connection);
    const found = traces?.get(trace);
    if (traces === undefined || found === undefined) return false;
    found.end();
    traces.delete(trace);
    this.#watch();
    return true;
  }

  #keep(connection: ApiConnection, trace: number, kept: Trace): void {
    const traces = this.#byConnection.get(connection);
    if (traces !== undefined) traces.set(trace, kept);
    else {
      this.#byConnection.set(connection, new Map([[trace, kept]]));
      // calls back at once when the connection has ended
      connection.onClose(() => this.#left(connection));
    }
    this.#watch();
  }

  #left(connection: ApiConnection): void {
    for (const { end } of this.#byConnection.get(connection)?.values() ?? []) end();
    this.#byConnection.delete(connection);
    this.#watch();
  }

  #endRemoved(): void {
    for (const [connection, traces] of this.#byConnection) {
      for (const [trace, { name }] of traces) {
        if (this.#state.findInterface(name) !== undefined) continue;
        connection.notify('interfaces.traceEnded', { trace, interface: name });
        this.remove(connection, trace);
      }
    }
  }

  /** Follows the database only while there is a trace that may have to be ended. */
  #watch(): void {
    const some = [...this.#byConnection.values()].some(({ size }) => size > 0);
    if (some) this.#unwatch ??= this.#state.onChange(() => this.#endRemoved());
    else {
      this.#unwatch?.();
      this.#unwatch = undefined;
    }
  }
}

/** Sends messages to a connection, counts those that it has no room for, and sends the count as soon as there is room. */
function deliverer(connection: ApiConnection, trace: number): (message: MessageJson) => void {
  let dropped = 0;
  const offer = (message?: MessageJson) => {
    const params = { trace, dropped, ...(message && { message }) };
    if (connection.offer('interfaces.message', params, caughtUp)) dropped = 0;
    else if (message) dropped += 1;
  };
  const caughtUp = () => {
    if (dropped > 0) offer();
  };
  return offer;
}
