import type { DescriptorStore } from './descriptor-store.ts';
import { ALIVE } from './notify-protocol.ts';

/** At most this often, so that the keeper's clock and ours may differ. */
const SIGNS_PER_INTERVAL = 3;

/**
 * Tells the keeper, ours or systemd, that the event loop of this process goes round (sd_watchdog_enabled(3)); a keeper that
 * hears nothing for `$WATCHDOG_USEC` ends the process. Removes the variables. The result stops it.
 */
export function startWatchdog(store: DescriptorStore, env: NodeJS.ProcessEnv = process.env): () => void {
  const { WATCHDOG_USEC: interval, WATCHDOG_PID: pid } = env;
  for (const name of ['WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  const forUs = pid === undefined || pid === String(process.pid);
  if (!forUs || interval === undefined || !/^[1-9][0-9]*$/.test(interval)) return () => {};
  const tell = (): void => {
    // what waits already is a sign of life, too, as soon as the keeper reads again
    if (store.waiting === 0) store.notify(ALIVE);
  };
  tell();
  const timer = setInterval(tell, Number(interval) / 1000 / SIGNS_PER_INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}
