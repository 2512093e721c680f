import assert from 'node:assert/strict';
import type { MockBackend } from '../../agent/mock/mock-backend.ts';
import { eventually, Peers } from '../peers/process.ts';
import { TestAgent } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { mockBackend } from './hosts.ts';

const V32 = 'upstream.ovs-dpdk.v3.2';
const V213 = 'upstream.ovs-dpdk.v2.13';
const V26 = 'upstream.ovs-dpdk.v2.6';
const MASK = { [V32]: 0xd7c66a7cbn, [V213]: 0xd7c66a7can, [V26]: 0x144668182n };

/** The four ways in which the two sides may meet at an interface. */
const ROLES = [
  { title: 'front-end connects, back-end listens', frontend: 'listen', backend: 'connect' },
  { title: 'front-end listens, back-end connects', frontend: 'connect', backend: 'listen' },
  { title: 'both connect to the agent', frontend: 'listen', backend: 'listen' },
  { title: 'the agent connects to both', frontend: 'connect', backend: 'connect' },
] as const;

const OTHER = { listen: 'connect', connect: 'listen' } as const;

for (const { title, frontend, backend } of ROLES) {
  describe(`a mode in force: ${title}`, function () {
    this.timeout(90_000);
    const peers = new Peers();
    let agent: TestAgent;
    let mock: MockBackend;
    let qemu: FrontendProcess;

    before(async () => {
      agent = await TestAgent.start(peers, 'host');
      mock = await mockBackend(peers, `${OTHER[backend]}:${agent.path('be')}`, 'ovs-3.2');
      await agent.must(
        'add-interface',
        'vhu0',
        '--backend',
        `${backend}:${agent.path('be')}`,
        '--frontend',
        `${frontend}:${agent.path('fe')}`,
        '--version',
        V213,
      );
      await agent.inState('vhu0', 'waiting-frontend');
      qemu = new FrontendProcess(peers, `${OTHER[frontend]}:${agent.path('fe')}`);
      assert.equal(await qemu.offered(), MASK[V213]);
      await agent.inState('vhu0', 'negotiated');
    });
    after(() => peers.end());

    it('is not touched by another pin; the next start shows it', async () => {
      await agent.must('pin', 'vhu0', V26);
      const shown = await agent.show('vhu0');
      assert.equal(shown.state, 'negotiated');
      assert.equal(shown.in_force, V213);
      assert.equal(shown.next_start, V26);
    });

    it('comes again when the same process reconnects', async () => {
      assert.equal(await qemu.reconnect(), MASK[V213]);
      assert.equal((await agent.inState('vhu0', 'negotiated')).in_force, V213);
    });

    it('comes again after the back-end was restarted', async () => {
      mock.hangUp();
      await eventually('a new back-end connection', () => mock.live.length === 1);
      assert.equal(await qemu.reconnect(), MASK[V213]);
    });

    it('outlives the agent, clean stop or SIGKILL, and so does the pin', async () => {
      for (const end of ['stop', 'kill'] as const) {
        await agent[end]();
        await agent.start();
        assert.equal(await qemu.reconnect(), MASK[V213], `after ${end}`);
        const shown = await agent.inState('vhu0', 'negotiated');
        assert.deepEqual([shown.in_force, shown.next_start, shown.version], [V213, V26, V26]);
      }
    });

    it('ends with its process: the next one gets the pin', async () => {
      await qemu.end();
      const next = new FrontendProcess(peers, `${OTHER[frontend]}:${agent.path('fe')}`);
      assert.equal(await next.offered(), MASK[V26]);
      assert.equal((await agent.inState('vhu0', 'negotiated')).in_force, V26);
    });
  });
}
