import { run } from '../../cli/run.ts';

export interface CliOutcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliWorld {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What stands for SIGTERM; never, when absent. */
  readonly interrupted?: Promise<string>;
  /** What stands for a reader that has gone. */
  readonly outputClosed?: Promise<void>;
  readonly terminal?: boolean;
  /** Of the terminal; without it lines are as long as they want to be, so that a test can look for a sentence. */
  readonly columns?: number;
  /** Sees stderr as it comes. */
  readonly onStderr?: (all: string) => void;
  readonly onStdout?: (all: string) => void;
}

/** Runs the command line inside this process, with its output captured. */
export async function cli(argv: readonly string[], world: CliWorld = {}): Promise<CliOutcome> {
  let stdout = '';
  let stderr = '';
  const exit = await run(argv, {
    env: { PATH: process.env['PATH'], ...(world.columns === undefined ? { COLUMNS: '0' } : {}), ...world.env },
    stdoutIsTerminal: world.terminal ?? false,
    stderrIsTerminal: world.terminal ?? false,
    columns: world.columns,
    stdout: (text) => {
      stdout += text;
      world.onStdout?.(stdout);
    },
    stderr: (text) => {
      stderr += text;
      world.onStderr?.(stderr);
    },
    interrupted: () => world.interrupted ?? new Promise(() => {}),
    outputClosed: () => world.outputClosed ?? new Promise(() => {}),
  });
  return { exit, stdout, stderr };
}
