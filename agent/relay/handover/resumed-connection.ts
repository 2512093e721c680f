import { fstatSync } from 'node:fs';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { setPeekOffset, shutdown } from '../../fd/libc-stream.ts';
import { closeAll, type OwnedFd } from '../../fd/owned-fd.ts';
import { openChannel, type VhostChannel } from '../link/backend-link.ts';
import { Journal, journalIds, journalPath, removeJournal } from './journal.ts';
import type { JournalHead, JournalRecord } from './journal-format.ts';
import { ofThisRelease } from './previous-release.ts';
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
  /** The sockets and pipes of the connections so far. */
  const claimed = new Set<string>();
  for (const [name, fds] of inherited) {
    const id = storedId(name);
    if (id === undefined) continue;
    ids.delete(id);
    try {
      const connection = readOne(handover, id, fds, claimed);
      for (const inode of connection.head.inodes) claimed.add(inode);
      connections.push(connection);
    } catch (error) {
      problems.push(discard(handover, id, fds, claimed, error as Error));
    }
  }
  const forgetStale = (): void => {
    for (const id of ids) removeQuietly(handover, id);
    ids.clear();
  };
  return { connections, problems, forgetStale };
}

function readOne(
  handover: Handover,
  id: string,
  fds: readonly OwnedFd[],
  claimed: ReadonlySet<string>,
): ResumedConnection {
  let ordered: readonly OwnedFd[] | undefined;
  const { journal, head, record } = Journal.open(handover.folder, id, (old, last) => {
    const [frontend, toFrontend, backend, toBackend] = inOrder(fds, old, 4, claimed);
    if (!frontend || !toFrontend || !backend || !toBackend) throw new Error('unreachable');
    ordered = [frontend, backend];
    const left = { frontend: { socket: frontend, pipe: toFrontend }, backend: { socket: backend, pipe: toBackend } };
    return ofThisRelease(old, last, left);
  });
  let opened: VhostChannel | undefined;
  try {
    ordered ??= inOrder(fds, head, 2, claimed);
    const [frontend, backend] = ordered;
    if (!frontend || !backend) throw new Error('unreachable');
    closeAll(fds.filter((fd) => fd !== frontend && fd !== backend));
    opened = openChannel(frontend);
    return { id, handover, head, record, journal, frontend: opened, backend: openChannel(backend) };
  } catch (error) {
    journal.leave();
    opened?.close();
    throw error;
  }
}

/** The descriptors of the journal, in its order. Pipes may come with them: the release before had some. */
function inOrder(
  fds: readonly OwnedFd[],
  { inodes }: JournalHead,
  wanted: number,
  claimed: ReadonlySet<string>,
): OwnedFd[] {
  if (new Set(inodes).size < inodes.length) throw new Error('it names one descriptor twice');
  if (inodes.some((inode) => claimed.has(inode))) throw new Error('another journal claims the same connections');
  const byInode = new Map(fds.map((fd) => [inodeOf(fd.raw), fd]));
  const found = inodes.flatMap((inode) => byInode.get(inode) ?? []);
  const strangers = fds.filter((fd) => !found.includes(fd) && !fstatSync(fd.raw).isFIFO());
  if (found.length === wanted && strangers.length === 0) return found;
  throw new Error(`${fds.length} descriptors came, of which ${found.length} of ${wanted} fit its journal`);
}

/** Ends for both sides what cannot go on, unless another port goes on with it. */
function discard(
  handover: Handover,
  id: string,
  fds: readonly OwnedFd[],
  claimed: ReadonlySet<string>,
  error: Error,
): CompatError {
  for (const fd of fds) {
    try {
      if (claimed.has(inodeOf(fd.raw))) continue;
      setPeekOffset(fd.raw, 0); // only a socket has one
      shutdown(fd.raw);
    } catch {
      // A pipe, or a socket that is closed already.
    } finally {
      fd.close();
    }
  }
  handover.remove(storedName(id));
  removeQuietly(handover, id);
  const text = `Cannot go on with kept connections ${id} by ${journalPath(handover.folder, id)}: ${error.message}`;
  return new CompatError('VC-RESUME', text, {}, { cause: error });
}

function removeQuietly(handover: Handover, id: string): void {
  try {
    removeJournal(handover.folder, id);
  } catch {
    // It is gone, or never was.
  }
}
