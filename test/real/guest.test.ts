import assert from 'node:assert/strict';
import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { featureNames } from '../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../compat-tables/bits/named-masks.ts';
import { TestAgent } from '../e2e/agents.ts';
import { type Guest, needsGuest } from '../peers/guest.ts';
import { needsOvs, Ovs } from '../peers/ovs.ts';
import { eventually, Peers } from '../peers/process.ts';
import { Qemu } from '../peers/qemu.ts';
import { needsTestpmd, Testpmd } from '../peers/testpmd.ts';
import { addPinned, assertGuestAgrees, hex, showDecoded } from './guest-port.ts';
import { INDIRECT_DESC, NO_INDIRECT, NO_INDIRECT_MASK, siteTables } from './site-table.ts';

const NET = familyOf('vhost-user-net');
const INDIRECT_NAME = 'VIRTIO_RING_F_INDIRECT_DESC';
const VERSION_1 = 1n << 32n;

/** The shipped version of Open vSwitch 2.6, whose guests have no indirect descriptors either. */
const V26 = 'upstream.ovs-dpdk.v2.6';
const V26_MASK = 0x144668182n;

/**
 * Holds what the agent shows of a guest against what was pinned, and against the guest itself; in both forms of
 * `show-interface`. Returns the acknowledged mask.
 */
async function assertInForce(
  agent: TestAgent,
  name: string,
  qemu: Qemu,
  pinned: { version: string; mask: bigint },
): Promise<bigint> {
  await agent.inState(name, 'negotiated');
  const { interface: shown, decoded } = await showDecoded(agent, name);
  assert.equal(shown.in_force, pinned.version);
  assert.equal(shown.next_start, pinned.version);

  const backend = BigInt(shown.backend_features ?? '');
  assert.equal(backend & INDIRECT_DESC, INDIRECT_DESC, 'the back-end by itself offers indirect descriptors');
  const offered = BigInt(shown.offered_features ?? '');
  assert.equal(hex(offered), hex((pinned.mask & ~CONTROL_BITS) | (backend & CONTROL_BITS)));

  const features = await assertGuestAgrees(qemu, shown);
  assert.equal(features & INDIRECT_DESC, 0n, hex(features));
  assert.equal(features & VERSION_1, VERSION_1, hex(features));

  const acked = BigInt(shown.acked_features ?? '');
  assert.deepEqual(decoded['offered_features']?.names, featureNames(NET, offered));
  assert.deepEqual(decoded['acked_features']?.names, featureNames(NET, acked));
  assert.ok(decoded['backend_features']?.names.includes(INDIRECT_NAME));
  assertText(await agent.must('show-interface', name, '--verbose'), pinned.version, { offered, acked });
  return acked;
}

/** The form for people: a heading with the mask, below it a line for each bit. */
function assertText(text: string, version: string, masks: Readonly<Record<string, bigint>>): void {
  assert.match(text, new RegExp(`^in force: +${version.replaceAll('.', '\\.')}$`, 'm'));
  for (const [what, mask] of Object.entries(masks)) {
    const heading = `${what} features \\(${hex(mask & ~CONTROL_BITS)}(?: \\+ control [A-Z_, ]+)?\\):`;
    const [, block = ''] = new RegExp(`^${heading}\\n((?: .*\\n)+)`, 'm').exec(text) ?? [];
    const names = block.split('\n').flatMap((line) => /^ +(\S+) \(\d+\)/.exec(line)?.[1] ?? []);
    assert.deepEqual(names, featureNames(NET, mask), text);
    assert.ok(!names.includes(INDIRECT_NAME));
  }
}

describe('a guest on a version without indirect descriptors', function () {
  this.timeout(300_000);

  describe('in front of testpmd', () => {
    const peers = new Peers();
    let guest: Guest;
    let testpmd: Testpmd;
    let agent: TestAgent;

    before(async function () {
      needsTestpmd(this);
      guest = await needsGuest(this);
      agent = await TestAgent.start(peers, 'host', siteTables(peers));
      testpmd = await Testpmd.start(peers, [{ socket: agent.path('be0') }, { socket: agent.path('be1') }]);
    });
    after(() => peers.end());

    const cases = [
      { title: 'of the site, QEMU connects', port: 0, version: NO_INDIRECT, mask: NO_INDIRECT_MASK, qemu: 'client' },
      { title: 'that is shipped, QEMU listens', port: 1, version: V26, mask: V26_MASK, qemu: 'server' },
    ] as const;
    for (const { title, port, version, mask, qemu: role } of cases) {
      it(`has exactly its mask and is answered: a version ${title}`, async () => {
        const name = `vhu${port}`;
        const [backend, frontend] = [agent.path(`be${port}`), agent.path(`fe${port}`)];
        await addPinned(agent, name, {
          backend: `connect:${backend}`,
          frontend: `${role === 'client' ? 'listen' : 'connect'}:${frontend}`,
          version,
        });
        const qemu = await Qemu.boot(peers, { guest, socket: frontend, role });
        const acked = await assertInForce(agent, name, qemu, { version, mask });
        await eventually(`the mask ${hex(acked)} in testpmd`, () => testpmd.acknowledged(backend).at(-1) === acked);
        assert.equal(await qemu.reaches('10.0.0.1'), true);
        assert.equal(await qemu.ping('10.0.0.1'), 3);
        await qemu.stop();
      });
    }
  });

  describe('in front of Open vSwitch with DPDK', () => {
    const peers = new Peers();
    let guest: Guest;
    let ovs: Ovs;
    let agent: TestAgent;

    before(async function () {
      needsOvs(this);
      guest = await needsGuest(this);
      agent = await TestAgent.start(peers, 'host');
      ovs = await Ovs.start(peers);
    });
    after(() => peers.end());

    it('has exactly its mask and is answered: the switch connects, QEMU listens', async () => {
      const [backend, frontend] = [agent.path('be'), agent.path('fe')];
      await ovs.addClientPort('vhu0', backend);
      await addPinned(agent, 'vhu0', { backend: `listen:${backend}`, frontend: `connect:${frontend}`, version: V26 });
      const qemu = await Qemu.boot(peers, { guest, socket: frontend, role: 'server' });
      const acked = await assertInForce(agent, 'vhu0', qemu, { version: V26, mask: V26_MASK });
      // The switch refreshes its status now and then, and the first time was perhaps too early.
      await eventually(`the mask ${hex(acked)} in the switch`, async () => (await ovs.acknowledged('vhu0')) === acked);
      assert.equal(await qemu.reaches('10.0.0.1'), true);
      assert.equal(await qemu.ping('10.0.0.1'), 3);
      await qemu.stop();
    });
  });
});
