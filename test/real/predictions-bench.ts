import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedTables } from '../../base/installation.ts';
import { TestAgent } from '../e2e/agents.ts';
import type { Guest } from '../peers/guest.ts';
import { INTERFACE, type MachineOptions } from '../peers/migration.ts';
import { eventually, type Peers } from '../peers/process.ts';
import { Qemu, type QemuOptions, QmpError } from '../peers/qemu.ts';
import { Testpmd } from '../peers/testpmd.ts';
import { hex } from './guest-port.ts';
import { type Arrival, arrival, goOn } from './predictions-arrival.ts';
import { BACKEND_OPTIONS, DEFAULT, machineText, type Pair, SITE_ENTRIES, type SiteEntry } from './predictions-pairs.ts';

/** The members of `check-move --format json` that count here. */
interface MoveJson {
  readonly basis: string;
  readonly needs: { readonly limits: Readonly<Record<string, number>> };
  readonly decided_by_device: readonly string[];
  readonly targets: readonly [
    {
      readonly possible: boolean;
      readonly as_it_stands: { readonly fits: boolean; readonly missing: readonly string[] } | null;
      readonly warnings: readonly string[];
      readonly obstacles: readonly { code: string; missing: readonly { name: string }[] }[];
    },
  ];
}

export interface Prediction {
  readonly possible: boolean;
  readonly codes: readonly string[];
  /** Features that stand in the way. */
  readonly missing: readonly string[];
  readonly decidedByDevice: readonly string[];
  /** Features that a yes warns of: it holds only for devices that are without. */
  readonly warnedOf: readonly string[];
}

export interface Outcome {
  readonly prediction: Prediction;
  readonly happened: Arrival;
}

const QUEUES = 2;

/** A guest that has not left its source yet. */
interface Waiting {
  readonly key: string;
  readonly qemu: Qemu;
}

/** Two agents before two ports of one testpmd, for all pairs. */
export class PredictionBench {
  readonly #peers: Peers;
  readonly #guest: Guest;
  readonly source: TestAgent;
  readonly destination: TestAgent;
  #waiting: Waiting | undefined;

  private constructor(peers: Peers, guest: Guest, source: TestAgent, destination: TestAgent) {
    this.#peers = peers;
    this.#guest = guest;
    this.source = source;
    this.destination = destination;
  }

  static async start(peers: Peers, guest: Guest): Promise<PredictionBench> {
    const [a, b] = await Promise.all([
      TestAgent.start(
        peers,
        'a',
        tables(peers, ({ mask }) => mask),
      ),
      TestAgent.start(
        peers,
        'b',
        tables(peers, ({ mask, elsewhere }) => elsewhere ?? mask),
      ),
    ]);
    const ports = [a, b].map((agent) => ({ socket: agent.path('be'), queues: QUEUES, options: BACKEND_OPTIONS }));
    await Testpmd.start(peers, ports);
    for (const agent of [a, b]) {
      const sides = ['--backend', `connect:${agent.path('be')}`, '--frontend', `listen:${agent.path('fe')}`];
      await agent.must('add-interface', INTERFACE, ...sides);
      await agent.inState(INTERFACE, 'waiting-frontend');
    }
    return new PredictionBench(peers, guest, a, b);
  }

  /** Asks, then does it. */
  async run(pair: Pair): Promise<Outcome> {
    try {
      const qemu = await this.#guestFor(pair);
      // What a host gives without a pin is told as it stands now.
      if (pair.destination === DEFAULT) await this.#seat(this.destination, DEFAULT);
      const prediction = await this.#predict(pair);
      const happened = await this.#happens(qemu, pair);
      const stays = !happened.completed && qemu.peer.running;
      if (!stays || !(await goOn(qemu))) await this.clear();
      return { prediction, happened };
    } catch (error) {
      await this.clear();
      throw error;
    }
  }

  /** Ends the guest that may be left. */
  async clear(): Promise<void> {
    await this.#waiting?.qemu.stop();
    this.#waiting = undefined;
  }

  /** The one that stayed where it was, if it is such a one. */
  async #guestFor({ source, device, queues, rxQueueSize }: Pair): Promise<Qemu> {
    const machine: MachineOptions = {
      ...(device === undefined ? {} : { device }),
      ...(queues === undefined ? {} : { queues }),
      ...(rxQueueSize === undefined ? {} : { rxQueueSize }),
    };
    const key = `${source}, ${machineText(machine)}`;
    if (this.#waiting?.key === key) return this.#waiting.qemu;
    await this.clear();
    const seat = await this.#seat(this.source, source);
    if (seat === undefined) throw new Error(`The source cannot be ${source}`);
    const qemu = await this.#start({ ...machine, ...seat });
    this.#waiting = { key, qemu };
    await qemu.booted();
    if (!(await goOn(qemu))) throw new Error(`The guest got no answer:\n${qemu.peer.tail()}`);
    return qemu;
  }

  async #predict({ destination, queues = 1 }: Pair): Promise<Prediction> {
    const only = destination === DEFAULT ? [] : ['--version', destination];
    // What runs is published in steps: the answer is asked for when all of it is there.
    const { targets, decided_by_device: decidedByDevice } = await eventually('a guest that is known', async () => {
      const { code, stdout, stderr } = await this.source.run(
        ...['check-move', INTERFACE, this.destination.db, ...only, '--format', 'json'],
      );
      if (stdout === '') throw new Error(`check-move ended with ${code}: ${stderr}`);
      const answer = JSON.parse(stdout) as MoveJson;
      return answer.basis === 'acked' && answer.needs.limits['queue_pairs'] === queues && answer;
    });
    const [{ possible, obstacles, warnings, as_it_stands: stands }] = targets;
    const warnedOf = warnings.flatMap((text) => text.match(/VIRTIO_\w+/g) ?? []);
    const missing = obstacles.flatMap((one) => one.missing.map(({ name }) => name));
    const codes = obstacles.map(({ code }) => code);
    if (destination !== DEFAULT) return { possible, codes, missing, decidedByDevice, warnedOf };
    return { possible: stands?.fits === true, codes, missing: stands?.missing ?? [], decidedByDevice, warnedOf };
  }

  async #happens(source: Qemu, pair: Pair): Promise<Arrival> {
    const seat = await this.#seat(this.destination, pair.destination);
    if (seat === undefined) return { completed: false, by: 'agent', why: 'the pin is refused', lost: [] };
    const incoming = join(this.#peers.folder(), 'incoming');
    const { queues, rxQueueSize, device, destinationDevice } = pair;
    const card = destinationDevice ?? device;
    const destination = await this.#start({
      ...{ ...seat, incoming },
      ...(card === undefined ? {} : { device: card }),
      ...(queues === undefined ? {} : { queues }),
      ...(rxQueueSize === undefined ? {} : { rxQueueSize }),
    });
    try {
      return await arrival(source, destination, incoming);
    } catch (error) {
      if (!(error instanceof QmpError)) throw error;
      return { completed: false, by: 'source', why: error.message, lost: [] };
    } finally {
      // SIGKILL: a QEMU that asks for queues again and again hears nothing else.
      await destination.peer.kill();
    }
  }

  /** Undefined: the agent does not want to. */
  async #seat(
    agent: TestAgent,
    version: string,
  ): Promise<Pick<QemuOptions, 'socket' | 'role' | 'reconnect'> | undefined> {
    const command = version === DEFAULT ? ['unpin', INTERFACE] : ['pin', INTERFACE, version];
    const { code, stderr } = await agent.run(...command);
    if (code === 3) return undefined;
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`);
    await agent.inState(INTERFACE, 'waiting-frontend');
    return { socket: agent.path('fe'), role: 'client', reconnect: 1 };
  }

  async #start(options: Omit<QemuOptions, 'guest'>): Promise<Qemu> {
    return await Qemu.start(this.#peers, { guest: this.#guest, ...options });
  }
}

/** The shipped tables and the test's own entries after them. */
function tables(peers: Peers, maskOf: (entry: SiteEntry) => bigint): string[] {
  const folder = peers.folder();
  const entries = SITE_ENTRIES.map((one) => ({
    version: one.name,
    summary: 'An entry of the test of predictions.',
    virtio_features: hex(maskOf(one)),
    limits: { queue_pairs: 128, ring_size: 32768, ...one.limits },
    tier: 'both-ways',
  }));
  const table = { format: 1, device_type: 'vhost-user-net', entries };
  writeFileSync(join(folder, '50-site.json'), JSON.stringify(table));
  return ['--tables', shippedTables(), '--tables', folder];
}
