import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskOf } from '../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import { ovsMap } from '../../rpc/ovsdb/notation/values.ts';
import { encodeInterfaceStatus } from '../../rpc/state/encode-rows.ts';
import { Peers } from '../peers/process.ts';
import { ROOT } from '../root.ts';
import { described, served } from './embedded.ts';
import { type HostFixture, NEW_BACKEND, NEW_HOST, OLD_HOST } from './fixtures.ts';
import { matchesGolden } from './golden.ts';
import { cli } from './run-cli.ts';

const FORMATS = ['table', 'json', 'csv', 'list', 'html'];
const TOOK = maskOf(VIRTIO_NET, 'MRG_RXBUF', 'VERSION_1', 'MQ') | CONTROL_BITS;
const status = (acked: bigint) =>
  encodeInterfaceStatus({
    ...{ state: 'negotiated', inForce: 'site.packed', nextStart: 'site.packed', abilities: NEW_BACKEND },
    ...{ offeredFeatures: NEW_BACKEND.virtioFeatures, ackedFeatures: acked, queuePairs: 2 },
    ackedProtocolFeatures: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD'),
    ringSizes: new Map([[0, 256]]),
  });

const OF_VM = { external_ids: ovsMap({ 'vm-uuid': 'A' }) };

/** One guest that went for packed rings, one that did not, one that has not started. */
const SOURCE: HostFixture = {
  ...NEW_HOST,
  systemId: 'id-source',
  hostname: 'source',
  interfaces: {
    packed: {
      ...{ frontend: 'listen:/run/vm/p', backend: 'connect:/run/ovs/p' },
      ...status(TOOK | maskOf(VIRTIO_NET, 'RING_PACKED', 'MTU')),
      ...OF_VM,
    },
    split: { frontend: 'listen:/run/vm/s', backend: 'connect:/run/ovs/s', ...status(TOOK), ...OF_VM },
    idle: {
      ...{ frontend: 'listen:/run/vm/i', backend: 'connect:/run/ovs/i', version: 'site.base' },
      ...encodeInterfaceStatus({ state: 'waiting-frontend', nextStart: 'site.base', abilities: NEW_BACKEND }),
    },
  },
};

describe('questions about moves', () => {
  const peers = new Peers();
  let remote = '';
  let files: { source: string; newer: string; older: string };
  before(async () => {
    remote = await served(peers, SOURCE);
    files = {
      source: await described(peers, SOURCE),
      newer: await described(peers, NEW_HOST),
      older: await described(peers, OLD_HOST),
    };
  });
  after(() => peers.end());

  const outputs: { name: string; argv: () => string[]; exit: number }[] = [
    { name: 'check-move', argv: () => ['check-move', 'split', files.newer, files.older], exit: 0 },
    { name: 'check-move-no', argv: () => ['check-move', 'packed', files.older], exit: 3 },
    { name: 'check-move-vm', argv: () => ['check-move', '--vm', 'A', files.newer, files.older], exit: 3 },
    { name: 'drain', argv: () => ['drain', files.source, files.older], exit: 3 },
  ];
  for (const { name, argv, exit } of outputs) {
    it(`prints ${name} in every format`, async () => {
      for (const format of FORMATS) {
        const outcome = await cli(['--db', remote, ...argv(), '-f', format], { columns: 80 });
        assert.equal(outcome.exit, exit, outcome.stderr);
        matchesGolden(`${name}.${format}`, outcome.stdout);
      }
    });
  }

  it('says of a front-end what show-interface says: what it did not accept is not what the back-end lacks', async () => {
    const few = encodeInterfaceStatus({
      ...{ state: 'negotiated', inForce: 'site.packed', nextStart: 'site.packed', abilities: NEW_BACKEND },
      ...{ offeredFeatures: NEW_BACKEND.virtioFeatures, ackedFeatures: TOOK },
      ackedProtocolFeatures: maskOf(PROTOCOL, 'MQ', 'REPLY_ACK'),
    });
    const host = { ...SOURCE, interfaces: { few: { frontend: 'listen:/f', backend: 'connect:/b', ...few } } };
    const db = await served(peers, host);
    const reason = /its front-end did not accept VHOST_USER_PROTOCOL_F_LOG_SHMFD, which it was offered/;
    const asked = await cli(['--db', db, 'check-move', 'few', files.newer]);
    assert.equal(asked.exit, 3);
    assert.match(asked.stderr, reason);
    assert.doesNotMatch(asked.stderr, /back-end does not/);
    const shown = await cli(['--db', db, 'show-interface', 'few']);
    assert.match(shown.stdout, /^migratable:? +no \(its front-end did not accept .*LOG_SHMFD/m);
    const { stdout } = await cli(['--db', db, 'show-interface', 'few', '-f', 'json']);
    const { migratable, not_migratable } = JSON.parse(stdout) as { migratable: boolean; not_migratable: string[] };
    assert.deepEqual([migratable, not_migratable.length], [false, 1]);
    assert.match(not_migratable.join(), reason);
  });

  it('shows the remedy of an error as its text has it: no pin for features that no version has', async () => {
    const why = 'VIRTIO_NET_F_MAC is not in the offer 0x1 of version site.mq';
    const refused = (text: string) => ({
      ...{ frontend: 'listen:/f', backend: 'connect:/b' },
      ...encodeInterfaceStatus({ state: 'waiting-frontend', error: 'VC-ACK-OUTSIDE-OFFER', errorDetail: text }),
    });
    const interfaces = {
      alone: refused(`${why}, and no version has it here: the back-end does not offer it`),
      masked: refused(why.replace('_MAC', '_CSUM')),
    };
    const db = await served(peers, { ...SOURCE, interfaces });
    const remedy = async (name: string) => (await cli(['--db', db, 'show-interface', name])).stdout;
    assert.match(await remedy('alone'), /^remedy: +No version has VIRTIO_NET_F_MAC: this is a fault of the front-end/m);
    assert.match(await remedy('masked'), /^remedy: .*pin the version it was started with/m);
  });

  it('gives the same answer from the saved document of the host', async () => {
    for (const name of ['packed', 'split', 'idle']) {
      const live = await cli(['--db', remote, 'check-move', name, files.older, '-f', 'json']);
      const saved = await cli(['check-move', '--from', files.source, name, files.older, '-f', 'json']);
      assert.deepEqual(saved, live);
    }
  });

  it('judges by one version of the target when asked to', async () => {
    const args = ['check-move', '--from', files.source, 'split', files.newer, '--version'];
    assert.equal((await cli([...args, 'site.mq'])).exit, 0);
    const { exit, stderr } = await cli([...args, 'site.base']);
    assert.equal(exit, 3);
    assert.match(stderr, /site\.base on newhost does not offer VIRTIO_NET_F_MQ \[VC-MOVE\]\nremedy: /);
  });

  it('answers for post-copy when asked to, and says where documents do not tell', async () => {
    const args = ['check-move', '--from', files.source, 'split'];
    assert.equal((await cli([...args, files.newer])).exit, 0);
    const { exit, stderr } = await cli([...args, files.newer, '--postcopy']);
    assert.equal(exit, 3);
    assert.match(
      stderr,
      /the back-end of newhost has no VHOST_USER_PROTOCOL_F_PAGEFAULT, which post-copy needs \[VC-MOVE\]/,
    );
    const drained = await cli(['drain', files.source, files.newer, '--postcopy']);
    assert.equal(drained.exit, 3);
    assert.match(drained.stdout, /^packed can go nowhere:\n {2}newhost: .*PAGEFAULT/m);
    const device = await cli(['check-move', '--from', file('vgpu-gpu1'), 'self', file('vgpu-gpu2'), '--postcopy']);
    assert.equal(device.exit, 0);
    assert.match(device.stdout, /^ {2}warning: the documents of devices do not tell whether gpu2 can do post-copy$/m);
  });

  it('takes the first word for a target when a guest is named, and wants one question', async () => {
    const asked = ['check-move', '--from', files.source];
    assert.equal((await cli([...asked, '--vm', 'A', files.newer])).exit, 0);
    const none = await cli([...asked, '--vm', 'B', files.newer]);
    assert.deepEqual([none.exit, /its interfaces are of A .*\[VC-INTERFACE-UNKNOWN\]/.test(none.stderr)], [1, true]);
    for (const [argv, want] of [
      [['split'], /saw no TARGET/],
      [['--vm', 'A'], /NAME/],
      [['--vm', 'A', '--all-of', '41', files.newer], /saw --vm and --all-of/],
    ] as const) {
      const { exit, stderr } = await cli([...asked, ...argv]);
      assert.equal(exit, 2, stderr);
      assert.match(stderr, want);
    }
  });

  it('tells an interface that is not there, exit 1', async () => {
    const { exit, stderr } = await cli(['check-move', '--from', files.source, 'spli', files.newer]);
    assert.equal(exit, 1);
    assert.match(stderr, /did you mean "split"\? \[VC-INTERFACE-UNKNOWN\]/);
  });

  it('says below a drain what its answers warn of', async () => {
    const { exit, stdout } = await cli(['drain', files.source, files.newer, files.older]);
    assert.equal(exit, 0);
    assert.match(
      stdout,
      /^warnings:\n(?: {2}.*\n)* {2}newhost: .*no VHOST_USER_PROTOCOL_F_RARP: .* \(packed, split\)$/m,
    );
    // nobody moves it there
    assert.doesNotMatch(stdout, /oldhost: .*RARP.*\(.*packed/);
  });

  it('drains when everything can go, exit 0, and a host without interfaces at once', async () => {
    const { exit, stdout } = await cli(['drain', files.source, files.newer, files.older]);
    assert.equal(exit, 0);
    assert.match(stdout, /^packed +site\.packed +no$/m);
    const stuck = await cli(['drain', files.source, files.older]);
    assert.match(stuck.stderr, /source cannot be drained: idle, packed can go to none of the targets \[VC-DRAIN\]/);
    const empty = await cli(['drain', files.older, files.newer]);
    assert.deepEqual(empty, { exit: 0, stdout: 'oldhost has no interfaces\n', stderr: '' });
  });

  // any device type, from documents alone
  const devices: { from: string; name: string; to: string; want: RegExp | undefined }[] = [
    { from: 'vgpu-driver-1.2', name: 'self', to: 'vgpu-driver-1.4', want: undefined },
    { from: 'vgpu-driver-1.4', name: 'self', to: 'vgpu-driver-1.2', want: /\[VC-VERSION-SCHEME\]/ },
    { from: 'vgpu-gpu1', name: 'self', to: 'vgpu-gpu2', want: undefined },
    { from: 'vgpu-gpu1', name: 'self', to: 'vgpu-gpu3', want: /pv_mode.*\[VC-DOCUMENT-FIELD\]/ },
    { from: 'forward-only-old', name: '5.3', to: 'forward-only-new', want: undefined },
    { from: 'forward-only-new', name: '5.3', to: 'forward-only-old', want: /forward only.*\[VC-MOVE-DIRECTION\]/ },
  ];
  for (const { from, name, to, want } of devices) {
    it(`tells from the documents of devices: ${from} ${want === undefined ? 'can' : 'cannot'} move to ${to}`, async () => {
      const { exit, stdout } = await cli(['check-move', '--from', file(from), name, file(to)]);
      assert.equal(exit, want === undefined ? 0 : 3, stdout);
      if (want) assert.match(stdout, want);
    });
  }

  it('takes a version that differs in the bugfix for the same', async () => {
    const [old, young] = [file('vgpu-driver-1.2'), file('vgpu-driver-1.4')];
    const back = await cli(['check-move', '--from', young, '1.2.3', old]);
    assert.equal(back.exit, 0, back.stdout);
    const only = await cli(['check-move', '--from', old, 'self', young, '--version', '1.2.3']);
    assert.equal(only.exit, 0, only.stdout);
    const other = await cli(['check-move', '--from', old, 'self', young, '--version', '1.1']);
    assert.equal(other.exit, 3);
    assert.match(other.stdout, /takes in 1\.1, but self runs in 1\.2\.7/);
  });

  const file = (stem: string) => join(ROOT, 'docs/examples', `${stem}.json`);

  it('takes --version with the documents of devices too', async () => {
    const ask = (version: string) =>
      cli(['check-move', '--from', file('vgpu-gpu1'), 'self', file('vgpu-gpu2'), '--version', version]);
    const yes = await ask('i915-GVTg_V5_8_x2');
    assert.equal(yes.exit, 0, yes.stderr);
    assert.match(
      yes.stdout,
      /^self on gpu1: version i915-GVTg_V5_8_x2, judged by the documents of the devices alone$/m,
    );
    assert.match(yes.stdout, /^gpu2: yes, pin i915-GVTg_V5_8_x2 \(the same version\) there$/m);
    const no = await ask('nonsense');
    assert.equal(no.exit, 3);
    assert.match(no.stdout, /\[VC-VERSION-UNKNOWN\]/);
  });

  it('drains a device of which only the document is known', async () => {
    const stuck = await cli(['drain', file('vgpu-gpu1'), file('vgpu-gpu3')]);
    assert.equal(stuck.exit, 3);
    assert.match(stuck.stderr, /gpu1 cannot be drained: self can go to none of the targets \[VC-DRAIN\]/);
    const { exit, stdout } = await cli(['drain', file('vgpu-gpu1'), file('vgpu-gpu3'), file('vgpu-gpu2')]);
    assert.equal(exit, 0);
    assert.match(stdout, /^self +no +i915-GVTg_V5_8_x2$/m);
  });

  it('drains what it can when a target has nothing of a device type, or nothing but another', async () => {
    const { exit, stdout, stderr } = await cli(['drain', files.source, file('blk-store1'), files.newer]);
    assert.equal(exit, 0, stderr);
    assert.match(stdout, /^split +no +site\.packed$/m);
  });

  it('judges a running guest by its bits where only the device document of the target is known', async () => {
    const older = join(peers.folder(), 'device.json');
    const { devices } = JSON.parse(readFileSync(files.older, 'utf8')) as { devices: unknown[] };
    writeFileSync(older, JSON.stringify(devices[0]));
    const { exit, stdout } = await cli(['check-move', '--from', files.source, 'split', older]);
    assert.equal(exit, 0);
    assert.match(stdout, /^oldhost: yes, pin site\.mq there$/m);
    assert.equal((await cli(['check-move', '--from', files.source, 'packed', older])).exit, 3);
  });

  it('refuses a file with several hosts where one is meant', async () => {
    const { exit, stderr } = await cli(['drain', files.source]);
    assert.equal(exit, 2);
    assert.match(stderr, /TARGET/);
  });
});
