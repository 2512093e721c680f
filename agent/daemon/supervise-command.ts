import { join } from 'node:path';
import { Log } from '../../base/log.ts';
import { supervise } from '../keeper/supervise.ts';
import { makeRunDir, runDirOf } from '../settings/run-dir.ts';
import { exitCode, tellFailure } from './failure.ts';

/** `vhost-compatd --supervise …`: keeps an agent with the same other options running, and its connections alive. */
export async function superviseAgent(args: readonly string[]): Promise<void> {
  const [program] = process.argv.slice(1);
  if (program === undefined) throw new Error('Cannot tell how this program was started');
  const own = args.filter((one) => one !== '--supervise');
  const command = [process.execPath, ...process.execArgv, program, ...own];
  const log = new Log(process.stderr, 'info');
  try {
    const runDir = runDirOf(args);
    makeRunDir(runDir);
    process.exitCode = await supervise({
      command,
      checkCommand: [...command, '--check-state'],
      notifySocket: join(runDir, 'keeper.sock'),
      log: (event, fields) => log.info(event, fields),
    });
  } catch (error) {
    tellFailure(error);
    process.exitCode = exitCode(error);
  }
}
