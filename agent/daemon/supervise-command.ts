import { Log } from '../../base/log.ts';
import { supervise } from '../keeper/supervisor.ts';
import { OPTIONS, parseArguments } from '../settings/arguments.ts';
import { readConfig } from '../settings/config.ts';
import { keeperSocket, makeRelayDir } from '../settings/relay-dir.ts';
import { makeManagerDirs } from '../settings/run-dir.ts';
import { thisProgram } from './program.ts';
import { reportError } from './program-errors.ts';

/** A relay process has no long work: guests wait for it. */
const RELAY_WATCHDOG_MS = 5000;
/** Nobody's guest waits for the manager process. */
const MANAGER_WATCHDOG_MS = 30_000;

/** `vhost-compatd --supervise …`: runs the two processes of an agent with the other options, and keeps its connections alive. */
export async function superviseAgent(args: readonly string[], relayDir: string): Promise<void> {
  const own = args.filter((one) => one !== '--supervise');
  const [program, log] = [thisProgram(), new Log(process.stderr, 'info')];
  try {
    makeRelayDir(relayDir);
    const config = readConfig(parseArguments(own, OPTIONS));
    const user = process.getuid?.() === 0 ? config.user : undefined;
    makeManagerDirs(config, user);
    process.exitCode = await supervise({
      children: [
        {
          name: 'relay',
          command: [...program, 'relay', ...own],
          checkCommand: [...program, ...own, '--check-state'],
          keeps: true,
          watchdogMs: RELAY_WATCHDOG_MS,
        },
        {
          name: 'manager',
          command: [...program, 'manager', ...own],
          user,
          endsWithRest: true,
          watchdogMs: MANAGER_WATCHDOG_MS,
        },
      ],
      notifySocket: keeperSocket(relayDir),
      log: (event, fields) => log.info(event, fields),
    });
  } catch (error) {
    reportError(error);
  }
}
