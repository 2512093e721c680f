import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerIdentity } from '../../agent/fd/peer.ts';
import { MockBackend, type MockBackendOptions } from '../../agent/mock/mock-backend.ts';
import { type FrontendOptions, MockFrontend } from '../../agent/mock/mock-frontend.ts';
import { Port } from '../../agent/relay/port/port.ts';
import type { ModeDecision, PortEvent, PortHooks, PortState } from '../../agent/relay/port/port-status.ts';
import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import type { Endpoint } from '../../compat-tables/protocol/endpoint.ts';

/** Open vSwitch 3.2, as measured. */
export const OVS_3_2: Abilities = {
  virtioFeatures: 0xd7c66a7cbn,
  protocolFeatures: 0x10cbfn,
  limits: { queue_pairs: 128 },
};
/** Open vSwitch 2.13 with default settings. */
export const OVS_2_13: Abilities = {
  virtioFeatures: 0xd7c66a7can,
  protocolFeatures: 0xcb7n,
  limits: { queue_pairs: 128 },
};

export function entryOf(given: Partial<Entry> = {}): Entry {
  return {
    version: 'test.v1',
    deviceType: 'vhost-user-net',
    virtioFeatures: OVS_2_13.virtioFeatures,
    protocolFeatures: undefined,
    requiredProtocolFeatures: 0n,
    limits: {},
    tier: 'both-ways',
    summary: 'for tests',
    covers: [],
    sources: [],
    origin: 'test',
    digest: '0'.repeat(64),
    ...given,
  };
}

/** How many descriptors of the kinds that peers hand around are open: sockets, event counters, anonymous memory. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^(socket:|anon_inode:\[eventfd\]|\/memfd:)/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // the one that reads the directory
    }
  }).length;
}

/** A connection with something unread in it is closed a moment later (close-apart.ts). */
export async function everyDescriptorClosed(before: number): Promise<void> {
  await until(`every descriptor is closed: ${before}`, () => openDescriptors() === before);
}

/** A directory for sockets, gone when the test is. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'vc-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Waits until something holds; throws after five seconds with what was wanted. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export async function aWhile(ms = 60): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Hooks that write down what they are told and decide what they are given. */
export class Hooks implements PortHooks {
  decision: ModeDecision | ((abilities: Abilities, peer: PeerIdentity | undefined) => ModeDecision);
  readonly events: PortEvent[] = [];
  readonly asked: (PeerIdentity | undefined)[] = [];
  changes = 0;

  constructor(decision: Hooks['decision'] = { mode: entryOf() }) {
    this.decision = decision;
  }

  decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    this.asked.push(peer);
    return typeof this.decision === 'function' ? this.decision(abilities, peer) : this.decision;
  }

  changed(): void {
    this.changes += 1;
  }

  event(event: PortEvent): void {
    this.events.push(event);
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  /** Of what went wrong; that nobody keeps the connections of these tests is known. */
  codes(): string[] {
    return this.events.flatMap(({ kind, code }) => (kind === 'not-kept' ? [] : (code ?? [])));
  }
}

/** One port with its peers, in a folder of its own; `close` ends all of it. */
export class Bench {
  #folder: ReturnType<typeof temporaryFolder> | undefined;
  readonly #toClose: (() => void)[] = [];

  path(name: string): string {
    this.#folder ??= temporaryFolder();
    return join(this.#folder.path, name);
  }

  endpoint(role: Endpoint['role'], name: string): Endpoint {
    return { role, path: this.path(name) };
  }

  async backend(
    {
      role = 'listen',
      name = 'b',
      abilities = OVS_3_2,
    }: { role?: Endpoint['role']; name?: string; abilities?: Abilities } = {},
    options: MockBackendOptions = { reconnectMs: 10 },
  ): Promise<MockBackend> {
    const backend = new MockBackend(this.endpoint(role, name), abilities, options);
    this.#toClose.push(() => backend.close());
    return await backend.open();
  }

  port(
    hooks: Hooks,
    {
      frontend = 'listen',
      backend = 'connect',
      name = 'p',
    }: { frontend?: Endpoint['role']; backend?: Endpoint['role']; name?: string } = {},
    measureTimeoutMs = 2000,
  ): Port {
    const suffix = name === 'p' ? '' : name;
    const port = new Port(
      {
        name,
        deviceType: 'vhost-user-net',
        frontend: this.endpoint(frontend, `f${suffix}`),
        backend: this.endpoint(backend, `b${suffix}`),
      },
      hooks,
      { measureTimeoutMs },
    );
    this.#toClose.push(() => void port.stop());
    port.start();
    return port;
  }

  async frontend(name = 'f', role: Endpoint['role'] = 'connect', options: FrontendOptions = {}): Promise<MockFrontend> {
    return this.also(await MockFrontend.open(this.endpoint(role, name), options));
  }

  /** Something else to be ended with the rest. */
  also<T extends { close(): void }>(thing: T): T {
    this.#toClose.push(() => thing.close());
    return thing;
  }

  close(): void {
    for (const close of this.#toClose.splice(0).reverse()) close();
    this.#folder?.remove();
    this.#folder = undefined;
  }
}

/** A bench that is empty before each test of a suite; after each one every descriptor is closed. */
export function benchForEach(cleanUp: () => void = () => {}): Bench {
  const bench = new Bench();
  let before = 0;
  beforeEach(() => {
    before = openDescriptors();
  });
  afterEach(async () => {
    cleanUp();
    bench.close();
    await everyDescriptorClosed(before);
  });
  return bench;
}

export async function untilState(port: Port, state: PortState): Promise<void> {
  await until(`state ${state}, is ${port.status.state}`, () => port.status.state === state);
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}
