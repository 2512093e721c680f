import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';

export interface ChildEnd {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  /** It could not be started. */
  readonly error: Error | undefined;
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** They become 3, 4, 5 … in the child, and stay open here. */
  readonly descriptors: readonly number[];
  /** Discards its standard output. */
  readonly quiet?: boolean;
}

/** The shell knows its process number before it becomes the program; node learns it too late for the environment. */
const WITH_PID = 'export LISTEN_PID=$$; exec "$0" "$@"';

/** One run of another process. */
export class Child {
  readonly #process: ChildProcess | undefined;
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Never rejects. Settles in the turn in which the end is known. */
  readonly ended: Promise<ChildEnd>;
  #over = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(options: ChildOptions, ended: (ending: ChildEnd) => void = () => {}) {
    let resolve: (ending: ChildEnd) => void = () => {};
    this.ended = new Promise((settle) => {
      resolve = settle;
    });
    const end = (ending: ChildEnd): void => {
      if (this.#over) return;
      this.#over = true;
      clearTimeout(this.#patience);
      ended(ending);
      resolve(ending);
    };
    const failed = (error: Error): void => end({ status: undefined, signal: undefined, error });
    try {
      this.#process = start(options);
    } catch (error) {
      queueMicrotask(() => failed(error as Error));
    }
    this.pid = this.#process?.pid;
    this.#process?.once('error', (error) => {
      if (this.pid === undefined) failed(error); // else a signal could not be sent
    });
    this.#process?.once('exit', (status, signal) =>
      end({ status: status ?? undefined, signal: signal ?? undefined, error: undefined }),
    );
  }

  /** SIGTERM, then SIGKILL after the grace. Calling it again does nothing. */
  end(graceMs: number): void {
    if (this.#over || this.#patience) return;
    this.#process?.kill('SIGTERM');
    this.#patience = setTimeout(() => this.kill(), graceMs);
  }

  kill(): void {
    if (!this.#over) this.#process?.kill('SIGKILL');
  }
}

function start({ command, env, descriptors, quiet }: ChildOptions): ChildProcess {
  const stdio: StdioOptions = ['ignore', quiet ? 'ignore' : 'inherit', 'inherit', ...descriptors];
  const [program, ...args] = descriptors.length > 0 ? ['/bin/sh', '-c', WITH_PID, ...command] : command;
  if (program === undefined) throw new RangeError('Cannot start a process: the command is empty');
  return spawn(program, args, { env, stdio });
}
