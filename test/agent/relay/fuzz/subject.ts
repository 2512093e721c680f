import { MockBackend } from '../../../../agent/mock/mock-backend.ts';
import { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import { Port } from '../../../../agent/relay/port/port.ts';
import type { ModeDecision, PortEvent, PortHooks } from '../../../../agent/relay/port/port-status.ts';
import type { Abilities, Entry } from '../../../../compat-tables/entries/entry.ts';
import { CATALOGUE } from '../../../../compat-tables/errors/catalogue.ts';
import { CompatError } from '../../../../compat-tables/errors/compat-error.ts';
import { Chance } from '../../../rpc/ovsdb/fuzz/chance.ts';
import { aWhile, type Bench, entryOf, OVS_2_13, OVS_3_2 } from '../../support.ts';
import { BackendAttacker } from './backend-attacker.ts';
import { FrontendAttacker } from './frontend-attacker.ts';
import { CONTROL } from './judge.ts';
import type { DescriptorKit } from './raw.ts';

const OTHER = { listen: 'connect', connect: 'listen' } as const;
const ROLES = ['listen', 'connect'] as const;
/** After all attacks, so long may a port need to serve peers that behave. Its own pauses are below 1.5 s. */
const RECOVERY_MS = 15_000;

const MODES: readonly Partial<Entry>[] = [
  {},
  { protocolFeatures: 0x0acbn, limits: { queue_pairs: 4 } },
  { virtioFeatures: 0x1_5060_a782n, limits: { ring_size: 256 } },
];

/** One port between two attackers. */
export class Subject implements PortHooks {
  readonly #name: string;
  readonly #bench: Bench;
  readonly #port: Port;
  readonly #mode: Entry;
  readonly #roles: { readonly frontend: 'listen' | 'connect'; readonly backend: 'listen' | 'connect' };
  readonly frontend: FrontendAttacker;
  readonly backend: BackendAttacker;
  /** The first thing that the port said and should not have. */
  complaint: string | undefined;

  constructor(
    bench: Bench,
    number: number,
    given: { seed: number; kit: DescriptorKit; count: (messages: number) => void },
  ) {
    const chance = new Chance(given.seed);
    this.#bench = bench;
    this.#name = `${number}`;
    this.#roles = { frontend: ROLES[number % 2] ?? 'listen', backend: ROLES[(number >> 1) % 2] ?? 'listen' };
    this.#mode = entryOf(chance.pick(MODES));
    const { virtioFeatures, protocolFeatures, limits } = this.#mode;
    const queuePairs = limits['queue_pairs'];
    const common = {
      kit: given.kit,
      count: given.count,
      promised: {
        guest: virtioFeatures & ~CONTROL,
        protocol: protocolFeatures,
        queuePairs: queuePairs === undefined ? undefined : BigInt(queuePairs),
      },
      offer: {
        features: (virtioFeatures & ~CONTROL) | CONTROL,
        protocol: (OVS_3_2.protocolFeatures ?? 0n) & (protocolFeatures ?? ~0n),
      },
    };
    const side = (end: 'frontend' | 'backend') => ({
      ...common,
      seed: given.seed + (end === 'frontend' ? 0 : 100_000),
      role: OTHER[this.#roles[end]],
      path: this.#path(end),
    });
    this.frontend = new FrontendAttacker(side('frontend'));
    this.backend = new BackendAttacker(side('backend'));
    this.#port = new Port(
      {
        name: this.#name,
        deviceType: 'vhost-user-net',
        frontend: { role: this.#roles.frontend, path: this.#path('frontend') },
        backend: { role: this.#roles.backend, path: this.#path('backend') },
      },
      this,
      { measureTimeoutMs: 100 },
    );
    this.#port.start();
  }

  #path(end: 'frontend' | 'backend'): string {
    return this.#bench.path(`${end[0]}${this.#name}`);
  }

  /** As an agent decides: a mode that this back-end cannot honour is not offered. */
  decide({ virtioFeatures }: Abilities): ModeDecision {
    const missing = this.#mode.virtioFeatures & ~CONTROL & ~virtioFeatures;
    return missing === 0n ? { mode: this.#mode } : { refused: new CompatError('VC-MODE-FEATURES', 'bits are missing') };
  }

  changed(): void {
    void this.#port?.status; // it can be read at any moment
  }

  event({ kind, code, text }: PortEvent): void {
    const known = code !== undefined && code in CATALOGUE && code !== 'VC-INTERNAL';
    const needed = kind === 'fault' || kind === 'endpoint' || kind === 'busy' || kind === 'refused';
    if (code === undefined ? needed : !known) this.complaint ??= `event ${kind} with code ${code}: ${text}`;
  }

  turn(now: number): void {
    this.frontend.turn(now);
    this.backend.turn(now);
    if (this.complaint !== undefined) throw new Error(this.complaint);
  }

  get log(): string {
    const { state, error, statistics } = this.#port.status;
    const { frontend, backend } = this.#roles;
    const head = `port ${this.#name} (front-end ${frontend}, back-end ${backend}): ${state} ${error?.code ?? ''}`;
    return [head, JSON.stringify(statistics), ...this.frontend.log, ...this.backend.log].join('\n');
  }

  /** With the attackers gone, the port serves those who behave. */
  async recover(): Promise<void> {
    this.frontend.close();
    this.backend.close();
    const options = { reconnectMs: 20, maxRecorded: 0 };
    const backend = new MockBackend(
      { role: OTHER[this.#roles.backend], path: this.#path('backend') },
      { ...OVS_2_13, virtioFeatures: OVS_2_13.virtioFeatures | this.#mode.virtioFeatures },
      options,
    );
    try {
      await backend.open();
      const features = await this.#negotiated(Date.now() + RECOVERY_MS);
      if ((features & ~CONTROL) !== (this.#mode.virtioFeatures & ~CONTROL))
        throw new Error(`after all attacks the port offers 0x${features.toString(16)}`);
      if (this.complaint !== undefined) throw new Error(this.complaint);
    } finally {
      backend.close();
    }
  }

  /** A front-end tries until it is served: the port may be busy with ends of connections of before. */
  async #negotiated(deadline: number): Promise<bigint> {
    for (;;) {
      let frontend: MockFrontend | undefined;
      try {
        const endpoint = { role: OTHER[this.#roles.frontend], path: this.#path('frontend') };
        frontend = await MockFrontend.open(endpoint, { timeoutMs: Math.max(1, deadline - Date.now()) });
        return (await frontend.negotiate({ ack: 0n })).features;
      } catch (error) {
        if (Date.now() > deadline) throw new Error('after all attacks the port serves nobody', { cause: error });
      } finally {
        frontend?.close();
      }
      await aWhile(10);
    }
  }

  async stop(): Promise<void> {
    this.frontend.close();
    this.backend.close();
    await this.#port.stop();
  }
}
