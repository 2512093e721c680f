import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PROGRAM_VERSION } from '../../base/installation.ts';
import { Log } from '../../base/log.ts';
import { EXIT } from '../../compat-tables/errors/catalogue.ts';
import { Agent } from '../manager/agent.ts';
import { checkKept, type Keeping } from '../manager/keeping.ts';
import { serveApi } from '../manager/serve-api.ts';
import { type Config, checkSettings, readConfigFile, resolveConfig, type Settings } from '../settings/config.ts';
import { exitCode, tellFailure } from './failure.ts';
import { runMockCommand } from './mock-command.ts';
import { runProbeCommand } from './probe-command.ts';

interface Flags extends Record<string, unknown> {
  config?: string;
  runDir?: string;
  stateDir?: string;
  database?: string;
  dbRemote?: string[];
  dbRemoteRo?: string[];
  dbSocketMode?: string;
  dbInactivityProbe?: number;
  privateKey?: string;
  certificate?: string;
  caCert?: string;
  db?: string;
  api?: string;
  tables?: string[];
  systemId?: string;
  hostname?: string;
  socketGroup?: number;
  logLevel?: string;
  eventLimit?: number;
  checkState?: boolean;
}

/** Flags under the names that the configuration file uses. */
function settingsOf(flags: Flags): Settings {
  const named = {
    system_id: flags.systemId,
    hostname: flags.hostname,
    run_dir: flags.runDir,
    state_dir: flags.stateDir,
    database: flags.database,
    db_remotes: flags.dbRemote,
    db_remotes_ro: flags.dbRemoteRo,
    db_socket_mode: flags.dbSocketMode,
    db_inactivity_probe: flags.dbInactivityProbe,
    private_key: flags.privateKey,
    certificate: flags.certificate,
    ca_cert: flags.caCert,
    db: flags.db,
    api: flags.api,
    tables: flags.tables,
    socket_group: flags.socketGroup,
    log_level: flags.logLevel,
    event_limit: flags.eventLimit,
  };
  return checkSettings(
    Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
    'the command line',
  );
}

function program(kept: Keeping | undefined): Command {
  const main = new Command('vhost-compatd')
    .description('Agent for compatibility modes of vhost-user interfaces')
    .version(PROGRAM_VERSION)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .option('--config <file>', 'read settings from this JSON file')
    .option('--run-dir <dir>', 'where sockets are made (default /run/vhost-compat)')
    .option('--state-dir <dir>', 'where the database is kept (default /var/lib/vhost-compat)')
    .option('--database <file>', 'file of the embedded database')
    .option('--db-remote <remote>', 'where the embedded database listens; may be repeated', gather)
    .option('--db-remote-ro <remote>', 'the same, for clients that may look and not write; may be repeated', gather)
    .option('--db-socket-mode <mode>', 'permissions of the unix sockets of the database, octal (default 0660)')
    .option(
      '--db-inactivity-probe <ms>',
      'ask a silent peer after so long whether it lives (default 5000)',
      wholeNumber,
    )
    .option('-p, --private-key <file>', 'our private key, for pssl: and ssl: remotes')
    .option('-c, --certificate <file>', 'the certificate of that key')
    .option('-C, --ca-cert <file>', 'the authority whose certificates peers must have')
    .option('--db <remote>', 'use the Vhost_Compat database of this OVSDB server instead')
    .option('--api <path>', 'unix socket of the management API')
    .option('--tables <dir>', 'directory of compat tables; may be repeated, later ones win', gather)
    .option('--system-id <id>', 'identity of this host in the database')
    .option('--hostname <name>', 'name of this host for people')
    .option('--socket-group <gid>', 'numeric group that owns the sockets', wholeNumber)
    .option('--event-limit <n>', 'how many events are kept', wholeNumber)
    .addOption(new Option('--log-level <level>', 'what is logged').choices(['debug', 'info', 'warn', 'error']))
    .option('--supervise', 'keep an agent with the same other options running; connections outlive it')
    .option('--check-state', 'say whether this release can go on with what the running agent has kept, and end')
    .action(async (flags: Flags) => (flags.checkState ? checkState(flags) : runAgent(flags, kept)));
  main
    .command('probe <endpoint>')
    .description('measure a live back-end, print what it offers as JSON, and hang up')
    .option('--timeout <seconds>', 'how long it may take', seconds, 5)
    .option('--json', 'errors as JSON on stderr, too')
    .exitOverride()
    .action(async (endpoint: string, flags: { timeout: number; json?: boolean }) => runProbeCommand(endpoint, flags));
  main
    .command('mock-backend <endpoint>')
    .description('a back-end that only negotiates, as a known release does')
    .requiredOption('--like <release>', 'which one: ovs-3.1, ovs-2.13+tso, dpdk-22.11, …')
    .exitOverride()
    .action(async (endpoint: string, flags: { like: string }) => runMockCommand(endpoint, flags.like));
  return main;
}

function configOf(flags: Flags): Config {
  return resolveConfig(flags.config === undefined ? {} : readConfigFile(flags.config), settingsOf(flags));
}

function checkState(flags: Flags): void {
  const { runDir } = configOf(flags);
  const connections = checkKept(runDir);
  process.stdout.write(`This release can go on with ${connections} kept connections in ${runDir}\n`);
}

async function runAgent(flags: Flags, kept: Keeping | undefined): Promise<void> {
  const config = configOf(flags);
  const log = new Log(process.stderr, config.logLevel);
  // An error that nobody caught leaves a state that nobody knows: say what it was, and let whoever supervises start anew.
  process.on('uncaughtException', (error) => {
    log.error('crashed', { error: error.stack ?? error.message });
    process.exit(EXIT.failed);
  });
  const agent = await Agent.start(config, log, kept);
  const api = await serveApi(agent, config, log);
  kept?.store.notify('READY=1');
  const stop = (signal: NodeJS.Signals): void => {
    kept?.store.notify('STOPPING=1');
    Promise.resolve()
      .then(() => api.close())
      .then(() => agent.stop(signal))
      .then(
        () => {
          log.info('agent-stopped');
          process.exit(EXIT.done);
        },
        (error: unknown) => {
          log.error('stop-failed', { error: String(error) });
          process.exit(EXIT.failed);
        },
      );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function gather(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,10}$/.test(text)) throw new InvalidArgumentError(`saw "${text}"; wanted a whole number`);
  return Number(text);
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError(`saw "${text}"; wanted seconds above 0`);
  return value;
}

/** Reads the command line and does what it says. `kept`: what goes on from an earlier agent, already at work. */
export async function runCommandLine(kept: Keeping | undefined): Promise<void> {
  try {
    await program(kept).parseAsync();
  } catch (error) {
    kept?.ports.leave();
    // commander has said it already
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    tellFailure(error);
    process.exit(exitCode(error));
  }
}
