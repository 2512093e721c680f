import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long a peer may take for one step. Generous, because a loaded machine is slow and a failure is rare. */
export const PATIENCE_MS = 60_000;

/** How long a process may take to end after SIGTERM before it gets SIGKILL. */
const GRACE_MS = 5_000;

/** A unix socket path has 107 bytes; the folder must leave room for the file names in it. */
const MAX_FOLDER_BYTES = 70;

/** Processes and folders that still exist, so that none outlives the test run even when a hook was never reached. */
const living = new Set<ChildProcess>();
const folders = new Set<string>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export interface StartOptions {
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The processes that a process has started and that have not ended. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(/\s+/).filter(Boolean).map(Number);
}

/** One real process: its output so far, patterns to wait for, and an end by pid. */
export class Peer {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  readonly #ended: Promise<void>;
  #output = '';
  #ending: string | undefined;

  constructor(program: string, args: readonly string[], options: StartOptions = {}) {
    this.name = options.name ?? program;
    this.#child = spawn(program, args, {
      // A pipe that stays open: testpmd quits at the end of its input.
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    });
    living.add(this.#child);
    this.#child.stdin?.on('error', () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#tell();
      });
    }
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        living.delete(this.#child);
        this.#ending ??= how;
        this.#tell();
        resolve();
      };
      this.#child.once('error', (error) => end(`could not be started: ${error.message}`));
      this.#child.once('close', (code, signal) => end(`ended with ${signal ?? `status ${code}`}`));
    });
  }

  /** Rejects when the program could not be started; a Peer without a pid never ran. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.name} was not started`);
    return pid;
  }

  get output(): string {
    return this.#output;
  }

  get running(): boolean {
    return this.#ending === undefined;
  }

  /** How it ended ('ended with status 0', 'ended with SIGTERM'), or undefined while it runs. */
  get ending(): string | undefined {
    return this.#ending;
  }

  /** Settles when the process has ended and its output was read to the last byte. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /**
   * Waits until the output from `since` on (a former `output.length`) matches; rejects with the last lines of the
   * output when the process ends first or `timeoutMs` has passed.
   */
  async waitFor(pattern: RegExp, timeoutMs = PATIENCE_MS, since = 0): Promise<RegExpExecArray> {
    const look = (): RegExpExecArray | undefined => pattern.exec(this.#output.slice(since)) ?? undefined;
    const found = look();
    if (found !== undefined) return found;
    return await new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(check);
      };
      const fail = (how: string): void => {
        done();
        reject(new Error(`${this.name} ${how} before it said ${pattern}; it said last:\n${this.tail()}`));
      };
      const check = (): void => {
        const match = look();
        if (match !== undefined) {
          done();
          resolve(match);
        } else if (this.#ending !== undefined) fail(this.#ending);
      };
      const timer = setTimeout(() => fail(`was given ${timeoutMs} ms`), timeoutMs);
      this.#listeners.add(check);
      check();
    });
  }

  tail(lines = 25): string {
    return this.#output.trimEnd().split('\n').slice(-lines).join('\n');
  }

  signal(name: NodeJS.Signals): void {
    if (this.running) this.#child.kill(name);
  }

  /** SIGTERM, and SIGKILL when that did not help in time; settles when the process is gone. */
  async stop(graceMs = GRACE_MS): Promise<void> {
    if (this.#child.pid === undefined) return await this.#ended;
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** SIGKILL, as the kernel's out-of-memory killer would do it. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#ended;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/**
 * The processes and folders of one suite. `after(() => peers.end())` ends and removes them, the last first.
 */
export class Peers {
  readonly #undo: (() => Promise<void> | void)[] = [];

  start(program: string, args: readonly string[], options?: StartOptions): Peer {
    const peer = new Peer(program, args, options);
    this.defer(() => peer.stop());
    return peer;
  }

  /** A new folder with a path short enough for unix sockets; removed at the end. */
  folder(): string {
    const base = Buffer.byteLength(tmpdir()) + '/vc-123456'.length <= MAX_FOLDER_BYTES ? tmpdir() : '/tmp';
    const path = mkdtempSync(join(base, 'vc-'));
    folders.add(path);
    this.defer(() => {
      folders.delete(path);
      rmSync(path, { recursive: true, force: true });
    });
    return path;
  }

  /** Something else to undo at the end. */
  defer(undo: () => Promise<void> | void): void {
    this.#undo.push(undo);
  }

  /** Undoes everything, also when one step fails; the first failure is thrown afterwards. */
  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Runs a program to its end and returns its standard output; rejects with what it said when its status is not 0. */
export async function run(program: string, args: readonly string[], options: StartOptions = {}): Promise<string> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  living.add(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return await new Promise((resolve, reject) => {
    child.once('error', (error) => {
      living.delete(child);
      reject(error);
    });
    child.once('close', (code, signal) => {
      living.delete(child);
      if (code === 0) return resolve(out);
      const name = options.name ?? [program, ...args].join(' ');
      reject(new Error(`${name} ended with ${signal ?? `status ${code}`}: ${(err || out).trim()}`));
    });
  });
}

/**
 * Polls what sends no notification, such as a file that appears, until `look` returns something other than undefined
 * or false. Rejects after `timeoutMs`.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Cannot see ${what} within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
