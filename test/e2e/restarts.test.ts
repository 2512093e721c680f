import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { Peers } from '../peers/process.ts';
import { AGENT } from '../programs.ts';
import { TestAgent } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { addPort, mockBackend } from './hosts.ts';
import { SupervisedAgent } from './supervised.ts';

describe('what a restart of the agent must not take from a guest', function () {
  this.timeout(90_000);
  const peers = new Peers();
  after(() => peers.end());

  it('its version, when the table has lost it', async () => {
    const tables = peers.folder();
    const entry = {
      ...{ version: 'site.v1', summary: 'x', virtio_features: '0x144008000', limits: {}, tier: 'both-ways' },
      ...{ covers: [], sources: [] },
    };
    const file = join(tables, '50-site.json');
    writeFileSync(file, JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries: [entry] }));
    const agent = await TestAgent.start(peers, 'host', ['--tables', tables]);
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await addPort(agent, '--version', 'site.v1');
    const guest = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
    const offered = await guest.offered();
    await agent.inState('vhu0', 'negotiated');
    await agent.stop();
    rmSync(file);
    await agent.start();
    assert.equal(await guest.reconnect(), offered);
    assert.equal((await agent.inState('vhu0', 'negotiated')).in_force, 'site.v1');
    assert.match(await agent.must('show-version', 'site.v1'), /0x100008000/);
  });

  it('its connections, when another interface wants its socket', async () => {
    const agent = await SupervisedAgent.start(peers, 'two');
    const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await addPort(agent);
    const guest = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
    await guest.offered();
    await agent.inState('vhu0', 'negotiated');
    // The command line would refuse it; other clients of the database do not ask.
    const ends = { frontend: `listen:${agent.path('fe')}`, backend: `connect:${agent.path('be2')}` };
    const client = new OvsdbClient(agent.db);
    await client.connect();
    peers.defer(() => client.close());
    await client.transact('Vhost_Compat', [
      { op: 'insert', table: 'Interface', row: { name: 'alpha', ...ends }, 'uuid-name': 'alpha' },
      {
        ...{ op: 'mutate', table: 'Host', where: [] },
        mutations: [['interfaces', 'insert', ['set', [['named-uuid', 'alpha']]]]],
      },
    ]);
    assert.equal((await agent.inState('alpha', 'error')).error, 'VC-ENDPOINT-TAKEN');
    await agent.upgrade();
    assert.equal((await agent.inState('alpha', 'error')).error, 'VC-ENDPOINT-TAKEN');
    assert.equal((await agent.inState('vhu0', 'negotiated')).error, undefined);
    assert.equal(backend.connections, 1);
  });

  it('its journal, when somebody only asks a question in the environment of another service', async () => {
    const agent = await SupervisedAgent.start(peers, 'asked');
    const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await addPort(agent);
    await new FrontendProcess(peers, `connect:${agent.path('fe')}`).offered();
    await agent.inState('vhu0', 'negotiated');
    for (const question of [['--check-state'], ['--help']]) {
      const env = { ...process.env, NOTIFY_SOCKET: '/nonexistent/notify' };
      const { status } = spawnSync(process.execPath, [AGENT, '--run-dir', agent.dir, ...question], { env });
      assert.equal(status, 0, question.join(' '));
      assert.equal(readdirSync(join(`${agent.dir}-relay`, 'ports')).length, 1, question.join(' '));
    }
    await agent.killAgent();
    await agent.inState('vhu0', 'negotiated');
    assert.equal(backend.connections, 1);
  });
});
