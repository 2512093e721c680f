import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { Backoff } from '../../base/backoff.ts';
import type { Log } from '../../base/log.ts';
import type { SystemUser } from '../../base/user-id.ts';
import { thisProgram } from './program.ts';
import { LIFELINE_VARIABLE } from './run-manager.ts';

/** How long the manager process may take to end, milliseconds. */
const GRACE_MS = 10_000;

export interface ManagerChildOptions {
  /** The options of this program, without a command. */
  readonly args: readonly string[];
  /** Undefined: our own. */
  readonly user: SystemUser | undefined;
  readonly log: Pick<Log, 'warn'>;
  /** It ended before it ever served. True: that ends this process, too, and it is not started again. */
  gaveUp(status: number): boolean;
}

/**
 * The manager process of an agent that nobody supervises: started by the relay process, started again when it ends, and ended
 * with it. A pipe between the two tells the manager that its relay process was killed.
 */
export class ManagerChild {
  readonly #options: ManagerChildOptions;
  readonly #backoff = new Backoff({ quickMs: 0, firstMs: 20, longestMs: 1000 });
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #everServed = false;
  #stopping = false;

  constructor(options: ManagerChildOptions) {
    this.#options = options;
    this.#start();
  }

  /** It serves its clients. True: for the first time. */
  served(): boolean {
    const isFirst = !this.#everServed;
    this.#everServed = true;
    this.#backoff.reset();
    return isFirst;
  }

  #start(): void {
    const [node = '', ...program] = [...thisProgram(), 'manager', ...this.#options.args];
    const child = spawn(node, program, {
      env: { ...process.env, [LIFELINE_VARIABLE]: '1' },
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      ...this.#options.user,
    });
    this.#child = child;
    child.stdio[3]?.on('error', () => undefined); // it has ended, which `exit` tells
    child.once('error', (error) => this.#options.log.warn('manager-not-started', { error: error.message }));
    child.once('exit', (status, signal) => this.#ended(status ?? undefined, signal ?? undefined));
  }

  #ended(status: number | undefined, signal: string | undefined): void {
    this.#child = undefined;
    if (this.#stopping) return;
    if (!this.#everServed && status !== undefined && this.#options.gaveUp(status)) return;
    const restartInMs = this.#backoff.next();
    this.#options.log.warn('manager-ended', { status, signal, restartInMs });
    this.#timer = setTimeout(() => this.#start(), restartInMs);
  }

  /** Tells it that both end because of a signal, and waits until it has; SIGKILL after a while. */
  async stop(signal: string): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const patience = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    (child.stdio[3] as Writable | null)?.write(signal);
    await once(child, 'exit');
    clearTimeout(patience);
  }
}
