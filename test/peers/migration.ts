import { join } from 'node:path';
import type { TestAgent } from '../e2e/agents.ts';
import type { Guest } from './guest.ts';
import { eventually, type Peers } from './process.ts';
import { Qemu, type QemuOptions, QmpError } from './qemu.ts';

/** The one interface of each host. */
export const INTERFACE = 'vhu0';

/** The address that both ends of every pair answer for: testpmd answers for all, Open vSwitch for its bridge's. */
const ANSWERS = '10.0.0.1';

/** The offer of a host: exactly this version, or, with no agent in between, all that the back-end offers. */
export type HostMode = { readonly version: string } | 'bare';

export interface MigrationHostOptions {
  /** Undefined: this host has none and is always bare. */
  readonly agent?: Pick<TestAgent, 'must' | 'inState' | 'path'>;
  /** The socket of the back-end's one port for this host; the back-end listens on it ('server') or connects to it. */
  readonly backend: { readonly socket: string; readonly role: 'server' | 'client' };
  /** Whether guests come again when the agent hung up, as libvirt sets it up; true unless told. */
  readonly reconnect?: boolean;
}

/** One machine that guests leave or come to. Several of them may share a back-end process, one port for each. */
export class MigrationHost {
  readonly #options: MigrationHostOptions;
  /** There is an interface in the agent. */
  #added = false;

  constructor(options: MigrationHostOptions) {
    this.#options = options;
  }

  /** Prepares what the next QEMU here gets, and tells how it is to reach it. No QEMU may be running here. */
  async ready(mode: HostMode): Promise<Pick<QemuOptions, 'socket' | 'role' | 'reconnect'>> {
    const { agent, backend, reconnect = true } = this.#options;
    if (mode === 'bare') {
      // An agent would occupy the port.
      if (this.#added) await agent?.must('del-interface', INTERFACE);
      this.#added = false;
      return { socket: backend.socket, role: backend.role === 'server' ? 'client' : 'server' };
    }
    if (agent === undefined) throw new Error(`Cannot pin ${mode.version}: this host has no agent`);
    const frontend = agent.path('fe');
    if (this.#added) await agent.must('pin', INTERFACE, mode.version);
    else {
      const sides = [
        ...['--backend', `${backend.role === 'server' ? 'connect' : 'listen'}:${backend.socket}`],
        ...['--frontend', `listen:${frontend}`],
      ];
      await agent.must('add-interface', INTERFACE, ...sides, '--version', mode.version);
      this.#added = true;
    }
    await agent.inState(INTERFACE, 'waiting-frontend');
    return { socket: frontend, role: 'client', reconnect: reconnect ? 1 : 0 };
  }
}

/** The options that the source's and the destination's QEMU share. */
export type MachineOptions = Pick<QemuOptions, 'device' | 'queues' | 'rxQueueSize'>;

export interface MigrationPair extends MachineOptions {
  readonly source: HostMode;
  readonly destination: HostMode;
  /** Where the destination's card shall be another than the source's. */
  readonly destinationDevice?: MachineOptions['device'];
}

export interface MigrationResult {
  /** The guest runs on the destination. */
  readonly completed: boolean;
  /** The status at the source's QEMU: 'completed' does not mean that the guest has survived. 'refused': it never began. */
  readonly sourceStatus: string;
  readonly sourceError: string | undefined;
  /** The status at the destination's QEMU. */
  readonly destinationStderr: string;
  /** How many of three echo requests that the guest sent from the destination were answered. */
  readonly pingsAfter: number;
  /** The features that the guest's driver has negotiated, read on the destination after the guest arrived. */
  readonly featuresInGuest: bigint;
}

/** A migration while it is under way. */
export interface Migration {
  readonly source: Qemu;
  readonly destination: Qemu;
}

/** Two hosts, whose back-ends run already, and guests that move between them. */
export class MigrationBench {
  readonly #peers: Peers;
  readonly #guest: Guest;
  readonly #machines: Qemu[] = [];
  readonly source: MigrationHost;
  readonly destination: MigrationHost;

  constructor(peers: Peers, guest: Guest, hosts: { source: MigrationHost; destination: MigrationHost }) {
    this.#peers = peers;
    this.#guest = guest;
    this.source = hosts.source;
    this.destination = hosts.destination;
  }

  /** A guest on a host, booted and answered by whoever is behind the back-end. */
  async boot(host: MigrationHost, mode: HostMode, machine: MachineOptions = {}): Promise<Qemu> {
    const qemu = await this.#start({ ...machine, ...(await host.ready(mode)) });
    await qemu.booted();
    if (!(await qemu.reaches(ANSWERS))) throw new Error(`The guest got no answer:\n${qemu.peer.tail()}`);
    return qemu;
  }

  /** Begins to move a guest; `settle` waits for the end. Rejects when a QEMU does not want to. */
  async begin(
    source: Qemu,
    to: MigrationHost,
    mode: HostMode,
    {
      bandwidth,
      postcopy = false,
      ...machine
    }: MachineOptions & { readonly bandwidth?: number; readonly postcopy?: boolean } = {},
  ): Promise<Migration> {
    const incoming = join(this.#peers.folder(), 'incoming');
    const seat = await to.ready(mode);
    const destination = await this.#start({ ...machine, ...seat, incoming });
    await eventually('a destination that waits', async () => (await destination.status()) === 'inmigrate');
    // the destination first: QEMU asks the devices there whether they can
    if (postcopy) for (const machine of [destination, source]) await machine.allowPostcopy();
    await source.migrate(incoming, bandwidth);
    return { source, destination };
  }

  /**
   * Waits until the guest runs on the destination or never will, and ends the QEMU that has not got it. A source that was
   * left although the guest never arrived is paused: it can go on with the command `cont`.
   */
  async settle({ source, destination }: Migration): Promise<Omit<MigrationResult, 'featuresInGuest'>> {
    const { status, error } = await source.migrated();
    const completed = status === 'completed' && (await arrived(destination));
    await (completed ? source : destination).stop();
    return {
      completed,
      sourceStatus: status,
      sourceError: error,
      destinationStderr: destination.complaints,
      pingsAfter: completed ? await pings(destination) : 0,
    };
  }

  /** One pair from the boot to the end; no QEMU is left. */
  async run({ source, destination, destinationDevice, ...machine }: MigrationPair): Promise<MigrationResult> {
    try {
      const qemu = await this.boot(this.source, source, machine);
      const featuresInGuest = await qemu.features();
      const there = destinationDevice === undefined ? machine : { ...machine, device: destinationDevice };
      return await this.#moved(qemu, destination, there, featuresInGuest);
    } finally {
      await this.clear();
    }
  }

  /** Ends all guests that are left. */
  async clear(): Promise<void> {
    await Promise.all(this.#machines.splice(0).map((qemu) => qemu.stop()));
  }

  async #start(options: Omit<QemuOptions, 'guest'>): Promise<Qemu> {
    const qemu = await Qemu.start(this.#peers, { guest: this.#guest, ...options });
    this.#machines.push(qemu);
    return qemu;
  }

  async #moved(qemu: Qemu, mode: HostMode, machine: MachineOptions, featuresInGuest: bigint): Promise<MigrationResult> {
    try {
      const migration = await this.begin(qemu, this.destination, mode, machine);
      const result = await this.settle(migration);
      const features = result.completed ? await migration.destination.features() : featuresInGuest;
      return { ...result, featuresInGuest: features };
    } catch (error) {
      if (!(error instanceof QmpError)) throw error;
      const refused = { completed: false, sourceStatus: 'refused', sourceError: error.message, destinationStderr: '' };
      return { ...refused, pingsAfter: 0, featuresInGuest };
    }
  }
}

/** Whether the guest came to run on the destination: its QEMU ends when it cannot load what it was sent. */
async function arrived(destination: Qemu): Promise<boolean> {
  const gone = destination.peer.ended.then(() => 'gone');
  const end = await eventually('the end of the migration at its destination', async () => {
    // A QEMU that is about to end answers no more.
    const status = await Promise.race([gone, destination.status().catch(() => '')]);
    return ['running', 'gone'].includes(status) && status;
  });
  return end === 'running';
}

/** The first requests may come while the guest has not caught up yet. */
async function pings(qemu: Qemu): Promise<number> {
  // Each back-end has a link address of its own for what the guest takes for one neighbour.
  await qemu.run('ip neigh flush dev eth0');
  return (await qemu.reaches(ANSWERS)) ? await qemu.ping(ANSWERS, 3) : 0;
}
