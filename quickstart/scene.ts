import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long any one thing of the story may take before it is called off. */
const PATIENCE_MS = 30_000;

const PROGRAMS = {
  'vhost-compat': join(import.meta.dirname, '..', 'bin', 'vhost-compat.js'),
  'vhost-compatd': join(import.meta.dirname, '..', 'bin', 'vhost-compatd.js'),
} as const;
type Program = keyof typeof PROGRAMS;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The stage of the story: a folder of its own, the processes it started, and the teller's voice. All of it is gone at the end. */
export class Scene {
  readonly dir = mkdtempSync(join(tmpdir(), 'vcq-'));
  readonly #children: ChildProcess[] = [];

  /** A sentence of the story. */
  say(text: string): void {
    process.stdout.write(`\n${text}\n`);
  }

  /** Something seen, set apart from the sentences. */
  show(text: string): void {
    for (const line of text.trimEnd().split('\n')) process.stdout.write(`    ${line}\n`);
  }

  folder(name: string): string {
    const path = join(this.dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Runs a command of ours to its end, showing the command and what it printed. */
  async run(...args: string[]): Promise<Outcome> {
    this.show(`$ vhost-compat ${args.map((arg) => arg.replaceAll(`${this.dir}/`, '')).join(' ')}`);
    const outcome = await this.quietly(...args);
    const told = `${outcome.stdout}${outcome.stderr}`.replaceAll(`${this.dir}/`, '');
    if (told.trim() !== '') this.show(told);
    return outcome;
  }

  /** The same without showing anything. */
  async quietly(...args: string[]): Promise<Outcome> {
    const child = spawn(process.execPath, [PROGRAMS['vhost-compat'], ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const code = await new Promise<number>((done, fail) => {
      child.once('error', fail);
      child.once('close', (exit, signal) => done(exit ?? (signal === null ? 1 : 128)));
    });
    return { code, stdout: stdout(), stderr: stderr() };
  }

  /** Runs a command that must succeed. */
  async must(...args: string[]): Promise<Outcome> {
    const outcome = await this.run(...args);
    if (outcome.code !== 0) throw new Error(`vhost-compat ${args[0] ?? ''} ended with exit code ${outcome.code}`);
    return outcome;
  }

  /** Starts one of our programs in the background and waits until it says `ready`. */
  async start(program: Program, ready: RegExp, ...args: string[]): Promise<void> {
    await this.startOther(process.execPath, ready, [PROGRAMS[program], ...args], `${program} ${args[0] ?? ''}`);
  }

  /** Starts any program in the background and waits until its output matches; an undefined pattern waits for nothing. */
  async startOther(file: string, ready: RegExp | undefined, args: readonly string[], name = file): Promise<void> {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    let seen = '';
    await new Promise<void>((done, fail) => {
      const late = setTimeout(
        () => fail(new Error(`${name} was not ready after ${PATIENCE_MS / 1000} s:\n${seen}`)),
        PATIENCE_MS,
      );
      const finish = (error?: Error): void => {
        clearTimeout(late);
        if (error) fail(error);
        else done();
      };
      const listen = (chunk: Buffer): void => {
        seen = (seen + chunk.toString()).slice(-20_000);
        if (ready?.test(seen)) finish();
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('error', finish);
      child.once('exit', (code) => finish(new Error(`${name} ended with exit code ${code ?? 'none'}:\n${seen}`)));
      if (!ready) child.once('spawn', () => finish());
    });
  }

  /** Waits until a look gives an answer. */
  async until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await look();
      if (answer !== undefined) return answer;
      if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Ends every process it started, the last one first, and removes the folder. */
  async end(): Promise<void> {
    for (const child of this.#children.reverse()) await endProcess(child);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(force);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const parts: string[] = [];
  stream.setEncoding('utf8');
  stream.on('data', (part: string) => parts.push(part));
  return () => parts.join('');
}
