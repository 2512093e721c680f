/** Long work for one client is done for so long at a time, in milliseconds; then others have their turn. */
const TURN_MS = 5;

/** Resolves when everything that is due in this turn of the event loop has been done. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** `items.map(make)`, with turns for others in between. */
export async function mapInTurns<T, R>(items: readonly T[], make: (item: T) => R): Promise<R[]> {
  const made: R[] = [];
  let until = performance.now() + TURN_MS;
  for (const item of items) {
    made.push(make(item));
    if (performance.now() < until) continue;
    await nextTurn();
    until = performance.now() + TURN_MS;
  }
  return made;
}
