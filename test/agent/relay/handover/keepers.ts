import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { duplicate, socketPair } from '../../../../agent/fd/libc.ts';
import { receive } from '../../../../agent/fd/libc-message.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import { placesOf } from '../../../../agent/relay/handover/journal.ts';
import {
  decodeRecord,
  formatOf,
  type JournalHead,
  type JournalRecord,
} from '../../../../agent/relay/handover/journal-format.ts';
import { type Handover, StoredPair, storedId } from '../../../../agent/relay/handover/stored-pair.ts';
import { openChannel } from '../../../../agent/relay/link/backend-link.ts';
import { beginSession } from '../../../../agent/relay/session/session.ts';
import { entryOf, OVS_3_2, temporaryFolder } from '../../support.ts';

/** A keeper inside this process: copies descriptors as systemd does, and fails when it is told to. */
export class TestHandover implements Handover {
  readonly #home = temporaryFolder();
  readonly stored = new Map<string, OwnedFd[]>();
  readonly removed: string[] = [];
  /** How the next `store` ends, if not well. */
  failure: ((done: (error?: Error) => void) => void) | undefined;

  get folder(): string {
    return join(this.#home.path, 'ports');
  }

  store(id: string, descriptors: readonly number[], done: (error?: Error) => void): void {
    if (this.failure) {
      this.failure(done);
      return;
    }
    this.stored.set(
      id,
      descriptors.map((fd) => new OwnedFd(duplicate(fd))),
    );
    done();
  }

  remove(id: string): void {
    this.removed.push(id);
    for (const fd of this.stored.get(id) ?? []) fd.close();
    this.stored.delete(id);
  }

  /** What the next process gets when it starts: copies of what is stored, by name. */
  inherited(): Map<string, OwnedFd[]> {
    return new Map([...this.stored].map(([name, fds]) => [name, fds.map(({ raw }) => new OwnedFd(duplicate(raw)))]));
  }

  journal(name: string): JournalFile {
    return new JournalFile(join(this.folder, `${storedId(name) ?? ''}.journal`));
  }

  close(): void {
    for (const name of [...this.stored.keys()]) this.remove(name);
    this.#home.remove();
  }
}

/** A journal as a file that things happen to. */
export class JournalFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  edit(change: (bytes: Buffer) => Buffer | undefined): void {
    const bytes = readFileSync(this.path);
    writeFileSync(this.path, change(bytes) ?? bytes);
  }

  /** The places of the records in the file, the latest first. */
  get places(): number[] {
    const bytes = readFileSync(this.path);
    return placesOf(formatOf(bytes))
      .flatMap(({ at, length }) => {
        const found = decodeRecord(bytes.subarray(at, at + length));
        return found ? { at, sequence: found.sequence } : [];
      })
      .toSorted((a, b) => Number(b.sequence - a.sequence))
      .map(({ at }) => at);
  }
}

export const HEAD: Omit<JournalHead, 'inodes'> = {
  name: 'p',
  deviceType: 'vhost-user-net',
  frontend: 'listen:/run/f',
  backend: 'connect:/run/b',
  mode: entryOf({ limits: { queue_pairs: 4 }, protocolFeatures: 0xcb7n }),
  abilities: OVS_3_2,
  peer: { pid: process.pid, startTime: '1', bootId: 'b' },
};

/** A record that is told from others by its number of queue pairs. */
export function recordOf(queuePairs: number): JournalRecord {
  const state = beginSession({ interface: HEAD.name, mode: HEAD.mode }, HEAD.abilities);
  return { state: { ...state, acked: 1n << 32n, queuePairs }, messages: [] };
}

export interface LeftPair {
  readonly name: string;
  /** The other ends: of the front-end and of the back-end. */
  readonly peers: readonly [OwnedFd, OwnedFd];
}

/** Two connected peers and what a process left of them that was ended; records of 0, 1, 2 queue pairs were written. */
export function leavePair(handover: TestHandover, head = HEAD): LeftPair {
  const [front, farFront] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
  const [back, farBack] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
  const channels = { frontend: openChannel(front), backend: openChannel(back) };
  const known = new Set(handover.stored.keys());
  const events = {
    ready: () => {},
    failed: (error: Error) => {
      throw error;
    },
  };
  const pair = StoredPair.begin(handover, channels, head, recordOf(0), events);
  pair.write(() => recordOf(1));
  pair.write(() => recordOf(2));
  pair.leave();
  channels.frontend.leave();
  channels.backend.leave();
  const name = [...handover.stored.keys()].find((one) => !known.has(one));
  if (name === undefined) throw new Error('nothing was stored');
  return { name, peers: [farFront, farBack] };
}

/** Whether the other side of a connection has ended it. */
export function isHungUp(peer: OwnedFd): boolean {
  return receive(peer.raw, new Uint8Array(16))?.bytes === 0;
}
