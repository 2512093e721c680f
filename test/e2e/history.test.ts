import assert from 'node:assert/strict';
import { eventually, Peers } from '../peers/process.ts';
import type { TestAgent } from './agents.ts';
import { hostLike } from './hosts.ts';
import { SupervisedAgent } from './supervised.ts';

interface Told {
  readonly kind: string;
  readonly interface?: string;
  readonly text: string;
  readonly details: Readonly<Record<string, string>>;
}

describe('the history of a host', function () {
  this.timeout(60_000);
  const peers = new Peers();
  after(() => peers.end());

  async function told(agent: TestAgent, ...kinds: string[]): Promise<Told[]> {
    const { events } = JSON.parse(await agent.must('events', '-f', 'json')) as { events: Told[] };
    return events.filter(({ kind }) => kinds.includes(kind));
  }

  it('has what clients wanted: pins and defaults', async () => {
    const { agent } = await hostLike(peers, 'intents', 'ovs-3.2');
    await agent.must('pin', 'vhu0', 'upstream.ovs-dpdk.v2.13');
    await agent.must('unpin', 'vhu0');
    await agent.must('default-version', 'upstream.ovs-dpdk.v3.2');
    const events = await eventually('three events', async () => {
      const all = await told(agent, 'pinned', 'unpinned', 'default-changed');
      return all.length === 3 && all;
    });
    assert.deepEqual(
      events.map(({ kind, interface: name, text }) => `${kind} ${name ?? '-'}: ${text}`),
      [
        'pinned vhu0: Version upstream.ovs-dpdk.v2.13 is pinned',
        'unpinned vhu0: No version is pinned any more, upstream.ovs-dpdk.v2.13 was',
        'default-changed -: The default of the host is upstream.ovs-dpdk.v3.2; before it was the first usable version',
      ],
    );
  });

  it('tells an agent that was ended from one that was killed', async () => {
    const agent = await SupervisedAgent.start(peers, 'ends');
    const kinds = async () => (await told(agent, 'agent-started', 'agent-stopping')).map(({ kind }) => kind);
    assert.deepEqual(await kinds(), ['agent-started']);
    await agent.killManager();
    await eventually('the next one', async () => (await kinds()).length === 2);
    await agent.upgrade();
    await eventually('the one after that', async () => (await kinds()).length === 4);
    assert.deepEqual(await kinds(), ['agent-started', 'agent-started', 'agent-stopping', 'agent-started']);
  });
});
