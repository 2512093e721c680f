import assert from 'node:assert/strict';
import { join } from 'node:path';
import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { featureNames } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { vhostCompat } from '../e2e/agents.ts';
import { needsOvs, Ovs } from '../peers/ovs.ts';
import { Peers } from '../peers/process.ts';
import { needsTestpmd, Testpmd } from '../peers/testpmd.ts';
import { type Answers, askBackend } from '../peers/vhost-ask.ts';
import { hex } from './guest-port.ts';

interface Probed {
  readonly virtio_features: string;
  readonly feature_bits: readonly { readonly name: string }[];
  readonly protocol_features: string;
  readonly protocol_feature_bits: readonly { readonly name: string }[];
  readonly limits: Readonly<Record<string, number>>;
  readonly migratable: boolean;
  readonly usable_versions: readonly string[];
}

const NET = familyOf('vhost-user-net');

/** Probes a back-end that listens on `socket`, and holds the answer against what was asked there by hand. */
async function probeLike(socket: string, answers: Answers): Promise<{ text: string; probed: Probed }> {
  const [text, json] = [
    await vhostCompat('probe', `connect:${socket}`, '--timeout', '60'),
    await vhostCompat('probe', `connect:${socket}`, '--timeout', '60', '--format', 'json'),
  ];
  assert.deepEqual([text.code, json.code], [0, 0], text.stderr + json.stderr);
  const probed = JSON.parse(json.stdout) as Probed;
  assert.equal(probed.virtio_features, hex(answers.features));
  assert.equal(probed.protocol_features, hex(answers.protocolFeatures));
  assert.equal(probed.limits['queue_pairs'], Number(answers.queuePairs));
  const names = featureNames(NET, answers.features);
  const protocolNames = featureNames(PROTOCOL, answers.protocolFeatures);
  assert.deepEqual(
    probed.feature_bits.map(({ name }) => name),
    names,
  );
  assert.deepEqual(
    probed.protocol_feature_bits.map(({ name }) => name),
    protocolNames,
  );
  assert.equal(probed.migratable, true);
  assert.match(text.stdout, /^migratable: yes$/m);
  for (const name of [...names, ...protocolNames]) {
    assert.ok(text.stdout.includes(` ${name} `), `${name} is missing in ${text.stdout}`);
  }
  return { text: text.stdout, probed };
}

describe('vhost-compat probe on real back-ends', function () {
  this.timeout(300_000);

  describe('a port of testpmd', () => {
    const peers = new Peers();
    let testpmd: Testpmd;
    let socket = '';

    before(async function () {
      needsTestpmd(this);
      socket = join(peers.folder(), 'be');
      testpmd = await Testpmd.start(peers, [{ socket }]);
    });
    after(() => peers.end());

    it('prints what the back-end offers, bit by bit; of DPDK 22.11 it is 0xd7c66e7cb', async function () {
      const { text, probed } = await probeLike(socket, await askBackend('connect', socket));
      if (!testpmd.version.startsWith('22.11.')) this.skip();
      assert.match(text, /^virtio features \(0xd3866e7cb \+ control LOG_ALL, PROTOCOL_FEATURES\):$/m);
      assert.match(text, /^protocol features \(0x10cbf\):$/m);
      assert.match(text, /^ +28 +VIRTIO_RING_F_INDIRECT_DESC /m);
      assert.match(text, /^ +14 +VIRTIO_NET_F_HOST_UFO /m);
      assert.ok(probed.usable_versions.includes('upstream.dpdk-vhost.v19.11.13'), probed.usable_versions.join());
    });
  });

  describe('a listening port of Open vSwitch with DPDK', () => {
    const peers = new Peers();
    let ovs: Ovs;

    before(async function () {
      needsOvs(this);
      ovs = await Ovs.start(peers);
    });
    after(() => peers.end());

    it('prints what the back-end offers, bit by bit; of Open vSwitch 3.1 it is 0xd7c66a7ca', async function () {
      const socket = await ovs.addServerPort('vhu0');
      const { text, probed } = await probeLike(socket, await askBackend('connect', socket));
      if (!(await ovs.version()).startsWith('3.1.')) this.skip();
      assert.match(text, /^virtio features \(0xd3866a7ca \+ control LOG_ALL, PROTOCOL_FEATURES\):$/m);
      assert.match(text, /^protocol features \(0x10cbf\):$/m);
      assert.doesNotMatch(text, /VIRTIO_NET_F_HOST_UFO|VIRTIO_NET_F_CSUM/);
      assert.ok(probed.usable_versions.includes('upstream.ovs-dpdk.v2.13'), probed.usable_versions.join());
      assert.ok(!probed.usable_versions.includes('upstream.ovs-dpdk.v3.2'), probed.usable_versions.join());
    });
  });
});
