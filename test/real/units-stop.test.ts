import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BOTH_UNITS, MANAGER_UNIT, RELAY_UNIT, SystemdAgent } from '../e2e/under-systemd.ts';
import { type Guest, needsGuest } from '../peers/guest.ts';
import { Pinging } from '../peers/pinging.ts';
import { Peers } from '../peers/process.ts';
import { Qemu } from '../peers/qemu.ts';
import { needsSystemd } from '../peers/systemd.ts';
import { needsTestpmd, Testpmd } from '../peers/testpmd.ts';
import { addPinned } from './guest-port.ts';
import { ADDRESS } from './relay-cells.ts';

const VERSION = 'upstream.dpdk-vhost.v19.11.13';

describe('systemctl stop and start of the units that we ship, with running guests', function () {
  this.timeout(300_000);
  const peers = new Peers();
  let agent: SystemdAgent;
  let guest: Guest;
  const qemus: Qemu[] = [];

  before(async function () {
    needsSystemd(this);
    needsTestpmd(this);
    guest = await needsGuest(this);
    agent = await SystemdAgent.start(peers, 'host');
    await Testpmd.start(peers, [
      { socket: agent.path('be0'), role: 'server' },
      { socket: agent.path('be1'), role: 'client' },
    ]);
    // the agent's side by the names that README gives, below /run
    await port(0, { backend: 'connect', frontend: 'listen', role: 'client', reconnect: 1 });
    await port(1, { backend: 'listen', frontend: 'connect', role: 'server' });
  });
  after(() => peers.end());

  async function port(
    index: number,
    ends: { backend: string; frontend: string; role: 'client' | 'server'; reconnect?: number },
  ): Promise<void> {
    const { backend, frontend, role, reconnect = 0 } = ends;
    const sides = {
      backend: `${backend}:/run/vhost-user/be${index}`,
      frontend: `${frontend}:/run/vhost-user/fe${index}`,
    };
    await addPinned(agent, `vhu${index}`, { ...sides, version: VERSION });
    const qemu = await Qemu.boot(peers, { guest, socket: agent.path(`fe${index}`), role, reconnect });
    assert.equal(await qemu.reaches(ADDRESS), true);
    qemus.push(qemu);
  }

  const LEFT = ['vhost-user/fe1', 'vhost-compat', 'vhost-compat-relay/orders'];

  for (const units of [[RELAY_UNIT], BOTH_UNITS]) {
    it(`${units.join(' and ')}: what guests need stays where it is, and their traffic returns`, async () => {
      await agent.systemd.systemctl('stop', ...units);
      assert.deepEqual(
        LEFT.filter((path) => !existsSync(join(agent.dir, path))),
        [],
        'removed by the stop',
      );
      for (const qemu of qemus)
        assert.equal(await qemu.reaches(ADDRESS, 2), false, 'packets pass without a connection');
      await agent.systemd.systemctl('start', ...units);
      for (const name of ['vhu0', 'vhu1']) assert.equal((await agent.inState(name, 'negotiated')).in_force, VERSION);
      for (const qemu of qemus) assert.equal(await qemu.reaches(ADDRESS), true, 'the guest is on the network again');
    });
  }

  it(`${MANAGER_UNIT}: no guest loses a packet`, async () => {
    const pings = await Promise.all(qemus.map((qemu) => Pinging.start(qemu, ADDRESS)));
    await agent.systemd.systemctl('stop', MANAGER_UNIT);
    await agent.systemd.systemctl('start', MANAGER_UNIT);
    for (const name of ['vhu0', 'vhu1']) await agent.inState(name, 'negotiated');
    for (const pinging of pings) {
      const { lost, doubled } = await pinging.stop();
      assert.deepEqual({ lost, doubled }, { lost: [], doubled: [] });
    }
  });
});
