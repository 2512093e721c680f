import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatMask, maskOf } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../../compat-tables/bits/named-masks.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import type { DeviceDocument } from '../../../compat-tables/devices/device-document.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { answerDrain, answerMove, moveJson } from '../../../rpc/fleet/answer-move.ts';
import { devicesOf } from '../../../rpc/fleet/host-devices.ts';
import { asHost, type HostDocument, type InterfaceDocument } from '../../../rpc/fleet/host-document.ts';
import { parseDocument } from '../../../rpc/fleet/read-documents.ts';
import { ROOT } from '../../root.ts';
import { abilities, entry, OVS_32, OVS_213 } from '../state/fixtures.ts';
import { documentOf, versionDocuments } from './made-documents.ts';

const NET = 'vhost-user-net';
const BLK = 'vhost-user-blk';
const [V32, V213] = [entry('upstream.ovs-dpdk.v3.2', OVS_32), entry('upstream.ovs-dpdk.v2.13', OVS_213)];
const CSUM = maskOf(VIRTIO_NET, 'CSUM');

interface Host {
  readonly entries?: readonly Entry[];
  readonly known?: Abilities;
  readonly interfaces?: readonly InterfaceDocument[];
}

function host(name: string, { entries = [V32, V213], known = abilities(OVS_32), interfaces = [] }: Host): HostDocument {
  const versions = versionDocuments(entries, known);
  return documentOf(name, known, { versions, interfaces, devices: devicesOf(name, versions, undefined) });
}

/** An interface whose guest took so much of its version. */
function running(name: string, acked: bigint, more: Partial<InterfaceDocument> = {}): InterfaceDocument {
  return {
    ...{ name, device_type: NET, frontend: 'listen:/f', backend: 'connect:/b', state: 'negotiated' },
    ...{ in_force: V32.version, acked_features: formatMask(acked), acked_protocol_features: '0xcf7' },
    ...{ backend_features: formatMask(OVS_32), backend_protocol_features: '0xcf7', backend_limits: {} },
    ...{ queue_pairs: 1, ring_sizes: { 0: 256 }, ...more },
  };
}

const blk = (name: string): InterfaceDocument =>
  running(name, 0x1_3000_0000n, {
    ...{ device_type: BLK, in_force: 'site.blk.v1_q4', backend_features: formatMask(0x1_3000_0000n | CONTROL_BITS) },
  });
const example = (stem: string) => {
  const path = join(ROOT, 'docs/examples', `${stem}.json`);
  return parseDocument(readFileSync(path, 'utf8'), path);
};
/** What `describe --device-type vhost-user-net` prints. */
function device({ devices = [] }: HostDocument, change: Partial<DeviceDocument> = {}): HostDocument {
  const own = devices.find(({ self }) => self.device_type === NET) ?? assert.fail('no network device');
  return asHost({ ...own, ...change });
}
const small = OVS_213 & ~CONTROL_BITS;

describe('a move of a running interface to a host of which only the device document is known', () => {
  const source = host('node1', {
    interfaces: [
      running('small', small),
      running('all', OVS_32 & ~CONTROL_BITS),
      running('wide', small, { queue_pairs: 200 }),
    ],
  });
  const old = host('node2', { known: abilities(OVS_213) });
  const ask = (name: string, target: HostDocument, version?: string) => {
    const { answer } = answerMove({ source, name, targets: [target], version });
    return { ...(answer.targets[0] ?? assert.fail()), basis: answer.basis };
  };

  it('is judged by what the guest took, as to the host itself, and says what to pin', () => {
    for (const name of ['small', 'all', 'wide']) {
      const [by, live] = [ask(name, device(old)), ask(name, old)];
      assert.deepEqual([by.possible, by.pin, by.basis], [live.possible, live.pin, 'acked'], name);
    }
    assert.equal(ask('small', device(old)).pin?.version, V213.version);
    const no = ask('all', device(old)).obstacles;
    assert.deepEqual(
      no.flatMap(({ missing }) => missing.map((bit) => bit.name)),
      ['VIRTIO_NET_F_CSUM'],
    );
    assert.deepEqual(
      ask('wide', device(old)).obstacles.map(({ code }) => code),
      ['VC-MODE-LIMIT'],
    );
  });

  it('says that nothing is known of the back-end, and takes what the device is for what it gets without a pin', () => {
    const { warnings, asItStands } = ask('small', device(old));
    assert.match(warnings.join(), /nothing is known of the back-end of node2 but its versions/);
    assert.deepEqual([asItStands?.version, asItStands?.fits], [V213.version, true]);
  });

  it('is judged by the version that was asked for, and by no other', () => {
    const target = device(host('node2', {}));
    assert.equal(ask('small', target, V213.version).pin?.version, V213.version);
    const { obstacles } = ask('small', target, 'site.none');
    assert.deepEqual(
      obstacles.map(({ code }) => code),
      ['VC-VERSION-UNKNOWN'],
    );
  });

  it('takes the device itself for a version although it is not listed', () => {
    assert.equal(ask('small', device(old, { compatible: [] })).pin?.digest, V213.digest);
  });

  it('compares by documents what states no bits', () => {
    const self = { device_type: NET, version: V32.version };
    const there = ask('all', device(old, { self, compatible: [{ version: V32.version, digest: V32.digest }] }));
    assert.deepEqual([there.possible, there.pin?.version, there.basis], [true, V32.version, 'document']);
  });
});

describe('a move of an interface of another type', () => {
  const source = host('node1', { interfaces: [running('vhu0', small), blk('blk0')] });
  const codes = (name: string, ...targets: HostDocument[]) =>
    answerMove({ source, name, targets }).answer.targets.map(({ possible, obstacles }) => [
      possible,
      obstacles.map(({ code }) => code).join(),
    ]);

  it('is refused by the host that has nothing of the type; the others are answered', () => {
    const other = host('node2', {});
    assert.deepEqual(codes('blk0', other, example('blk-store1')), [
      [false, 'VC-VERSION-DEVICE-TYPE'],
      [false, 'VC-VERSION-DEVICE-TYPE'],
    ]);
    const drained = answerDrain(source, [other]).map(({ answer }) => answer);
    assert.deepEqual(
      drained.map(({ interface: name, possible, targets }) => [
        name,
        possible,
        targets[0]?.obstacles.map(({ code }) => code),
      ]),
      [
        ['vhu0', true, []],
        ['blk0', false, ['VC-VERSION-DEVICE-TYPE']],
      ],
    );
    const [vhu0] = answerDrain(source, [example('blk-store1')]);
    assert.match(
      vhu0?.answer.targets[0]?.obstacles.map(({ text }) => text).join() ?? '',
      /^store1 has no version of device type vhost-user-net/,
    );
  });

  it('is judged by a back-end that was measured there, where no version is', () => {
    const measured = host('node2', { interfaces: [blk('blk9')] });
    const { answer } = answerMove({ source, name: 'blk0', targets: [measured] });
    assert.deepEqual([answer.basis, answer.possible, answer.targets[0]?.pin], ['acked', true, undefined]);
    const less = { ...blk('blk9'), backend_features: formatMask(0x1_1000_0000n | CONTROL_BITS) };
    assert.deepEqual(codes('blk0', host('node2', { interfaces: [less] })), [[false, 'VC-MODE-FEATURES']]);
  });

  const BLK_ENTRY = entry('site.blk.v1_q4', 0x1_3000_0000n, { deviceType: BLK, limits: {} });
  const both = host('node1', {
    entries: [V32, BLK_ENTRY],
    known: { ...abilities(OVS_32 | 0x1_3000_0000n) },
    interfaces: [blk('blk0')],
  });
  const twin = { ...both, host: 'node2', system_id: 'node2', interfaces: [] };
  const blkDevice = asHost(twin.devices?.find(({ self }) => self.device_type === BLK) ?? assert.fail());

  it('is compared by documents where there is only one: yes with the version to pin, and by what', () => {
    const answered = answerMove({ source: both, name: 'blk0', targets: [{ ...blkDevice, host: 'node2' }] });
    const { basis, version, possible, targets } = moveJson(answered);
    assert.deepEqual([basis, version, possible], ['document', BLK_ENTRY.version, true]);
    assert.deepEqual(
      [targets[0]?.basis, targets[0]?.pin],
      [
        'document',
        { version: BLK_ENTRY.version, digest: BLK_ENTRY.digest, tier: 'both-ways', same: true, surplus: [] },
      ],
    );
  });

  it('says for each target by what it was judged', () => {
    const targets = [twin, blkDevice, host('node3', {})];
    const document = moveJson(answerMove({ source: both, name: 'blk0', targets }));
    assert.equal(document.basis, 'acked');
    assert.deepEqual(
      document.targets.map(({ basis, possible }) => [basis, possible]),
      [
        ['acked', true],
        ['document', true],
        ['acked', false],
      ],
    );
    assert.deepEqual(
      document.targets[0]?.after?.lost.map((one) => one.host),
      ['node3'],
    );
  });

  it('goes nowhere from a back-end that cannot log, whatever the documents say', () => {
    const mute = { ...blk('blk0'), acked_protocol_features: '0x1' };
    const { answer } = answerMove({ source: { ...both, interfaces: [mute] }, name: 'blk0', targets: [blkDevice] });
    assert.deepEqual(
      answer.targets[0]?.obstacles.map(({ code }) => code),
      ['VC-MIGRATE-LOG'],
    );
    assert.equal(answer.targets[0]?.pin, undefined);
  });
});

describe('a move of a device', () => {
  const ask = (name: string, version?: string) => {
    const { answer } = answerMove({
      ...{ source: example('vgpu-gpu1'), name, version },
      targets: [example('vgpu-gpu2'), example('vgpu-gpu3')],
    });
    return answer;
  };
  const X2 = 'i915-GVTg_V5_8_x2';

  it('names the version, the host, and what to pin', () => {
    const { version, targets } = ask('self');
    assert.deepEqual([version, targets.map(({ pin }) => pin?.version)], [X2, [X2, undefined]]);
    assert.match(targets[1]?.obstacles[0]?.text ?? '', /^i915-GVTg_V5_8_x2 on gpu3: pv_mode is /);
  });

  it('is judged by the version that was asked for', () => {
    const same = ask('self', X2).targets.map(({ possible }) => possible);
    assert.deepEqual(same, [true, false]);
    const unknown = ask('self', 'nonsense').targets.flatMap(({ obstacles }) => obstacles.map(({ code }) => code));
    assert.deepEqual(unknown, ['VC-VERSION-UNKNOWN', 'VC-VERSION-UNKNOWN']);
    // the host takes 5.3 in, but this guest runs in 6.3
    const young = example('forward-only-new');
    const asked = { source: young, targets: [{ ...young, host: 'M' }] };
    const [other] = answerMove({ ...asked, name: '6.3', version: '5.3' }).answer.targets;
    assert.deepEqual([other?.possible, other?.obstacles.map(({ code }) => code)], [false, ['VC-VERSION-UNUSABLE']]);
    assert.equal(answerMove({ ...asked, name: '5.3', version: '5.3' }).answer.possible, true);
  });

  it('is asked about when its host is drained', () => {
    const [answered, ...rest] = answerDrain(example('vgpu-gpu1'), [example('vgpu-gpu3')]);
    assert.deepEqual([answered?.answer.interface, answered?.answer.possible, rest], ['self', false, []]);
  });

  it('needs no guest bits to be known to be different', () => {
    const more = device(host('a', {}));
    const less = device(host('b', { known: abilities(OVS_32 & ~CSUM) }));
    const { answer } = answerMove({ source: more, name: 'self', targets: [less] });
    assert.deepEqual([answer.basis, answer.possible], ['document', false]);
  });
});
