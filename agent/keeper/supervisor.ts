import { Backoff, type BackoffOptions } from '../../base/backoff.ts';
import { RateLimit } from '../../base/rate-limit.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import { Child, type ChildEnd } from './child.ts';
import { DescriptorStore } from './descriptor-store.ts';
import { decodeNotification, NotificationError, type ServiceNotification } from './notify-protocol.ts';
import { type Datagram, NotifySocket } from './notify-socket.ts';
import { roomForDescriptors, StoredDescriptors } from './stored-descriptors.ts';

export type SuperviseLog = (event: string, fields: Readonly<Record<string, unknown>>) => void;

export interface SuperviseOptions {
  /** The program to keep alive, and its arguments. */
  readonly command: readonly string[];
  /** Exits 0 when the program that `command` starts now understands what the running one has left behind. */
  readonly checkCommand: readonly string[];
  /** Path of the socket that the program speaks to. */
  readonly notifySocket: string;
  readonly log: SuperviseLog;
  /** 7500 unless told; never above half of what a process may have open here. */
  readonly maxDescriptors?: number;
  readonly backoff?: RestartOptions;
  /** How long the program may take to leave; 10 s unless told. */
  readonly graceMs?: number;
}

export interface RestartOptions extends Omit<BackoffOptions, 'quickMs'> {
  /** A life that was ready and lasted so long is a success: the next restart comes at once again. */
  readonly goodLifeMs: number;
}

/** Short, because guests stand still meanwhile; long enough that a program that cannot start does not take a processor. */
const RESTARTS: RestartOptions = { firstMs: 20, longestMs: 1000, goodLifeMs: 500 };
/** Names of 15 characters, as the agent gives them, and a colon each: below the limit that all names together have. */
const MAX_DESCRIPTORS = 7500;
const GRACE_MS = 10_000;
/** As command lines answer to a call that makes no sense: starting again would not help. */
const USAGE = 2;
/** Variables that were said to us; what the child gets under these names is ours. */
const NOT_FOR_THE_CHILD = [
  'NOTIFY_SOCKET',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'FDSTORE',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
];

/**
 * Keeps a program running and holds its descriptors, so that its connections outlive it. SIGTERM and SIGINT end the
 * program and all that is kept; SIGUSR2 and SIGHUP start the program anew, if its check allows it. Gives the exit status.
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
  readonly #strangers = new RateLimit({ burst: 1, windowMs: Number.POSITIVE_INFINITY });
  readonly #graceMs: number;
  #child: Child | undefined;
  #check: Child | undefined;
  #ready = false;
  #everReady = false;
  /** The child was told to leave, so its end is no mishap. */
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

  /** One life of the child after the other. */
  async run(): Promise<number> {
    while (!this.#stopping) {
      const began = performance.now();
      const ending = await this.#live();
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

  async #live(): Promise<ChildEnd> {
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
    // What the child said last is heard before anything is done about its end.
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

  /** Ends the child and then everything. Works at any moment, an upgrade included. */
  stop(signal: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log('keeper-stopping', { signal, descriptors: this.#kept.size });
    this.#upstream?.notify('STOPPING=1');
    this.#check?.kill();
    this.#child?.end(this.#graceMs);
    this.#wake?.();
  }

  /** Asked again while it checks, it checks again afterwards: the program may be yet another by then. */
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
    let said: ServiceNotification;
    try {
      if (pid === 0 || pid !== this.#child?.pid) throw new NotificationError('it is not from the supervised process');
      if (truncated)
        throw new NotificationError(
          'it is too long, or the kernel dropped descriptors: is the table of open files full?',
        );
      said = decodeNotification(data);
      if (fds.length > 0 && said.action !== 'store')
        throw new NotificationError('it carries descriptors and does not store them');
    } catch (error) {
      for (const fd of fds) fd.close();
      if (!(error instanceof NotificationError)) throw error;
      this.#logRarely('message-refused', { pid, why: error.message, descriptors: fds.length });
      return;
    }
    this.#heard(said, fds);
  }

  #heard(said: ServiceNotification, fds: readonly OwnedFd[]): void {
    if (said.action === 'store') {
      const why = this.#kept.store(said.name, fds);
      if (why !== undefined) this.#logRarely('store-refused', { name: said.name, why });
    }
    if (said.action === 'remove') this.#kept.remove(said.name);
    if (said.status !== undefined) this.#logRarely('child-status', { status: said.status });
    if (said.ready) this.#nowReady();
  }

  /** For what a stranger can make happen. */
  #logRarely(event: string, fields: Readonly<Record<string, unknown>>): void {
    const leftOut = this.#strangers.pass(event);
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
