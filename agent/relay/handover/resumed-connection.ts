import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { setPeekOffset, shutdown } from '../../fd/libc-stream.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import { openChannel, type VhostChannel } from '../link/backend-link.ts';
import { Journal, journalIds, removeJournal } from './journal.ts';
import type { JournalHead, JournalRecord } from './journal-format.ts';
import { type Handover, inodeOf, storedId, storedName } from './stored-pair.ts';

/** A connected pair that an earlier process left, ready to go on. */
export interface ResumedConnection {
  readonly id: string;
  readonly handover: Handover;
  readonly head: JournalHead;
  readonly record: JournalRecord;
  readonly journal: Journal;
  readonly frontend: VhostChannel;
  readonly backend: VhostChannel;
}

/** What an earlier process left. What does not fit together was closed, and stands under `problems`. */
export interface Inherited {
  readonly connections: readonly ResumedConnection[];
  readonly problems: readonly CompatError[];
  /** Removes the journals whose descriptors the keeper did not have: their connections ended with the earlier process. */
  readonly forgetStale: () => void;
}

/** Matches inherited descriptors with journals. Descriptors under names that are not ours stay with the caller. */
export function readInherited(handover: Handover, inherited: ReadonlyMap<string, readonly OwnedFd[]>): Inherited {
  const connections: ResumedConnection[] = [];
  const problems: CompatError[] = [];
  const ids = new Set(journalIds(handover.folder));
  for (const [name, fds] of inherited) {
    const id = storedId(name);
    if (id === undefined) continue;
    ids.delete(id);
    try {
      connections.push(readOne(handover, id, fds));
    } catch (error) {
      problems.push(discard(handover, id, fds, error as Error));
    }
  }
  const forgetStale = (): void => {
    for (const id of ids) removeQuietly(handover, id);
    ids.clear();
  };
  return { connections, problems, forgetStale };
}

function readOne(handover: Handover, id: string, fds: readonly OwnedFd[]): ResumedConnection {
  const { journal, head, record } = Journal.open(handover.folder, id);
  let opened: VhostChannel | undefined;
  try {
    const [frontend, frontendPipe, backend, backendPipe] = inOrder(fds, head);
    opened = openChannel(frontend, frontendPipe);
    return { id, handover, head, record, journal, frontend: opened, backend: openChannel(backend, backendPipe) };
  } catch (error) {
    journal.leave();
    opened?.close();
    throw error;
  }
}

/** The descriptors of the journal, in its order. */
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

/** Ends for both sides what cannot go on. */
function discard(handover: Handover, id: string, fds: readonly OwnedFd[], error: Error): CompatError {
  for (const fd of fds) {
    try {
      setPeekOffset(fd.raw, 0); // only a socket has one
      shutdown(fd.raw);
    } catch {
      // A pipe, or a socket that is closed already.
    }
    fd.close();
  }
  handover.remove(storedName(id));
  removeQuietly(handover, id);
  const text = `Cannot go on with kept connections ${id}: ${error.message}`;
  return new CompatError('VC-RESUME', text, {}, { cause: error });
}

function removeQuietly(handover: Handover, id: string): void {
  try {
    removeJournal(handover.folder, id);
  } catch {
    // It is gone, or never was.
  }
}
