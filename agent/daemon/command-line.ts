import { PROGRAM_VERSION } from '../../base/installation.ts';
import { plural } from '../../base/text.ts';
import { checkJournals, type KeeperLink } from '../relay/service/resumed-ports.ts';
import { OPTIONS, parseArguments } from '../settings/arguments.ts';
import { type Config, readConfig } from '../settings/config.ts';
import { formerJournalFolder, journalFolder } from '../settings/relay-dir.ts';
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
  const extra = command?.takesEndpoint === true ? more : endpoint === undefined ? [] : [endpoint, ...more];
  if (command && extra.length > 0)
    throw callError(`too many arguments for ${command.name}: saw ${extra.join(' ')} as well`);
  if (command?.takesEndpoint === true) {
    if (endpoint === undefined) throw callError(`missing required argument 'endpoint' of ${command.name}`);
    await command.run(endpoint, given);
  } else if (command !== undefined) await runProcess(command.name, readConfig(args), keeper);
  else if (given.has('--check-state')) await checkState(readConfig(args));
  else await (await import('./run-relay.ts')).runRelay(readConfig(args), keeper, argv);
}

async function runProcess(name: string, config: Config, keeper: KeeperLink | undefined): Promise<void> {
  if (name === 'relay') await (await import('./run-relay.ts')).runRelay(config, keeper);
  else await (await import('./run-manager.ts')).runManager(config);
}

async function checkState(config: Config): Promise<void> {
  const { relayDir, runDir } = config;
  const folders = new Set([journalFolder(relayDir), formerJournalFolder(runDir)]);
  const connections = [...folders].reduce((sum, folder) => sum + checkJournals(folder), 0);
  (await import('../manager/check-database.ts')).checkDatabase(config);
  process.stdout.write(`This release can take over ${plural(connections, 'connection')} of the agent in ${relayDir}\n`);
}
