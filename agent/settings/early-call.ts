import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CONFIG_FLAG, CONFIG_VARIABLE, parseArguments } from './arguments.ts';
import { SETTINGS, variableOf } from './settings.ts';

/** What has to be known of a call of `vhost-compatd` before all else, so that kept connections are served at once. */
export interface EarlyCall {
  /**
   * Whether the agent itself is to run. Everything else, a command or a question, must leave alone what a running agent
   * has in the run directory, in whatever environment it was started.
   */
  readonly runsAgent: boolean;
  readonly supervise: boolean;
  readonly runDir: string;
}

const QUESTIONS: readonly string[] = ['--check-state', '--help', '--version'];

/** Takes a first look at a call. Reports no mistakes: those are reported when the configuration is really read. */
export function earlyCall(args: readonly string[], env: NodeJS.ProcessEnv = process.env): EarlyCall {
  const { words, given } = parseArguments(args);
  const file = given.get(CONFIG_FLAG)?.at(-1) ?? env[CONFIG_VARIABLE];
  const named = given.get('--run-dir')?.at(-1) ?? env[variableOf('run_dir')];
  const runDir = named || (file && runDirIn(file)) || SETTINGS.run_dir.default;
  return {
    runsAgent: words.length === 0 && !QUESTIONS.some((flag) => given.has(flag)),
    supervise: given.has('--supervise'),
    runDir: resolve(String(runDir)),
  };
}

function runDirIn(file: string): string | undefined {
  try {
    const { run_dir: value } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
