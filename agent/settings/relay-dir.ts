import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

const MODE = 0o711;

/** What stands in the directory of the relay process (`relay_dir`), which belongs to it alone. */

/** Where the manager process gives its orders. */
export function ordersSocket(relayDir: string): string {
  return join(relayDir, 'orders.sock');
}

/** Where our own keeper, `--supervise`, takes descriptors. */
export function keeperSocket(relayDir: string): string {
  return join(relayDir, 'keeper.sock');
}

/** The journals of the connected pairs. */
export function journalFolder(relayDir: string): string {
  return join(relayDir, 'ports');
}

/** Where earlier releases had their journals. */
export function formerJournalFolder(runDir: string): string {
  return join(runDir, 'ports');
}

/** The last orders of the manager. */
export function ordersFolder(relayDir: string): string {
  return join(relayDir, 'orders');
}

/**
 * Creates the directory when it is absent. Everybody may pass through it to the sockets that are theirs; only the relay
 * process may write to it. Throws VC-CONFIG.
 */
export function makeRelayDir(dir: string): void {
  const wanted = 'wanted a directory that belongs to the relay process, and that nobody else may write to';
  const refusal = (seen: string, cause?: unknown) =>
    new CompatError('VC-CONFIG', `Cannot use the relay directory ${dir}: ${seen}; ${wanted}`, { path: dir }, { cause });
  try {
    if (mkdirSync(dir, { recursive: true, mode: MODE }) !== undefined) chmodSync(dir, MODE);
    const { uid, mode } = statSync(dir);
    if (uid !== process.getuid?.()) throw refusal(`it belongs to user ${uid}`);
    if ((mode & 0o022) !== 0) throw refusal(`its mode is ${(mode & 0o7777).toString(8).padStart(4, '0')}`);
  } catch (cause) {
    if (cause instanceof CompatError) throw cause;
    throw refusal((cause as Error).message, cause);
  }
}
