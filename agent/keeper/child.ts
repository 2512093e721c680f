import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';

export interface ChildEnd {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  /** It could not be started at all. */
  readonly error: Error | undefined;
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Become 3, 4, 5 … of the child; they stay ours, too. */
  readonly descriptors: readonly number[];
  /** Quiet: what it writes to its standard output is nobody's. */
  readonly quiet?: boolean;
}

/** A shell knows its own number before it becomes the program; nobody else could write it into the environment. */
const WITH_PID = 'export LISTEN_PID=$$; exec "$0" "$@"';

/** One life of another process. */
export class Child {
  readonly #process: ChildProcess | undefined;
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Never fails. Settles in the turn in which the end is known. */
  readonly ended: Promise<ChildEnd>;
  #over = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(options: ChildOptions, ended: (ending: ChildEnd) => void = () => {}) {
    const { promise, resolve } = pending<ChildEnd>();
    this.ended = promise;
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
      if (this.pid === undefined) failed(error); // else: a signal that could not be sent
    });
    this.#process?.once('exit', (status, signal) =>
      end({ status: status ?? undefined, signal: signal ?? undefined, error: undefined }),
    );
  }

  /** SIGTERM, and SIGKILL for one that does not follow. Twice is harmless. */
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

function pending<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((given) => {
    resolve = given;
  });
  return { promise, resolve };
}
