import assert from 'node:assert/strict';
import { CONTROL_BITS, LOG_ALL } from '../../compat-tables/bits/named-masks.ts';
import { QEMU_FROM_BACKEND } from '../../compat-tables/bits/qemu-from-backend.ts';
import { TestAgent } from '../e2e/agents.ts';
import { SupervisedAgent } from '../e2e/supervised.ts';
import { type Guest, needsGuest } from '../peers/guest.ts';
import { INTERFACE, type Migration, MigrationBench, MigrationHost, type MigrationResult } from '../peers/migration.ts';
import { needsOvs, Ovs } from '../peers/ovs.ts';
import { eventually, Peers } from '../peers/process.ts';
import type { Qemu } from '../peers/qemu.ts';
import { needsTestpmd, Testpmd } from '../peers/testpmd.ts';
import { assertGuestAgrees, hex } from './guest-port.ts';
import { INDIRECT_DESC, NO_INDIRECT, NO_INDIRECT_MASK, siteTables } from './site-table.ts';

/** All that testpmd 22.11 offers. */
const FULL = { version: 'upstream.dpdk-vhost.v19.11.13' };
/** The features that Open vSwitch and testpmd have in common. */
const V26 = { version: 'upstream.ovs-dpdk.v2.6' };
const CSUM = 1n;

/** QEMU's words for a guest that has features which the destination does not let it have. */
function unsupported(text: string): { features: bigint; allowed: bigint } {
  const found = /Features (0x[0-9a-f]+) unsupported\. Allowed features: (0x[0-9a-f]+)/.exec(text);
  assert.ok(found, text);
  return { features: BigInt(found[1] ?? ''), allowed: BigInt(found[2] ?? '') };
}

/** A ping that goes on while the guest moves: one request a second from now on. */
async function pingForEver(qemu: Qemu): Promise<void> {
  await qemu.run('ping 10.0.0.1 >/tmp/pings 2>&1 &');
  await eventually('a first answer', async () => (await lastAnswered(qemu)) >= 0);
}

/** Three more requests of the ping that began on another host are answered. */
async function pingGoesOn(qemu: Qemu): Promise<void> {
  const seen = await lastAnswered(qemu);
  await eventually(`answers after the one to request ${seen}`, async () => (await lastAnswered(qemu)) >= seen + 3);
}

/** The number of the last request that was answered, from 0; -1 when none was. */
async function lastAnswered(qemu: Qemu): Promise<number> {
  const text = await qemu.run('cat /tmp/pings');
  return Math.max(-1, ...[...text.matchAll(/ seq=(\d+) /g)].map(([, seq]) => Number(seq)));
}

function assertArrived(result: Omit<MigrationResult, 'featuresInGuest'>): void {
  const { pingsAfter, ...rest } = result;
  const expected = { completed: true, sourceStatus: 'completed', sourceError: undefined, destinationStderr: '' };
  assert.deepEqual(rest, expected);
  assert.ok(pingsAfter > 0);
}

type Host = 'a' | 'b';

/** Two agents, each before one port of the same testpmd; the hosts know nothing of each other. */
class TestpmdHosts<A extends TestAgent> {
  readonly agents: Readonly<Record<Host, A>>;
  readonly #testpmd: Testpmd;
  readonly bench: MigrationBench;

  private constructor(agents: Record<Host, A>, testpmd: Testpmd, bench: MigrationBench) {
    this.agents = agents;
    this.#testpmd = testpmd;
    this.bench = bench;
  }

  static async start<A extends TestAgent>(
    peers: Peers,
    guest: Guest,
    start: (name: Host, tables: readonly string[]) => Promise<A>,
    reconnect = true,
  ): Promise<TestpmdHosts<A>> {
    const tables = siteTables(peers);
    const agents = { a: await start('a', tables), b: await start('b', tables) };
    const [a, b] = [agents.a.path('be'), agents.b.path('be')];
    // One process, hence one polling thread.
    const testpmd = await Testpmd.start(peers, [{ socket: a }, { socket: b }]);
    const bench = new MigrationBench(peers, guest, {
      source: new MigrationHost({ agent: agents.a, backend: { socket: a, role: 'server' }, reconnect }),
      destination: new MigrationHost({ agent: agents.b, backend: { socket: b, role: 'server' }, reconnect }),
    });
    return new TestpmdHosts(agents, testpmd, bench);
  }

  /** The masks that a host's back-end was told, the first one first. */
  told(host: Host): bigint[] {
    return this.#testpmd.acknowledged(this.agents[host].path('be'));
  }

  /** The features that the front-end on a host has acknowledged, as agent, back-end and guest agree; LOG_ALL aside. */
  async acknowledged(host: Host, qemu: Qemu): Promise<bigint> {
    const shown = await this.agents[host].inState(INTERFACE, 'negotiated');
    assert.equal(shown.in_force, NO_INDIRECT);
    assert.equal(shown.offered_features, hex(NO_INDIRECT_MASK));
    const acked = BigInt(shown.acked_features ?? '') & ~LOG_ALL;
    await assertGuestAgrees(qemu, { ...shown, acked_features: hex(acked) });
    await eventually(`${hex(acked)} in testpmd, whose output comes once a second`, () => {
      const last = this.told(host).at(-1);
      return last !== undefined && (last & ~LOG_ALL) === acked;
    });
    return acked;
  }
}

const MODE = { version: NO_INDIRECT };

/** Slow enough that what happens meanwhile is over long before 90 MiB of guest are copied. */
const SLOW = 2 ** 20;
const FAST = 2 ** 30;

describe('a guest that migrates between the agents of two hosts', function () {
  this.timeout(300_000);

  describe('with testpmd on both', () => {
    const peers = new Peers();
    let hosts: TestpmdHosts<TestAgent>;
    let bench: MigrationBench;

    before(async function () {
      needsTestpmd(this);
      const guest = await needsGuest(this);
      hosts = await TestpmdHosts.start(peers, guest, (name, tables) => TestAgent.start(peers, name, tables));
      ({ bench } = hosts);
    });
    afterEach(() => bench.clear());
    after(() => peers.end());

    it('keeps its features and its traffic on the way there and on the way back', async () => {
      let qemu = await bench.boot(bench.source, MODE);
      const features = await qemu.features();
      assert.equal(features & INDIRECT_DESC, 0n, hex(features));
      const acked = await hosts.acknowledged('a', qemu);
      await pingForEver(qemu);
      for (const [from, to, host] of [
        ['a', 'b', bench.destination],
        ['b', 'a', bench.source],
      ] as const) {
        const migration = await bench.begin(qemu, host, MODE);
        assertArrived(await bench.settle(migration));
        await eventually(`LOG_ALL in the back-end of ${from}, for QEMU to know what it wrote meanwhile`, () =>
          hosts.told(from).some((mask) => (mask & LOG_ALL) !== 0n),
        );
        qemu = migration.destination;
        assert.equal(hex(await qemu.features()), hex(features));
        assert.equal(hex(await hosts.acknowledged(to, qemu)), hex(acked));
        await pingGoesOn(qemu);
      }
    });

    it('stays on the source when the destination pins a version that lacks a bit', async () => {
      const qemu = await bench.boot(bench.source, FULL);
      const features = await qemu.features();
      assert.equal(features & INDIRECT_DESC, INDIRECT_DESC, hex(features));
      const result = await bench.settle(await bench.begin(qemu, bench.destination, MODE));
      assert.equal(result.completed, false);
      const words = unsupported(result.destinationStderr);
      assert.equal(hex(words.features), hex(features));
      assert.equal(hex(words.features & ~words.allowed), hex(INDIRECT_DESC));
      if ((await qemu.status()) !== 'running') await qemu.qmp('cont');
      assert.equal(await qemu.reaches('10.0.0.1'), true, 'the guest goes on where it was');
      assert.equal(hex(await qemu.features()), hex(features));
    });
  });

  describe('with supervised agents that are killed meanwhile', () => {
    const peers = new Peers();
    let hosts: TestpmdHosts<SupervisedAgent>;
    let bench: MigrationBench;

    before(async function () {
      needsTestpmd(this);
      const guest = await needsGuest(this);
      // Without reconnect a connection that ends is the end of the guest's network: none may end.
      const start = (name: string, tables: readonly string[]) => SupervisedAgent.start(peers, name, tables);
      hosts = await TestpmdHosts.start(peers, guest, start, false);
      ({ bench } = hosts);
    });
    afterEach(() => bench.clear());
    after(() => peers.end());

    /** A guest that is being copied slowly from the first host to the second one, to wait before it changes over or not. */
    async function underWay({ wait }: { wait: boolean }): Promise<Migration & { readonly acked: bigint }> {
      const qemu = await bench.boot(bench.source, MODE);
      await qemu.qmp('migrate-set-capabilities', {
        capabilities: [{ capability: 'pause-before-switchover', state: wait }],
      });
      const acked = await hosts.acknowledged('a', qemu);
      await pingForEver(qemu);
      const migration = await bench.begin(qemu, bench.destination, MODE, { bandwidth: SLOW });
      await eventually('memory that was copied', async () => await copying(qemu));
      return { ...migration, acked };
    }

    async function copying(qemu: Qemu): Promise<boolean> {
      const { status, ram } = await qemu.queryMigrate();
      return status === 'active' && ram !== undefined && ram.transferred > 0;
    }

    async function arrives({ acked, ...migration }: Migration & { readonly acked: bigint }): Promise<void> {
      assertArrived(await bench.settle(migration));
      const { destination } = migration;
      assert.equal(hex(await hosts.acknowledged('b', destination)), hex(acked));
      await pingGoesOn(destination);
    }

    it('arrives when both are killed while its memory is copied', async () => {
      const migration = await underWay({ wait: false });
      for (const agent of [hosts.agents.a, hosts.agents.b]) {
        await agent.killAgent();
        assert.equal(await copying(migration.source), true, `it is under way still when ${agent.name} is back`);
      }
      await migration.source.limitMigration(FAST);
      await arrives(migration);
    });

    it('arrives when both are killed while it changes hosts', async () => {
      const migration = await underWay({ wait: true });
      const { source } = migration;
      const killed = [hosts.agents.a.killAgent()];
      await source.limitMigration(FAST);
      await eventually('a guest that has stopped', async () => {
        return (await source.queryMigrate()).status === 'pre-switchover';
      });
      killed.push(hosts.agents.b.killAgent());
      await source.qmp('migrate-continue', { state: 'pre-switchover' });
      await Promise.all([...killed, arrives(migration)]);
    });
  });

  describe('from testpmd to Open vSwitch', () => {
    const peers = new Peers();
    let bench: MigrationBench;

    before(async function () {
      needsTestpmd(this);
      needsOvs(this);
      const guest = await needsGuest(this);
      const [a, b] = [await TestAgent.start(peers, 'a'), await TestAgent.start(peers, 'b')];
      const [first, second] = [a.path('be'), b.path('be')];
      const ovs = await Ovs.start(peers);
      await ovs.addClientPort('vhu0', second);
      await Testpmd.start(peers, [{ socket: first }]);
      bench = new MigrationBench(peers, guest, {
        source: new MigrationHost({ agent: a, backend: { socket: first, role: 'server' } }),
        destination: new MigrationHost({ agent: b, backend: { socket: second, role: 'client' } }),
      });
    });
    after(() => peers.end());

    it('is lost on the way when no agent stands between', async () => {
      const result = await bench.run({ source: 'bare', destination: 'bare' });
      assert.equal(result.completed, false);
      const { features, allowed } = unsupported(result.destinationStderr);
      assert.equal(features & ~allowed & CSUM, CSUM, 'Open vSwitch offers no checksums');
    });

    it('arrives when both hosts have pinned what the two have in common', async () => {
      const result = await bench.run({ source: V26, destination: V26 });
      assert.equal(result.completed, true, JSON.stringify({ ...result, featuresInGuest: hex(result.featuresInGuest) }));
      assert.ok(result.pingsAfter > 0);
      assert.equal(result.featuresInGuest & (CSUM | INDIRECT_DESC), 0n, hex(result.featuresInGuest));
      assert.notEqual(result.featuresInGuest & QEMU_FROM_BACKEND & ~CONTROL_BITS, 0n);
    });
  });
});
