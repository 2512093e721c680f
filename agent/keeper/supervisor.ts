import { dirname, join } from 'node:path';
import { RateLimit } from '../../base/rate-limit.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { Child } from './child.ts';
import { DescriptorStore } from './descriptor-store.ts';
import { KEEPER_LIFELINE } from './lifeline.ts';
import { PidFile } from './pid-file.ts';
import { roomForDescriptors, StoredDescriptors } from './stored-descriptors.ts';
import { fieldsOf, type RestartOptions, SupervisedChild, type SupervisedProgram } from './supervised-child.ts';
import { startWatchdog } from './watchdog.ts';

export type SuperviseLog = (event: string, fields: Readonly<Record<string, unknown>>) => void;

export interface SuperviseOptions {
  /** In the order in which they are started. They end, and are upgraded, in the opposite order, one after the other. */
  readonly children: readonly SupervisedProgram[];
  /** Path of the socket on which the program that keeps gives its descriptors; in a directory that only we may write to. */
  readonly notifySocket: string;
  readonly log: SuperviseLog;
  /** Default, and never above: half of what a process may have open here. */
  readonly maxDescriptors?: number;
  readonly backoff?: RestartOptions;
  /** How long a program may take to end, milliseconds. Default 10 s. */
  readonly graceMs?: number;
}

/** Short, because guests wait; long enough that a program that cannot start does not occupy a processor. */
const RESTARTS: RestartOptions = { firstMs: 20, longestMs: 1000, goodLifeMs: 500 };
const GRACE_MS = 10_000;
/** Variables from our own keeper; the children get these names from us or not at all. */
const FROM_OUR_KEEPER =
  'NOTIFY_SOCKET LISTEN_PID LISTEN_FDS LISTEN_FDNAMES LISTEN_FDNAMES_FD FDSTORE WATCHDOG_PID WATCHDOG_USEC'.split(' ');
/** They would have node load and open what they name, in processes with more rights than whoever set them may have. */
const OPTIONS_OF_NODE = ['NODE_OPTIONS', 'NODE_PATH', 'NODE_REPL_EXTERNAL_MODULE'];
const NOT_FOR_CHILDREN = [...FROM_OUR_KEEPER, KEEPER_LIFELINE, ...OPTIONS_OF_NODE];

/**
 * Keeps programs running and holds the descriptors of one of them, so that its connections outlive it. SIGTERM and SIGINT
 * end the programs and the connections; SIGUSR2 and SIGHUP restart the programs if all checks allow it. Gives the exit
 * status. @throws VC-SUPERVISED: another process does this already
 */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const upstream = DescriptorStore.fromEnvironment();
  const env = { ...process.env };
  const stopWatchdog = upstream && startWatchdog(upstream);
  for (const name of NOT_FOR_CHILDREN) delete env[name];
  const supervisor = new Supervisor(options, env, upstream);
  const stop = (signal: NodeJS.Signals): void => void supervisor.stop(signal);
  const upgrade = (): void => supervisor.upgrade();
  const handlers = { SIGTERM: stop, SIGINT: stop, SIGUSR2: upgrade, SIGHUP: upgrade };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  try {
    return await supervisor.run();
  } finally {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
    supervisor.close();
    stopWatchdog?.();
    upstream?.close();
  }
}

class Supervisor {
  readonly #env: NodeJS.ProcessEnv;
  readonly #upstream: DescriptorStore | undefined;
  readonly #log: SuperviseLog;
  readonly #kept: StoredDescriptors;
  readonly #children: SupervisedChild[] = [];
  readonly #pidFile: PidFile;
  readonly #logLimit = new RateLimit({ burst: 1, windowMs: Number.POSITIVE_INFINITY });
  readonly #graceMs: number;
  readonly #runs = new Map<SupervisedChild, Promise<number | undefined>>();
  #check: Child | undefined;
  #upgrading = false;
  #upgradeAgain = false;
  #stopping = false;

  constructor(options: SuperviseOptions, env: NodeJS.ProcessEnv, upstream: DescriptorStore | undefined) {
    const { notifySocket, log, graceMs = GRACE_MS, backoff: restarts = RESTARTS } = options;
    this.#env = env;
    this.#upstream = upstream;
    this.#log = log;
    this.#graceMs = graceMs;
    this.#kept = new StoredDescriptors(Math.min(options.maxDescriptors ?? Infinity, roomForDescriptors()));
    const folder = dirname(notifySocket);
    this.#pidFile = new PidFile(join(folder, 'supervisor.pid'));
    const around = {
      ...{ folder, notifySocket, env, graceMs, restarts, log, kept: this.#kept },
      logRarely: (event: string, fields: Readonly<Record<string, unknown>>) => this.#logRarely(event, fields),
      ready: () => this.#oneReady(),
    };
    try {
      for (const program of options.children) this.#children.push(new SupervisedChild(program, around));
    } catch (error) {
      for (const child of this.#children) child.close();
      throw this.#asSupervised(error, folder);
    }
    this.#pidFile.write(process.pid);
  }

  /** Another keeper has a socket of ours: it says so itself. */
  #asSupervised(error: unknown, folder: string): unknown {
    if (!(error instanceof CompatError) || error.code !== 'VC-ENDPOINT-TAKEN') return error;
    const other = this.#pidFile.read()?.pid;
    const who = other === undefined ? 'another process' : `process ${other}`;
    const wanted = 'wanted one keeper for each relay_dir';
    const text = `Cannot supervise: ${who} supervises ${folder} already, another process serves this socket; ${wanted}`;
    return new CompatError('VC-SUPERVISED', text, { path: folder }, { cause: error });
  }

  /** Runs the children until all have ended. */
  async run(): Promise<number> {
    let status = 0;
    for (const child of this.#children) {
      const run = child.run().then((gaveUp) => {
        if (gaveUp === undefined || this.#stopping) return undefined;
        status = gaveUp;
        void this.stop('child-gave-up');
        return gaveUp;
      });
      this.#runs.set(child, run);
    }
    await Promise.all(this.#runs.values());
    return status;
  }

  /** Ends the children one after the other, the last one first, then everything; at any moment, even during an upgrade. */
  async stop(signal: string): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log('keeper-stopping', { signal, descriptors: this.#kept.size });
    this.#upstream?.notify('STOPPING=1');
    this.#check?.kill();
    for (const child of this.#children.toReversed()) {
      child.stop(signal);
      await this.#runs.get(child);
    }
  }

  /** Called again during an upgrade, it does all of it once more afterwards: the programs may have changed again. */
  upgrade(): void {
    if (this.#stopping) return;
    this.#upgradeAgain = true;
    if (!this.#upgrading) void this.#upgrade();
  }

  async #upgrade(): Promise<void> {
    this.#upgrading = true;
    while (this.#upgradeAgain && !this.#stopping) {
      this.#upgradeAgain = false;
      if (!(await this.#allChecked()) || this.#stopping || this.#upgradeAgain) continue;
      for (const child of this.#children.toReversed()) await child.renew();
    }
    this.#upgrading = false;
  }

  /** Asks the new programs whether they understand what the running ones have stored. */
  async #allChecked(): Promise<boolean> {
    for (const { program } of this.#children) {
      if (!program.checkCommand) continue;
      const check = new Child({ command: program.checkCommand, env: this.#env, descriptors: [], quiet: true });
      this.#check = check;
      const impatience = setTimeout(() => check.kill(), this.#graceMs);
      const ending = await check.ended;
      clearTimeout(impatience);
      this.#check = undefined;
      if (this.#stopping) return false;
      if (ending.status === 0) continue;
      if (!this.#upgradeAgain) this.#log('upgrade-refused', { child: program.name, ...fieldsOf(ending) });
      return false;
    }
    return true;
  }

  #logRarely(event: string, fields: Readonly<Record<string, unknown>>): void {
    const leftOut = this.#logLimit.pass(event);
    if (leftOut !== undefined) this.#log(event, leftOut === 0 ? fields : { ...fields, leftOut });
  }

  #oneReady(): void {
    if (this.#children.every(({ everReady }) => everReady)) this.#upstream?.notify('READY=1');
  }

  close(): void {
    this.#check?.kill();
    this.#kept.end();
    for (const child of this.#children) child.close();
    this.#pidFile.remove();
  }
}
