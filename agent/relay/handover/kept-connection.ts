import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { setPeekOffset, shutdown } from '../../fd/libc-stream.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import { openChannel, type VhostChannel } from '../link/backend-link.ts';
import { inodeOf } from './inode.ts';
import { FileJournal, type Journal, journalIds, removeJournal } from './journal.ts';
import type { JournalHead, JournalRecord } from './journal-format.ts';
import { type Keep, keptId, storedName } from './keep.ts';

/** A connected pair that an earlier process left, ready to go on. */
export interface KeptConnection {
  readonly id: string;
  readonly keep: Keep;
  readonly head: JournalHead;
  readonly record: JournalRecord;
  readonly journal: Journal;
  readonly frontend: VhostChannel;
  readonly backend: VhostChannel;
}

/** What an earlier process left. What does not fit together was closed, and stands under `problems`. */
export interface Left {
  readonly connections: readonly KeptConnection[];
  readonly problems: readonly CompatError[];
  /** Removes the journals whose descriptors nobody kept: their connections ended with the earlier process. */
  readonly forgetStale: () => void;
}

/** Matches inherited descriptors with journals. Descriptors under names that are not ours stay with the caller. */
export function readLeft(keep: Keep, inherited: ReadonlyMap<string, readonly OwnedFd[]>): Left {
  const connections: KeptConnection[] = [];
  const problems: CompatError[] = [];
  const ids = new Set(journalIds(keep.folder));
  for (const [name, fds] of inherited) {
    const id = keptId(name);
    if (id === undefined) continue;
    ids.delete(id);
    try {
      connections.push(readOne(keep, id, fds));
    } catch (error) {
      problems.push(discard(keep, id, fds, error as Error));
    }
  }
  const forgetStale = (): void => {
    for (const id of ids) removeQuietly(keep, id);
    ids.clear();
  };
  return { connections, problems, forgetStale };
}

function readOne(keep: Keep, id: string, fds: readonly OwnedFd[]): KeptConnection {
  const { journal, head, record } = FileJournal.open(keep.folder, id);
  let opened: VhostChannel | undefined;
  try {
    const [frontend, frontendPipe, backend, backendPipe] = inOrder(fds, head);
    opened = openChannel(frontend, frontendPipe);
    return { id, keep, head, record, journal, frontend: opened, backend: openChannel(backend, backendPipe) };
  } catch (error) {
    journal.leave();
    opened?.close();
    throw error;
  }
}

/** The descriptors that the journal is about, in its order. */
function inOrder(fds: readonly OwnedFd[], head: JournalHead): readonly [OwnedFd, OwnedFd, OwnedFd, OwnedFd] {
  const byInode = new Map(fds.map((fd) => [inodeOf(fd.raw), fd]));
  const found = head.inodes.map((inode) => byInode.get(inode));
  const [frontend, frontendPipe, backend, backendPipe] = found;
  if (!frontend || !frontendPipe || !backend || !backendPipe || fds.length !== head.inodes.length) {
    const fitting = found.filter((fd) => fd !== undefined).length;
    throw new Error(`${fds.length} descriptors came, of which ${fitting} of ${head.inodes.length} fit its journal`);
  }
  return [frontend, frontendPipe, backend, backendPipe];
}

/** Closes for both sides what cannot go on. */
function discard(keep: Keep, id: string, fds: readonly OwnedFd[], error: Error): CompatError {
  for (const fd of fds) {
    try {
      setPeekOffset(fd.raw, 0); // only a socket has one
      shutdown(fd.raw);
    } catch {
      // A pipe, or a socket that is closed already.
    }
    fd.close();
  }
  keep.remove(storedName(id));
  removeQuietly(keep, id);
  return new CompatError(
    'VC-RESUME',
    `Cannot go on with kept connections ${id}: ${error.message}`,
    {},
    { cause: error },
  );
}

function removeQuietly(keep: Keep, id: string): void {
  try {
    removeJournal(keep.folder, id);
  } catch {
    // It is gone, or never was.
  }
}
