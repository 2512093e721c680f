import type { Fact } from '../../orders/facts.ts';

/** Where facts go: a connected manager. */
export interface FactSink {
  readonly isWritable: boolean;
  send(fact: Fact): void;
}

/** Changes and events wait this long: those of an interface are reported as one, and not in the middle of a handshake. */
const REPORT_MS = 20;
/**
 * So that the report of a thousand interfaces delays no message of a guest: so many of them, then a pause. An interface that
 * changes again before its turn comes is reported once, which spares the manager most of the work when all ports come back.
 */
const REPORTS_IN_A_ROW = 64;
/** Events that wait for a manager that is away, or that takes none; the oldest are dropped first. */
const MAX_EVENTS = 2000;

/**
 * Facts that wait for the manager. A status is asked for when it is sent, so that a manager that is away or slow costs a
 * name in a set. Acknowledgements follow everything that changed before them.
 */
export class Outbox {
  /** What is to be said of an interface now; undefined: it is gone. */
  readonly #report: (id: string) => Fact | undefined;
  /** What each one's first change since its last report counts as, in this order. */
  readonly #changed = new Map<string, number>();
  #changes = 0;
  readonly #events: Fact[] = [];
  /** Each with the last change before it. */
  readonly #acknowledgements: { readonly number: number; readonly after: number }[] = [];
  #sink: FactSink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;

  constructor(report: (id: string) => Fact | undefined) {
    this.#report = report;
  }

  /** A manager is there: it gets the events that waited, and the status of `all`. */
  attach(sink: FactSink, all: Iterable<string>): void {
    this.#sink = sink;
    this.#acknowledgements.length = 0;
    for (const id of all) this.#count(id);
    this.flush();
  }

  detach(): void {
    this.#sink = undefined;
    this.#acknowledgements.length = 0;
  }

  changed(id: string): void {
    this.#count(id);
    this.#flushLater();
  }

  #count(id: string): void {
    this.#changes += 1;
    if (!this.#changed.has(id)) this.#changed.set(id, this.#changes);
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
    if (this.#sink) this.#acknowledgements.push({ number, after: this.#changes });
    this.flush();
  }

  /** Sends what waits, as far as the manager takes it, a part at a time. */
  flush(): void {
    if (this.#pause !== undefined) return;
    this.#sendReports();
    if (this.#sink?.isWritable) {
      for (const event of this.#events.splice(0)) this.#sink.send(event);
      this.#sendAcknowledgements();
    }
    // what a manager does not take now is asked for when it does
    if (this.#changed.size > 0 && this.#sink?.isWritable !== false) this.#flushAfterPause();
  }

  #sendReports(): void {
    let left = REPORTS_IN_A_ROW;
    for (const id of this.#changed.keys()) {
      if (left === 0 || this.#sink?.isWritable === false) return;
      left -= 1;
      this.#changed.delete(id);
      const fact = this.#report(id);
      if (fact) this.#sink?.send(fact);
    }
  }

  /** Those before which nothing is left to report. */
  #sendAcknowledgements(): void {
    const [first = Number.POSITIVE_INFINITY] = this.#changed.values();
    while ((this.#acknowledgements[0]?.after ?? first) < first) {
      const { number = 0 } = this.#acknowledgements.shift() ?? {};
      this.#sink?.send({ is: 'applied', number });
    }
  }

  #flushAfterPause(): void {
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.flush();
    }, REPORT_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#pause);
    this.#sink = undefined;
  }
}
