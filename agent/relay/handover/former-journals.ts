import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { OpenedFile } from '../../../base/safe-directory.ts';
import { hasJournal, journalFile } from './journal.ts';

/**
 * Moves the journals of these connections from where earlier releases had them (RUN_DIR/ports), so that a running agent of such a
 * release can be upgraded. Users of QEMU may write beside that folder: what is in it counts only where nobody but root and we
 * could have put it. What cannot be moved is left there; its connection cannot go on, which `readInherited` tells.
 */
export function takeFormerJournals(former: string, folder: string, ids: readonly string[]): void {
  const missing = former === folder ? [] : ids.filter((id) => !hasJournal(folder, id));
  if (missing.length === 0) return;
  let from: OpenedFile;
  try {
    from = new OpenedFile(former);
  } catch {
    return; // it was never there, as a rule
  }
  try {
    if (!from.stat.isDirectory() || !isPrivate(from.stat)) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const id of missing) move(join(from.path, journalFile(id)), join(folder, journalFile(id)));
  } finally {
    from.close();
  }
}

/** A whole file or none, whenever this process ends. */
function move(from: string, to: string): void {
  try {
    writeFileSync(`${to}.new`, readPrivate(from), { mode: 0o600 });
    renameSync(`${to}.new`, to);
    rmSync(from);
  } catch {
    // it is not there, or not ours
  }
}

function readPrivate(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile() || !isPrivate(stat)) throw new Error('it may be from somebody else');
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Of root, as whom earlier releases ran, or of us, and closed to others. */
function isPrivate({ uid, mode }: { readonly uid: bigint; readonly mode: bigint }): boolean {
  return [0n, BigInt(process.geteuid?.() ?? 0)].includes(uid) && (mode & 0o077n) === 0n;
}
