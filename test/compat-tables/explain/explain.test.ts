import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseMask } from '../../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { CATALOGUE } from '../../../compat-tables/errors/catalogue.ts';
import { explain } from '../../../compat-tables/explain/explain.ts';
import type { Explanation } from '../../../compat-tables/explain/explanation.ts';
import { MESSAGES } from '../../../compat-tables/explain/messages/messages.ts';
import { numberedRequest, REQUESTS } from '../../../compat-tables/protocol/requests.ts';
import { abilitiesOf } from '../../../compat-tables/releases/release.ts';
import { findRelease } from '../../../compat-tables/releases/releases.ts';
import { shippedEntries } from '../shipped.ts';

const entries = shippedEntries();

function only(text: string): Explanation {
  const found = explain(text, entries);
  assert.equal(found.length, 1, JSON.stringify(found.map(({ id }) => id)));
  const [one] = found;
  assert.ok(one);
  return one;
}

/** Bit by bit with numbers of our own: the product's masks have no part in it. */
function bitsLeft(features: string, allowed: string): number[] {
  const [have, may] = [BigInt(features), BigInt(allowed)];
  const left: number[] = [];
  for (let bit = 0; bit < 128; bit += 1) {
    const weight = 2n ** BigInt(bit);
    const isIn = (mask: bigint) => (mask / weight) % 2n === 1n;
    if (isIn(have) && !isIn(may)) left.push(bit);
  }
  return left;
}

/** Migrations that real QEMUs refused: what the guest had, what the destination allowed, and what was known to be missing. */
// biome-ignore format: one failure in one line
const REFUSED: readonly (readonly [title: string, features: string, allowed: string, missing: Readonly<Record<number, string>>, decidedBy: string])[] = [
  ['INDIRECT_DESC masked', '0x130afe7a7', '0x168bfe7e7', { 28: 'VIRTIO_RING_F_INDIRECT_DESC' }, 'back-end'],
  ['MRG_RXBUF masked', '0x130afe7a7', '0x178bf67e7', { 15: 'VIRTIO_NET_F_MRG_RXBUF' }, 'back-end'],
  ['RING_PACKED masked', '0x530afe7a7', '0x178bfe7e7', { 34: 'VIRTIO_F_RING_PACKED' }, 'both'],
  ['no host_mtu at the destination', '0x130afe7af', '0x178bfe7e7', { 3: 'VIRTIO_NET_F_MTU' }, 'QEMU'],
  ['Open vSwitch 3.5 to 3.1', '0x130afa7a7', '0x178bfa7e6', { 0: 'VIRTIO_NET_F_CSUM' }, 'back-end'],
  ['Open vSwitch 3.1 with TSO to one without', '0x130af9fa7', '0x178bfa7e6', { 0: 'VIRTIO_NET_F_CSUM', 11: 'VIRTIO_NET_F_HOST_TSO4', 12: 'VIRTIO_NET_F_HOST_TSO6' }, 'back-end'],
  ['KubeVirt: USO of a newer kernel', '0x1c0010130afffaf', '0x10179bfffef', { 54: 'VIRTIO_NET_F_GUEST_USO4', 55: 'VIRTIO_NET_F_GUEST_USO6', 56: 'VIRTIO_NET_F_HOST_USO' }, 'both'],
];

/** What a row of a table says in other words than QEMU's line. */
const WORDS = { id: '', program: '', text: '', means: '' };

describe('explain: migrations that were refused', () => {
  for (const [title, features, allowed, missing, decidedBy] of REFUSED) {
    it(`names the bits: ${title}`, () => {
      assert.deepEqual(bitsLeft(features, allowed), Object.keys(missing).map(Number), 'the test itself is wrong');
      const { missing: found } = only(`Features ${features} unsupported. Allowed features: ${allowed}`);
      assert.deepEqual(Object.fromEntries(found.map(({ bit, name }) => [bit, name])), missing);
      for (const bit of found) assert.equal(bit.decidedBy, decidedBy, bit.name);
      for (const bit of found) assert.notEqual(bit.meaning, '', bit.name);
    });

    it(`recommends no version that has them: ${title}`, () => {
      const { prevention } = only(`Features ${features} unsupported. Allowed features: ${allowed}`);
      for (const version of prevention?.versions ?? []) {
        const mask = entries.find((entry) => entry.version === version)?.virtioFeatures ?? -1n;
        for (const bit of bitsLeft(features, allowed)) assert.equal((mask >> BigInt(bit)) & 1n, 0n, version);
      }
    });
  }

  it('names the version that made Open vSwitch 3.5 to 3.1 pass in reality', () => {
    const { prevention, fits } = only('Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6');
    assert.equal(prevention?.versions[0], 'upstream.ovs-dpdk.v2.13');
    assert.ok(fits.guest.some(({ project, from }) => project === 'Open vSwitch' && from === '3.2'));
    assert.ok(fits.here.some((span) => span.project === 'Open vSwitch' && span.to === '3.1.7'));
  });

  it('recommends across the TSO setting what both have', () => {
    const { prevention } = only('Features 0x130af9fa7 unsupported. Allowed features: 0x178bfa7e6');
    assert.equal(prevention?.versions[0], 'upstream.ovs-dpdk.v2.15+portable');
  });

  it('tells a property that is not set from a back-end that does not offer', () => {
    const packed = only('Features 0x530afe7a7 unsupported. Allowed features: 0x178bfe7e7');
    assert.match(packed.culprits.join(), /would offer VIRTIO_F_RING_PACKED/);
    assert.match(packed.remedies.join(), /packed=off/);
    const mtu = only('Features 0x130afe7af unsupported. Allowed features: 0x178bfe7e7');
    assert.deepEqual(mtu.prevention?.versions, []);
    assert.match(mtu.prevention?.note ?? '', /QEMU decides about VIRTIO_NET_F_MTU/);
  });

  it('cures what QEMU hides with the properties of the source first, and names no other host', () => {
    const mtu = only('Features 0x130afe7af unsupported. Allowed features: 0x178bfe7e7').remedies;
    assert.match(
      mtu[0] ?? '',
      /^Start QEMU at the destination with the properties and the machine type of the source: host_mtu=SIZE\. .* migrate again/,
    );
    const packed = only('Features 0x530afe7a7 unsupported. Allowed features: 0x178bfe7e7').remedies;
    assert.match(packed[0] ?? '', /^Start QEMU at the destination .*: packed=on\. .* migrate again/);
    for (const remedies of [mtu, packed]) assert.doesNotMatch(remedies.join(), /a host that offers/);
    // without a property that we know: the machine type brings it
    const status = only('Features 0x130afa7a6 unsupported. Allowed features: 0x178bea7e6').remedies;
    assert.match(
      status[0] ?? '',
      /^Start QEMU at the destination .* of the source\. That shows the guest VIRTIO_NET_F_STATUS\./,
    );
  });

  it('hides VIRTIO_F_VERSION_1 so that the device starts behind any port', () => {
    const { remedies } = only('Features 0x130afa7a6 unsupported. Allowed features: 0x78bfa7e6');
    assert.match(remedies.join(), /hides VIRTIO_F_VERSION_1 .* with: disable-modern=on,disable-legacy=off$/m);
  });

  it('names another host for what the back-end lacks, and only for that', () => {
    const csum = only('Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6').remedies;
    assert.match(csum[0] ?? '', /move it to a host that offers the missing bits/);
    assert.doesNotMatch(csum.join(), /Start QEMU/);
    const [first, second] = only('Features 0x130afa7af unsupported. Allowed features: 0x178bfa7e6').remedies;
    assert.match(
      first ?? '',
      /host_mtu=SIZE\. That shows the guest VIRTIO_NET_F_MTU\. The other bits are still missing/,
    );
    assert.match(second ?? '', /move it to a host that offers VIRTIO_NET_F_CSUM, or/);
    // a back-end that fits no release may lack the bit, or QEMU its property
    const [either, host] = only('Features 0x530afe7a7 unsupported. Allowed features: 0x178bf27e7').remedies;
    assert.match(either ?? '', /packed=on.*if the back-end there offers VIRTIO_F_RING_PACKED/);
    assert.match(host ?? '', /a host that offers/);
    // Open vSwitch 2.8 has no packed rings: no property brings them
    const old = only('Features 0x5546681aa unsupported. Allowed features: 0x1546681aa').remedies;
    assert.match(old[0] ?? '', /a host that offers the missing bits/);
  });

  it('says that no back-end is behind USO', () => {
    const { culprits, fits, remedies } = only(
      'Features 0x1c0010130afffaf unsupported. Allowed features: 0x10179bfffef',
    );
    assert.match(culprits.join(), /No vhost-user back-end of the tables offers VIRTIO_NET_F_GUEST_USO4/);
    assert.deepEqual(fits, { guest: [], here: [] });
    assert.match(remedies.join(), /guest_uso4=off,guest_uso6=off,host_uso=off/);
    assert.doesNotMatch(remedies.join(), /vhost-compat pin/);
  });

  it('gives exactly the bits that the arithmetic gives, for any two masks', () => {
    const mask = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => `0x${value.toString(16)}`);
    fc.assert(
      fc.property(mask, mask, (features, allowed) => {
        const { missing } = only(`Features ${features} unsupported. Allowed features: ${allowed}`);
        assert.deepEqual(
          missing.map(({ bit }) => bit),
          bitsLeft(features, allowed),
        );
      }),
    );
  });

  for (const [title, features, allowed, missing] of REFUSED) {
    it(`takes a row of a table for QEMU's line: ${title}`, () => {
      const qemu = only(`Features ${features} unsupported. Allowed features: ${allowed}`);
      for (const row of [
        `| ${title} | ${features} | ${allowed} |`,
        `|missing features, ${title}|\`${features}\`|\`${allowed}\`|`,
        `${title}\t${features}\t${allowed}`,
        `${features} ${allowed}`,
      ]) {
        const one = only(row);
        assert.deepEqual([one.id, one.program], ['two-masks', 'unknown program']);
        assert.match(one.means, /It is taken as QEMU's/);
        assert.deepEqual(Object.fromEntries(one.missing.map(({ bit, name }) => [bit, name])), missing);
        assert.deepEqual({ ...one, ...WORDS }, { ...qemu, ...WORDS });
      }
    });
  }

  it('takes each row of a whole table by itself', () => {
    const rows = REFUSED.map(([title, features, allowed]) => `| ${title} | ${features} | ${allowed} |`);
    const vsock = '| vhost-vsock | 0x130000002 | 0x130000000 |';
    const found = explain(['| what | guest | allowed |', '|---|---|---|', ...rows, vsock].join('\n'), entries);
    assert.deepEqual(
      found.map(({ line, missing }) => [line, missing.map(({ name }) => name)]),
      [...REFUSED.map((row, index) => [index + 3, Object.values(row[3])]), [10, ['VIRTIO_VSOCK_F_SEQPACKET']]],
    );
  });

  const WHOLE = 'qemu-kvm: Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6';

  it('joins a line that was wrapped when pasted, wherever it was', () => {
    const whole = only(WHOLE);
    for (let at = WHOLE.indexOf('Features 0x1') + 'Features 0x1'.length; at < WHOLE.length; at += 1) {
      const [head, tail] = [WHOLE.slice(0, at), WHOLE.slice(at)];
      for (const text of [`${head}\n${tail}`, `${head}\r\n    ${tail}\nqemu-kvm: something else`]) {
        const one = only(text);
        assert.deepEqual(one, { ...whole, text: one.text }, text);
      }
    }
    const pieces = only('Features 0x130afa7a7\nunsupported. Allowed\nfeatures: 0x178bfa7e6');
    assert.deepEqual({ ...pieces, text: '' }, { ...whole, text: '' });
  });

  it('joins nothing else, and keeps the numbers of lines', () => {
    const cut = 'Features 0x130afa7a7 unsupported';
    const found = explain([cut, WHOLE, '12', cut, 'noise', '. Allowed', 'vhost peer closed'].join('\n'), entries);
    assert.deepEqual(
      found.map(({ id, line, count, missing }) => [id, line, count, missing.length]),
      [
        ['qemu-features-unsupported', 1, 2, 0],
        ['qemu-features-unsupported', 2, 1, 1],
        ['dpdk-peer-closed', 7, 1, 0],
      ],
    );
    const wrapped = explain(
      'Features 0x130afa7a7 unsupported. Allowed\nfeatures: 0x178bfa7e6\nvhost peer closed',
      entries,
    );
    assert.deepEqual(
      wrapped.map(({ line }) => line),
      [1, 3],
    );
  });

  it('names what is missing on a connection', () => {
    const cases: [line: string, names: string[]][] = [
      ['vhost lacks feature mask 0x10000000 for backend', ['VIRTIO_RING_F_INDIRECT_DESC']],
      ['vhost lacks feature mask 0x40000000 for backend', ['VHOST_USER_F_PROTOCOL_FEATURES']],
      ['vhost lacks feature mask 8192 for backend', ['VIRTIO_NET_F_HOST_ECN']],
      ['Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.', ['VHOST_F_LOG_ALL']],
      [
        'Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.',
        ['VHOST_USER_PROTOCOL_F_LOG_SHMFD'],
      ],
      [
        'vhost-compat: Cannot use it: the back-end does not offer VIRTIO_NET_F_CSUM, VIRTIO_NET_F_MTU [VC-MODE-FEATURES]',
        ['VIRTIO_NET_F_CSUM', 'VIRTIO_NET_F_MTU'],
      ],
    ];
    for (const [line, names] of cases)
      assert.deepEqual(
        only(line).missing.map(({ name }) => name),
        names,
      );
  });
});

describe('explain: which device', () => {
  const refused = 'qemu-kvm: Features 0x130000002 unsupported. Allowed features: 0x130000000';
  const names = (text: string) => explain(text, entries)[0]?.missing.map(({ name }) => name);

  it('is said by a line below', () => {
    assert.deepEqual(names(`${refused}\nqemu-kvm: Failed to load virtio-blk:virtio`), ['VIRTIO_BLK_F_SIZE_MAX']);
    assert.deepEqual(names(`${refused}\n\nFailed to load virtio-vhost_vsock:virtio`), ['VIRTIO_VSOCK_F_SEQPACKET']);
    const device = "error while loading state for instance 0x0 of device '0000:00:02.0/virtio-net'";
    assert.deepEqual(names(`${refused}\n${device}`), ['VIRTIO_NET_F_GUEST_CSUM']);
  });

  it('is said by the line itself', () => {
    const cut = only('vhost-vsock (2021): `Features 0x130000002 unsupported`; they say');
    assert.deepEqual(cut.device?.type, 'vsock');
    assert.deepEqual(
      cut.masks[0]?.bits.map(({ name }) => name),
      ['VIRTIO_VSOCK_F_SEQPACKET', 'VIRTIO_RING_F_INDIRECT_DESC', 'VIRTIO_RING_F_EVENT_IDX', 'VIRTIO_F_VERSION_1'],
    );
    assert.deepEqual(cut.missing, []);
  });

  it('is not taken from the story of another mask', () => {
    const found = explain(
      `${refused}\n${refused.replace('130000000', '130000004')}\nFailed to load virtio-blk:virtio`,
      entries,
    );
    assert.deepEqual(
      found.map(({ device }) => device?.type),
      ['unknown', 'blk', undefined],
    );
  });

  it('is open when nothing tells, and then every name is given', () => {
    const { device, missing } = only(refused);
    assert.equal(device?.known, 'unknown');
    assert.deepEqual(missing[0]?.candidates, {
      net: 'VIRTIO_NET_F_GUEST_CSUM',
      blk: 'VIRTIO_BLK_F_SIZE_MAX',
      scsi: 'VIRTIO_SCSI_F_HOTPLUG',
      vsock: 'VIRTIO_VSOCK_F_SEQPACKET',
      gpu: 'VIRTIO_GPU_F_EDID',
      crypto: 'VIRTIO_CRYPTO_F_CIPHER_STATELESS_MODE',
    });
  });

  it('is a network device when the MAC bit is there', () => {
    assert.deepEqual(only('Features 0x22 unsupported. Allowed features: 0x20').device?.type, 'net');
  });
});

describe('explain: the rows', () => {
  it('have one id each', () => {
    const ids = MESSAGES.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  for (const row of MESSAGES) {
    for (const example of [row.example, ...(row.spellings ?? [])])
      it(`${row.id} knows its example, and no other row takes it: ${example}`, () => {
        const found = explain(example, entries);
        const ids = found.map(({ id }) => id);
        // lines of libvirt and Nova may carry one of QEMU or one of ours
        const own = ['libvirt', 'OpenStack'].includes(row.program) ? ids.slice(0, 1) : ids;
        assert.deepEqual(own, [row.id]);
        const said = [found[0]?.means ?? '', ...(found[0]?.culprits ?? []), ...(found[0]?.remedies ?? [])].join(' ');
        assert.doesNotMatch(said, /[{}]|undefined|\?\)/);
      });

    it(`${row.id} has numbers alone in the groups that are read as numbers`, () => {
      const numbers = ['features', 'allowed', 'missing', 'negotiated', 'other', 'protocol'];
      const requests = ['expected', 'received', 'request', 'expectedBack', 'receivedBack'];
      for (const [, name = '', begins = ''] of row.pattern.source.matchAll(/\(\?<(\w+)>(.{3})/g))
        if ([...numbers, ...requests].includes(name)) assert.match(begins, /^0x\[|^\\d\+/, name);
    });

    it(`${row.id} says where its line is written`, () => assert.match(row.source, /\w/));

    it(`${row.id} has a group for each place in its texts`, () => {
      const groups = [...row.pattern.source.matchAll(/\(\?<(\w+)>/g)].map((match) => match[1]);
      const texts = [row.means, row.culprit, row.remedy].join(' ');
      for (const [, places = ''] of texts.matchAll(/\{([\w|]+)\}/g))
        for (const place of places.split('|')) assert.ok(groups.includes(place), place);
    });
  }

  it('blame no back-end for a feature that it has', () => {
    // of those that no release of our data is, what Debian's packages answer: passt 2025-05-03, virtiofsd 7.2 and 1.13
    const others: Readonly<Record<string, readonly Abilities[]>> = {
      passt: [{ virtioFeatures: 0x144008000n, protocolFeatures: 0x8000en, limits: {} }],
      virtiofsd: [
        { virtioFeatures: 0x175000000n, protocolFeatures: 0x8c2bn, limits: {} },
        { virtioFeatures: 0x174000000n, protocolFeatures: 0x8a42bn, limits: {} },
      ],
    };
    for (const { id, culprit = '', lacks } of MESSAGES) {
      if (lacks === undefined) continue;
      const isVirtio = lacks.family === 'virtio';
      const mask = parseMask(lacks.names.join(' '), isVirtio ? VIRTIO_NET : PROTOCOL);
      const switches = [...culprit.matchAll(/\b\d\.\d+\b/g)].map(([number]) =>
        abilitiesOf(findRelease(`ovs-${number}`)),
      );
      const named = Object.entries(others).flatMap(([name, all]) => (culprit.includes(name) ? all : []));
      if (/\d\.\d/.test(culprit)) assert.ok(switches.length > 0, id);
      for (const one of [...switches, ...named])
        assert.equal((isVirtio ? one.virtioFeatures : one.protocolFeatures) & mask, 0n, `${id}: ${culprit}`);
    }
  });

  it('tell the queues of a network card from those of other devices', () => {
    assert.equal(only('you are asking more queues than supported: 1').id, 'qemu-queues');
    const { id, means, remedies } = only('The maximum number of queues supported by the backend is 1');
    assert.equal(id, 'qemu-num-queues');
    assert.match(means, /does not start/);
    assert.match(remedies.join(), /^Lower num-queues to at most 1/);
  });

  it('know a port that lost its TSO, however the status is written, and its features beside it', () => {
    for (const text of ['userspace-tso: disabled', 'userspace-tso=disabled', 'userspace-tso="disabled"'])
      assert.equal(only(text).id, 'ovs-tso-disabled', text);
    const status = 'status : {features="0x0000000170606783", mode=client, userspace-tso=disabled}';
    assert.deepEqual(
      explain(status, entries).map(({ id }) => id),
      ['ovs-status', 'ovs-tso-disabled'],
    );
    assert.deepEqual(explain('other_config : {userspace-tso-enable="true"}', entries), []);
  });

  it('know both wordings of what a virtual IOMMU needs', () => {
    for (const who of ['slave', 'backend'])
      assert.equal(
        only(`IOMMU support requires reply-ack and ${who}-req protocol features.`).id,
        'qemu-iommu-protocol',
      );
  });

  it('name requests as the codec does', () => {
    for (const [name, { id }] of Object.entries(REQUESTS)) assert.equal(numberedRequest(id), `${name} (${id})`);
    assert.match(
      only('Received unexpected msg type. Expected 11 received 22').means,
      /GET_VRING_BASE \(11\).*IOTLB_MSG \(22\)/,
    );
    assert.match(only('vhost message (req: 99) was not handled.').means, /request 99/);
  });

  it('pass over what they do not know', () => {
    const lines = [
      '',
      'hello',
      'Features are nice',
      'load average 0x12345678',
      'VC-NO-SUCH-CODE',
      '0x130afa7a7',
      'BIOS-e820: [mem 0x0000000100000000-0x000000023fffffff] usable',
      'BIOS-e820: [mem 0x130afe7a7-0x168bfe7e7] usable',
      'ovs-vswitchd[42]: segfault at 0x7ffd130afe7a ip 0x55d0c8a1e7a7',
      '(0x0020, 0x007e)',
      '(0xFFA0, 0xFFBE),',
      '| three masks | 0x130afe7af | 0x178bfe7e7 | 0x0008 |',
    ];
    assert.deepEqual(explain(lines.join('\n'), entries), []);
  });

  it('read a log line by line, also one with \\n in JSON, and count repetitions', () => {
    const story =
      "internal error: QEMU unexpectedly closed the monitor (vm='a'): qemu-kvm: Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6\\nqemu-kvm: Failed to load virtio-net:virtio\\nqemu-kvm: load of migration failed: Operation not permitted";
    const text = [`{"msg":"${story}"}`, '10:00 vhost lacks feature mask 0x1 for backend', 'noise'];
    const again = ['10:01 vhost lacks feature mask 0x1 for backend', '10:02 vhost lacks feature mask 0x2 for backend'];
    const found = explain([...text, ...again].join('\r\n'), entries);
    assert.deepEqual(
      found.map(({ id, line, count }) => [id, line, count]),
      [
        ['libvirt-monitor-closed', 1, 1],
        ['qemu-features-unsupported', 1, 1],
        ['qemu-load-field', 1, 1],
        ['qemu-load-eperm', 1, 1],
        ['qemu-vhost-lacks', 2, 2],
        ['qemu-vhost-lacks', 5, 1],
      ],
    );
  });

  it('decode what was negotiated', () => {
    const cases: [line: string, role: string, first: string][] = [
      ['VHOST_CONFIG: negotiated Virtio features: 0x100008000', 'negotiated', 'VIRTIO_NET_F_MRG_RXBUF'],
      ['negotiated Vhost-user protocol features: 0x2', 'protocol', 'VHOST_USER_PROTOCOL_F_LOG_SHMFD'],
      ['status: {features="0x0000000100008000", mode=client}', 'negotiated', 'VIRTIO_NET_F_MRG_RXBUF'],
      [' features mask (0x50008000):', 'negotiated', 'VIRTIO_NET_F_MRG_RXBUF'],
    ];
    for (const [line, role, first] of cases) {
      const [mask] = only(line).masks;
      assert.deepEqual([mask?.role, mask?.bits[0]?.name], [role, first]);
    }
    const both = only('VPP-536: "created with less features" 0x50008000 vs 0x60003140, noticed only by eye');
    assert.deepEqual(
      both.masks.map(({ bits }) => bits.map(({ bit }) => bit)),
      [
        [15, 28, 30],
        [6, 8, 12, 13, 29, 30],
      ],
    );
  });

  it('bear masks that are none', () => {
    const { missing, masks, culprits } = only(`Features 0x${'f'.repeat(500)} unsupported. Allowed features: 0x0`);
    assert.deepEqual([missing.length, masks.length], [0, 1]);
    assert.deepEqual(culprits, [
      'The mask 0xffffffffffffffff… has more than 128 bits: it was altered, or is no feature mask.',
    ]);
    // the second mask is there: the line is not cut off
    const allowed = only(`Features 0x130afa7a7 unsupported. Allowed features: 0x1${'0'.repeat(32)}`);
    assert.match(allowed.culprits.join(), /^The mask 0x1000000000000000… has more than 128 bits/);
    const zeros = only(`Features 0x130afa7a7 unsupported. Allowed features: 0x${'0'.repeat(32)}178bfa7e6`);
    assert.deepEqual(
      zeros.missing.map(({ bit }) => bit),
      [0],
    );
    assert.match(
      only(`vhost lacks feature mask 0x${'f'.repeat(33)} for backend`).culprits.join(),
      /more than 128 bits/,
    );
  });
});

describe('explain: our own codes', () => {
  for (const [code, { meaning, remedy }] of Object.entries(CATALOGUE)) {
    it(`knows ${code}`, () => {
      const one = only(`something failed [${code}]`);
      assert.ok(one.means.endsWith(meaning));
      assert.deepEqual([one.id, one.program, one.remedies[0]], [code, 'vhost-compat', remedy]);
    });
  }
});
