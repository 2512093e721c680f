import assert from 'node:assert/strict';
import { TestAgent } from '../e2e/agents.ts';
import { type Guest, needsGuest } from '../peers/guest.ts';
import { eventually, Peers } from '../peers/process.ts';
import { Qemu } from '../peers/qemu.ts';
import { needsTestpmd, Testpmd } from '../peers/testpmd.ts';
import { addPinned, assertGuestAgrees, hex } from './guest-port.ts';
import { INDIRECT_DESC, NO_INDIRECT, NO_INDIRECT_MASK, siteTables } from './site-table.ts';

/** All that testpmd 22.11 offers. */
const FULL = 'upstream.dpdk-vhost.v19.11.13';
const FULL_MASK = 0xd7c66e7cbn;

/** Each step goes on from the one before: one guest, one pin that changes under it. */
describe('the life of a pin under a running guest', function () {
  this.timeout(300_000);
  const peers = new Peers();
  let guest: Guest;
  let agent: TestAgent;
  let testpmd: Testpmd;
  let backend = '';
  let frontend = '';
  let qemu: Qemu;
  let features = 0n;

  before(async function () {
    needsTestpmd(this);
    guest = await needsGuest(this);
    agent = await TestAgent.start(peers, 'host', siteTables(peers));
    [backend, frontend] = [agent.path('be'), agent.path('fe')];
    testpmd = await Testpmd.start(peers, [{ socket: backend }]);
    const sides = { backend: `connect:${backend}`, frontend: `listen:${frontend}` };
    await addPinned(agent, 'vhu0', { ...sides, version: NO_INDIRECT });
    qemu = await Qemu.boot(peers, { guest, socket: frontend, reconnect: 1 });
    features = await inForce(NO_INDIRECT, NO_INDIRECT, NO_INDIRECT_MASK);
    assert.equal(features & INDIRECT_DESC, 0n, hex(features));
    await answered();
  });
  after(() => peers.end());

  /** The agent shows these versions and the mask of the one in force, and the guest agrees; returns the guest's bits. */
  async function inForce(version: string, next: string, mask: bigint): Promise<bigint> {
    const shown = await agent.inState('vhu0', 'negotiated');
    assert.deepEqual([shown.in_force, shown.next_start, shown.version], [version, next, next]);
    assert.equal(shown.offered_features, hex(mask));
    await eventually(`${shown.acked_features} acknowledged in testpmd, whose output comes once a second`, () => {
      return hex(testpmd.acknowledged(backend).at(-1) ?? 0n) === shown.acked_features;
    });
    return await assertGuestAgrees(qemu, shown);
  }

  async function answered(): Promise<void> {
    assert.equal(await qemu.reaches('10.0.0.1'), true);
    assert.equal(await qemu.ping('10.0.0.1', 2), 2);
  }

  it('another pin changes nothing in force; the next start shows it', async () => {
    const negotiations = testpmd.acknowledged(backend).length;
    await agent.must('pin', 'vhu0', FULL);
    assert.equal(await inForce(NO_INDIRECT, FULL, NO_INDIRECT_MASK), features);
    await answered();
    assert.equal(testpmd.acknowledged(backend).length, negotiations, 'nobody negotiated anew');
  });

  for (const [end, how] of [
    ['stop', 'ended and started again'],
    ['kill', 'killed and started again'],
  ] as const) {
    it(`the agent is ${how}: QEMU comes back, both versions are as before, packets flow`, async () => {
      const negotiations = testpmd.acknowledged(backend).length;
      await agent[end]();
      await agent.start();
      await eventually('QEMU negotiating anew', () => testpmd.acknowledged(backend).length > negotiations);
      assert.equal(await inForce(NO_INDIRECT, FULL, NO_INDIRECT_MASK), features);
      await answered();
    });
  }

  it('a new QEMU process gets the new pin', async () => {
    await qemu.stop();
    await agent.inState('vhu0', 'waiting-frontend');
    qemu = await Qemu.boot(peers, { guest, socket: frontend, reconnect: 1 });
    const renewed = await inForce(FULL, FULL, FULL_MASK);
    assert.equal(renewed, features | INDIRECT_DESC, hex(renewed));
    await answered();
    await qemu.stop();
  });
});
