import { type Arguments, OPTIONS, type Option } from '../settings/arguments.ts';
import { type HelpPage, optionRow } from './help.ts';
import { callError } from './program-errors.ts';

interface CommandBase {
  readonly name: string;
  readonly help: string;
  readonly options: readonly Option[];
}

/** A command of `vhost-compatd` about one endpoint. */
interface EndpointCommand extends CommandBase {
  readonly takesEndpoint: true;
  run(endpoint: string, given: Arguments['given']): Promise<void>;
}

/** One of the two processes of the agent alone; it takes the options of the agent. */
interface ProcessCommand extends CommandBase {
  readonly name: 'relay' | 'manager';
  readonly takesEndpoint: false;
}

export type AgentCommand = EndpointCommand | ProcessCommand;

// Loaded when they are asked for: the agent needs none of them.
export const AGENT_COMMANDS: readonly AgentCommand[] = [
  {
    name: 'relay',
    help: 'run the relay process alone: the ports, by the orders of a manager process',
    options: [],
    takesEndpoint: false,
  },
  {
    name: 'manager',
    help: 'run the manager process alone: database, API and compat tables',
    options: [],
    takesEndpoint: false,
  },
  {
    name: 'probe',
    takesEndpoint: true,
    help: 'measure a live back-end, print what it offers as JSON, and hang up',
    options: [
      { flag: '--timeout', placeholder: 'seconds', help: 'give up after this many seconds (default: 5)' },
      { flag: '--json', help: 'print errors as JSON on stderr, too' },
    ],
    async run(endpoint, given) {
      const { runProbeCommand } = await import('./backend-commands.ts');
      const timeoutMs = secondsOf(given.get('--timeout')?.at(-1) ?? '5') * 1000;
      await runProbeCommand(endpoint, timeoutMs, given.has('--json'));
    },
  },
  {
    name: 'mock-backend',
    takesEndpoint: true,
    help: 'serve a back-end that only negotiates, as a known release does',
    options: [{ flag: '--like', placeholder: 'release', help: 'the release: ovs-3.1, ovs-2.13+tso, dpdk-22.11, …' }],
    async run(endpoint, given) {
      const { runMockCommand } = await import('./backend-commands.ts');
      const like = given.get('--like')?.at(-1);
      if (like === undefined) throw callError("required option '--like <release>' not specified");
      await runMockCommand(endpoint, like);
    },
  },
];

/** The page of `--help`, or of a command. */
export function helpPage(command: AgentCommand | undefined): HelpPage {
  if (command !== undefined) {
    const { name, help, options, takesEndpoint } = command;
    const about = `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;
    if (!takesEndpoint)
      return { usage: `vhost-compatd ${name} [options]`, about, sections: { Options: OPTIONS.map(optionRow) } };
    return {
      usage: `vhost-compatd ${name} [options] <endpoint>`,
      about: `${about} The endpoint is listen:PATH or connect:PATH.`,
      sections: { Options: options.map(optionRow) },
    };
  }
  return {
    usage: 'vhost-compatd [options] [command]',
    about:
      'Agent for compatibility modes of vhost-user interfaces. Without a command it runs until SIGTERM, as a relay process that starts its manager process.',
    sections: {
      Options: OPTIONS.map(optionRow),
      Commands: [
        ...AGENT_COMMANDS.map(
          ({ name, help, takesEndpoint }) => [takesEndpoint ? `${name} <endpoint>` : name, help] as const,
        ),
        ['help [command]', 'print this help, or that of a command'],
      ],
    },
    after:
      'Each option with a value is also read from the environment (--run-dir: VHOST_COMPATD_RUN_DIR) and from the configuration file (run_dir); the command line wins over the environment, the environment over the file.',
  };
}

function secondsOf(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw callError(`option '--timeout': saw "${text}"; wanted seconds above 0`);
}
