import { CompatError } from '../errors/compat-error.ts';

/** Some seconds on the slowest machine; documents of a fleet of 1000 different hosts need a tenth. */
const MOST = 5_000_000;

/**
 * What one comparison of documents may cost. It is counted and not timed, so that the same documents have the same answer
 * on every machine. The unit is about one step of comparing one text.
 */
export class Effort {
  readonly #most: number;
  #spent = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** Call it before the work is done. Throws VC-DOCUMENT-SIZE if that would be more than allowed. */
  spend(units: number): void {
    this.#spent += units;
    if (this.#spent <= this.#most) return;
    const text = `Cannot compare these documents: saw at least ${this.#spent} steps of work; wanted at most ${this.#most}`;
    throw new CompatError('VC-DOCUMENT-SIZE', text, { steps: this.#spent, limit: this.#most });
  }
}
