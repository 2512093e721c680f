import { join } from 'node:path';
import { Log } from '../../base/log.ts';
import { supervise } from '../keeper/supervisor.ts';
import { makeRunDir } from '../settings/run-dir.ts';
import { reportError } from './program-errors.ts';

/** `vhost-compatd --supervise …`: runs an agent with the other options, restarts it, and keeps its connections alive. */
export async function superviseAgent(args: readonly string[], runDir: string): Promise<void> {
  const [program] = process.argv.slice(1);
  if (program === undefined) throw new Error('Cannot tell the path of this program');
  const own = args.filter((one) => one !== '--supervise');
  const command = [process.execPath, ...process.execArgv, program, ...own];
  const log = new Log(process.stderr, 'info');
  try {
    makeRunDir(runDir);
    process.exitCode = await supervise({
      command,
      checkCommand: [...command, '--check-state'],
      notifySocket: join(runDir, 'keeper.sock'),
      log: (event, fields) => log.info(event, fields),
    });
  } catch (error) {
    reportError(error);
  }
}
