import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { reasonOf } from './command-errors.ts';
import type { GlobalOptions } from './options.ts';
import { textLines } from './page.ts';
import { errorLook, type Io } from './terminal.ts';

/** A wait shorter than this needs no word to whoever watches. */
const PROGRESS_AFTER_MS = 1000;

/** One run of one command: the world, the options, and what has to be undone when it ends. */
export class Context {
  readonly io: Io;
  readonly options: GlobalOptions;
  /** The command line as typed, for the comment of transactions. */
  readonly commandLine: string;
  readonly #cleanups: (() => void | Promise<void>)[] = [];
  readonly #deadline: number | undefined;

  /** `now` in milliseconds, of any clock that only goes forward. */
  constructor(io: Io, options: GlobalOptions, commandLine: string, now = performance.now()) {
    this.io = io;
    this.options = options;
    this.commandLine = commandLine;
    this.#deadline = options.timeoutMs === 0 ? undefined : now + options.timeoutMs;
  }

  /** What is left of --timeout, at least 1 ms; undefined without a limit. */
  remainingMs(now = performance.now()): number | undefined {
    return this.#deadline === undefined ? undefined : Math.max(1, Math.ceil(this.#deadline - now));
  }

  /** Runs however the command ends, the last first: sockets are closed, children ended. */
  atEnd(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) {
      try {
        await cleanup();
      } catch (error) {
        this.log(`cleaning up: ${reasonOf(error)}`);
      }
    }
  }

  /** A line for --verbose. */
  log(text: string): void {
    if (this.options.verbose) this.io.stderr(`vhost-compat: ${text}\n`);
  }

  /** A sentence beside the result, whatever that will be. */
  note(text: string): void {
    const lines = textLines(`vhost-compat: ${text}`, errorLook(this.io).width);
    this.io.stderr(`${lines.join('\n')}\n`);
  }

  /** Waits; after a second it tells a person at a terminal what for. */
  async progress<T>(doing: string, work: Promise<T>): Promise<T> {
    if (!this.io.stderrIsTerminal) return work;
    let shown = false;
    const timer = setTimeout(() => {
      shown = true;
      this.io.stderr(`${doing} …`);
    }, PROGRESS_AFTER_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      // back to the first column, and erase to the end of the line (ECMA-48 EL)
      if (shown) this.io.stderr('\r\u001b[K');
    }
  }

  /** Settles as `work` does, or rejects with VC-TIMEOUT when --timeout is over. */
  async limited<T>(what: string, work: Promise<T>): Promise<T> {
    const text = `Cannot finish ${what}: no end within ${this.options.timeoutMs / 1000} s (--timeout)`;
    return within(this.remainingMs(), work, () => new CompatError('VC-TIMEOUT', text));
  }
}

/** Settles as `work` does, or rejects with an error after so many milliseconds; undefined: never. */
export async function within<T>(limitMs: number | undefined, work: Promise<T>, late: () => Error): Promise<T> {
  if (limitMs === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
