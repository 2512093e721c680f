import type { Fact } from '../../orders/facts.ts';

/** Where facts go: a connected manager. */
export interface FactSink {
  readonly isWritable: boolean;
  send(fact: Fact): void;
}

/** Changes and events wait this long: those of an interface are reported as one, and not in the middle of a handshake. */
const REPORT_MS = 20;
/** So that the report of a thousand interfaces delays no message of a guest: so many of them in each turn of the loop. */
const REPORTS_PER_TURN = 32;
/** Events that wait for a manager that is away, or that takes none; the oldest are dropped first. */
const MAX_EVENTS = 2000;

/**
 * Facts that wait for the manager. A status is asked for when it is sent, so that a manager that is away or slow costs a
 * name in a set. Acknowledgements follow everything that changed before them.
 */
export class Outbox {
  /** What is to be said of an interface now; undefined: it is gone. */
  readonly #report: (id: string) => Fact | undefined;
  readonly #changed = new Set<string>();
  readonly #events: Fact[] = [];
  readonly #acknowledgements: number[] = [];
  #sink: FactSink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(report: (id: string) => Fact | undefined) {
    this.#report = report;
  }

  /** A manager is there: it gets the events that waited, and the status of `all`. */
  attach(sink: FactSink, all: Iterable<string>): void {
    this.#sink = sink;
    this.#acknowledgements.length = 0;
    for (const id of all) this.#changed.add(id);
    this.flush();
  }

  detach(): void {
    this.#sink = undefined;
    this.#acknowledgements.length = 0;
  }

  changed(id: string): void {
    this.#changed.add(id);
    this.#flushLater();
  }

  event(fact: Fact): void {
    this.#events.push(fact);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.#flushLater();
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, REPORT_MS);
  }

  /** Sent only to a manager that takes it now: nobody needs old messages. */
  trace(fact: Fact): void {
    if (this.#sink?.isWritable) this.#sink.send(fact);
  }

  acknowledge(number: number): void {
    if (this.#sink) this.#acknowledgements.push(number);
    this.flush();
  }

  /** Sends what waits, as far as the manager takes it, a part in each turn. */
  flush(): void {
    if (this.#turn !== undefined) return;
    let left = REPORTS_PER_TURN;
    for (const id of this.#changed) {
      if (left === 0 || (this.#sink !== undefined && !this.#sink.isWritable)) break;
      left -= 1;
      this.#changed.delete(id);
      const fact = this.#report(id);
      if (fact) this.#sink?.send(fact);
    }
    if (!this.#sink?.isWritable) {
      // nobody takes them: they are asked for when somebody does
      if (!this.#sink && this.#changed.size > 0) this.#nextTurn();
      return;
    }
    this.#sendEvents();
    if (this.#changed.size > 0) this.#nextTurn();
    else for (const number of this.#acknowledgements.splice(0)) this.#sink.send({ is: 'applied', number });
  }

  #sendEvents(): void {
    for (const event of this.#events.splice(0)) this.#sink?.send(event);
  }

  #nextTurn(): void {
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.flush();
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#sink = undefined;
  }
}
