import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SCHEMA } from './dataset.ts';
import { Wire } from './wire.ts';

/** One of the two servers, with a database of its own in a temporary folder. */
export class Subject {
  readonly name: string;
  readonly path: string;
  readonly #folder: string;
  readonly #command: (folder: string) => string[];
  #child: ChildProcess | undefined;

  constructor(name: string, prepare: (folder: string) => void, command: (folder: string) => string[]) {
    this.name = name;
    this.#folder = mkdtempSync(join(tmpdir(), 'vc-bench-'));
    this.path = join(this.#folder, 'db.sock');
    this.#command = command;
    writeFileSync(join(this.#folder, 'bench.ovsschema'), JSON.stringify(SCHEMA));
    prepare(this.#folder);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<Wire> {
    const [program = '', ...args] = this.#command(this.#folder);
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: this.#folder });
    this.#child = child;
    child.once('exit', (code) => {
      if (this.#child === child) throw new Error(`${this.name} ended with status ${code}`);
    });
    return await this.connect();
  }

  async connect(): Promise<Wire> {
    for (;;) {
      const wire = await Wire.open(this.path);
      if (wire) return wire;
      await sleep(1);
    }
  }

  /** Lets ovsdb-server write its file anew; ours has no history. */
  compact(): void {
    if (this.name === 'ovsdb-server')
      execFileSync('ovs-appctl', ['-t', join(this.#folder, 'ctl'), 'ovsdb-server/compact'], { stdio: 'ignore' });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const SERVE = join(import.meta.dirname, `serve${extname(import.meta.filename)}`);

export function ours(): Subject {
  return new Subject(
    'ours',
    () => undefined,
    (folder) => [
      process.execPath,
      ...process.execArgv,
      ...(process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? []),
      SERVE,
      join(folder, 'bench.db'),
      join(folder, 'bench.ovsschema'),
      join(folder, 'db.sock'),
    ],
  );
}

export function real(): Subject {
  return new Subject(
    'ovsdb-server',
    (folder) => void execFileSync('ovsdb-tool', ['create', join(folder, 'bench.db'), join(folder, 'bench.ovsschema')]),
    (folder) => [
      'ovsdb-server',
      '--verbose=off',
      `--remote=punix:${join(folder, 'db.sock')}`,
      `--unixctl=${join(folder, 'ctl')}`,
      join(folder, 'bench.db'),
    ],
  );
}
