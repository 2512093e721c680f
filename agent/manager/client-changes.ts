import { RateLimit } from '../../base/rate-limit.ts';
import { shortened } from '../../base/text.ts';
import type { NewEvent } from './event-log.ts';

/** An event of something that a client changed. */
export interface ClientChange extends Omit<NewEvent, 'details'> {
  readonly details: Readonly<Record<string, unknown>>;
  /** Who it was. */
  readonly by: string;
}

/** Characters. */
const LONGEST_SUBJECT = 255;
/** Of each kind and subject; then the 32nd, 64th, … of a minute. */
const LIMIT = { burst: 16, windowMs: 60_000 };
/** Of each kind for all subjects together, of which a client can make any number. */
const LIMIT_OF_ALL = { burst: 256, windowMs: 60_000 };

/** Tells of what clients change, and who it was, in the history; no client fills that with the same thing again and again. */
export class ClientChanges {
  readonly #record: (event: NewEvent) => void;
  readonly #limit = new RateLimit(LIMIT);
  readonly #limitOfAll = new RateLimit(LIMIT_OF_ALL);

  constructor(record: (event: NewEvent) => void) {
    this.#record = record;
  }

  /** `about`: the subject, when that is none that a client made up. */
  tell({ by, details, ...event }: ClientChange, about = event.interface ?? ''): void {
    // it is remembered for longer than what a client named so
    const subject = shortened(about, LONGEST_SUBJECT);
    const [leftOut, leftOutOfAll] = [this.#limit.pass(`${event.kind} ${subject}`), this.#limitOfAll.pass(event.kind)];
    if (leftOut === undefined || leftOutOfAll === undefined) return;
    const more = leftOut + leftOutOfAll === 0 ? {} : { left_out: Math.max(leftOut, leftOutOfAll) };
    this.#record({ ...event, details: { ...details, by, ...more } });
  }
}
