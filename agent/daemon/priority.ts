import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Nice values are from -20, which is served first, to 19. */
const MANAGER_NICE = 5;

/**
 * Where processors are scarce, the relay process comes before this one: guests wait for it. All threads give way, as those
 * that collect garbage for the main thread were begun before it could say anything. A lower priority from outside stays.
 */
export function giveWayToRelay(): void {
  for (const thread of readdirSync('/proc/self/task').map(Number)) {
    try {
      setPriority(thread, Math.max(getPriority(thread), MANAGER_NICE));
    } catch {
      // it has ended meanwhile
    }
  }
}
