import { OvsdbError } from '../notation/ovsdb-error.ts';

/** The requests of one client that the server keeps: monitors, locks and unfinished transactions, in bytes as they came. */
export class KeptBytes {
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#bytes >= this.#most;
  }

  /** Counts what stays until the client ends it; negative: it has ended. @throws OvsdbError if that is too much */
  readonly keep = (bytes: number): void => {
    if (bytes > 0 && this.#bytes + bytes > this.#most)
      throw new OvsdbError(
        'exhausted',
        `monitors, locks and unfinished transactions of a client may take ${this.#most} bytes (the limit "keptBytes"); with this request they would take ${this.#bytes + bytes}`,
      );
    this.#bytes += bytes;
  };

  /** Counts what ends by itself; negative: it has ended. */
  hold(bytes: number): void {
    this.#bytes += bytes;
  }
}
