import { join } from 'node:path';
import { DescriptorStore } from '../keeper/descriptor-store.ts';
import { inheritedDescriptors } from '../keeper/inherited.ts';
import { checkJournal, journalIds } from '../relay/handover/journal.ts';
import type { RelayStep } from '../relay/handover/journal-format.ts';
import type { Handover } from '../relay/handover/stored-pair.ts';
import { KeptPorts } from './kept-ports.ts';

/** Where the journals of the ports are, within the run directory. */
const JOURNALS = 'ports';

/** Who keeps our connections, and what was kept. */
export interface Keeping {
  readonly store: DescriptorStore;
  readonly handover: Handover;
  readonly ports: KeptPorts;
  readonly atStep: ((step: RelayStep) => void) | undefined;
}

/** Goes on with kept connections, at once. Undefined when nobody keeps anything: neither systemd nor --supervise. */
export function resumeKept(runDir: string, atStep: Keeping['atStep']): Keeping | undefined {
  const store = DescriptorStore.fromEnvironment();
  const inherited = inheritedDescriptors();
  if (!store) {
    for (const fd of [...inherited.values()].flat()) fd.close();
    return undefined;
  }
  for (const [name, fds] of inherited) store.holds(name, fds.length);
  const handover: Handover = {
    folder: join(runDir, JOURNALS),
    store: (id, descriptors, done) => store.store(id, descriptors, done),
    remove: (id) => store.remove(id),
  };
  return { store, handover, ports: new KeptPorts(handover, inherited, { handover, atStep }), atStep };
}

/** Whether this release could go on with all that the running one has left; throws what speaks against it. */
export function checkKept(runDir: string): number {
  const folder = join(runDir, JOURNALS);
  const ids = journalIds(folder);
  for (const id of ids) {
    try {
      checkJournal(folder, id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue; // that connection has just ended
      throw new Error(`Cannot go on with the connections ${id} of the running agent: ${(error as Error).message}`);
    }
  }
  return ids.length;
}
