import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { parseEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import { DescriptorStore } from '../../keeper/descriptor-store.ts';
import { inheritedDescriptors } from '../../keeper/inherited.ts';
import { startWatchdog } from '../../keeper/watchdog.ts';
import { takeFormerJournals } from '../handover/former-journals.ts';
import { checkJournal, journalIds } from '../handover/journal.ts';
import type { JournalHead, RelayStep } from '../handover/journal-format.ts';
import { type ResumedConnection, readInherited } from '../handover/resumed-connection.ts';
import { type Handover, storedId, storedName } from '../handover/stored-pair.ts';
import { notOrderedYet } from '../mode/choose-version.ts';
import { Port } from '../port/port.ts';
import type { ModeDecision, PortEvent, PortHooks, PortOptions } from '../port/port-status.ts';

/** The most events of a port that are remembered until its hooks are there. */
const MAX_EVENTS = 64;

/** Hooks of a port that is at work while the agent around it still starts. */
class DeferredHooks implements PortHooks {
  readonly #name: string;
  readonly #early: PortEvent[] = [];
  #hooks: PortHooks | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Tells `hooks` of everything from now on, and first of what happened before. */
  adopt(hooks: PortHooks): void {
    this.#hooks = hooks;
    for (const event of this.#early.splice(0)) hooks.event(event);
    hooks.changed();
  }

  decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    if (this.#hooks) return this.#hooks.decide(abilities, peer);
    return { refused: notOrderedYet(this.#name) };
  }

  joined(mode: Entry, peer: PeerIdentity): void {
    this.#hooks?.joined?.(mode, peer);
  }

  changed(): void {
    this.#hooks?.changed();
  }

  event(event: PortEvent): void {
    if (this.#hooks) this.#hooks.event(event);
    else if (this.#early.length < MAX_EVENTS) this.#early.push(event);
  }
}

/** A port with the connections of the previous agent. */
export interface ResumedPort {
  readonly port: Port;
  readonly head: JournalHead;
  adopt(hooks: PortHooks): void;
}

/**
 * The ports of the previous agent that go on. They are at work as soon as this is constructed, before tables, database and
 * API are there, because a guest that waits for an answer stands still.
 */
export class ResumedPorts {
  /** The connections that could not go on and were closed. */
  readonly problems: readonly CompatError[];
  readonly #ports = new Map<string, ResumedPort>();
  readonly #forgetStale: () => void;

  constructor(handover: Handover, inherited: ReadonlyMap<string, readonly OwnedFd[]>, options: PortOptions) {
    const left = readInherited(handover, inherited);
    this.#forgetStale = left.forgetStale;
    const failed = left.connections.flatMap((connection) => this.#resume(connection, options) ?? []);
    this.problems = [...left.problems, ...failed];
  }

  get size(): number {
    return this.#ports.size;
  }

  /** Gives the obstacle: what is unforeseen about one connection costs the others nothing. */
  #resume(connection: ResumedConnection, options: PortOptions): CompatError | undefined {
    const { head, journal, frontend, backend } = connection;
    const { name, deviceType, socketGroup } = head;
    const obstacle = (seen: string, cause?: unknown) =>
      new CompatError('VC-RESUME', `Cannot go on with ${name}: ${seen}`, { interface: name }, { cause });
    if (this.#ports.has(name)) {
      for (const channel of [frontend, backend]) channel.close();
      connection.handover.remove(storedName(connection.id));
      journal.remove();
      return obstacle('another journal has this interface, too');
    }
    const hooks = new DeferredHooks(name);
    const endpoints = { frontend: parseEndpoint(head.frontend), backend: parseEndpoint(head.backend) };
    const port = new Port({ name, deviceType, ...endpoints, socketGroup }, hooks, options);
    try {
      port.resume(connection);
      this.#ports.set(name, { port, head, adopt: (adopter) => hooks.adopt(adopter) });
      return undefined;
    } catch (error) {
      void port.stop();
      return obstacle((error as Error).message, error);
    }
  }

  /** Whether an interface is still served at the same sockets. */
  has(name: string, frontend: string, backend: string): boolean {
    const head = this.#ports.get(name)?.head;
    return head?.frontend === frontend && head.backend === backend;
  }

  /** Hands out the port of an interface that is still served at the same sockets; undefined: there is none. */
  takeOver(name: string, frontend: string, backend: string): ResumedPort | undefined {
    const resumed = this.has(name, frontend, backend) ? this.#ports.get(name) : undefined;
    if (resumed) this.#ports.delete(name);
    return resumed;
  }

  /**
   * Ends the ports that were not taken over: their interfaces were removed or changed while no agent ran. Also removes stale
   * journals; not earlier, because until the database is open another agent may be at work here.
   */
  async endOthers(): Promise<string[]> {
    this.#forgetStale();
    const rest = [...this.#ports.values()];
    this.#ports.clear();
    await Promise.all(rest.map(({ port }) => port.stop()));
    return rest.map(({ head }) => head.name);
  }

  /** Leaves all of them to the next agent: this one cannot start. */
  leave(): void {
    for (const { port } of this.#ports.values()) port.leave();
    this.#ports.clear();
  }
}

/** The link to the keeper, systemd or our own: what it stores for the next agent, and what it stored of the previous one. */
export interface KeeperLink {
  readonly store: DescriptorStore;
  readonly handover: Handover;
  readonly ports: ResumedPorts;
  readonly atStep: ((step: RelayStep) => void) | undefined;
}

/** Where the journals are. */
export interface JournalFolders {
  readonly folder: string;
  /** Where an earlier release may have left them. */
  readonly former?: string;
}

/** Resumes the connections of the previous agent at once. Undefined: there is no keeper, neither systemd nor --supervise. */
export function resumePorts({ folder, former }: JournalFolders, atStep: KeeperLink['atStep']): KeeperLink | undefined {
  const store = DescriptorStore.fromEnvironment();
  const inherited = inheritedDescriptors();
  if (store) startWatchdog(store);
  if (!store) {
    for (const fd of [...inherited.values()].flat()) fd.close();
    return undefined;
  }
  for (const [name, fds] of inherited)
    store.holds(
      name,
      fds.map((fd) => fd.raw),
    );
  const ids = [...inherited.keys()].flatMap((name) => storedId(name) ?? []);
  if (former !== undefined) takeFormerJournals(former, folder, ids);
  const handover: Handover = {
    folder,
    store: (id, descriptors, done) => store.store(id, descriptors, done),
    remove: (id) => store.remove(id),
  };
  return { store, handover, ports: new ResumedPorts(handover, inherited, { handover, atStep }), atStep };
}

/** Checks that this release can take over the connections of the running agent; returns how many. Throws the obstacle. */
export function checkJournals(folder: string): number {
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
