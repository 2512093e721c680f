import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { childrenOf, eventually, Peers } from '../peers/process.ts';
import { AGENT } from '../programs.ts';
import { TestAgent, vhostCompat } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { addPort, like, mockBackend } from './hosts.ts';
import { SplitAgent } from './split-agent.ts';
import { SERVING } from './supervised.ts';

const V2_13 = 'upstream.ovs-dpdk.v2.13';
const V2_8 = 'upstream.ovs-dpdk.v2.8';

describe('the two processes of the agent', function () {
  this.timeout(90_000);
  const peers = new Peers();
  after(() => peers.end());

  const guestOf = (agent: SplitAgent) => new FrontendProcess(peers, `connect:${agent.path('fe')}`);

  it('a guest notices nothing when the manager is killed, and its successor knows all about it', async () => {
    const agent = await SplitAgent.start(peers, 'killed');
    const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent, '--version', V2_13);
    const guest = guestOf(agent);
    const offered = await guest.offered();
    const before = await agent.inState('vhu0', 'negotiated');
    await agent.manager.kill();
    assert.equal(agent.relay.running, true);
    await agent.startManager();
    const after = await agent.inState('vhu0', 'negotiated');
    // counters are written along with other changes only
    assert.deepEqual({ ...after, statistics: 0 }, { ...before, statistics: 0 });
    assert.equal(backend.connections, 1);
    assert.equal(await guest.reconnect(), offered);
  });

  it('a manager that is busy for its clients leaves the processors to the relay process', async () => {
    const agent = await SplitAgent.start(peers, 'nice');
    const priorities = ({ pid }: { readonly pid: number }) =>
      new Set(readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread))));
    assert.deepEqual([...priorities(agent.relay)], [getPriority()]);
    assert.deepEqual([...priorities(agent.manager)], [5]);
  });

  it('ports are served while no manager is there: reconnects, a restart of the back-end, new front-ends', async () => {
    const agent = await SplitAgent.start(peers, 'away');
    const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent, '--version', V2_13);
    const guest = guestOf(agent);
    const offered = await guest.offered();
    assert.equal(
      offered & ~((1n << 26n) | (1n << 30n)),
      like('ovs-2.13').virtioFeatures & ~((1n << 26n) | (1n << 30n)),
    );
    await agent.inState('vhu0', 'negotiated');
    await agent.must('pin', 'vhu0', V2_8);
    await agent.manager.stop();
    for (const connection of backend.live) connection.close();
    assert.equal(await guest.reconnect(), offered, 'its mode is sticky');
    await guest.end();
    const next = await guestOf(agent).offered();
    assert.notEqual(next, offered, 'the pin that was ordered last is that of the next front-end');
    await agent.startManager();
    const shown = await agent.inState('vhu0', 'negotiated');
    assert.deepEqual([shown.in_force, shown.version], [V2_8, V2_8]);
  });

  it('a relay process that starts without a manager goes by the last orders, modes of front-ends included', async () => {
    const agent = await SplitAgent.start(peers, 'orders');
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent, '--version', V2_13);
    const guest = guestOf(agent);
    const offered = await guest.offered();
    await agent.inState('vhu0', 'negotiated');
    await agent.must('pin', 'vhu0', V2_8);
    await agent.manager.stop();
    await agent.relay.kill();
    await agent.startRelay();
    assert.match(agent.relay.output, /event=relay-started interfaces=1/);
    assert.equal(await guest.reconnect(), offered, 'its mode is sticky');
    await guest.end();
    assert.notEqual(await guestOf(agent).offered(), offered);
    await agent.startManager();
    assert.equal((await agent.inState('vhu0', 'negotiated')).in_force, V2_8);
  });

  it('what was removed while the relay process was away ends when it is back', async () => {
    const agent = await SplitAgent.start(peers, 'removed');
    const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent);
    await agent.relay.kill();
    await agent.must('del-interface', 'vhu0', '--no-wait');
    await agent.manager.stop();
    await agent.startRelay();
    await eventually('the last orders at work', () => backend.connections === 2);
    await agent.startManager();
    await eventually('the end of the port', () => backend.live.length === 0);
    assert.match(agent.relay.output, /event=relay-started interfaces=1/);
  });

  it('rows say that the relay process is away, and what is when it is back', async () => {
    const agent = await SplitAgent.start(peers, 'gone');
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent, '--version', V2_13);
    const before = await agent.inState('vhu0', 'waiting-frontend');
    await agent.relay.kill();
    assert.equal((await agent.inState('vhu0', 'error')).error, 'VC-RELAY-AWAY');
    const added = await agent.run('--timeout', '1', 'pin', 'vhu0', V2_8);
    assert.equal(added.code, 4, 'nobody says that it is in force');
    await agent.startRelay();
    const { error, next_start } = await agent.inState('vhu0', 'waiting-frontend');
    assert.deepEqual([before.error, error, next_start], [undefined, undefined, V2_8]);
    assert.match(await agent.must('events'), /Relay process \d+ of release .* serves/);
  });

  it('nobody but root and the user of the manager gives orders', async function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root can be somebody else
    const agent = await SplitAgent.start(peers, 'private');
    const socket = join(`${agent.dir}-relay`, 'orders.sock');
    assert.equal((statSync(socket).mode & 0o777).toString(8), '600');
    const script = `require('net').connect(${JSON.stringify(socket)}).on('error', (e) => process.exit(e.code === 'EACCES' ? 7 : 8)).on('connect', () => process.exit(9))`;
    const { status } = spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', process.execPath, '-e', script]);
    assert.equal(status, 7);
  });

  it('the manager has the rights of its user alone, and interfaces are served all the same', async function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root can become somebody else
    const agent = new TestAgent(peers, 'rights');
    chmodSync(join(agent.dir, '..'), 0o755); // the folder of a test is for its own user
    const dirs = ['--run-dir', agent.path('run'), '--state-dir', agent.path('state'), '--user', 'nobody'];
    const log = peers.start(process.execPath, [AGENT, ...dirs], { name: 'an agent with a user' });
    await log.waitFor(SERVING);
    const manager = childrenOf(log.pid)[0] ?? 0;
    const status = readFileSync(`/proc/${manager}/status`, 'utf8');
    assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
    assert.match(status, /^Groups:\t *$/m);
    assert.match(status, /^CapEff:\t0{16}$/m);
    assert.equal(statSync(agent.path('run')).uid, 65_534);
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    const ends = ['--backend', `connect:${agent.path('be')}`, '--frontend', `listen:${agent.path('fe')}`];
    const added = await vhostCompat('--db', `unix:${agent.path('run')}/db.sock`, 'add-interface', 'vhu0', ...ends);
    assert.equal(added.code, 0, added.stderr);
    await new FrontendProcess(peers, `connect:${agent.path('fe')}`).offered();
  });

  it('a second manager is refused, and the first one stays', async () => {
    const agent = await SplitAgent.start(peers, 'second');
    const dirs = ['--run-dir', `${agent.dir}-2`, '--state-dir', `${agent.dir}-2`, '--relay-dir', `${agent.dir}-relay`];
    const second = peers.start(process.execPath, [AGENT, 'manager', ...dirs], { name: 'a second manager' });
    await second.waitFor(/event=relay-away .*another manager process is connected/);
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await addPort(agent);
  });
});
