import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CONFIG_FLAG, CONFIG_VARIABLE, parseArguments } from './arguments.ts';
import { flagOf, SETTINGS, variableOf } from './settings.ts';

/** What has to be known of a call of `vhost-compatd` before all else, so that kept connections are served at once. */
export interface EarlyCall {
  /**
   * Whether this process is to serve ports. Everything else, a command or a question, must leave alone what a running agent
   * has in its directories, in whatever environment it was started.
   */
  readonly servesPorts: boolean;
  /** Whether this is a manager process. */
  readonly manages: boolean;
  readonly supervise: boolean;
  readonly relayDir: string;
  readonly runDir: string;
}

const QUESTIONS: readonly string[] = ['--check-state', '--help', '--version'];

/** Takes a first look at a call. Reports no mistakes: those are reported when the configuration is really read. */
export function earlyCall(args: readonly string[], env: NodeJS.ProcessEnv = process.env): EarlyCall {
  const { words, given } = parseArguments(args);
  const file = given.get(CONFIG_FLAG)?.at(-1) ?? env[CONFIG_VARIABLE];
  const directory = (key: 'run_dir' | 'relay_dir'): string | undefined =>
    given.get(flagOf(key, SETTINGS[key]) ?? '')?.at(-1) || env[variableOf(key)] || (file && textIn(file, key));
  const runDir = resolve(directory('run_dir') ?? String(SETTINGS.run_dir.default));
  const asks = QUESTIONS.some((flag) => given.has(flag));
  return {
    servesPorts: words.every((word) => word === 'relay') && !asks,
    manages: words.includes('manager') && !asks,
    supervise: given.has('--supervise') && !asks,
    runDir,
    relayDir: resolve(directory('relay_dir') ?? String(SETTINGS.relay_dir.default).replace('RUN_DIR', runDir)),
  };
}

function textIn(file: string, key: string): string | undefined {
  try {
    const { [key]: value } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
