import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { Peers } from '../peers/process.ts';
import { type TestAgent, vhostCompat } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { hostLike, like } from './hosts.ts';

describe('the main job with two agents', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let a: TestAgent;
  let b: TestAgent;

  before(async () => {
    const hosts = [hostLike(peers, 'host-a', 'ovs-3.2'), hostLike(peers, 'host-b', 'ovs-2.13')] as const;
    [{ agent: a }, { agent: b }] = await Promise.all(hosts);
  });
  after(() => peers.end());

  it('lists the newest version on A, and on B why not', async () => {
    const onA = JSON.parse(await a.must('list-versions', '--format', 'json')) as { versions: { version: string }[] };
    assert.equal(onA.versions[0]?.version, 'upstream.ovs-dpdk.v3.2');
    const onB = await b.must('list-versions', '--all', '--format', 'json');
    const rows = (
      JSON.parse(onB) as {
        versions: { version: string; usable: boolean; blockers: { code: string; missing: string[] }[] }[];
      }
    ).versions;
    const newest = rows.find((row) => row.version === 'upstream.ovs-dpdk.v3.2');
    assert.equal(newest?.usable, false);
    assert.deepEqual(newest?.blockers[0]?.missing, ['VIRTIO_NET_F_CSUM']);
  });

  it('selects the first version of the source that the other has', async () => {
    const { code, stdout } = await vhostCompat('select', a.db, b.db);
    assert.deepEqual([code, stdout], [0, 'upstream.ovs-dpdk.v2.13\n']);
  });

  it('selects from saved documents when no host is alive', async () => {
    const files = [];
    for (const agent of [a, b]) {
      const file = agent.path('described.json');
      writeFileSync(file, await agent.must('describe'));
      files.push(file);
    }
    const { code, stdout } = await vhostCompat('select', '--policy', 'consensus', ...files);
    assert.deepEqual([code, stdout], [0, 'upstream.ovs-dpdk.v2.13\n']);
  });

  it('refuses a pin that the host cannot honour, with the bits by name and exit code 3', async () => {
    const { code, stderr } = await b.run('pin', 'vhu0', 'upstream.ovs-dpdk.v3.2');
    assert.equal(code, 3);
    assert.match(stderr, /VIRTIO_NET_F_CSUM.*VC-VERSION-UNUSABLE/);
    assert.equal((await b.show('vhu0')).version, undefined);
  });

  it('offers both front-ends exactly the pinned mode', async () => {
    for (const agent of [a, b]) {
      await agent.must('pin', 'vhu0', 'upstream.ovs-dpdk.v2.13');
      const frontend = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
      assert.equal(await frontend.offered(), 0xd7c66a7can);
      const shown = await agent.inState('vhu0', 'negotiated');
      assert.equal(shown.in_force, 'upstream.ovs-dpdk.v2.13');
      assert.equal(shown.offered_features, '0xd7c66a7ca');
      assert.equal(shown.acked_features, '0xd7c66a7ca');
    }
  });
});

describe('hosts without a common version', function () {
  this.timeout(60_000);
  const peers = new Peers();
  after(() => peers.end());

  it('exit 3, and --explain names for each version the host that lacks it and the bits', async () => {
    const tables = peers.folder();
    const entry = (version: string, feature: string) => ({
      version,
      summary: version,
      virtio_features: ['VIRTIO_F_VERSION_1', feature],
      limits: {},
      tier: 'both-ways',
    });
    const entries = [entry('site.tso', 'VIRTIO_NET_F_HOST_TSO4'), entry('site.ecn', 'VIRTIO_NET_F_HOST_ECN')];
    writeFileSync(`${tables}/50-site.json`, JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries }));
    const agents = [];
    for (const [name, release] of [
      ['with-tso', 'ovs-3.1+tso'],
      ['without', 'ovs-3.1'],
    ] as const) {
      const { agent } = await hostLike(peers, name, release, ['--tables', tables]);
      agents.push(agent.db);
    }
    const { code, stdout } = await vhostCompat('select', '--explain', ...agents);
    assert.equal(code, 3);
    assert.match(stdout, /site\.tso[\s\S]*without[\s\S]*VIRTIO_NET_F_HOST_TSO4/);
    assert.match(stdout, /site\.ecn[\s\S]*with-tso[\s\S]*VIRTIO_NET_F_HOST_ECN/);
  });
});

describe('a mode that the back-end loses', function () {
  this.timeout(60_000);
  const peers = new Peers();
  after(() => peers.end());

  it('is refused with the bits by name; the back-end keeps its connection and the door stays shut', async () => {
    const { agent, backend } = await hostLike(peers, 'host-c', 'ovs-3.2');
    await agent.must('pin', 'vhu0', 'upstream.ovs-dpdk.v3.2');

    backend.become(like('ovs-3.1'));
    backend.hangUp();
    const shown = await agent.inState('vhu0', 'refused');
    assert.equal(shown.error, 'VC-MODE-FEATURES');
    assert.match(shown.error_detail ?? '', /vhu0.*upstream\.ovs-dpdk\.v3\.2.*VIRTIO_NET_F_CSUM/);
    assert.equal(existsSync(agent.path('fe')), false);
    assert.equal(backend.live.length, 1);

    await agent.must('unpin', 'vhu0');
    assert.equal((await agent.inState('vhu0', 'waiting-frontend')).next_start, 'upstream.ovs-dpdk.v2.13');
    assert.equal(existsSync(agent.path('fe')), true);
    assert.equal(backend.live.length, 1);
    assert.equal(backend.connections, 2);
  });
});
