import { PROGRAM_VERSION } from '../../base/installation.ts';
import { Log } from '../../base/log.ts';
import { plural } from '../../base/text.ts';
import { EXIT } from '../../compat-tables/errors/exit-status.ts';
import { checkJournals, type KeeperLink } from '../manager/resumed-ports.ts';
import { OPTIONS, parseArguments } from '../settings/arguments.ts';
import { type Config, readConfig } from '../settings/config.ts';
import { AGENT_COMMANDS, helpPage } from './commands.ts';
import { helpText } from './help.ts';
import { callError, reportError } from './program-errors.ts';

/** Reads the command line and does what it says. `keeper`: its resumed ports are at work already. */
export async function runCommandLine(argv: readonly string[], keeper: KeeperLink | undefined): Promise<void> {
  try {
    await carryOut(argv, keeper);
  } catch (error) {
    keeper?.ports.leave();
    reportError(error);
    process.exit();
  }
}

async function carryOut(argv: readonly string[], keeper: KeeperLink | undefined): Promise<void> {
  const optionsOfCommands = AGENT_COMMANDS.flatMap(({ options }) => options);
  const args = parseArguments(argv, [...OPTIONS, ...optionsOfCommands]);
  const { given, mistakes } = args;
  const asksHelp = args.words[0] === 'help';
  const isHelp = asksHelp || given.has('--help');
  if (given.has('--version') && !isHelp) return void process.stdout.write(`vhost-compatd ${PROGRAM_VERSION}\n`);
  if (mistakes[0] !== undefined && !isHelp) throw callError(mistakes[0]);
  const [name, endpoint, ...more] = asksHelp ? args.words.slice(1) : args.words;
  const command = AGENT_COMMANDS.find((one) => one.name === name);
  if (name !== undefined && command === undefined)
    throw callError(`unknown command '${name}'; there are ${AGENT_COMMANDS.map((one) => one.name).join(', ')}`);
  if (isHelp) return void process.stdout.write(helpText(helpPage(command)));
  for (const { flag } of optionsOfCommands)
    if (given.has(flag) && !command?.options.some((one) => one.flag === flag))
      throw callError(`unknown option '${flag}'`);
  if (command !== undefined) {
    if (endpoint === undefined) throw callError(`missing required argument 'endpoint' of ${command.name}`);
    if (more.length > 0) throw callError(`too many arguments for ${command.name}: saw ${more.join(' ')} as well`);
    await command.run(endpoint, given);
  } else if (given.has('--check-state')) checkState(readConfig(args));
  else await runAgent(readConfig(args), keeper);
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
