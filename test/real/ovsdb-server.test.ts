import assert from 'node:assert/strict';
import { ClientAgent, TestAgent, vhostCompat } from '../e2e/agents.ts';
import { FrontendProcess } from '../e2e/frontends.ts';
import { mockBackend } from '../e2e/hosts.ts';
import { eventually, Peers } from '../peers/process.ts';
import { databaseServer, needsDatabaseServer, startDatabaseServer } from './database-server.ts';
import { StockClient } from './ovsdb-client.ts';

const V32 = 'upstream.ovs-dpdk.v3.2';
const V213 = 'upstream.ovs-dpdk.v2.13';
const V213_MASK = 0xd7c66a7can;
const V26 = 'upstream.ovs-dpdk.v2.6';

describe('two agents on one real ovsdb-server', function () {
  this.timeout(120_000);
  const peers = new Peers();
  let remote = '';
  let agents: ClientAgent[] = [];
  const frontends: FrontendProcess[] = [];

  before(async function () {
    needsDatabaseServer(this);
    remote = await startDatabaseServer(peers);
    agents = ['host-a', 'host-b'].map((name) => new ClientAgent(peers, name, remote));
    for (const [index, agent] of agents.entries()) {
      await agent.start();
      await mockBackend(peers, `listen:${agent.path('be')}`, index === 0 ? 'ovs-3.2' : 'ovs-2.13');
      await agent.must(
        ...['add-interface', 'vhu0'],
        ...['--backend', `connect:${agent.path('be')}`, '--frontend', `listen:${agent.path('fe')}`],
      );
      await agent.inState('vhu0', 'waiting-frontend');
    }
  });
  after(() => peers.end());

  it('select, pin and offer the common version', async () => {
    const selected = await vhostCompat('--db', remote, 'select', 'host:host-a', 'host:host-b');
    assert.deepEqual([selected.code, selected.stdout], [0, `${V213}\n`], selected.stderr);
    for (const agent of agents) {
      await agent.must('pin', 'vhu0', V213);
      const frontend = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
      frontends.push(frontend);
      assert.equal(await frontend.offered(), V213_MASK);
      const shown = await agent.inState('vhu0', 'negotiated');
      assert.deepEqual([shown.in_force, shown.acked_features], [V213, '0xd7c66a7ca']);
    }
  });

  it('refuse what one of them cannot honour', async () => {
    const answers = await Promise.all(agents.map((agent) => agent.run('pin', 'vhu0', V32, '--dry-run')));
    assert.deepEqual(
      answers.map(({ code }) => code),
      [0, 3],
    );
    assert.match(answers[1]?.stderr ?? '', /VIRTIO_NET_F_CSUM.*VC-VERSION-UNUSABLE/);
  });

  it('write rows that the stock client reads', async () => {
    const client = new StockClient(peers, remote);
    const hosts = await client.dump('Host', 'hostname', 'interfaces');
    assert.deepEqual(hosts.map(({ hostname }) => hostname).sort(), ['host-a', 'host-b']);
    const columns = ['frontend', 'state', 'in_force'] as const;
    const rows = agents.map((agent) => ({
      frontend: `listen:${agent.path('fe')}`,
      state: 'negotiated',
      in_force: V213,
    }));
    const interfaces = await client.dump('Interface', ...columns);
    assert.deepEqual(new Set(interfaces), new Set(rows));
  });

  it('keep the mode of a front-end that runs when they start anew', async () => {
    for (const [index, agent] of agents.entries()) {
      await agent.must('pin', 'vhu0', V26);
      await agent.stop();
      await agent.start();
      assert.equal(await frontends[index]?.reconnect(), V213_MASK);
      const shown = await agent.inState('vhu0', 'negotiated');
      assert.deepEqual([shown.in_force, shown.next_start], [V213, V26]);
    }
  });
});

describe('an agent whose ovsdb-server is replaced by an empty one', function () {
  this.timeout(120_000);
  const peers = new Peers();
  before(function () {
    needsDatabaseServer(this);
  });
  after(() => peers.end());

  it('has its rows there again, and serves what is added', async () => {
    const folder = peers.folder();
    const { remote, server } = await databaseServer(peers, folder);
    const agent = new ClientAgent(peers, 'host-c', remote);
    await agent.start();
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await server.stop();
    await databaseServer(peers, folder);
    const ends = ['--backend', `connect:${agent.path('be')}`, '--frontend', `listen:${agent.path('fe')}`];
    await eventually('the host in the new database', async () => (await agent.run('list-interfaces')).code === 0);
    await agent.must('add-interface', 'vhu0', ...ends);
    assert.equal((await agent.inState('vhu0', 'waiting-frontend')).next_start, V213);
    const { versions } = JSON.parse(await agent.must('list-versions', '-f', 'json')) as {
      versions: { version: string }[];
    };
    assert.equal(versions[0]?.version, V213);
  });
});

describe('two agents of one system id on a real ovsdb-server', function () {
  this.timeout(120_000);
  const peers = new Peers();
  before(function () {
    needsDatabaseServer(this);
  });
  after(() => peers.end());

  const warning = /warn event=fault code=VC-SYSTEM-ID-TAKEN text=".*system id \\"host-d\\".*remove .*\/system-id/;

  it('the second one says so and goes on; one that was killed is followed without a word', async () => {
    const remote = await startDatabaseServer(peers);
    const first = new ClientAgent(peers, 'host-d', remote);
    await first.start();
    await first.kill();
    await first.start();
    const copy = new TestAgent(peers, 'copy', ['--db', remote, '--system-id', 'host-d']);
    await copy.start();
    await copy.peer.waitFor(warning);
    assert.doesNotMatch(first.log, /VC-SYSTEM-ID-TAKEN/);
    assert.match(await first.must('events'), /VC-SYSTEM-ID-TAKEN/);
    await copy.stop();
  });

  it('each reconnection asks anew', async () => {
    const folder = peers.folder();
    const { remote, server } = await databaseServer(peers, folder);
    const agent = new ClientAgent(peers, 'host-d', remote);
    await agent.start();
    await server.stop();
    await databaseServer(peers, folder);
    await eventually('the agent in the new database', async () => (await agent.run('list-interfaces')).code === 0);
    const copy = new TestAgent(peers, 'copy', ['--db', remote, '--system-id', 'host-d']);
    await copy.start();
    await copy.peer.waitFor(warning);
    await copy.stop();
  });
});
