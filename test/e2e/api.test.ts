import assert from 'node:assert/strict';
import { ApiClient } from '../../rpc/api/api-client.ts';
import type { EventJson } from '../../rpc/api/methods.ts';
import { eventually, Peers } from '../peers/process.ts';
import { TestAgent } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { addPort, mockBackend } from './hosts.ts';

describe('the management API of a running agent', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let agent: TestAgent;
  let other: TestAgent;
  let api: ApiClient;

  before(async () => {
    [agent, other] = await Promise.all([TestAgent.start(peers, 'host-a'), TestAgent.start(peers, 'host-b')]);
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.5');
    await mockBackend(peers, `listen:${other.path('be')}`, 'ovs-2.12');
    await addPort(other);
    api = await ApiClient.connect(agent.api);
    peers.defer(() => api.close());
  });
  after(() => peers.end());

  it('adds an interface, lists, selects, pins, and tells of the front-end that negotiates', async () => {
    const events: EventJson[] = [];
    api.on('events.event', ({ event }) => events.push(event));
    await api.call('events.subscribe', {});

    await api.call('interfaces.add', {
      name: 'vhu0',
      backend: `connect:${agent.path('be')}`,
      frontend: `listen:${agent.path('fe')}`,
    });
    await eventually('the measurement', () =>
      events.some((event) => event.kind === 'measured' && event.interface === 'vhu0'),
    );
    await agent.inState('vhu0', 'waiting-frontend');

    const versions = await api.call('versions.list', {});
    assert.equal(versions[0]?.version, 'upstream.ovs-dpdk.v3.2');

    const selection = await api.call('versions.select', { targets: [agent.db, other.db] });
    assert.equal(selection.version, 'upstream.ovs-dpdk.v2.13');
    await api.call('interfaces.pin', { name: 'vhu0', version: selection.version ?? '' });

    const frontend = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
    assert.equal(await frontend.offered(), 0xd7c66a7can);
    const negotiated = await eventually('the event of the negotiation', () =>
      events.find((event) => event.kind === 'negotiated'),
    );
    assert.equal(negotiated.interface, 'vhu0');
    assert.equal(negotiated.host, 'host-a');

    const interfaces = await api.call('interfaces.list', {});
    assert.equal(interfaces[0]?.in_force, 'upstream.ovs-dpdk.v2.13');
  });

  it('answers whether the running guest can move as the command does', async () => {
    await agent.inState('vhu0', 'negotiated');
    const answer = await api.call('interfaces.checkMove', { name: 'vhu0', targets: [other.db] });
    assert.deepEqual([answer.interface, answer.basis, answer.possible], ['vhu0', 'acked', true]);
    const { stdout } = await agent.run('check-move', 'vhu0', other.db, '--format', 'json');
    assert.deepEqual(answer, JSON.parse(stdout));
  });

  it('answers a pin that cannot be honoured with the code and the bits', async () => {
    await assert.rejects(
      api.call('interfaces.pin', { name: 'vhu0', version: 'upstream.ovs-dpdk.v2.11' }),
      (error: Error) => {
        assert.match(error.message, /VIRTIO_NET_F_HOST_UFO/);
        assert.equal((error as Error & { code?: string }).code, 'VC-VERSION-UNUSABLE');
        return true;
      },
    );
  });
});
