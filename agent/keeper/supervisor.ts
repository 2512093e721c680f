import { Backoff, type BackoffOptions } from '../../base/backoff.ts';
import { RateLimit } from '../../base/rate-limit.ts';
import { closeAll, type OwnedFd } from '../fd/owned-fd.ts';
import { Child, type ChildEnd } from './child.ts';
import { DescriptorStore } from './descriptor-store.ts';
import { decodeNotification, NotificationError, type ServiceNotification } from './notify-protocol.ts';
import { type Datagram, NotifySocket } from './notify-socket.ts';
import { roomForDescriptors, StoredDescriptors } from './stored-descriptors.ts';

export type SuperviseLog = (event: string, fields: Readonly<Record<string, unknown>>) => void;

export interface SuperviseOptions {
  /** The program to keep alive, and its arguments. */
  readonly command: readonly string[];
  /** Exits 0 when the program that `command` starts now understands what the running one has stored. */
  readonly checkCommand: readonly string[];
  /** Path of the socket for the program's notifications. */
  readonly notifySocket: string;
  readonly log: SuperviseLog;
  /** Default 7500; never above half of what a process may have open here. */
  readonly maxDescriptors?: number;
  readonly backoff?: RestartOptions;
  /** How long the program may take to end, milliseconds. Default 10 s. */
  readonly graceMs?: number;
}

export interface RestartOptions extends Omit<BackoffOptions, 'quickMs'> {
  /** A run that was ready and lasted this long is a success: the next restart comes at once. */
  readonly goodLifeMs: number;
}

/** Short, because guests wait; long enough that a program that cannot start does not occupy a processor. */
const RESTARTS: RestartOptions = { firstMs: 20, longestMs: 1000, goodLifeMs: 500 };
/** With the agent's names of 15 characters and a colon each, below the limit for all names together. */
const MAX_DESCRIPTORS = 7500;
const GRACE_MS = 10_000;
/** The exit status for wrong usage: starting again would not help. */
const USAGE = 2;
/** Variables from our own keeper; the child gets these names from us or not at all. */
const NOT_FOR_THE_CHILD = 'NOTIFY_SOCKET LISTEN_PID LISTEN_FDS LISTEN_FDNAMES FDSTORE WATCHDOG_PID WATCHDOG_USEC'.split(
  ' ',
);

/**
 * Keeps a program running and holds its descriptors, so that its connections outlive it. SIGTERM and SIGINT end the
 * program and its connections; SIGUSR2 and SIGHUP restart the program if its check allows it. Gives the exit status.
 */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const upstream = DescriptorStore.fromEnvironment();
  const env = { ...process.env };
  for (const name of NOT_FOR_THE_CHILD) delete env[name];
  const supervisor = new Supervisor(options, env, upstream);
  const stop = (signal: NodeJS.Signals): void => supervisor.stop(signal);
  const upgrade = (): void => supervisor.upgrade();
  const handlers = { SIGTERM: stop, SIGINT: stop, SIGUSR2: upgrade, SIGHUP: upgrade };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  try {
    return await supervisor.run();
  } finally {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
    supervisor.close();
    upstream?.close();
  }
}

class Supervisor {
  readonly #options: SuperviseOptions;
  readonly #env: NodeJS.ProcessEnv;
  readonly #upstream: DescriptorStore | undefined;
  readonly #log: SuperviseLog;
  readonly #kept: StoredDescriptors;
  readonly #socket: NotifySocket;
  readonly #backoff: Backoff;
  readonly #goodLifeMs: number;
  readonly #logLimit = new RateLimit({ burst: 1, windowMs: Number.POSITIVE_INFINITY });
  readonly #graceMs: number;
  #child: Child | undefined;
  #check: Child | undefined;
  #ready = false;
  #everReady = false;
  /** The child was told to end. */
  #wanted = false;
  #stopping = false;
  #checkAgain = false;
  /** Ends the pause before a restart. */
  #wake: (() => void) | undefined;

  constructor(options: SuperviseOptions, env: NodeJS.ProcessEnv, upstream: DescriptorStore | undefined) {
    this.#options = options;
    this.#env = env;
    this.#upstream = upstream;
    this.#log = options.log;
    this.#graceMs = options.graceMs ?? GRACE_MS;
    const { firstMs, longestMs, goodLifeMs } = options.backoff ?? RESTARTS;
    this.#backoff = new Backoff({ quickMs: 0, firstMs, longestMs });
    this.#goodLifeMs = goodLifeMs;
    this.#kept = new StoredDescriptors(Math.min(options.maxDescriptors ?? MAX_DESCRIPTORS, roomForDescriptors()));
    this.#socket = new NotifySocket(options.notifySocket, (datagram) => this.#received(datagram));
  }

  /** Runs the child again and again. */
  async run(): Promise<number> {
    while (!this.#stopping) {
      const began = performance.now();
      const ending = await this.#runOnce();
      const lastedMs = performance.now() - began;
      const { status } = ending;
      const pointless = (status === 0 || status === USAGE) && !this.#everReady && this.#kept.size === 0;
      if (pointless && !this.#wanted && !this.#stopping) {
        this.#log('child-gave-up', fieldsOf(ending));
        return status;
      }
      if (this.#ready && lastedMs >= this.#goodLifeMs) this.#backoff.reset();
      const pauseMs = this.#wanted || this.#stopping ? 0 : this.#backoff.next();
      const fields = { ...fieldsOf(ending), expected: this.#wanted || this.#stopping, descriptors: this.#kept.size };
      this.#log('child-ended', this.#stopping ? fields : { ...fields, restartInMs: pauseMs });
      this.#wanted = false;
      if (pauseMs > 0 && !this.#stopping) await this.#pause(pauseMs);
    }
    return 0;
  }

  async #runOnce(): Promise<ChildEnd> {
    this.#ready = false;
    const rows = this.#kept.list();
    const env: NodeJS.ProcessEnv = {
      ...this.#env,
      NOTIFY_SOCKET: this.#options.notifySocket,
      FDSTORE: String(this.#kept.most),
    };
    if (rows.length > 0) {
      env['LISTEN_FDS'] = String(rows.length);
      env['LISTEN_FDNAMES'] = rows.map(({ name }) => name).join(':');
    }
    const descriptors = rows.map(({ fd }) => fd);
    // its last messages are handled before its end
    const child = new Child({ command: this.#options.command, env, descriptors }, () => this.#socket.drain());
    this.#child = child;
    this.#log('child-started', { pid: child.pid, descriptors: rows.length });
    const ending = await child.ended;
    this.#child = undefined;
    return ending;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  /** Ends the child, then everything; at any moment, even during an upgrade. */
  stop(signal: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log('keeper-stopping', { signal, descriptors: this.#kept.size });
    this.#upstream?.notify('STOPPING=1');
    this.#check?.kill();
    this.#child?.end(this.#graceMs);
    this.#wake?.();
  }

  /** Called again during a check, it checks once more afterwards: the program may have changed again. */
  upgrade(): void {
    if (this.#stopping) return;
    if (this.#check) {
      this.#checkAgain = true;
      return;
    }
    const check = new Child({ command: this.#options.checkCommand, env: this.#env, descriptors: [], quiet: true });
    this.#check = check;
    const impatience = setTimeout(() => check.kill(), this.#graceMs);
    void check.ended.then((ending) => {
      clearTimeout(impatience);
      this.#check = undefined;
      this.#checked(ending);
    });
  }

  #checked(ending: ChildEnd): void {
    if (this.#stopping) return;
    if (this.#checkAgain) {
      this.#checkAgain = false;
      this.upgrade();
      return;
    }
    if (ending.status !== 0) {
      this.#log('upgrade-refused', fieldsOf(ending));
      return;
    }
    this.#log('upgrade', { pid: this.#child?.pid, descriptors: this.#kept.size });
    this.#wanted = this.#child !== undefined;
    this.#child?.end(this.#graceMs);
    this.#wake?.();
  }

  #received({ data, fds, truncated, pid }: Datagram): void {
    let notification: ServiceNotification;
    try {
      if (pid === 0 || pid !== this.#child?.pid) throw new NotificationError('it is not from the supervised process');
      const dropped = 'it is too long, or the kernel dropped descriptors: is the table of open files full?';
      if (truncated) throw new NotificationError(dropped);
      notification = decodeNotification(data);
      if (fds.length > 0 && notification.action !== 'store')
        throw new NotificationError('it carries descriptors and does not store them');
    } catch (error) {
      closeAll(fds);
      if (!(error instanceof NotificationError)) throw error;
      this.#logRarely('message-refused', { pid, why: error.message, descriptors: fds.length });
      return;
    }
    this.#handle(notification, fds);
  }

  #handle({ action, name, status, ready }: ServiceNotification, fds: readonly OwnedFd[]): void {
    const why = action === 'store' ? this.#kept.store(name, fds) : undefined;
    if (why !== undefined) this.#logRarely('store-refused', { name, why });
    if (action === 'remove') this.#kept.remove(name);
    if (status !== undefined) this.#logRarely('child-status', { status });
    if (ready) this.#nowReady();
  }

  /** For events that a stranger can cause. */
  #logRarely(event: string, fields: Readonly<Record<string, unknown>>): void {
    const leftOut = this.#logLimit.pass(event);
    if (leftOut !== undefined) this.#log(event, leftOut === 0 ? fields : { ...fields, leftOut });
  }

  #nowReady(): void {
    if (!this.#ready) this.#log('child-ready', { pid: this.#child?.pid });
    this.#ready = true;
    this.#everReady = true;
    this.#upstream?.notify('READY=1');
  }

  close(): void {
    this.#check?.kill();
    this.#kept.end();
    this.#socket.close();
  }
}

function fieldsOf({ status, signal, error }: ChildEnd): Record<string, unknown> {
  return error ? { error: error.message } : signal === undefined ? { status } : { signal };
}
