import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Guest, needsGuest } from '../peers/guest.ts';
import { needsOvs, Ovs } from '../peers/ovs.ts';
import { Peers } from '../peers/process.ts';
import { Qemu } from '../peers/qemu.ts';
import { needsTestpmd, Testpmd } from '../peers/testpmd.ts';
import { askBackend } from '../peers/vhost-ask.ts';
import { needsVirtioUser, VirtioUser } from '../peers/virtio-user.ts';

/** VHOST_F_LOG_ALL and VHOST_USER_F_PROTOCOL_FEATURES: between QEMU and the back-end, never for the guest. */
const CONTROL_BITS = (1n << 26n) | (1n << 30n);
const INDIRECT_DESC = 1n << 28n;
const VERSION_1 = 1n << 32n;

/** The peers themselves, with nothing of ours in between: what the tests with the agent are compared to. */
describe('real peers by themselves', function () {
  this.timeout(300_000);

  describe('testpmd', () => {
    const peers = new Peers();
    let guest: Guest;
    let testpmd: Testpmd;
    let folder = '';

    before(async function () {
      needsTestpmd(this);
      guest = await needsGuest(this);
      folder = peers.folder();
      testpmd = await Testpmd.start(peers, [
        { socket: join(folder, 'plain') },
        { socket: join(folder, 'tso'), options: { tso: 1 } },
        { socket: join(folder, 'client'), role: 'client' },
      ]);
    });
    after(() => peers.end());

    const cases = [
      { title: 'a listening port', port: 'plain', role: 'connect', features: 0xd7c66e7cbn },
      { title: 'a port with TSO', port: 'tso', role: 'connect', features: 0xd7c66ffcbn },
      { title: 'a connecting port', port: 'client', role: 'listen', features: 0xd7c66e7cbn },
    ] as const;
    for (const { title, port, role, features } of cases) {
      it(`answers on ${title} as DPDK 22.11 does`, async function () {
        const answers = await askBackend(role, join(folder, port));
        // Of other releases we only know that they answer.
        if (!testpmd.version.startsWith('22.11.')) this.skip();
        assert.deepEqual(answers, { features, protocolFeatures: 0x10cbfn, queuePairs: 128n });
      });
    }

    it('serves a QEMU that connects: the guest negotiates and is answered', async () => {
      const qemu = await Qemu.boot(peers, { guest, socket: join(folder, 'plain') });
      const features = await qemu.features();
      assert.equal(features & (INDIRECT_DESC | VERSION_1), INDIRECT_DESC | VERSION_1);
      assert.equal(features & CONTROL_BITS, 0n);
      const acknowledged = testpmd.acknowledged(join(folder, 'plain')).at(-1) ?? 0n;
      assert.notEqual(acknowledged, 0n);
      assert.equal(acknowledged & ~CONTROL_BITS & ~features, 0n, acknowledged.toString(16));
      assert.equal(await qemu.reaches('10.0.0.1'), true);
      assert.equal(await qemu.ping('10.0.0.1'), 3);
      await qemu.stop();
    });

    it('serves a front-end without a guest', async function () {
      needsVirtioUser(this);
      const socket = join(folder, 'tso');
      const { features } = await askBackend('connect', socket);
      const user = await VirtioUser.start(peers, { socket });
      await user.transmitted();
      await user.stop();
      const acknowledged = testpmd.acknowledged(socket);
      assert.notDeepEqual(acknowledged, []);
      for (const mask of acknowledged) assert.equal(mask & ~features, 0n, mask.toString(16));
    });
  });

  describe('Open vSwitch with DPDK', () => {
    const peers = new Peers();
    let guest: Guest;
    let ovs: Ovs;

    before(async function () {
      needsOvs(this);
      guest = await needsGuest(this);
      ovs = await Ovs.start(peers);
    });
    after(() => peers.end());

    it('answers on a listening port as Open vSwitch 3.1 does', async function () {
      const answers = await askBackend('connect', await ovs.addServerPort('asked'));
      await ovs.deletePort('asked');
      if (!(await ovs.version()).startsWith('3.1.')) this.skip();
      assert.deepEqual(answers, { features: 0xd7c66a7can, protocolFeatures: 0x10cbfn, queuePairs: 128n });
    });

    it('serves a QEMU that listens, by a port that connects', async () => {
      const socket = join(peers.folder(), 'guest');
      const qemu = await Qemu.start(peers, { guest, socket, role: 'server' });
      await ovs.addClientPort('guest', socket);
      await qemu.booted();
      const features = await qemu.features();
      const acknowledged = (await ovs.acknowledged('guest')) & ~CONTROL_BITS;
      assert.notEqual(acknowledged, 0n);
      assert.equal(features & acknowledged, acknowledged, `${features.toString(16)} and ${acknowledged.toString(16)}`);
      assert.equal(await qemu.reaches('10.0.0.1'), true);
      assert.equal(await qemu.ping('10.0.0.1'), 3);
      await qemu.stop();
    });
  });
});
