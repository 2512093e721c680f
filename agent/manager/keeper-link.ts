import { join } from 'node:path';
import { DescriptorStore } from '../keeper/descriptor-store.ts';
import { inheritedDescriptors } from '../keeper/inherited.ts';
import { checkJournal, journalIds } from '../relay/handover/journal.ts';
import type { RelayStep } from '../relay/handover/journal-format.ts';
import type { Handover } from '../relay/handover/stored-pair.ts';
import { ResumedPorts } from './resumed-ports.ts';

/** Where the journals of the ports are, within the run directory. */
const JOURNALS = 'ports';

/** The link to the keeper, systemd or our own: what it stores for the next agent, and what it stored of the previous one. */
export interface KeeperLink {
  readonly store: DescriptorStore;
  readonly handover: Handover;
  readonly ports: ResumedPorts;
  readonly atStep: ((step: RelayStep) => void) | undefined;
}

/** Resumes the connections of the previous agent at once. Undefined: there is no keeper, neither systemd nor --supervise. */
export function resumePorts(runDir: string, atStep: KeeperLink['atStep']): KeeperLink | undefined {
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
  return { store, handover, ports: new ResumedPorts(handover, inherited, { handover, atStep }), atStep };
}

/** Checks that this release can take over the connections of the running agent; returns how many. Throws the obstacle. */
export function checkJournals(runDir: string): number {
  const folder = join(runDir, JOURNALS);
  const ids = journalIds(folder);
  for (const id of ids) {
    try {
      checkJournal(folder, id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue; // that connection has just ended
      throw new Error(`Cannot take over connection ${id} of the running agent: ${(error as Error).message}`);
    }
  }
  return ids.length;
}
