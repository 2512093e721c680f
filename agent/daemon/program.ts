import { Log } from '../../base/log.ts';
import { EXIT } from '../../compat-tables/errors/exit-status.ts';
import type { Config } from '../settings/config.ts';

/** The log of this process, which also gets the error that nobody caught, before it ends the process. */
export function startLog({ logLevel }: Config): Log {
  const log = new Log(process.stderr, logLevel);
  // An error that nobody caught leaves an unknown state: log it, and let whoever supervises start a new process.
  process.on('uncaughtException', (error) => {
    log.error('crashed', { error: error.stack ?? error.message });
    process.exit(EXIT.failed);
  });
  return log;
}

/** Runs `stop` at the first SIGTERM or SIGINT, and ends the process by what became of it. */
export function endAtSignal(log: Log, stop: (signal: string) => Promise<void>): (signal: string) => void {
  let isEnding = false;
  const end = (signal: string): void => {
    if (isEnding) return;
    isEnding = true;
    stop(signal).then(
      () => process.exit(EXIT.done),
      (error: unknown) => {
        log.error('stop-failed', { error: String(error) });
        process.exit(EXIT.failed);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  return end;
}

/** This program with other arguments: node and its options, the path of the program. */
export function thisProgram(): string[] {
  const [program] = process.argv.slice(1);
  if (program === undefined) throw new Error('Cannot tell the path of this program');
  return [process.execPath, ...closedToSignal(), ...process.execArgv, program];
}

/** From release 22.14 on node can be started so that SIGUSR1 never opens its inspector; see base/no-inspector.ts. */
function closedToSignal(): string[] {
  const option = '--disable-sigusr1';
  const known = process.allowedNodeEnvironmentFlags.has(option);
  return known && !process.execArgv.some((one) => one === option || one.startsWith('--inspect')) ? [option] : [];
}
