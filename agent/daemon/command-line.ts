import { PROGRAM_VERSION } from '../../base/installation.ts';
import { Log } from '../../base/log.ts';
import { plural } from '../../base/text.ts';
import { EXIT } from '../../compat-tables/errors/catalogue.ts';
import { checkJournals, type KeeperLink } from '../manager/keeper-link.ts';
import { type Config, readConfig } from '../settings/config.ts';
import { helpPage, readCall } from './commands.ts';
import { helpText } from './help.ts';
import { reportError } from './program-errors.ts';

/** Reads the command line and does what it says. `keeper`: its resumed ports are at work already. */
export async function runCommandLine(argv: readonly string[], keeper: KeeperLink | undefined): Promise<void> {
  try {
    const call = readCall(argv);
    if (call.what === 'help') process.stdout.write(helpText(helpPage(call.command)));
    else if (call.what === 'version') process.stdout.write(`vhost-compatd ${PROGRAM_VERSION}\n`);
    else if (call.what === 'command') await call.command.run(call.endpoint, call.args.given);
    else if (call.what === 'check-state') checkState(readConfig(call.args));
    else await runAgent(readConfig(call.args), keeper);
  } catch (error) {
    keeper?.ports.leave();
    reportError(error);
    process.exit();
  }
}

function checkState({ runDir }: Config): void {
  const connections = checkJournals(runDir);
  process.stdout.write(`This release can take over ${plural(connections, 'connection')} of the agent in ${runDir}\n`);
}

async function runAgent(config: Config, keeper: KeeperLink | undefined): Promise<void> {
  const log = new Log(process.stderr, config.logLevel);
  // An error that nobody caught leaves an unknown state: log it, and let whoever supervises start a new process.
  process.on('uncaughtException', (error) => {
    log.error('crashed', { error: error.stack ?? error.message });
    process.exit(EXIT.failed);
  });
  const { Agent } = await import('../manager/agent.ts');
  const { serveApi } = await import('../manager/serve-api.ts');
  const agent = await Agent.start(config, log, keeper);
  const api = await serveApi(agent);
  keeper?.store.notify('READY=1');
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    keeper?.store.notify('STOPPING=1');
    try {
      await api.close();
      await agent.stop(signal);
      log.info('agent-stopped');
      process.exit(EXIT.done);
    } catch (error) {
      log.error('stop-failed', { error: String(error) });
      process.exit(EXIT.failed);
    }
  };
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
}
