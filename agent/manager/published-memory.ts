import { join } from 'node:path';
import { digestOf } from '../../compat-tables/entries/digest.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { array, type Check, integer, openObject } from '../../rpc/json/shape.ts';
import { entry } from '../orders/checks.ts';
import { encodeOrder } from '../orders/message-stream.ts';
import { MemoryFile } from './memory-file.ts';

/** Raised when a release writes what the previous one cannot read. */
const FORMAT = 1;
/** Some ten thousand entries. */
const MAX_BYTES = 32 << 20;

const anything: Check<unknown> = (value) => value;
const content = openObject({ format: integer, entries: array(anything) });

/**
 * The entries that this host has published, in `published-versions.json`: what a version string means here is known from the
 * tables, the definitions and this file, and never from a row of the database, which every client may write.
 */
export class PublishedMemory {
  readonly #file: MemoryFile<ReturnType<typeof content>>;
  #entries: readonly Entry[] = [];
  /** What is promised by the entries that were written last. */
  #onDisk: string | undefined;
  /** The file never existed: an earlier release published, or nobody did. */
  readonly isNew: boolean;
  /** VC-MEMORY, one for all that could not be read. */
  readonly problem: CompatError | undefined;

  constructor(stateDir: string) {
    const path = join(stateDir, 'published-versions.json');
    this.#file = new MemoryFile(path, content, MAX_BYTES);
    const read = this.#file.read();
    this.isNew = read.is === 'absent';
    this.problem = read.is === 'unusable' ? read.problem : undefined;
    if (read.is !== 'read') return;
    const whole = read.content.format === FORMAT ? read.content.entries.flatMap((one) => wholeEntry(one) ?? []) : [];
    this.#entries = [...new Map(whole.map((one) => [entryKey(one), one])).values()];
    const lost = read.content.entries.length - this.#entries.length;
    if (lost === 0) return;
    const seen = `${lost} of ${read.content.entries.length} entries are not what their digests stand for`;
    this.problem = new CompatError('VC-MEMORY', `Cannot use all of ${path}: ${seen}`, { path });
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Remembers these and no others; settles when they are on the disk. Throws VC-MEMORY; they are remembered until the end then. */
  async keep(entries: readonly Entry[]): Promise<void> {
    this.#entries = entries;
    const promised = entries.map((one) => `${entryKey(one)} ${one.digest} ${JSON.stringify(one.withdrawn)}`).join('\n');
    if (promised === this.#onDisk) return;
    await this.#file.write(encodeOrder({ format: FORMAT, entries }));
    this.#onDisk = promised;
  }
}

/** Undefined: it is no entry, or not the one that its digest stands for. */
function wholeEntry(value: unknown): Entry | undefined {
  try {
    const read = entry(value, 'entry');
    return digestOf(read) === read.digest ? read : undefined;
  } catch {
    return undefined;
  }
}
