import { randomBytes } from 'node:crypto';
import type { VhostChannel } from '../link/backend-link.ts';
import { inodeOf } from './inode.ts';
import { FileJournal, type Journal, noJournal } from './journal.ts';
import type { JournalHead, JournalRecord } from './journal-format.ts';

/** Somebody who keeps copies of descriptors when this process dies, and gives them to the next one. */
export interface Keep {
  /** Where the journals are, on tmpfs. */
  readonly folder: string;
  /** Hands copies of all these over, together; `done` is told when they are safe, which may be at once. */
  store(id: string, descriptors: readonly number[], done: (error?: Error) => void): void;
  remove(id: string): void;
}

/** What has to be told when keeping fails: the port goes on, but would not survive this process. */
export type KeepFailed = (error: Error) => void;

/**
 * What the next process needs to go on with a pair of connected peers: their descriptors, in the hands of a keeper, and a
 * journal. When either fails the peers do not feel it; they are no longer kept.
 */
export class KeptPair {
  readonly #keep: Keep | undefined;
  readonly #id: string;
  readonly #failed: KeepFailed;
  #journal: Journal;
  #kept = false;

  private constructor(keep: Keep | undefined, id: string, journal: Journal, failed: KeepFailed) {
    this.#keep = keep;
    this.#id = id;
    this.#journal = journal;
    this.#failed = failed;
  }

  /** `ready` is told when nothing can be lost any more, or when it is certain that nothing is kept; maybe at once. */
  static begin(
    keep: Keep | undefined,
    pair: { readonly frontend: VhostChannel; readonly backend: VhostChannel },
    head: Omit<JournalHead, 'inodes'>,
    record: JournalRecord,
    events: { ready(): void; failed: KeepFailed },
  ): KeptPair {
    const id = randomBytes(6).toString('hex');
    const kept = new KeptPair(keep, id, noJournal, events.failed);
    if (!keep) {
      events.ready();
      return kept;
    }
    const descriptors = [...pair.frontend.descriptors, ...pair.backend.descriptors];
    try {
      const inodes = descriptors.map(inodeOf) as unknown as JournalHead['inodes'];
      kept.#journal = FileJournal.create(keep.folder, id, { ...head, inodes }, record);
      kept.#kept = true;
      keep.store(storedName(id), descriptors, (error) => {
        if (error) kept.#giveUp(error);
        events.ready();
      });
    } catch (error) {
      if (kept.#kept) kept.#giveUp(error as Error);
      else events.failed(error as Error);
      events.ready();
    }
    return kept;
  }

  /** The one that the process before this one had. */
  static resumed(keep: Keep, id: string, journal: Journal, failed: KeepFailed): KeptPair {
    const kept = new KeptPair(keep, id, journal, failed);
    kept.#kept = true;
    return kept;
  }

  /** Nobody would go on: the peers end with this process. */
  get isKept(): boolean {
    return this.#kept;
  }

  write(record: JournalRecord): void {
    if (!this.#kept) return;
    try {
      this.#journal.write(record);
    } catch (error) {
      this.#giveUp(error as Error);
    }
  }

  /** Not when the connection ended first: then there is nothing to keep any more. */
  #giveUp(error: Error): void {
    if (!this.#kept) return;
    this.end();
    this.#failed(error);
  }

  /** The connection is over. */
  end(): void {
    if (!this.#kept) return;
    this.#kept = false;
    this.#keep?.remove(storedName(this.#id));
    try {
      this.#journal.remove();
    } catch {
      // The file is gone already, or its folder: nobody can go on with it, which is what was wanted.
    }
    this.#journal = noJournal;
  }

  /** This process goes and leaves the pair to the next one. */
  leave(): void {
    this.#kept = false;
    this.#journal.leave();
  }
}

const PREFIX = 'vc-';

export function storedName(id: string): string {
  return PREFIX + id;
}

/** The id of a pair whose descriptors came under this name; undefined: not one of ours. */
export function keptId(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}
