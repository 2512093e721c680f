import assert from 'node:assert/strict';
import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { featureNames } from '../../compat-tables/bits/mask.ts';
import type { ShownInterface } from '../e2e/agents.ts';
import { SupervisedAgent } from '../e2e/supervised.ts';
import { type Guest, needsGuest } from '../peers/guest.ts';
import { needsOvs, Ovs, type OvsRestart } from '../peers/ovs.ts';
import { Peers } from '../peers/process.ts';
import { Qemu } from '../peers/qemu.ts';
import { addPinned, assertGuestAgrees } from './guest-port.ts';
import { numberOf } from './seeded.ts';

/** Under each guest; the full run has 10. */
const RESTARTS = numberOf('VHOST_COMPAT_RESTARTS', 2);

const ADDRESS = '10.0.0.1';

/** The offers of Open vSwitch 3.1: on any port, and on a connecting port with userspace-tso-enable. */
const PLAIN = { version: 'upstream.ovs-dpdk.v2.13', mask: 0xd7c66a7can };
const TSO = { version: 'upstream.ovs-dpdk.v2.13.1+tso', mask: 0xd7c669fcbn };
/** VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM. */
const TSO_ONLY = TSO.mask & ~PLAIN.mask;

/** A QEMU that is in its loop tries about once a second, and says so. */
const LOOK_MS = 4_000;

/** The message of QEMU at each attempt when a back-end came back with less. */
const LOOP = /lacks feature mask|failed to init vhost_net/;

/** A guest in front of one port of the switch. */
interface Running {
  readonly name: string;
  readonly qemu: Qemu;
  readonly features: bigint;
  readonly shown: ShownInterface;
}

describe('Open vSwitch restarted under a running guest', function () {
  this.timeout(180_000 + RESTARTS * 60_000);
  let peers: Peers;
  let guest: Guest;
  let agent: SupervisedAgent;
  let ovs: Ovs;

  before(async function () {
    needsOvs(this);
    guest = await needsGuest(this);
  });
  beforeEach(async () => {
    peers = new Peers();
    agent = await SupervisedAgent.start(peers, 'host');
  });
  afterEach(() => peers.end());

  async function bootGuest(sides: {
    backend: 'connects' | 'listens';
    qemu: 'connects' | 'listens';
    version: string;
  }): Promise<Running> {
    const [name, frontend] = ['vhu0', agent.path('fe')];
    let backend = `listen:${agent.path('be')}`;
    if (sides.backend === 'connects') await ovs.addClientPort(name, agent.path('be'));
    else backend = `connect:${await ovs.addServerPort(name)}`;
    const listens = sides.qemu === 'listens';
    await addPinned(agent, name, {
      backend,
      frontend: `${listens ? 'connect' : 'listen'}:${frontend}`,
      version: sides.version,
    });
    const role = listens ? ({ role: 'server' } as const) : ({ role: 'client', reconnect: 1 } as const);
    const qemu = await Qemu.boot(peers, { guest, socket: frontend, ...role });
    const shown = await agent.inState(name, 'negotiated');
    assert.equal(shown.in_force, sides.version);
    const features = await assertGuestAgrees(qemu, shown);
    assert.equal(await qemu.reaches(ADDRESS), true);
    return { name, qemu, features, shown };
  }

  /** Traffic flows, under the same mode and with the same bits as at the beginning. */
  async function assertBack({ name, qemu, features, shown }: Running): Promise<void> {
    // The address of the switch is the same, but the guest may have given it up.
    await qemu.execute(`arp -d ${ADDRESS}`);
    assert.equal(await qemu.reaches(ADDRESS, 30), true, 'no traffic');
    const now = await agent.inState(name, 'negotiated');
    for (const column of ['in_force', 'next_start', 'offered_features', 'acked_features', 'error'] as const)
      assert.equal(now[column], shown[column], column);
    assert.equal(await qemu.features(), features);
    assert.equal(await ovs.acknowledged(name), BigInt(shown.acked_features ?? ''));
    // A switch that has just started may drop one; it has to go on answering.
    assert.equal(await qemu.reaches(ADDRESS, 5), true, 'traffic ceased');
  }

  const kinds = [
    { backend: 'connects', qemu: 'listens', hows: ['kill', 'exit'] },
    // A listening port does not survive a crash of the switch: its socket file stays and is in the way.
    { backend: 'listens', qemu: 'connects', hows: ['exit'] },
  ] as const;
  for (const { backend, qemu, hows } of kinds) {
    it(`${RESTARTS} times: the switch ${backend}, QEMU ${qemu}: traffic returns with the same mask`, async () => {
      ovs = await Ovs.start(peers);
      const running = await bootGuest({ backend, qemu, version: PLAIN.version });
      for (let count = 0; count < RESTARTS; count += 1) {
        const how = hows[count % hows.length] ?? 'exit';
        await ovs.restart({ how });
        await assertBack(running).catch((error: unknown) => {
          throw new Error(`Restart ${count + 1} (${how}): ${error}\n${agent.peer.tail()}`, { cause: error });
        });
      }
      assert.doesNotMatch(complaintsOf(running.qemu).join(), LOOP);
    });
  }

  for (const qemu of ['listens', 'connects'] as const) {
    it(`with less than before: refused by name, QEMU ${qemu} and is not driven into its loop`, async () => {
      const tso = (enable: boolean): OvsRestart => {
        return { how: 'exit', config: { 'userspace-tso-enable': String(enable) } };
      };
      ovs = await Ovs.start(peers, { config: { 'userspace-tso-enable': 'true' } });
      const running = await bootGuest({ backend: 'connects', qemu, version: TSO.version });
      assert.equal(BigInt(running.shown.offered_features ?? '') & TSO_ONLY, TSO_ONLY);

      await ovs.restart(tso(false));
      const refused = await agent.inState(running.name, 'refused');
      assert.equal(refused.error, 'VC-MODE-FEATURES');
      for (const name of featureNames(familyOf('vhost-user-net'), TSO_ONLY))
        assert.ok(refused.error_detail?.includes(name), `${name} is missing in: ${refused.error_detail}`);
      // What QEMU has to say of a connection that ended, it says once; after that it is silent.
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const complaints = complaintsOf(running.qemu);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      assert.deepEqual(complaintsOf(running.qemu), complaints);
      assert.equal((await agent.show(running.name)).state, 'refused');

      await ovs.restart(tso(true));
      await assertBack(running);
      assert.doesNotMatch(complaintsOf(running.qemu).join(), LOOP);
    });
  }
});

/** The messages of QEMU itself, without the guest's console. */
function complaintsOf({ peer }: Qemu): string[] {
  return peer.output.split('\n').filter((line) => line.startsWith('qemu-system'));
}
