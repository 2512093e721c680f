import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';

/** Milliseconds on the clock that all processes of a machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** The processes: `backend-process.ts` and so on. */
export type HelperName = 'backend' | 'frontend' | 'storm';

/** One end of the dialogue, or a client of the agent, in a process of its own, so that its event loop is in nobody's way. */
export class Helper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  readonly #gone: Promise<void>;
  #calls = 0;
  #over = false;

  constructor(name: HelperName) {
    const file = join(import.meta.dirname, `${name}-process${extname(import.meta.filename)}`);
    this.#child = fork(file, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (answer: Answer) => {
      const call = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.error !== undefined) call?.reject(new Error(`${name}: ${answer.error}`));
      else call?.resolve(answer.result);
    });
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#over = true;
        for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ended with ${signal ?? code}`));
        resolve();
      });
    });
  }

  async call<T>(method: string, params: unknown = {}): Promise<T> {
    if (this.#over) throw new Error(`Cannot call ${method}: the process is gone`);
    this.#calls += 1;
    const id = this.#calls;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#child.send({ id, method, params } satisfies Request);
    return (await answer) as T;
  }

  /** At once, as a crash ends it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }
}

/** The side of the process: ends with the one that started it. */
export function serve(methods: Readonly<Record<string, (params: never) => unknown>>): void {
  process.on('message', ({ id, method, params }: Request) => {
    const work = methods[method];
    const answer = (rest: Omit<Answer, 'id'>) => process.send?.({ id, ...rest } satisfies Answer);
    Promise.resolve()
      .then(() => {
        if (!work) throw new Error(`no method ${method}`);
        return work(params as never);
      })
      .then(
        (result) => answer({ result }),
        (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}
