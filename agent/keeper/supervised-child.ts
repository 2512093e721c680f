import { lchownSync } from 'node:fs';
import { join } from 'node:path';
import { Backoff, type BackoffOptions } from '../../base/backoff.ts';
import type { SystemUser } from '../../base/system-ids.ts';
import { EXIT } from '../../compat-tables/errors/exit-status.ts';
import { closeAll, type OwnedFd } from '../fd/owned-fd.ts';
import { type PeerIdentity, peerAlive } from '../fd/peer.ts';
import { Child, type ChildEnd } from './child.ts';
import { namesForChild } from './inherited.ts';
import { decodeNotification, NotificationError, type ServiceNotification } from './notify-protocol.ts';
import { type Datagram, NotifySocket } from './notify-socket.ts';
import { PidFile } from './pid-file.ts';
import { Silence } from './silence.ts';
import type { StoredDescriptors } from './stored-descriptors.ts';

/** A program to keep alive. */
export interface SupervisedProgram {
  /** In the log, and in the names of files. */
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Exits 0 when the program that `command` starts now understands what the running one has stored. Absent: it always does. */
  readonly checkCommand?: readonly string[];
  /** Its descriptors are held; exactly one program of a supervisor has this. */
  readonly keeps?: boolean;
  /** Undefined: our own user. */
  readonly user?: SystemUser | undefined;
  /** It is told on its lifeline when everything ends, instead of by SIGTERM; see `watchKeeper`. */
  readonly endsWithRest?: boolean;
  /** A process that gives no sign of life for so long is killed, milliseconds (`startWatchdog`). Absent: never. */
  readonly watchdogMs?: number;
}

export interface RestartOptions extends Omit<BackoffOptions, 'quickMs'> {
  /** A run that was ready and lasted this long is a success: the next restart comes at once. */
  readonly goodLifeMs: number;
}

/** What a program has of its supervisor. */
export interface ChildSurroundings {
  /** The directory of its files. */
  readonly folder: string;
  /** Where the program that keeps sends its notifications; the others have sockets of their own in `folder`. */
  readonly notifySocket: string;
  readonly env: NodeJS.ProcessEnv;
  readonly graceMs: number;
  readonly restarts: RestartOptions;
  readonly kept: StoredDescriptors;
  log(event: string, fields: Readonly<Record<string, unknown>>): void;
  /** For events that a stranger can cause. */
  logRarely(event: string, fields: Readonly<Record<string, unknown>>): void;
  ready(): void;
}

/** How often a process is looked at that is no child of ours. */
const ORPHAN_LOOK_MS = 20;

/** One supervised program: runs it again and again, hears its notifications, and ends it when it gives no sign of life. */
export class SupervisedChild {
  readonly program: SupervisedProgram;
  readonly #around: ChildSurroundings;
  readonly #socketPath: string;
  readonly #socket: NotifySocket;
  readonly #pidFile: PidFile;
  readonly #backoff: Backoff;
  #child: Child | undefined;
  /** The process of a keeper before us, while it hands over. */
  #orphan: PeerIdentity | undefined;
  #orphanDone = false;
  #silence: Silence | undefined;
  #ready = false;
  #everReady = false;
  /** The child was told to end. */
  #wanted = false;
  #stopping = false;
  /** Ends the pause before a restart. */
  #wake: (() => void) | undefined;

  /** @throws VC-ENDPOINT, VC-ENDPOINT-TAKEN: its notification socket cannot be bound */
  constructor(program: SupervisedProgram, around: ChildSurroundings) {
    this.program = program;
    this.#around = around;
    const { firstMs, longestMs } = around.restarts;
    this.#backoff = new Backoff({ quickMs: 0, firstMs, longestMs });
    this.#pidFile = new PidFile(join(around.folder, `${program.name}.pid`));
    this.#socketPath = program.keeps ? around.notifySocket : join(around.folder, `${program.name}-notify.sock`);
    this.#socket = new NotifySocket(this.#socketPath, (datagram) => this.#received(datagram));
    // nobody else can write to the folder, so that this is the socket that was just bound
    if (program.user) lchownSync(this.#socketPath, program.user.uid, program.user.gid);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get everReady(): boolean {
    return this.#everReady;
  }

  /** Runs the program until it is stopped (undefined), or gives up: the status of a program that has nothing to do. */
  async run(): Promise<number | undefined> {
    await this.#replaceOrphan();
    const { kept, restarts } = this.#around;
    while (!this.#stopping) {
      const began = performance.now();
      const ending = await this.#runOnce();
      const lastedMs = performance.now() - began;
      const { status } = ending;
      const isPointless = !this.#everReady && kept.size === 0 && this.#hasNothingToDo(status);
      if (isPointless && !this.#wanted && !this.#stopping) {
        this.#log('child-gave-up', fieldsOf(ending));
        return status;
      }
      if (this.#ready && lastedMs >= restarts.goodLifeMs) this.#backoff.reset();
      const pauseMs = this.#wanted || this.#stopping ? 0 : this.#backoff.next();
      const fields = { ...fieldsOf(ending), expected: this.#wanted || this.#stopping, ...this.#descriptors() };
      this.#log('child-ended', this.#stopping ? fields : { ...fields, restartInMs: pauseMs });
      this.#wanted = false;
      if (pauseMs > 0 && !this.#stopping) await this.#pause(pauseMs);
    }
    return undefined;
  }

  /** Whether a status says that starting again would not help: wrong usage, or another process does it already. */
  #hasNothingToDo(status: number | undefined): status is number {
    if (status === EXIT.no) return this.program.keeps === true; // else guests would lose their keeper for somebody they do not need
    return status === EXIT.done || status === EXIT.usage;
  }

  async #runOnce(): Promise<ChildEnd> {
    this.#ready = false;
    const { command, user, keeps, watchdogMs } = this.program;
    const { kept } = this.#around;
    const rows = keeps ? kept.list() : [];
    const env: NodeJS.ProcessEnv = { ...this.#around.env, NOTIFY_SOCKET: this.#socketPath };
    if (keeps) env['FDSTORE'] = String(kept.most);
    if (watchdogMs !== undefined) env['WATCHDOG_USEC'] = String(watchdogMs * 1000);
    const names = namesForChild(rows.map(({ name }) => name));
    const descriptors = [...rows.map(({ fd }) => fd), ...names.descriptors.map((fd) => fd.raw)];
    // its last messages are handled before its end
    const ended = (): void => this.#socket.drain();
    const child = new Child({ command, env: { ...env, ...names.env }, descriptors, user }, ended);
    closeAll(names.descriptors);
    this.#child = child;
    if (child.pid !== undefined) this.#pidFile.write(child.pid);
    this.#log('child-started', { pid: child.pid, ...(keeps ? { descriptors: rows.length } : {}) });
    if (watchdogMs !== undefined) this.#watch(child, watchdogMs);
    const ending = await child.ended;
    this.#silence?.close();
    this.#silence = undefined;
    this.#child = undefined;
    this.#pidFile.remove();
    return ending;
  }

  #watch(child: Child, limitMs: number): void {
    const catchUp = (): void => this.#socket.drain();
    this.#silence = new Silence(limitMs, catchUp, (silentMs) => {
      this.#log('child-silent', { pid: child.pid, silentMs, limitMs });
      child.kill();
    });
  }

  /** A process that outlived the keeper before us gives its descriptors to us, and ends in favour of one of ours. */
  async #replaceOrphan(): Promise<void> {
    const orphan = this.#pidFile.read();
    if (!orphan) return;
    const { graceMs } = this.#around;
    this.#orphan = orphan;
    this.#log('orphan-found', { pid: orphan.pid });
    if (!this.program.keeps) this.#endOrphan();
    let deadline = performance.now() + graceMs;
    while (peerAlive(orphan)) {
      if (performance.now() > deadline) {
        this.#log('orphan-killed', { pid: orphan.pid, handedOver: this.#orphanDone });
        signal(orphan, 'SIGKILL');
        deadline = Number.POSITIVE_INFINITY;
      }
      await this.#pause(ORPHAN_LOOK_MS);
    }
    this.#socket.drain();
    this.#orphan = undefined;
    this.#log('orphan-ended', { pid: orphan.pid, ...this.#descriptors() });
  }

  #endOrphan(): void {
    if (this.#orphanDone || !this.#orphan) return;
    this.#orphanDone = true;
    signal(this.#orphan, 'SIGTERM');
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

  /** Ends it for good. `why`: the signal that ends everything. */
  stop(why: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    const { graceMs } = this.#around;
    if (this.program.endsWithRest) this.#child?.endWithRest(why, graceMs);
    else this.#child?.end(graceMs);
    this.#endOrphan();
    this.#wake?.();
  }

  /** Ends this run, and the next one begins at once. Settles when it has ended. */
  async renew(): Promise<void> {
    if (this.#stopping || this.#orphan) return;
    const child = this.#child;
    this.#log('upgrade', { pid: child?.pid, ...this.#descriptors() });
    this.#wanted = child !== undefined;
    child?.end(this.#around.graceMs);
    this.#wake?.();
    await child?.ended;
  }

  #received({ data, fds, truncated, pid }: Datagram): void {
    let notification: ServiceNotification;
    try {
      if (pid === 0 || (pid !== this.#child?.pid && pid !== this.#orphan?.pid))
        throw new NotificationError('it is not from the supervised process');
      const dropped = 'it is too long, or the kernel dropped descriptors: is the table of open files full?';
      if (truncated) throw new NotificationError(dropped);
      notification = decodeNotification(data);
      if (fds.length > 0 && notification.action !== 'store')
        throw new NotificationError('it carries descriptors and does not store them');
      if (notification.action !== undefined && !this.program.keeps)
        throw new NotificationError('this process has nothing kept');
    } catch (error) {
      closeAll(fds);
      if (!(error instanceof NotificationError)) throw error;
      this.#logRarely('message-refused', { pid, why: error.message, descriptors: fds.length });
      return;
    }
    this.#silence?.heard();
    this.#handle(notification, fds);
  }

  #handle({ action, name, status, ready, handedOver }: ServiceNotification, fds: readonly OwnedFd[]): void {
    const { kept } = this.#around;
    const why = action === 'store' ? kept.store(name, fds) : undefined;
    if (why !== undefined) this.#logRarely('store-refused', { name, why });
    if (action === 'remove') kept.remove(name);
    if (status !== undefined) this.#logRarely('child-status', { status });
    if (handedOver) this.#endOrphan();
    if (ready && this.#child) this.#nowReady();
  }

  #nowReady(): void {
    if (!this.#ready) this.#log('child-ready', { pid: this.#child?.pid });
    this.#ready = true;
    this.#everReady = true;
    this.#around.ready();
  }

  #descriptors(): { readonly descriptors?: number } {
    return this.program.keeps ? { descriptors: this.#around.kept.size } : {};
  }

  #log(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#around.log(event, { child: this.program.name, ...fields });
  }

  #logRarely(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#around.logRarely(event, { child: this.program.name, ...fields });
  }

  close(): void {
    this.#silence?.close();
    this.#socket.close();
    this.#pidFile.remove();
  }
}

/** To a process that may have ended meanwhile. */
function signal(to: PeerIdentity, name: NodeJS.Signals): void {
  try {
    if (peerAlive(to)) process.kill(to.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function fieldsOf({ status, signal: by, error }: ChildEnd): Record<string, unknown> {
  return error ? { error: error.message } : by === undefined ? { status } : { signal: by };
}
