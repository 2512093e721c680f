import assert from 'node:assert/strict';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { TestAgent } from '../e2e/agents.ts';
import { FrontendProcess } from '../e2e/frontends.ts';
import { addPort, mockBackend } from '../e2e/hosts.ts';
import { eventually, Peers } from '../peers/process.ts';

const LONG = 'x'.repeat(5 << 20);
const PINNED = 'upstream.ovs-dpdk.v2.8';

/** A database client that may write hands the agent texts of any length, which come back in its own writes and orders. */
describe('texts that are too long to make sense', function () {
  this.timeout(120_000);
  const peers = new Peers();
  let agent: TestAgent;
  let client: OvsdbClient;
  before(async () => {
    agent = await TestAgent.start(peers, 'sizes');
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent);
    client = new OvsdbClient(agent.db);
    await client.connect(10_000);
    peers.defer(() => client.close());
  });
  after(() => peers.end());

  const insert = (name: string, columns: Readonly<Record<string, Json>>): Promise<Json[]> => {
    const ends = {
      frontend: `listen:${agent.path(`f-${name.slice(0, 9)}`)}`,
      backend: `connect:${agent.path('nobody')}`,
    };
    return client.transact(DATABASE, [
      { op: 'insert', table: 'Interface', row: { name, ...ends, ...columns }, 'uuid-name': 'added' },
      { op: 'mutate', table: 'Host', where: [], mutations: [['interfaces', 'insert', ['named-uuid', 'added']]] },
    ]);
  };
  const update = (table: string, where: Json, row: Json): Promise<Json[]> =>
    client.transact(DATABASE, [{ op: 'update', table, where, row }]);
  const remove = async (name: string): Promise<void> => {
    const [answer] = await client.transact(DATABASE, [
      { op: 'select', table: 'Interface', where: named(name), columns: ['_uuid'] },
    ]);
    const [row] = (answer as { rows: { _uuid: Json }[] }).rows;
    const mutations: Json = [['interfaces', 'delete', row?._uuid ?? null]];
    await client.transact(DATABASE, [{ op: 'mutate', table: 'Host', where: [], mutations }]);
  };
  const named = (name: string): Json => [['name', '==', name]];

  const cellOf = async (name: string, column: string): Promise<Json | undefined> => {
    const select = { op: 'select', table: 'Interface', where: named(name), columns: [column] };
    const [answer] = await client.transact(DATABASE, [select]);
    return (answer as { rows: Record<string, Json>[] }).rows[0]?.[column];
  };
  const becomes = (name: string, column: string, value: Json) =>
    eventually(`${column} ${JSON.stringify(value)} of ${name}`, async () => (await cellOf(name, column)) === value);

  /** The agent follows a change of another interface, and its front-ends get what is pinned. */
  async function followed(): Promise<void> {
    await update('Interface', named('vhu0'), { version: PINNED });
    await becomes('vhu0', 'next_start', PINNED);
    const guest = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
    await guest.offered();
    await becomes('vhu0', 'in_force', PINNED);
    await update('Interface', named('vhu0'), { version: ['set', []] });
    await guest.end();
    assert.doesNotMatch(agent.log, /event=(orders-ended|manager-ended|transaction-refused|publishing-failed|crashed)/);
    assert.ok(agent.log.split('\n').every((line) => line.length < 10_000));
  }

  async function errorOf(name: string): Promise<string> {
    await becomes(name, 'state', 'error');
    return (await cellOf(name, 'error')) as string;
  }

  it('20 pins of 5 MB are pins of unknown versions, and cost nobody else anything', async () => {
    for (let number = 0; number < 20; number += 1) await insert(`pin${number}`, { version: `${number}${LONG}` });
    await followed();
    for (const column of ['next_start', 'error_detail'])
      assert.ok(JSON.stringify(await cellOf('pin7', column)).length < 1000, 'what the agent writes of it is short');
    for (let number = 0; number < 20; number += 1) await remove(`pin${number}`);
    await followed();
  });

  it('a name of 5 MB is an error of its row', async () => {
    await insert(LONG, {});
    assert.equal(await errorOf(LONG), 'VC-INTERFACE-NAME');
    await followed();
  });

  it('an endpoint of 5 MB is an error of its row', async () => {
    await insert('endpoint', { frontend: `listen:/${LONG}` });
    assert.equal(await errorOf('endpoint'), 'VC-ENDPOINT');
    await followed();
    await update('Interface', named('endpoint'), { frontend: `listen:${agent.path('short')}` });
    await becomes('endpoint', 'state', 'waiting-backend');
  });

  it('a device type of 5 MB, modes and peers that nobody wrote', async () => {
    await insert('type', { device_type: LONG });
    const some = LONG.slice(0, 1 << 20);
    const peer = { pid: '7', start_time: some, boot_id: some, digest: some };
    await insert('peer', { in_force: some, peer: ['map', Object.entries(peer)] });
    await followed();
  });

  it('a default of 5 MB is one that nobody knows', async () => {
    await update('Host', [], { default_version: LONG });
    await followed();
    await update('Host', [], { default_version: ['set', []] });
    await followed();
  });
});
