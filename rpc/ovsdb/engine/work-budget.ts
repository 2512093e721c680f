import { OvsdbError } from '../notation/ovsdb-error.ts';

/**
 * What one request may cost the event loop, which serves everybody. It is counted and not timed, so that the same request has
 * the same answer on every machine. The unit is one test of a row by one clause: some 50 ns.
 */
export const WORK = {
  /** To read an operation and to answer it. */
  operation: 20,
  /** A row that an operation inserts or changes: with checks, disk and monitors. */
  change: 300,
  /** A value of a row that becomes part of a text by which rows are compared, and so many characters of that text. */
  keyValue: 20,
  keyCharacters: 16,
  /** A value of a row that is read, compared or mutated. */
  value: 1,
  /** For so much a byte of the request pays itself: a client may insert what it sends, however much that is (`ovsdb-client restore`). */
  requestByte: 3,
} as const;

export class WorkBudget {
  readonly #most: number;
  #paid: number;
  #spent = 0;

  /** `bytes`: the length of the request, which pays for some of the work. */
  constructor(most = Number.POSITIVE_INFINITY, bytes = 0) {
    this.#most = most;
    this.#paid = bytes * WORK.requestByte;
  }

  /** Call it before the work is done. @throws OvsdbError if that would be more than the budget */
  spend(units: number): void {
    const paid = Math.min(units, this.#paid);
    this.#paid -= paid;
    this.#spent += units - paid;
    if (this.#spent <= this.#most) return;
    throw new OvsdbError(
      'exhausted',
      `the request looks at or changes too many rows and values: saw work of ${this.#spent} and more; wanted at most ${this.#most} (the limit "work"); make it several requests`,
    );
  }
}
