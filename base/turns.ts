/** Long work for one client is done for so long at a time, in milliseconds; then others have their turn. */
const TURN_MS = 5;

/** Resolves when everything that is due in this turn of the event loop has been done. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** One turn of long work. */
export class Turn {
  #until = performance.now() + TURN_MS;

  /** Whether others should have theirs now. */
  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Lets others have theirs, and begins the next one. */
  async next(): Promise<void> {
    await nextTurn();
    this.#until = performance.now() + TURN_MS;
  }
}

/** `items.map(make)`, with turns for others in between. */
export async function mapInTurns<T, R>(items: readonly T[], make: (item: T) => R): Promise<R[]> {
  const made: R[] = [];
  const turn = new Turn();
  for (const item of items) {
    made.push(make(item));
    if (turn.isOver) await turn.next();
  }
  return made;
}
