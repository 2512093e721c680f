import { fstatSync } from 'node:fs';
import type { Receipt } from '../../fd/libc-message.ts';
import type { VhostChannel } from '../link/backend-link.ts';
import { hasJournal, Journal } from './journal.ts';
import type { JournalHead, JournalRecord, ReceiptNumber, Side } from './journal-format.ts';

/** What hands connections to the next process: a keeper that holds copies of their descriptors, and a folder of journals. */
export interface Handover {
  /** The folder of the journals, on tmpfs. */
  readonly folder: string;
  /** Gives the keeper copies of all these descriptors, together; `done` is called when they are safe, maybe at once. */
  store(id: string, descriptors: readonly number[], done: (error?: Error) => void): void;
  remove(id: string): void;
}

/** Told when storing fails: the port goes on, but would not survive this process. */
type StoreFailed = (error: Error) => void;

/**
 * What the next process needs to go on with a pair of connected peers: their descriptors, which the keeper holds, and a
 * journal. When either fails the peers do not notice; they would end with this process.
 */
export class StoredPair {
  readonly #handover: Handover | undefined;
  readonly #id: string;
  readonly #failed: StoreFailed;
  /** Undefined: the pair is not stored, or no longer. */
  #journal: Journal | undefined;

  private constructor(handover: Handover | undefined, id: string, failed: StoreFailed, journal?: Journal) {
    this.#handover = handover;
    this.#id = id;
    this.#failed = failed;
    this.#journal = journal;
  }

  /** `ready` is called when the pair is stored, or when it is certain that it is not; maybe at once. */
  static begin(
    handover: Handover | undefined,
    channels: Readonly<Record<Side, VhostChannel>>,
    head: Omit<JournalHead, 'inodes'>,
    record: JournalRecord,
    events: { ready(): void; failed: StoreFailed },
  ): StoredPair {
    const id = handover ? freshId(handover.folder) : '';
    const pair = new StoredPair(handover, id, events.failed);
    if (!handover) {
      events.ready();
      return pair;
    }
    const descriptors = [channels.frontend.descriptor, channels.backend.descriptor];
    try {
      const inodes = descriptors.map(inodeOf);
      pair.#journal = Journal.create(handover.folder, id, { ...head, inodes }, record);
      handover.store(storedName(id), descriptors, (error) => {
        if (error) pair.#giveUp(error);
        events.ready();
      });
    } catch (error) {
      if (pair.isStored) pair.#giveUp(error as Error);
      else events.failed(error as Error);
      events.ready();
    }
    return pair;
  }

  /** The pair of the process before this one. */
  static resumed(handover: Handover, id: string, journal: Journal, failed: StoreFailed): StoredPair {
    return new StoredPair(handover, id, failed, journal);
  }

  /** False: the peers end with this process. */
  get isStored(): boolean {
    return this.#journal !== undefined;
  }

  /** Records how far the exchange has come; `record` is asked for only when there is a journal. */
  write(record: () => JournalRecord): void {
    if (!this.#journal) return;
    try {
      this.#journal.write(record());
    } catch (error) {
      this.#giveUp(error as Error);
    }
  }

  /** For the next call alone; undefined: nobody will ask whether a message was sent. */
  receipt(side: Side, number: ReceiptNumber): Receipt | undefined {
    return this.#journal?.receipt(side, number);
  }

  /** The message of a side that was recorded last was consumed: no further record is needed to say so. */
  consumed(side: Side): void {
    this.#journal?.consumed(side);
  }

  /** Not when the connection ended first: then there is nothing to store any more. */
  #giveUp(error: Error): void {
    if (!this.isStored) return;
    this.end();
    this.#failed(error);
  }

  /** The connection is over. */
  end(): void {
    const journal = this.#journal;
    if (!journal) return;
    this.#journal = undefined;
    this.#handover?.remove(storedName(this.#id));
    try {
      journal.remove();
    } catch {
      // The file is gone already, or its folder: nobody can go on with it, which is what was wanted.
    }
  }

  /** This process goes and leaves the pair to the next one. */
  leave(): void {
    this.#journal?.leave();
    this.#journal = undefined;
  }
}

/**
 * Short, because the names of all descriptors reach the next process in one variable of its environment, and each stands there
 * twice.
 */
function freshId(folder: string): string {
  for (;;) {
    // no secret, so that node's cryptography need not be loaded while guests wait
    const id = Math.floor(Math.random() * 36 ** 4)
      .toString(36)
      .padStart(4, '0');
    if (!hasJournal(folder, id)) return id;
  }
}

const PREFIX = 'vc-';

export function storedName(id: string): string {
  return PREFIX + id;
}

/** The id of the pair whose descriptors the keeper has under this name; undefined: none of ours. */
export function storedId(name: string): string | undefined {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
}

/** What a descriptor stands for, the same in each process that has a copy of it. */
export function inodeOf(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}
