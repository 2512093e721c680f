import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { TestAgent } from '../e2e/agents.ts';
import { needsThat } from '../peers/needs.ts';
import { Peers, run } from '../peers/process.ts';
import { needsDatabaseServer, SCHEMA_FILE, startDatabaseServer } from './database-server.ts';
import { StockClient } from './ovsdb-client.ts';

/** 2^53 + 1: the first whole number that a double cannot hold, and that JSON.stringify could not write. */
const LARGE = '9007199254740993';

function eventOf(id: string, more: Readonly<Record<string, Json>> = {}): Json {
  return { op: 'insert', table: 'Event', row: { system_id: id, kind: 'test', text: 'by ovsdb-client', ...more } };
}

function where(id: string): Json {
  return [['system_id', '==', id]];
}

function textsOf(id: string): Json {
  return { op: 'select', table: 'Event', where: where(id), columns: ['text'] };
}

describe("the stock ovsdb-client on the agent's database", function () {
  this.timeout(120_000);
  const peers = new Peers();
  let agent: TestAgent;
  let client: StockClient;

  before(async function () {
    needsDatabaseServer(this);
    agent = await TestAgent.start(peers, 'host');
    client = new StockClient(peers, agent.db);
  });
  after(() => peers.end());

  it('lists the databases, and says in detail how', async () => {
    const watched = peers.start('ovsdb-client', ['-v', 'list-dbs', agent.db]);
    await watched.ended;
    assert.equal(watched.ending, 'ended with status 0');
    assert.match(watched.output, /^Vhost_Compat$/m);
    assert.match(watched.output, /received reply, result=\["Vhost_Compat"/);
  });

  it('prints the schema as it prints that of a real server made from the same file', async () => {
    const real = new StockClient(peers, await startDatabaseServer(peers));
    for (const command of ['get-schema', 'get-schema-version', 'get-schema-cksum']) {
      assert.equal(await client.run(command, 'Vhost_Compat'), await real.run(command, 'Vhost_Compat'), command);
    }
    const printed = JSON.parse(await client.run('get-schema', 'Vhost_Compat')) as { tables: object };
    const file = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as { tables: object };
    assert.deepEqual(Object.keys(printed.tables).sort(), Object.keys(file.tables).sort());
  });

  it('dumps the tables', async () => {
    assert.deepEqual(await client.dump('Host', 'system_id', 'hostname'), [{ system_id: 'host', hostname: 'host' }]);
    const versions = await client.dump('Compat_Version', 'name', 'virtio_features');
    const found = versions.find(({ name }) => name === 'upstream.ovs-dpdk.v2.13');
    assert.equal(guestFeatures(BigInt(String(found?.['virtio_features']))), guestFeatures(0xd7c66a7can));
    const all = await client.run('dump', 'Vhost_Compat');
    for (const table of ['Host', 'Host_Private', 'Interface', 'Compat_Version', 'Event'])
      assert.match(all, new RegExp(`^${table} table$`, 'm'));
  });

  it('monitors: sees what is there, and an interface that comes, changes and goes', async () => {
    const sides = (n: string): string[] => [
      ...['--backend', `connect:${agent.path(`be${n}`)}`, '--frontend', `listen:${agent.path(`fe${n}`)}`],
    ];
    const hosts = client.monitor('Host', 'hostname');
    assert.equal((await hosts.until(({ action }) => action === 'initial'))['hostname'], 'host');
    await hosts.stop();

    const monitor = client.monitor('Interface', 'name', 'external_ids');
    // The first one tells that the monitor has begun, before it came or after.
    await agent.must('add-interface', 'vhu0', ...sides('0'));
    await monitor.until(({ name }) => name === 'vhu0');
    await agent.must('add-interface', 'vhu1', ...sides('1'));
    assert.equal((await monitor.until(({ name }) => name === 'vhu1'))['action'], 'insert');
    const ids: Json = ['map', [['vm', 'web-1']]];
    const byName: Json = [['name', '==', 'vhu1']];
    await client.transact({ op: 'update', table: 'Interface', where: byName, row: { external_ids: ids } });
    assert.deepEqual((await monitor.until(({ action }) => action === 'new'))['external_ids'], ids);
    await agent.must('del-interface', 'vhu1');
    assert.equal((await monitor.until(({ action }) => action === 'delete'))['name'], 'vhu1');
    await agent.must('del-interface', 'vhu0');
    await monitor.stop();
  });

  it('inserts, updates, mutates, selects and deletes', async () => {
    const [inserted, updated, mutated, selected] = await client.transact(
      eventOf('crud', { time: 1, details: ['map', [['a', '1']]] }),
      { op: 'update', table: 'Event', where: where('crud'), row: { text: 'updated', code: 'VC-TEST' } },
      {
        op: 'mutate',
        table: 'Event',
        where: where('crud'),
        mutations: [
          ['time', '+=', 41],
          ['details', 'insert', ['map', [['b', '2']]]],
          ['details', 'delete', ['set', ['a']]],
        ],
      },
      { op: 'select', table: 'Event', where: where('crud'), columns: ['text', 'code', 'time', 'details'] },
    );
    assert.match(JSON.stringify(inserted), /^\{"uuid":\["uuid","[0-9a-f-]{36}"\]\}$/);
    assert.deepEqual([updated, mutated], [{ count: 1 }, { count: 1 }]);
    const row = { text: 'updated', code: 'VC-TEST', time: 42, details: ['map', [['b', '2']]] };
    assert.deepEqual(selected, { rows: [row] });

    assert.deepEqual(await client.transact({ op: 'delete', table: 'Event', where: where('crud') }), [{ count: 1 }]);
    assert.deepEqual(await client.transact(textsOf('crud')), [{ rows: [] }]);
  });

  it('keeps every digit of a large number', async () => {
    const text = JSON.stringify(['Vhost_Compat', eventOf('large', { time: 0 })]).replace('"time":0', `"time":${LARGE}`);
    await client.run('transact', text);
    const select = JSON.stringify(['Vhost_Compat', { op: 'select', table: 'Event', where: where('large') }]);
    assert.match(await client.run('transact', select), new RegExp(`"time":${LARGE}\\b`));
  });

  it('rolls everything back at abort, and at an error', async () => {
    const aborted = await client.transact(eventOf('gone'), { op: 'comment', comment: 'no' }, { op: 'abort' });
    assert.equal((aborted[2] as { error: string }).error, 'aborted');
    const wrong = await client.transact(eventOf('gone'), eventOf('gone', { colour: 'red' }));
    assert.match(JSON.stringify(wrong[1]), /"error":.*colour/);
    assert.deepEqual(await client.transact(textsOf('gone')), [{ rows: [] }]);
  });

  it('waits for what another client does, and gives up in time', async () => {
    await client.transact(eventOf('waited', { text: 'before' }));
    const waitFor = (text: string, timeout?: number): Json => ({
      ...{ op: 'wait', table: 'Event', where: where('waited'), columns: ['text'], until: '==', rows: [{ text }] },
      ...(timeout === undefined ? {} : { timeout }),
    });
    const [late] = await client.transact(waitFor('after', 0));
    assert.equal((late as { error: string }).error, 'timed out');

    const parked = client.startTransact(waitFor('after'), textsOf('waited'));
    await parked.waitFor(/send request, method="transact"/);
    const change = { op: 'update', table: 'Event', where: where('waited'), row: { text: 'after' } };
    const [changed] = await client.transact(change);
    assert.deepEqual(changed, { count: 1 });
    const [answer] = await parked.waitFor(/^\[.*\]$/m);
    assert.deepEqual(JSON.parse(answer), [{}, { rows: [{ text: 'after' }] }]);
  });

  it('finds its rows again after the agent was killed', async () => {
    await agent.must(
      ...['add-interface', 'kept', '--no-wait', '--version', 'upstream.ovs-dpdk.v2.6'],
      ...['--backend', `connect:${agent.path('be')}`, '--frontend', `listen:${agent.path('fe')}`],
    );
    const ids: Json = ['map', [['cluster', 'west']]];
    await client.transact({ op: 'update', table: 'Host', where: [], row: { external_ids: ids } });
    await agent.kill();
    await agent.start();
    assert.deepEqual(await client.dump('Host', 'external_ids'), [{ external_ids: ids }]);
    assert.deepEqual(await client.dump('Interface', 'name', 'version'), [
      { name: 'kept', version: 'upstream.ovs-dpdk.v2.6' },
    ]);
    assert.deepEqual(await client.transact(textsOf('waited')), [{ rows: [{ text: 'after' }] }]);
  });
});

/** Debian's, which has Debian's modules. */
const PYTHON = '/usr/bin/python3';

/** Waits for a Host row, prints its name, changes external_ids in a transaction of the library, and waits to see it. */
const IDL_SCRIPT = `
import json, sys
import ovs.db.idl, ovs.poller

remote, schema = sys.argv[1:3]
helper = ovs.db.idl.SchemaHelper(schema)
helper.register_all()
idl = ovs.db.idl.Idl(remote, helper)

def until(condition):
    while True:
        idl.run()
        if condition():
            return
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.block()

host = lambda: next(iter(idl.tables["Host"].rows.values()), None)
until(host)
transaction = ovs.db.idl.Transaction(idl)
host().setkey("external_ids", "seen-by", "python")
status = transaction.commit_block()
until(lambda: host().external_ids.get("seen-by") == "python")
print(json.dumps({
    "commit": status,
    "hosts": [row.hostname for row in idl.tables["Host"].rows.values()],
    "references": sorted(version.name for version in host().versions),
    "versions": sorted(row.name for row in idl.tables["Compat_Version"].rows.values()),
}))
`;

describe("the stock Python library on the agent's database", function () {
  this.timeout(120_000);
  const peers = new Peers();
  let agent: TestAgent;

  before(async function () {
    const there = spawnSync(PYTHON, ['-c', 'import ovs.db.idl']).status === 0;
    needsThat(this, there, 'the Python module ovs', 'python3-openvswitch');
    agent = await TestAgent.start(peers, 'host');
  });
  after(() => peers.end());

  it('replicates hosts and versions, and commits', async () => {
    const output = await run(PYTHON, ['-c', IDL_SCRIPT, agent.db, SCHEMA_FILE], {
      name: 'the program with the Python library',
    });
    const seen = JSON.parse(output) as { commit: string; hosts: string[]; references: string[]; versions: string[] };
    assert.equal(seen.commit, 'success');
    assert.deepEqual(seen.hosts, ['host']);
    assert.ok(seen.versions.includes('upstream.ovs-dpdk.v2.13'));
    assert.deepEqual(seen.references, seen.versions);
  });
});
