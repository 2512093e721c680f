import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MockFrontend } from '../../agent/mock/mock-frontend.ts';
import { writeU64 } from '../../agent/vhost/payloads.ts';
import type { MessageJson } from '../../rpc/api/message-json.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { eventually, type Peer, Peers } from '../peers/process.ts';
import { COMMAND } from '../programs.ts';
import { TestAgent } from './agents.ts';
import { hostLike } from './hosts.ts';

describe('what can be seen of a running agent', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let agent: TestAgent;

  beforeEach(async () => {
    ({ agent } = await hostLike(peers, 'host', 'ovs-3.2'));
    await agent.must('pin', 'vhu0', 'upstream.ovs-dpdk.v2.13');
    await agent.inState('vhu0', 'waiting-frontend');
  });
  afterEach(() => peers.end());

  async function trace(...words: string[]): Promise<Peer> {
    const args = [COMMAND, '--db', agent.db, 'trace', 'vhu0', ...words];
    const peer = peers.start(process.execPath, args, { name: 'vhost-compat trace', env: { COLUMNS: '0' } });
    await peer.waitFor(/^tracing vhu0$/m);
    return peer;
  }

  async function frontend(): Promise<MockFrontend> {
    const made = await MockFrontend.open({ role: 'connect', path: agent.path('fe') });
    peers.defer(() => made.close());
    return made;
  }

  it('is the whole dialogue of a front-end that starts, for several who look at once', async () => {
    const [table, json] = [await trace(), await trace('-f', 'json')];
    await (await frontend()).negotiate();
    await table.waitFor(/SET_VRING_ENABLE .* ring 1 enabled$/m);
    await json.waitFor(/"name":"SET_VRING_ENABLE".*"ring":1,"enabled":true/);
    assert.match(table.output, /<- back-end +GET_FEATURES +reply +0 +changed +0x\w+ -> 0x\w+; masked away: CSUM$/m);
    assert.match(table.output, /front-end -> +SET_MEM_TABLE +.*1 +forwarded +regions 1 \d+/m);
    const messages = jsonLines(json.output);
    const features = messages.find(({ name, reply }) => name === 'GET_FEATURES' && reply);
    assert.deepEqual(features?.changed_to?.removed, ['VIRTIO_NET_F_CSUM']);
    const kick = messages.find(({ name }) => name === 'SET_VRING_KICK');
    assert.deepEqual([kick?.descriptors, kick?.verdict, kick?.payload.ring], [1, 'forwarded', 0]);
    assert.ok(messages.every((one) => one.interface === 'vhu0' && Math.abs(one.time - Date.now()) < 60_000));
    // The addresses that the front-end named are the guest's.
    assert.doesNotMatch(json.output + table.output, /7f00/i);
  });

  it('ends on SIGINT with 0, after --count messages with 0, and with 4 when the agent goes', async () => {
    const [interrupted, counted, left] = [await trace(), await trace('--count', '2', '-f', 'json'), await trace()];
    await (await frontend()).negotiate();
    await counted.ended;
    assert.equal(counted.ending, 'ended with status 0');
    assert.equal(jsonLines(counted.output).length, 2);
    await interrupted.waitFor(/SET_VRING_ENABLE/);
    interrupted.signal('SIGINT');
    await interrupted.ended;
    assert.equal(interrupted.ending, 'ended with status 0');
    await agent.stop();
    await left.ended;
    assert.equal(left.ending, 'ended with status 4');
    assert.match(left.output, /the connection to the agent has ended \[VC-API-CONNECT\]/);
  });

  it('shows what was refused, and the event says why', async () => {
    const json = await trace('-f', 'json');
    const guest = await frontend();
    await guest.negotiateProtocol();
    guest.tell('SET_FEATURES', writeU64(0xffff_ffff_ffffn));
    await json.waitFor(/"name":"SET_FEATURES".*"verdict":"(refused|answered)"/);
    const events = await eventually('the event', async () => {
      const text = await agent.must('events', 'vhu0');
      return text.includes('VC-ACK-OUTSIDE-OFFER') && text;
    });
    assert.match(events, /^TIME .*\n(.*\n)*.* measured /);
  });

  it('goes on through new endpoints of the same interface, and ends when the interface is removed', async () => {
    const json = await trace('-f', 'json');
    const client = new OvsdbClient(agent.db, { reconnect: false });
    await client.connect(5000);
    peers.defer(() => client.close());
    const moved = { frontend: `listen:${agent.path('fe2')}` };
    await client.transact(DATABASE, [
      { op: 'update', table: 'Interface', where: [['name', '==', 'vhu0']], row: moved },
    ]);
    const guest = await MockFrontend.open({ role: 'connect', path: agent.path('fe2') });
    peers.defer(() => guest.close());
    await guest.negotiate();
    await json.waitFor(/"name":"SET_VRING_ENABLE"/);
    await agent.must('del-interface', 'vhu0');
    await json.ended;
    assert.equal(json.ending, 'ended with status 1');
    assert.match(json.output, /the interface was removed/);
  });

  it('is counters of this moment with --live, also when the database has older ones', async () => {
    const counters = async () => {
      const text = await agent.must('show-interface', 'vhu0', '--live', '-f', 'json');
      return (JSON.parse(text) as { interface: { statistics: Record<string, string> } }).interface.statistics;
    };
    const guest = await frontend();
    await guest.negotiate();
    const before = Number((await counters())['messages_to_backend']);
    await guest.sync();
    assert.equal(Number((await counters())['messages_to_backend']), before + 1);
  });

  it('is that of the host which was named, of two agents on one database', async () => {
    const other = await TestAgent.start(peers, 'other', ['--db', agent.db]);
    const show = ['show-interface', 'vhu0', '--live', '--host', 'other'];
    const add = ['--frontend', `listen:${other.path('fe')}`, '--backend', `connect:${other.path('be')}`];
    await agent.must('add-interface', 'vhu0', '--host', 'other', ...add);
    for (const words of [show, ['trace', 'vhu0', '--host', 'other']]) {
      const { code, stderr } = await agent.run(...words);
      assert.equal(code, 4);
      assert.match(
        stderr,
        /agent of host other \(other\): saw the agent of host \(host\) .*see --api \[VC-API-CONNECT\]/,
      );
    }
    await agent.must(...show, '--api', other.api);
  });

  it('follows events until the reader has seen enough', async () => {
    const child = spawn(process.execPath, [COMMAND, '--db', agent.db, 'events', '--follow', '-f', 'json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    peers.defer(() => void child.kill());
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await (await frontend()).negotiate();
    assert.deepEqual(await exit, [0, null]);
  });
});

function jsonLines(output: string): MessageJson[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => (JSON.parse(line) as { message: MessageJson }).message);
}
