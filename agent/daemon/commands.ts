import { type Arguments, OPTIONS, type Option } from '../settings/arguments.ts';
import { type HelpPage, optionRow } from './help.ts';
import { callError } from './program-errors.ts';

/** A command of `vhost-compatd`: what it does beside being the agent. Each takes one endpoint. */
export interface AgentCommand {
  readonly name: string;
  readonly help: string;
  readonly options: readonly Option[];
  run(endpoint: string, given: Arguments['given']): Promise<void>;
}

// Loaded when they are asked for: the agent needs none of them.
export const AGENT_COMMANDS: readonly AgentCommand[] = [
  {
    name: 'probe',
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
    const { name, help, options } = command;
    return {
      usage: `vhost-compatd ${name} [options] <endpoint>`,
      about: `${help.charAt(0).toUpperCase()}${help.slice(1)}. The endpoint is listen:PATH or connect:PATH.`,
      sections: { Options: options.map(optionRow) },
    };
  }
  return {
    usage: 'vhost-compatd [options] [command]',
    about: 'Agent for compatibility modes of vhost-user interfaces. Without a command it runs until SIGTERM.',
    sections: {
      Options: OPTIONS.map(optionRow),
      Commands: [
        ...AGENT_COMMANDS.map(({ name, help }) => [`${name} <endpoint>`, help] as const),
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
