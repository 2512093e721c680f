import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { MockFrontend } from '../../agent/mock/mock-frontend.ts';
import { ApiClient } from '../../rpc/api/api-client.ts';
import { eventually, Peers } from '../peers/process.ts';
import { TestAgent } from './agents.ts';
import { mockBackend } from './hosts.ts';

const COUNT = 200;

describe(`${COUNT} interfaces on one agent`, function () {
  this.timeout(180_000);
  const peers = new Peers();
  after(() => peers.end());

  it('all negotiate, and no descriptor is left when they are removed', async () => {
    const agent = await TestAgent.start(peers, 'host');
    const api = await ApiClient.connect(agent.api);
    peers.defer(() => api.close());
    const descriptors = (): number => readdirSync(`/proc/${agent.peer.pid}/fd`).length;
    const before = descriptors();

    const names = Array.from({ length: COUNT }, (_, i) => `vhu${i}`);
    await Promise.all(names.map((name) => mockBackend(peers, `listen:${agent.path(`${name}.be`)}`, 'ovs-3.1')));
    for (const name of names) {
      const endpoints = {
        backend: `connect:${agent.path(`${name}.be`)}`,
        frontend: `listen:${agent.path(`${name}.fe`)}`,
      };
      await api.call('interfaces.add', { name, ...endpoints, version: 'upstream.ovs-dpdk.v2.8', wait: false });
    }
    const frontends = await Promise.all(
      names.map((name) =>
        MockFrontend.open({ role: 'connect', path: agent.path(`${name}.fe`) }, { timeoutMs: 60_000 }),
      ),
    );
    const offers = await Promise.all(frontends.map((frontend) => frontend.negotiate()));
    assert.deepEqual(new Set(offers.map((offer) => offer.features)), new Set([0x15466818an]));
    await eventually('all interfaces negotiated', async () => {
      const interfaces = await api.call('interfaces.list', {});
      return (
        interfaces.length === COUNT &&
        interfaces.every((one) => one.state === 'negotiated' && one.in_force === 'upstream.ovs-dpdk.v2.8')
      );
    });
    assert.ok(descriptors() >= before + 2 * COUNT);

    for (const name of names) await api.call('interfaces.remove', { name, wait: false });
    await Promise.all(frontends.map((frontend) => frontend.ended));
    await eventually('all descriptors closed', () => descriptors() <= before);
    assert.deepEqual(
      readdirSync(agent.dir).filter((name) => name.endsWith('.fe')),
      [],
    );
  });
});
