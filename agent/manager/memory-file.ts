import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readRegularFile } from '../../base/regular-file.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Check } from '../../rpc/json/shape.ts';

/** What a file of the agent's memory held. */
type Remembered<T> =
  | { readonly is: 'read'; readonly content: T }
  /** It was never written. */
  | { readonly is: 'absent' }
  | { readonly is: 'unusable'; readonly problem: CompatError };

/**
 * A JSON file in the state directory, where the agent remembers what it must not have to believe the rows of the database for.
 * It is replaced as a whole, and on the disk when `write` settles.
 */
export class MemoryFile<T> {
  readonly #path: string;
  readonly #check: Check<T>;
  readonly #maxBytes: number;
  #onDisk: string | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** What is written next: a disk that takes long makes nobody keep more than that. */
  #next: { text: string; readonly written: Promise<void> } | undefined;

  constructor(path: string, check: Check<T>, maxBytes: number) {
    this.#path = path;
    this.#check = check;
    this.#maxBytes = maxBytes;
  }

  read(): Remembered<T> {
    try {
      const text = readRegularFile(this.#path, this.#maxBytes);
      const content = this.#check(JSON.parse(text), 'memory');
      this.#onDisk = text;
      return { is: 'read', content };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { is: 'absent' };
      return { is: 'unusable', problem: this.#problem('read', error) };
    }
  }

  /**
   * Writes a text of JSON, behind the one that is being written and in the place of one that waits for that. Throws VC-MEMORY;
   * the file is as it was then.
   */
  async write(text: string): Promise<void> {
    if (this.#next) this.#next.text = text;
    else {
      const written = this.#writing.then(() => {
        const latest = this.#next?.text ?? text;
        this.#next = undefined;
        return this.#write(latest);
      });
      this.#next = { text, written };
      this.#writing = written.catch(() => undefined);
    }
    await this.#next.written;
  }

  async #write(text: string): Promise<void> {
    if (text === this.#onDisk) return;
    try {
      const length = Buffer.byteLength(text);
      if (length > this.#maxBytes) throw new Error(`saw ${length} bytes; wanted at most ${this.#maxBytes}`);
      await writeDurably(`${this.#path}.new`, text);
      await rename(`${this.#path}.new`, this.#path);
      await syncDirectory(dirname(this.#path));
      this.#onDisk = text;
    } catch (error) {
      throw this.#problem('write', error);
    }
  }

  #problem(what: string, cause: unknown): CompatError {
    const text = `Cannot ${what} ${this.#path}: ${(cause as Error).message}`;
    return new CompatError('VC-MEMORY', text, { path: this.#path }, { cause });
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o640);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The new name of a file is on the disk when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(join(path, '.'), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
