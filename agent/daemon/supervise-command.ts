import { Log } from '../../base/log.ts';
import { supervise } from '../keeper/supervisor.ts';
import { keeperSocket, makeRelayDir } from '../settings/relay-dir.ts';
import { thisProgram } from './program.ts';
import { reportError } from './program-errors.ts';

/** `vhost-compatd --supervise …`: runs an agent with the other options, restarts it, and keeps its connections alive. */
export async function superviseAgent(args: readonly string[], relayDir: string): Promise<void> {
  const own = args.filter((one) => one !== '--supervise');
  const command = [...thisProgram(), ...own];
  const log = new Log(process.stderr, 'info');
  try {
    makeRelayDir(relayDir);
    process.exitCode = await supervise({
      command,
      checkCommand: [...command, '--check-state'],
      notifySocket: keeperSocket(relayDir),
      log: (event, fields) => log.info(event, fields),
    });
  } catch (error) {
    reportError(error);
  }
}
