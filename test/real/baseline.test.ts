import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL_BITS } from '../../compat-tables/bits/named-masks.ts';
import { QEMU_FROM_BACKEND } from '../../compat-tables/bits/qemu-from-backend.ts';
import { TestAgent, vhostCompat } from '../e2e/agents.ts';
import { needsGuest } from '../peers/guest.ts';
import { INTERFACE, MigrationBench, MigrationHost } from '../peers/migration.ts';
import { needsOvs, Ovs } from '../peers/ovs.ts';
import { Peers } from '../peers/process.ts';
import { hex } from './guest-port.ts';

/** The offer of client-mode ports of Open vSwitch 3.1; each has bits that the other lacks. */
const PLAIN = { version: 'site.ovs-3.1', mask: 0xd7c66a7can };
const TSO = { version: 'site.ovs-3.1+tso', mask: 0xd7c669fcbn };

const COMMON = 'site.common';

interface BaselineJson {
  readonly table: { readonly entries: readonly { readonly version: string; readonly virtio_features: string }[] };
  readonly same_as: string | null;
  readonly defined: readonly { readonly host: string; readonly applied: boolean; readonly usable: boolean }[];
}

describe('a baseline for an Open vSwitch with userspace TSO and one without', function () {
  this.timeout(300_000);
  const peers = new Peers();
  let plain: TestAgent;
  let tso: TestAgent;
  let bench: MigrationBench;

  before(async function () {
    needsOvs(this);
    const guest = await needsGuest(this);
    const tables = ownTables(peers);
    [plain, tso] = await Promise.all([TestAgent.start(peers, 'plain', tables), TestAgent.start(peers, 'tso', tables)]);
    const switches = [
      await Ovs.start(peers),
      await Ovs.start(peers, { config: { 'userspace-tso-enable': 'true' } }),
    ] as const;
    if (!(await switches[0].version()).startsWith('3.1.')) this.skip();
    bench = new MigrationBench(peers, guest, {
      source: await hostOf(plain, switches[0]),
      destination: await hostOf(tso, switches[1]),
    });
    // The agents get to know the back-ends by it.
    await bench.source.ready(PLAIN);
    await bench.destination.ready(TSO);
  });
  afterEach(() => bench.clear());
  after(() => peers.end());

  it('is needed: the two offer what the tables say, and no version is common', async () => {
    for (const [agent, { mask }] of [
      [plain, PLAIN],
      [tso, TSO],
    ] as const)
      assert.equal((await agent.show(INTERFACE)).backend_features, hex(mask));
    const { code, stderr } = await vhostCompat('select', plain.db, tso.db);
    assert.equal(code, 3, stderr);
  });

  it('is the largest that both honour, defined on both', async () => {
    const { code, stdout, stderr } = await vhostCompat(
      ...['baseline', plain.db, tso.db, '--name', COMMON, '--define', '--format', 'json'],
    );
    assert.equal(code, 0, stderr);
    const { table, same_as: sameAs, defined } = JSON.parse(stdout) as BaselineJson;
    const entries = table.entries.map(({ version, virtio_features: features }) => [version, features]);
    assert.deepEqual(entries, [[COMMON, hex(PLAIN.mask & TSO.mask)]]);
    assert.equal(sameAs, null);
    assert.deepEqual(
      defined.map(({ host, applied, usable }) => ({ host, applied, usable })),
      ['plain', 'tso'].map((host) => ({ host, applied: true, usable: true })),
    );
    const selected = await vhostCompat('select', plain.db, tso.db);
    assert.equal(selected.code, 0, selected.stderr);
    assert.match(selected.stdout, /site\.common/);
  });

  it('lets a guest that is pinned to it migrate there and back', async () => {
    const mode = { version: COMMON };
    let qemu = await bench.boot(bench.source, mode);
    const features = await qemu.features();
    assert.equal(hex(features & QEMU_FROM_BACKEND & ~(PLAIN.mask & TSO.mask)), '0x0');
    for (const [from, to, there] of [
      [plain, tso, bench.destination],
      [tso, plain, bench.source],
    ] as const) {
      const shown = await from.inState(INTERFACE, 'negotiated');
      assert.equal(shown.in_force, COMMON);
      assert.equal(hex(BigInt(shown.offered_features ?? '') | CONTROL_BITS), hex(PLAIN.mask & TSO.mask));
      const asked = await from.run('check-move', INTERFACE, to.db, '--version', COMMON);
      assert.equal(asked.code, 0, asked.stderr);
      const migration = await bench.begin(qemu, there, mode);
      const result = await bench.settle(migration);
      assert.equal(result.completed, true, result.destinationStderr);
      assert.ok(result.pingsAfter > 0);
      qemu = migration.destination;
      assert.equal(hex(await qemu.features()), hex(features));
    }
  });

  it('was needed: without it the guest gets neither there nor back', async () => {
    for (const [from, to, source, destination] of [
      [bench.source, bench.destination, PLAIN, TSO],
      [bench.destination, bench.source, TSO, PLAIN],
    ] as const) {
      const qemu = await bench.boot(from, source);
      const result = await bench.settle(await bench.begin(qemu, to, destination));
      assert.equal(result.completed, false);
      assert.match(result.destinationStderr, /Features 0x[0-9a-f]+ unsupported/);
      await bench.clear();
    }
  });
});

/** A host: an agent, and a switch whose port comes to it. */
async function hostOf(agent: TestAgent, ovs: Ovs): Promise<MigrationHost> {
  const socket = agent.path('be');
  await ovs.addClientPort(INTERFACE, socket);
  return new MigrationHost({ agent, backend: { socket, role: 'client' } });
}

/** Only what the two releases offer: the shipped tables have portable versions for just this case. */
function ownTables(peers: Peers): string[] {
  const folder = peers.folder();
  const entries = [PLAIN, TSO].map(({ version, mask }) => ({
    ...{ version, summary: 'All that Open vSwitch 3.1 offers in one configuration.', virtio_features: hex(mask) },
    ...{ limits: { queue_pairs: 128, ring_size: 32768 }, tier: 'both-ways' },
  }));
  writeFileSync(join(folder, '50-own.json'), JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries }));
  return ['--tables', folder];
}
