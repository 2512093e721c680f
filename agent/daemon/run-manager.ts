import { Socket } from 'node:net';
import { DescriptorStore } from '../keeper/descriptor-store.ts';
import { watchKeeper } from '../keeper/lifeline.ts';
import { startWatchdog } from '../keeper/watchdog.ts';
import { Agent } from '../manager/agent.ts';
import { serveApi } from '../manager/serve-api.ts';
import type { Config } from '../settings/config.ts';
import { endAtSignal, startLog } from './program.ts';

/** The descriptor that a relay process which started this one holds the other end of; see manager-child.ts. */
export const LIFELINE = 3;
/** Set in the environment of such a manager process. */
export const LIFELINE_VARIABLE = 'VHOST_COMPATD_LIFELINE';
/** The manager process: database, API, compat tables. It gives orders to the relay process and holds no port. */
export async function runManager(config: Config): Promise<void> {
  const log = startLog(config);
  const keeper = DescriptorStore.fromEnvironment();
  if (keeper) startWatchdog(keeper);
  const lifeline = takeLifeline();
  const agent = await Agent.start(config, log);
  const api = await serveApi(agent);
  keeper?.notify('READY=1');
  agent.serving();
  const stop = async (why: string, withRelay: boolean): Promise<void> => {
    keeper?.notify('STOPPING=1');
    await api.close();
    await agent.stop(why, withRelay);
    log.info('agent-stopped');
    await keeper?.settled();
  };
  let relayEnds = false;
  const end = endAtSignal(log, (signal) => stop(signal, relayEnds));
  // the relay process was told to end, by this signal, and waits for this one
  const endWithRelay = (signal: string): void => {
    relayEnds = true;
    end(signal);
  };
  lifeline?.on('data', (signal: Buffer) => endWithRelay(signal.toString()));
  watchKeeper({ ends: endWithRelay, died: () => agent.keeperDied() });
}

/** A relay process that was killed takes its manager with it: the next one starts its own. */
function takeLifeline(): Socket | undefined {
  if (process.env[LIFELINE_VARIABLE] === undefined) return undefined;
  delete process.env[LIFELINE_VARIABLE];
  const lifeline = new Socket({ fd: LIFELINE, readable: true, writable: false });
  lifeline.on('error', () => process.exit());
  lifeline.on('close', () => process.exit());
  lifeline.resume();
  return lifeline;
}
