import { DescriptorStore } from '../keeper/descriptor-store.ts';
import { watchKeeper } from '../keeper/lifeline.ts';
import { startWatchdog } from '../keeper/watchdog.ts';
import { Agent } from '../manager/agent.ts';
import { serveApi } from '../manager/serve-api.ts';
import type { Config } from '../settings/config.ts';
import { STARTED_BY_RELAY } from './manager-child.ts';
import { endAtSignal, startLog } from './program.ts';

/** The manager process: database, API, compat tables. It gives orders to the relay process and holds no port. */
export async function runManager(config: Config): Promise<void> {
  const log = startLog(config);
  const store = DescriptorStore.fromEnvironment();
  if (store) startWatchdog(store);
  const startedByRelay = process.env[STARTED_BY_RELAY] !== undefined;
  delete process.env[STARTED_BY_RELAY];
  const starting = Agent.start(config, log);
  let relayEnds = false;
  // what comes before the agent has started waits for it; that it cannot start is told below
  const whenStarted = (then: (agent: Agent) => void): void => void starting.then(then, () => undefined);
  watchKeeper({
    ends: (signal) =>
      whenStarted(() => {
        relayEnds = true;
        end(signal);
      }),
    // a relay process that was killed takes its manager with it at once: the next one starts its own
    died: () => (startedByRelay ? process.exit() : whenStarted((agent) => agent.keeperDied())),
  });
  const agent = await starting;
  const serving = serveApi(agent);
  const stop = async (why: string, withRelay: boolean): Promise<void> => {
    store?.notify('STOPPING=1');
    await (await serving).close();
    await agent.stop(why, withRelay);
    log.info('agent-stopped');
    await store?.settled();
  };
  const end = endAtSignal(log, (signal) => stop(signal, relayEnds));
  await serving;
  store?.notify('READY=1');
  agent.serving();
}
