/** Of each kind so many a minute pass at once; */
const AT_ONCE = 16;
/** after that only the 32nd, 64th, 128th … of the same minute. */
const WINDOW_MS = 60_000;

/**
 * Keeps a peer that does the same again and again from filling a history and a log that all ports share. Counts by kind,
 * not by text: what a stranger sends can make each text another.
 */
export class Restraint {
  readonly #now: () => number;
  readonly #windows = new Map<string, { readonly since: number; times: number; leftOut: number }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Undefined: this one is to be left out. Else how many were, since the last one that passed. */
  pass(kind: string): number | undefined {
    const before = this.#windows.get(kind);
    const isOver = before === undefined || this.#now() - before.since >= WINDOW_MS;
    const window = isOver ? { since: this.#now(), times: 0, leftOut: before?.leftOut ?? 0 } : before;
    if (isOver) this.#windows.set(kind, window);
    window.times += 1;
    if (window.times > AT_ONCE && !Number.isInteger(Math.log2(window.times))) {
      window.leftOut += 1;
      return undefined;
    }
    const { leftOut } = window;
    window.leftOut = 0;
    return leftOut;
  }
}
