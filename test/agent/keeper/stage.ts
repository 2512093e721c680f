import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { SupervisedProgram } from '../../../agent/keeper/supervised-child.ts';
import type { SuperviseOptions } from '../../../agent/keeper/supervisor.ts';
import { openDescriptors, temporaryFolder, until } from '../support.ts';

/** The test programs, whether the tests run compiled or from their source. */
const SUFFIX = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';

export function program(name: string): string[] {
  const file = join(import.meta.dirname, 'programs', `${name}${SUFFIX}`);
  return [process.execPath, ...(SUFFIX === '.ts' ? ['--import=tsx'] : []), file];
}

interface StageOptions extends Partial<Omit<SuperviseOptions, 'log' | 'children'>>, Partial<SupervisedProgram> {
  /** Programs beside the puppet, started after it. */
  readonly more?: readonly SupervisedProgram[];
}

export type Answer = Record<string, unknown>;

/**
 * Gives each test of a suite a stage of its own. Descriptors are counted only after a test that passed: the failure of any
 * other is the one to read, and an error in this hook would end the suite.
 */
export function stageForEach(use: (stage: Stage) => void): void {
  let stage: Stage;
  let before: number;

  beforeEach(() => {
    before = openDescriptors();
    stage = new Stage();
    use(stage);
  });

  afterEach(async function () {
    await stage.close();
    if (this.currentTest?.state !== 'passed') return;
    await until(`no leak: ${before} before, ${openDescriptors()} now`, () => openDescriptors() <= before);
  });
}

/** A keeper process with a puppet below it, and our end of the puppet's one connection. */
export class Stage {
  readonly #folder = temporaryFolder();
  readonly #server: Server;
  readonly notifySocket = this.path('notify');
  readonly log: Answer[] = [];
  readonly answers: Answer[] = [];
  connections = 0;
  hangUps = 0;
  /** Undefined while the keeper runs. */
  status: number | null | undefined;
  keeper: ChildProcess | undefined;
  #line: Socket | undefined;
  readonly #lines: Socket[] = [];
  readonly #cleanUps: (() => void | Promise<void>)[] = [];
  #taken = 0;

  constructor() {
    this.#server = createServer((line) => {
      this.connections += 1;
      this.#line = line;
      this.#lines.push(line);
      eachLine(line, (text) => this.answers.push(JSON.parse(text)));
      line.on('close', () => {
        this.hangUps += 1;
      });
      line.on('error', () => {});
    });
    this.#server.listen(this.path('line'));
  }

  path(name: string): string {
    return join(this.#folder.path, name);
  }

  /** Starts the keeper; without a command of its own it supervises a puppet, and without a check every upgrade is allowed. */
  start(
    { command, checkCommand, watchdogMs, more = [], ...options }: StageOptions = {},
    env: NodeJS.ProcessEnv = {},
    puppet: string[] = [],
  ): void {
    const child = {
      name: 'puppet',
      keeps: true,
      command: command ?? [...program('puppet'), this.path('line'), ...puppet],
      checkCommand: checkCommand ?? ['/bin/true'],
      watchdogMs,
    };
    const all = { children: [child, ...more], notifySocket: this.notifySocket, ...options };
    const [node = '', ...args] = program('keeper');
    this.keeper = spawn(node, [...args, JSON.stringify(all)], {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, ...env },
    });
    if (this.keeper.stderr) eachLine(this.keeper.stderr, (text) => this.#logged(text));
    this.keeper.on('exit', (status) => {
      this.status = status;
    });
  }

  #logged(text: string): void {
    this.log.push(text.startsWith('{') ? JSON.parse(text) : { event: 'text', text });
  }

  events(name: string): Answer[] {
    return this.log.filter(({ event }) => event === name);
  }

  /** The next answer of the puppet that was not looked at yet. */
  async answer(what = 'an answer'): Promise<Answer> {
    await until(`${what}; log: ${JSON.stringify(this.log.slice(-5))}`, () => this.answers.length > this.#taken);
    return this.answers[this.#taken++] ?? {};
  }

  async order(order: Answer): Promise<Answer> {
    this.tell(order);
    return await this.answer(JSON.stringify(order));
  }

  tell(order: Answer): void {
    this.#line?.write(`${JSON.stringify(order)}\n`);
  }

  get line(): Socket | undefined {
    return this.#line;
  }

  signal(signal: NodeJS.Signals): void {
    this.keeper?.kill(signal);
  }

  /** Kills the keeper alone, and starts another one of the same options. */
  async replaceKeeper(...start: Parameters<Stage['start']>): Promise<void> {
    this.signal('SIGKILL');
    await this.untilEnded();
    this.status = undefined;
    this.start(...start);
  }

  /** How many descriptors the keeper has open, once it has heard all that the puppet said. Once in each test. */
  async keeperDescriptors(): Promise<number> {
    await this.order({ do: 'say', text: 'STATUS=that was all' });
    await until('the status', () => this.events('child-status').length === 1);
    return this.#openInKeeper();
  }

  #openInKeeper(): number {
    return readdirSync(`/proc/${this.keeper?.pid}/fd`).length;
  }

  async untilKeeperHas(descriptors: number): Promise<void> {
    await until(`${descriptors} descriptors`, () => this.#openInKeeper() === descriptors).catch((error: Error) => {
      throw new Error(`${error.message}, has ${this.#openInKeeper()}`);
    });
  }

  async untilEnded(): Promise<number | null> {
    await until(`end of the keeper; log: ${JSON.stringify(this.log)}`, () => this.status !== undefined);
    return this.status ?? null;
  }

  /** A program written down for this test alone. */
  script(name: string, text: string): string[] {
    writeFileSync(this.path(name), text);
    return ['/bin/sh', this.path(name)];
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Has something done when the test has ended, also when it failed. */
  afterwards(cleanUp: () => void | Promise<void>): void {
    this.#cleanUps.push(cleanUp);
  }

  /** Ends the keeper and the puppet, with SIGKILL when they do not follow, and all that a test has left. Never throws. */
  async close(): Promise<void> {
    for (const cleanUp of this.#cleanUps.splice(0)) await (async () => cleanUp())().catch(() => {});
    if (this.keeper && this.status === undefined) {
      this.signal('SIGCONT'); // where a test had stopped it
      this.signal('SIGTERM');
      await this.untilEnded().catch(() => {
        this.signal('SIGKILL');
        kill(this.events('child-started').at(-1)?.['pid']);
      });
    }
    this.keeper?.stderr?.destroy();
    for (const line of this.#lines) line.destroy();
    this.#server.close();
    this.#folder.remove();
  }
}

/** Kills a process that may be gone already. */
export function kill(pid: unknown): boolean {
  try {
    return typeof pid === 'number' && process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

function eachLine(from: NodeJS.ReadableStream, got: (text: string) => void): void {
  let rest = '';
  from.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') got(line);
  });
}
