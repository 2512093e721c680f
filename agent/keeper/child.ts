import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { SystemUser } from '../../base/system-ids.ts';
import { KEEPER_LIFELINE } from './lifeline.ts';

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
  /** It has no groups but that of the user. Undefined: our own. */
  readonly user?: SystemUser | undefined;
  /** Discards its standard output, and gives it no lifeline: it is done soon. */
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
      this.#process?.stdin?.destroy();
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
    this.#process?.stdin?.on('error', () => undefined); // it ends, which `exit` tells
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

  /** The same without SIGTERM, for a program that listens to its lifeline: tells it that everything ends, and why. */
  endWithRest(signal: string, graceMs: number): void {
    if (this.#over || this.#patience) return;
    (this.#process?.stdin as Writable | null | undefined)?.write(signal);
    this.#patience = setTimeout(() => this.kill(), graceMs);
  }

  kill(): void {
    if (!this.#over) this.#process?.kill('SIGKILL');
  }
}

function start({ command, env, descriptors, user, quiet }: ChildOptions): ChildProcess {
  const stdio: StdioOptions = [quiet ? 'ignore' : 'pipe', quiet ? 'ignore' : 'inherit', 'inherit', ...descriptors];
  const [program, ...args] = descriptors.length > 0 ? ['/bin/sh', '-c', WITH_PID, ...command] : command;
  if (program === undefined) throw new RangeError('Cannot start a process: the command is empty');
  return spawn(program, args, { env: quiet ? env : { ...env, [KEEPER_LIFELINE]: '0' }, stdio, ...user });
}
