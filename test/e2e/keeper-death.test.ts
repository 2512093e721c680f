import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Peers } from '../peers/process.ts';
import { AGENT } from '../programs.ts';
import { TestAgent } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { addPort, mockBackend } from './hosts.ts';
import { SupervisedAgent } from './supervised.ts';

describe('the keeper of a running agent', function () {
  this.timeout(90_000);
  const peers = new Peers();
  after(() => peers.end());

  it('may be killed: the agent says that nobody keeps its guests, and the next keeper takes them over', async () => {
    const agent = await SupervisedAgent.start(peers, 'orphan');
    const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent);
    const guest = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
    const offered = await guest.offered();
    await agent.inState('vhu0', 'negotiated');
    await agent.peer.signal('SIGKILL');
    await agent.peer.waitFor(/event=not-kept .*VC-KEEPER-GONE/);
    assert.equal((await agent.inState('vhu0', 'negotiated')).error, undefined);
    await agent.start();
    await agent.inState('vhu0', 'negotiated');
    assert.equal(backend.connections, 1);
    await agent.killAgent();
    await agent.inState('vhu0', 'negotiated');
    assert.equal(backend.connections, 1, 'it is kept again');
    assert.equal(await guest.reconnect(), offered);
  });

  it('says of a second one which process it is, and goes on', async () => {
    const agent = await SupervisedAgent.start(peers, 'twice');
    const dirs = ['--run-dir', agent.dir, '--state-dir', agent.dir];
    const second = spawnSync(process.execPath, [AGENT, '--supervise', ...dirs], { encoding: 'utf8', timeout: 30_000 });
    assert.match(second.stderr, new RegExp(`^vhost-compatd: .*process ${agent.peer.pid} .*\\[VC-SUPERVISED\\]`, 'm'));
    assert.equal(second.status, 3);
    await agent.must('list-interfaces');
  });

  it('says so, too, when an agent without a keeper is at work, and ends', async () => {
    const agent = await TestAgent.start(peers, 'plain');
    const dirs = ['--run-dir', agent.dir, '--state-dir', agent.dir];
    const second = spawnSync(process.execPath, [AGENT, '--supervise', ...dirs], { encoding: 'utf8', timeout: 30_000 });
    const said = `^vhost-compatd: .*process ${agent.peer.pid} is a relay process at work there.*\\[VC-RELAY-DIR\\]`;
    assert.match(second.stderr, new RegExp(said, 'm'));
    assert.match(second.stderr, /event=child-gave-up child=relay status=3/);
    assert.equal(second.status, 3);
    await agent.must('list-interfaces');
  });
});
