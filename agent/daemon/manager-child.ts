import { Backoff } from '../../base/backoff.ts';
import type { Log } from '../../base/log.ts';
import type { SystemUser } from '../../base/system-ids.ts';
import { Child, type ChildEnd } from '../keeper/child.ts';
import { thisProgram } from './program.ts';

/** Set in the environment of a manager process that its relay process started, and that ends with it. */
export const STARTED_BY_RELAY = 'VHOST_COMPATD_STARTED_BY_RELAY';

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
 * with it.
 */
export class ManagerChild {
  readonly #options: ManagerChildOptions;
  readonly #backoff = new Backoff({ quickMs: 0, firstMs: 20, longestMs: 1000 });
  #child: Child;
  #timer: NodeJS.Timeout | undefined;
  #everServed = false;
  #stopping = false;

  constructor(options: ManagerChildOptions) {
    this.#options = options;
    this.#child = this.#start();
  }

  /** It serves its clients. True: for the first time. */
  served(): boolean {
    const isFirst = !this.#everServed;
    this.#everServed = true;
    this.#backoff.reset();
    return isFirst;
  }

  #start(): Child {
    const { args, user } = this.#options;
    const env = { ...process.env, [STARTED_BY_RELAY]: '1' };
    const command = [...thisProgram(), 'manager', ...args];
    return new Child({ command, env, descriptors: [], user }, (ending) => this.#ended(ending));
  }

  #ended({ status, signal, error }: ChildEnd): void {
    if (this.#stopping) return;
    if (!this.#everServed && status !== undefined && this.#options.gaveUp(status)) return;
    const restartInMs = this.#backoff.next();
    this.#options.log.warn('manager-ended', { status, signal, error: error?.message, restartInMs });
    this.#timer = setTimeout(() => {
      this.#child = this.#start();
    }, restartInMs);
  }

  /** Tells it that both end because of a signal, and waits until it has; SIGKILL after a while. */
  async stop(signal: string): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#child.endWithRest(signal, GRACE_MS);
    await this.#child.ended;
  }
}
