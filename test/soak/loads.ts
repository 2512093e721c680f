import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockBackend } from '../../agent/mock/mock-backend.ts';
import { MockFrontend } from '../../agent/mock/mock-frontend.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import { ApiClient } from '../../rpc/api/api-client.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import type { TestAgent } from '../e2e/agents.ts';
import { like } from '../e2e/hosts.ts';
import { eventually, type Peers } from '../peers/process.ts';
import type { Chance } from '../rpc/ovsdb/fuzz/chance.ts';

/** Interfaces that are added and removed together. */
const BATCH = 20;
/** How many of them get a back-end, and a front-end that negotiates. */
const WITH_PEERS = 5;
const PINS = ['upstream.ovs-dpdk.v2.6', 'upstream.ovs-dpdk.v2.8', 'upstream.ovs-dpdk.v2.13'];
const PATIENCE_MS = 60_000;

/** What everybody in the soak shares. */
export interface Soak {
  readonly peers: Peers;
  readonly agent: TestAgent;
  readonly chance: Chance;
  /** False: everything comes to its end. */
  readonly goesOn: () => boolean;
  /** Counts what was done. */
  readonly did: (what: string, times?: number) => void;
}

/** A port that is there from the beginning to the end. */
export interface StandingPort {
  readonly name: string;
  readonly backend: MockBackend;
  frontend: MockFrontend;
}

const paths = (agent: TestAgent, name: string) => ({
  backend: { role: 'listen', path: agent.path(`${name}.be`) } as const,
  frontend: { role: 'connect', path: agent.path(`${name}.fe`) } as const,
});
const options = { timeoutMs: 2 * PATIENCE_MS };

export async function standingPort(soak: Soak, name: string): Promise<StandingPort> {
  const { agent, peers } = soak;
  const at = paths(agent, name);
  const backend = await new MockBackend(at.backend, like('ovs-3.1'), { maxRecorded: 1 }).open();
  peers.defer(() => backend.close());
  await agent.must(
    'add-interface',
    name,
    ...['--backend', `connect:${at.backend.path}`, '--frontend', `listen:${at.frontend.path}`],
  );
  const port = { name, backend, frontend: await MockFrontend.open(at.frontend, options) };
  peers.defer(() => port.frontend.close());
  await port.frontend.negotiate();
  return port;
}

/** The front-end comes again, or the back-end hangs up on it; then both negotiate anew. */
export async function reconnects(soak: Soak, port: StandingPort): Promise<void> {
  while (soak.goesOn()) {
    await sleep(500 + soak.chance.below(2500));
    if (soak.chance.once(3)) for (const connection of port.backend.live) connection.close();
    else port.frontend.close();
    await port.frontend.ended;
    port.frontend = await negotiated(soak.agent, port.name);
    soak.did('reconnects');
  }
}

/** The agent hangs up on a front-end whose back-end went meanwhile, as on any other: it comes again. */
async function negotiated(agent: TestAgent, name: string): Promise<MockFrontend> {
  return await eventually(`${name} negotiates`, async () => {
    const frontend = await MockFrontend.open(paths(agent, name).frontend, options);
    try {
      await frontend.negotiate();
      return frontend;
    } catch (error) {
      if (frontend.isOpen) throw error;
      return undefined;
    }
  });
}

/**
 * Adds and removes `total` interfaces, batch after batch, no faster than `share` lets it, which is the part of all that is
 * due now. `prefix` begins their names.
 */
export async function interfacesComeAndGo(
  soak: Soak,
  prefix: string,
  total: number,
  share: () => number,
): Promise<void> {
  const [client, api] = [new OvsdbClient(soak.agent.db), await ApiClient.connect(soak.agent.api, options)];
  await client.connect(PATIENCE_MS);
  for (let done = 0; done < total && soak.goesOn(); done += BATCH) {
    await batch(
      soak,
      { client, api },
      times(BATCH, (i) => `${prefix}${done + i}`),
    );
    while ((done + BATCH) / total > share() && soak.goesOn()) await sleep(50);
  }
  await api.close();
  client.close();
}

async function batch(
  { agent, chance, did }: Soak,
  { client, api }: { readonly client: OvsdbClient; readonly api: ApiClient },
  names: readonly string[],
): Promise<void> {
  const transact = async (...operations: object[]) => client.transact(DATABASE, operations as Json[], PATIENCE_MS);
  const references = (mutator: 'insert' | 'delete', rows: readonly Json[]) => {
    const where = [['system_id', '==', agent.name]];
    return { op: 'mutate', table: 'Host', where, mutations: [['interfaces', mutator, ['set', rows]]] };
  };
  const busy = names.slice(0, WITH_PEERS);
  const backends = await Promise.all(
    busy.map((name) => new MockBackend(paths(agent, name).backend, like('ovs-3.1'), { maxRecorded: 1 }).open()),
  );
  const inserts = names.map((name) => {
    const { backend, frontend } = paths(agent, name);
    const endpoints = { frontend: `listen:${frontend.path}`, backend: `connect:${backend.path}` };
    const row = { name, device_type: DEFAULT_DEVICE_TYPE, ...endpoints };
    return { op: 'insert', table: 'Interface', 'uuid-name': name, row };
  });
  const named = names.map((name) => ['named-uuid', name]);
  const answers = await transact(...inserts, references('insert', named));
  did('interfaces added', names.length);
  const frontends = await Promise.all(busy.map((name) => negotiated(agent, name)));
  const wait = { wait: chance.once(4), timeout_ms: PATIENCE_MS };
  await Promise.all(
    names.map((name) => api.call('interfaces.pin', { name, version: chance.pick(PINS), ...wait }, options)),
  );
  did('pins', names.length);
  await transact(
    references(
      'delete',
      answers.slice(0, names.length).map((one) => (one as { uuid: Json }).uuid),
    ),
  );
  did('interfaces removed', names.length);
  await Promise.all(frontends.map(({ ended }) => ended));
  await Promise.all(backends.map((backend) => backend.close()));
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** A client of the API that comes, subscribes, asks and goes, again and again. */
export async function apiClient(soak: Soak): Promise<void> {
  const { agent, chance, did, goesOn } = soak;
  while (goesOn()) {
    const api = await ApiClient.connect(agent.api, options);
    api.on('events.event', () => did('events seen'));
    await api.call('events.subscribe', chance.once(2) ? {} : { kinds: ['agent-started'] }, options);
    for (let n = 1 + chance.below(4); n > 0 && goesOn(); n--) {
      await ask(api, chance);
      did('API requests');
      await sleep(500 + chance.below(2000));
    }
    await api.close();
  }
}

async function ask(api: ApiClient, chance: Chance): Promise<void> {
  switch (chance.below(5)) {
    case 0:
      await api.call('interfaces.list', {}, options);
      break;
    case 1:
      await api.call('versions.list', {}, options);
      break;
    case 2:
      await api.call('features.decode', { mask: '0x130008000' }, options);
      break;
    case 3:
      await api.call('interfaces.trace', { name: 'stays0' }, options);
      break;
    default:
      await api.call('interfaces.statistics', {}, options);
  }
}

/** A client of the database that monitors everything, hangs up and comes again with what it knows. */
export async function monitor(soak: Soak): Promise<void> {
  const { agent, chance, did, goesOn } = soak;
  let last: Json = '00000000-0000-0000-0000-000000000000';
  const everything = { Interface: [{}], Host: [{}], Event: [{}], Compat_Version: [{}] };
  while (goesOn()) {
    const client = new OvsdbClient(agent.db);
    await client.connect(PATIENCE_MS);
    client.on('notification', () => did('updates seen'));
    const [, id] = (await client.call('monitor_cond_since', [DATABASE, 'all', everything, last])) as Json[];
    last = id ?? last;
    await sleep(1000 + chance.below(3000));
    client.close();
    did('monitors');
  }
}

/** Peers of no use: bytes that are no message, messages that end in the middle, connections that say nothing. */
export async function strangers(soak: Soak): Promise<void> {
  const { agent, chance, did, goesOn } = soak;
  const words = ['', '{"id":1,"method":"tra', 'GET / HTTP/1.1\r\n\r\n', '\u0001\u0000', '{"id":1}{"id":2}[]'];
  while (goesOn()) {
    const socket = connect(chance.pick([agent.path('db.sock'), agent.path('api.sock')]));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(chance.pick(words));
    await sleep(chance.below(200));
    socket.destroy();
    did('strangers');
  }
}
