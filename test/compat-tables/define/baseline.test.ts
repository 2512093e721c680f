import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { guestFeatures } from '../../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { checkEntry } from '../../../compat-tables/compare/check-entry.ts';
import { commonAbilities } from '../../../compat-tables/compare/common-abilities.ts';
import { baseline } from '../../../compat-tables/define/baseline.ts';
import { entryFile, readEntry } from '../../../compat-tables/entries/entry-file.ts';
import type { MoveHost } from '../../../compat-tables/moves/move-host.ts';
import { RELEASES } from '../../../compat-tables/releases/releases.ts';
import { hostLike, hostOf } from '../hosts.ts';

const make = (hosts: readonly MoveHost[], version?: string) => baseline({ hosts, version });

describe('the baseline of hosts', () => {
  it('of an Open vSwitch 3.1 with and without TSO is what both offer, and shows what it costs each', () => {
    const { entry, costs, sameAs } = make([hostLike('ovs-3.1'), hostLike('ovs-3.1+tso')], 'site.hall2');
    assert.equal(guestFeatures(entry.virtioFeatures), guestFeatures(0xd7c6687can));
    assert.deepEqual(
      [entry.version, entry.limits, entry.tier],
      ['site.hall2', { queue_pairs: 128, ring_size: 32768 }, 'both-ways'],
    );
    assert.equal(sameAs, 'upstream.ovs-dpdk.v2.15+portable');
    assert.deepEqual(
      costs.map(({ host, against, difference }) => [host, against, difference.lost.map(({ name }) => name)]),
      [
        ['ovs-3.1', 'upstream.ovs-dpdk.v2.13', ['VIRTIO_NET_F_HOST_ECN']],
        [
          'ovs-3.1+tso',
          'upstream.ovs-dpdk.v2.13.1+tso',
          ['VIRTIO_NET_F_CSUM', 'VIRTIO_NET_F_HOST_TSO4', 'VIRTIO_NET_F_HOST_TSO6'],
        ],
      ],
    );
  });

  it('is named after its content, so that it is the same wherever it is computed', () => {
    const [a, b] = [hostLike('ovs-3.1'), hostLike('ovs-3.1+tso')];
    const [one, other] = [make([a, b]).entry, make([b, a]).entry];
    assert.equal(
      one.version,
      'site.baseline-0x9386687ca-queue_pairs.128-ring_size.32768'.replace(
        '0x9386687ca',
        `0x${guestFeatures(0xd7c6687can).toString(16)}`,
      ),
    );
    assert.deepEqual([one.version, one.digest], [other.version, other.digest]);
  });

  it('says of a withdrawn version that it would promise the same under another name, and measures no cost against it', () => {
    const plain = hostLike('ovs-3.1');
    const withdrawn = { since: '2026-03-01', why: 'guests lose packets', use: undefined };
    const broken: MoveHost = {
      ...plain,
      versions: plain.versions.map((one) =>
        one.entry.version === 'upstream.ovs-dpdk.v2.13' ? { ...one, entry: { ...one.entry, withdrawn } } : one,
      ),
    };
    const { notes, costs, sameAs } = make([broken], 'site.again');
    assert.equal(sameAs, undefined);
    assert.ok(
      notes.includes(
        'it promises the same as upstream.ovs-dpdk.v2.13, which is withdrawn since 2026-03-01: guests lose packets [VC-VERSION-WITHDRAWN]',
      ),
      notes.join('\n'),
    );
    assert.deepEqual(
      costs.map(({ against }) => against),
      ['upstream.ovs-dpdk.v2.15+portable'],
    );
    assert.ok(!make([plain]).notes.join().includes('withdrawn'));
  });

  it('keeps a virtual IOMMU only with the protocol features that QEMU wants for it', () => {
    const IOMMU = maskOf(VIRTIO_NET, 'ACCESS_PLATFORM');
    const both = make([hostLike('ovs-3.1+iommu'), hostLike('ovs-3.5+iommu')]).entry;
    assert.equal(both.requiredProtocolFeatures, maskOf(PROTOCOL, 'REPLY_ACK', 'BACKEND_REQ'));
    assert.notEqual(both.virtioFeatures & IOMMU, 0n);
    const plain = hostLike('ovs-3.1+iommu').abilities ?? assert.fail();
    const without = make([hostOf('x', { ...plain, protocolFeatures: 0n })]).entry;
    assert.deepEqual([without.virtioFeatures & IOMMU, without.requiredProtocolFeatures], [0n, 0n]);
  });

  it('warns of legacy devices, of back-ends that cannot log, and of features without what they need', () => {
    const notes = make([hostLike('ovs-2.4'), hostLike('ovs-3.1')]).notes.join('\n');
    assert.match(notes, /no VIRTIO_F_VERSION_1/);
    assert.match(notes, /VC-MIGRATE-LOG/);
    assert.match(
      make([hostLike('ovs-3.1')]).notes.join('\n'),
      /VIRTIO_NET_F_HOST_ECN is in it without VIRTIO_NET_F_HOST_TSO4 or/,
    );
    assert.deepEqual(make([hostLike('ovs-3.1'), hostLike('ovs-3.1+tso')]).notes, []);
  });

  it('warns of each host that QEMU migrates nothing from, though its virtio word has both control bits', () => {
    const plain = hostLike('ovs-3.1').abilities ?? assert.fail();
    const mute = { ...plain, protocolFeatures: plain.protocolFeatures & ~maskOf(PROTOCOL, 'LOG_SHMFD') };
    const { notes } = make([hostOf('a', mute), hostLike('ovs-3.1+tso', { name: 'b' }), hostOf('c', mute)]);
    assert.deepEqual(notes, [
      'QEMU migrates no guest from a, c: the back-end does not offer VHOST_USER_PROTOCOL_F_LOG_SHMFD: it cannot share the record of pages [VC-MIGRATE-LOG]',
    ]);
  });

  it('says of each host how its figures came to be known', () => {
    const hosts = [
      hostLike('ovs-3.1', { name: 'a', knownBy: 'measured' }),
      hostLike('ovs-3.1', { name: 'b', knownBy: 'declared' }),
      hostLike('ovs-3.2', { name: 'c', knownBy: 'measured' }),
      hostLike('ovs-3.2', { name: 'd' }),
    ];
    assert.deepEqual(make(hosts).entry.sources, ['measured: a, c', 'declared: b', 'not said how known: d']);
  });

  it('promises no limit that a host does not state, and says which', () => {
    const plain = hostLike('ovs-3.1').abilities ?? assert.fail();
    const silent = hostOf('b', { ...plain, limits: {} });
    const { entry, notes } = make([hostLike('ovs-3.1', { name: 'a' }), silent, hostOf('c', { ...plain, limits: {} })]);
    assert.deepEqual(entry.limits, {});
    assert.deepEqual(
      notes.filter((text) => text.includes('queue_pairs')),
      ['it has no limit queue_pairs: that of b, c is not known'],
    );
    const some = make([hostLike('ovs-3.1'), hostOf('b', { ...plain, limits: { queue_pairs: 8 } })]).entry;
    assert.deepEqual(some.limits, { queue_pairs: 8 });
  });

  it('is refused while a back-end is not known', () => {
    assert.throws(() => make([hostLike('ovs-3.1'), hostOf('new', undefined)]), {
      code: 'VC-BACKEND-UNKNOWN',
      message: /new$/,
    });
  });

  const releases = fc.array(fc.constantFrom(...RELEASES.map(({ name }) => name)), { minLength: 1, maxLength: 6 });

  it('can be honoured by every host, and nothing larger can: for any releases', () => {
    fc.assert(
      fc.property(releases, (names) => {
        const hosts = names.map((name) => hostLike(name));
        const { entry } = make(hosts);
        for (const { abilities } of hosts) assert.deepEqual(checkEntry(entry, abilities), []);
        const larger = (changed: Partial<typeof entry>) =>
          hosts.some(({ abilities }) => checkEntry({ ...entry, ...changed }, abilities).length > 0);
        for (let bit = 0n; bit < 64n; bit++) {
          const mask = guestFeatures(1n << bit);
          if (mask === 0n || (entry.virtioFeatures & mask) !== 0n) continue;
          assert.ok(larger({ virtioFeatures: entry.virtioFeatures | mask }), `bit ${bit}`);
        }
        for (const [name, value] of Object.entries(entry.limits))
          assert.ok(larger({ limits: { ...entry.limits, [name]: value + 1 } }), name);
      }),
      { numRuns: 60 },
    );
  });

  it('is the host itself for one host, and does not depend on order or repetition', () => {
    fc.assert(
      fc.property(releases, (names) => {
        const all = names.map((name) => hostLike(name).abilities ?? assert.fail());
        const common = commonAbilities(all);
        assert.deepEqual(commonAbilities([...all, ...all].reverse()), common);
        assert.deepEqual(commonAbilities([common]), common);
      }),
      { numRuns: 60 },
    );
  });

  it('reads back from its own table file', () => {
    const { entry } = make([hostLike('ovs-3.5+iommu'), hostLike('dpdk-22.11')]);
    assert.deepEqual(readEntry(entryFile(entry), entry.origin), entry);
  });
});
