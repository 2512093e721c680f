import assert from 'node:assert/strict';
import { formatMask } from '../../../compat-tables/bits/mask.ts';
import { CONTROL_BITS, guestFeatures } from '../../../compat-tables/bits/named-masks.ts';
import { checkEntry } from '../../../compat-tables/compare/check-entry.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { loadTables } from '../../../compat-tables/entries/load.ts';
import { type BackendRelease, type Project, projectOf } from '../../../compat-tables/releases/release.ts';
import { findRelease, NET_RELEASES, RELEASES } from '../../../compat-tables/releases/releases.ts';
import { OBSERVED } from '../observed.ts';
import { shippedEntries, shippedFiles } from '../shipped.ts';

const abilitiesOf = ({ virtioFeatures, protocolFeatures, queuePairs, ringSize }: BackendRelease): Abilities => ({
  virtioFeatures,
  protocolFeatures,
  limits: { queue_pairs: queuePairs, ring_size: ringSize },
});

/** Entries that no release offers exactly: what many have in common. */
const isPortable = ({ version }: Entry): boolean => version.endsWith('+portable');

/** `2.8` and `2.13` as numbers that compare as the releases do: 2.08 and 2.13. */
const ordered = (release: string): number => {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return major + minor / 100;
};

/** The entries of the release's project that promise what the release answers, up to the 128 pairs of today. */
function entriesOf(entries: readonly Entry[], release: BackendRelease): Entry[] {
  return entries.filter(
    ({ version, virtioFeatures, limits }) =>
      version.startsWith(`upstream.${release.project}.`) &&
      guestFeatures(virtioFeatures) === guestFeatures(release.virtioFeatures) &&
      // disks and file systems have as many queues as each was started with: no promise
      (release.deviceType === 'vhost-user-net'
        ? limits['queue_pairs'] === Math.min(release.queuePairs, 128)
        : limits['queue_pairs'] === undefined),
  );
}

describe('the shipped tables', () => {
  let entries: readonly Entry[] = [];
  before(() => {
    entries = shippedEntries();
  });

  it('load without a problem, in the order of preference', () => {
    assert.deepEqual(loadTables(shippedFiles()).problems, []);
    // The published list: a version may be added, and is never renamed, changed or taken away.
    assert.deepEqual(
      entries.map(({ version, virtioFeatures, limits }) =>
        [version.replace('upstream.', ''), formatMask(virtioFeatures), limits['queue_pairs']].join(' '),
      ),
      [
        'ovs-dpdk.v3.2 0xd7c66a7cb 128',
        'ovs-dpdk.v3.2+iommu 0xf7c66a7cb 128',
        'ovs-dpdk.v2.13 0xd7c66a7ca 128',
        'ovs-dpdk.v2.13.1+tso 0xd7c669fcb 128',
        'ovs-dpdk.v2.13+tso 0xd7c66ffcb 128',
        'ovs-dpdk.v2.13+iommu 0xf7c66a7ca 128',
        'ovs-dpdk.v2.14+zero-copy 0x57c66ffca 128',
        'ovs-dpdk.v2.11 0xd7c66e7ca 128',
        'ovs-dpdk.v2.11+iommu 0xf7c66e7ca 128',
        'ovs-dpdk.v2.11+zero-copy 0x57c66e7ca 128',
        'ovs-dpdk.v3.2+portable 0xd7c6687cb 128',
        'ovs-dpdk.v2.15+portable 0xd7c6687ca 128',
        'ovs-dpdk.v2.11+portable 0x57c6687ca 128',
        'ovs-dpdk.v2.8 0x15466818a 128',
        'ovs-dpdk.v2.9+iommu 0x35466818a 128',
        'ovs-dpdk.v2.6 0x144668182 128',
        'dpdk-vhost.v19.11.13 0xd7c66e7cb 128',
        'dpdk-vhost.v19.11.13+iommu 0xf7c66e7cb 128',
        'dpdk-vhost.v20.11+linear-buffer 0xd7c66a7cb 128',
        'dpdk-vhost.v19.11.13+zero-copy 0x57c66e7cb 128',
        'dpdk-vhost.v23.11 0xd7c66e7cb 1',
        'dpdk-vhost.v23.11+tso 0xd7c66ffcb 1',
        'dpdk-vhost.v23.11+iommu 0xf7c66e7cb 1',
        'dpdk-vhost.v23.11+linear-buffer 0xd7c66a7cb 1',
        'dpdk-vhost.v18.11 0xd7c66ffcb 128',
        'dpdk-vhost.v18.11+iommu 0xf7c66ffcb 128',
        'dpdk-vhost.v18.11+zero-copy 0x57c66ffcb 128',
        'dpdk-vhost.v18.08 0x97c66ffcb 128',
        'dpdk-vhost.v18.08+iommu 0xb7c66ffcb 128',
        'dpdk-vhost.v18.02 0x17c66ffcb 128',
        'dpdk-vhost.v18.02+iommu 0x37c66ffcb 128',
        'dpdk-vhost.v17.05 0x15466998b 128',
        'dpdk-vhost.v17.11+iommu 0x35466998b 128',
        'dpdk-vhost.v16.11 0x154669983 128',
        'dpdk-vhost.v16.07 0x144669983 128',
        'qemu-storage-daemon.v5.2+read-only 0x175007e66 ',
        'qemu-storage-daemon.v5.2 0x175007e46 ',
        'spdk-vhost-blk.v19.04+read-only 0x154007666 ',
        'spdk-vhost-blk.v19.04+read-only+portable 0x154005466 ',
        'spdk-vhost-blk.v22.05 0x55c007646 ',
        'spdk-vhost-blk.v20.07 0x554007646 ',
        'spdk-vhost-blk.v23.09 0x15c007646 ',
        'spdk-vhost-blk.v19.04 0x154007646 ',
        'spdk-vhost-blk.v19.04+portable 0x154005446 ',
        'spdk-vhost-scsi.v22.05 0x55c000007 ',
        'spdk-vhost-scsi.v20.07 0x554000007 ',
        'spdk-vhost-scsi.v23.09 0x15c000007 ',
        'spdk-vhost-scsi.v18.04 0x154000007 ',
        'qemu-virtiofsd.v5.0 0x175000000 ',
        'virtiofsd.v1.0 0x170000000 ',
        'ovs-dpdk.v2.5 0x144468000 128',
        'ovs-dpdk.v2.4 0x68000 1',
        'passt.v2024.11.27 0x144008000 1',
      ],
    );
  });

  it('hold one entry for each distinct behaviour of a project', () => {
    const behaviours = entries.map(({ version, virtioFeatures, limits }) =>
      [version.split('.').slice(0, 2).join('.'), guestFeatures(virtioFeatures), limits['queue_pairs']].join(' '),
    );
    assert.equal(new Set(behaviours).size, behaviours.length);
    assert.equal(new Set(entries.map(({ digest }) => digest)).size, entries.length);
  });

  it('name coverage and sources everywhere, limit no protocol features, promise ring sizes', () => {
    for (const { version, covers, sources, protocolFeatures, limits } of entries) {
      assert.ok(covers.length > 0 && sources.length > 0, version);
      assert.equal(protocolFeatures, undefined, version);
      assert.equal(limits['ring_size'], /^upstream\.(ovs-dpdk|dpdk-vhost)\./.test(version) ? 32768 : 1024, version);
    }
  });

  it('call best-effort what QEMU cannot migrate, and nothing else', () => {
    const loud = entries.filter(({ tier }) => tier === 'best-effort').map(({ version }) => version);
    assert.deepEqual(loud, ['upstream.qemu-virtiofsd.v5.0', 'upstream.ovs-dpdk.v2.5', 'upstream.ovs-dpdk.v2.4']);
    assert.ok(entries.every(({ tier }) => tier !== 'forward-only'));
  });

  it('ask for the protocol features that QEMU wants with a virtual IOMMU exactly where one is promised', () => {
    for (const { version, virtioFeatures, requiredProtocolFeatures } of entries)
      assert.equal(requiredProtocolFeatures, (virtioFeatures >> 33n) & 1n ? 0x28n : 0n, version);
  });

  for (const release of RELEASES) {
    it(`assign exactly one entry to ${release.name}, which can honour it`, () => {
      const found = entriesOf(entries, release);
      assert.equal(found.length, 1, found.map(({ version }) => version).join(', '));
      for (const entry of found) assert.deepEqual(checkEntry(entry, abilitiesOf(release)), []);
    });
  }

  it('give every entry a release that behaves so', () => {
    const used = new Set(RELEASES.flatMap((release) => entriesOf(entries, release)));
    assert.deepEqual(
      entries.filter((entry) => !used.has(entry) && !isPortable(entry)).map(({ version }) => version),
      [],
    );
  });

  // [version, since, the ports and settings that count]
  const portable: readonly (readonly [string, number, (setting: string) => boolean])[] = [
    ['v3.2+portable', 3.02, (setting) => !setting.includes('+server')],
    ['v2.15+portable', 2.15, () => true],
    ['v2.11+portable', 2.11, () => true],
  ];
  for (const [name, since, counts] of portable) {
    it(`promise with ${name} exactly what the releases it names have in common`, () => {
      const spans = NET_RELEASES.filter(
        ({ project, release, setting }) => project === 'ovs-dpdk' && counts(setting) && ordered(release) >= since,
      );
      const entry = entries.find(({ version }) => version === `upstream.ovs-dpdk.${name}`);
      const common = spans.reduce((mask, one) => mask & one.virtioFeatures, spans[0]?.virtioFeatures ?? 0n);
      assert.equal(entry?.virtioFeatures, common);
      assert.ok(spans.length > 20);
      for (const release of spans) assert.deepEqual(entry && checkEntry(entry, abilitiesOf(release)), []);
    });
  }

  it('stand beside the figures of the release they are named after', () => {
    for (const entry of entries.filter((one) => !isPortable(one))) {
      const [, project = '', release = '', setting = ''] =
        /^upstream\.([a-z-]+)\.v([\d.]+)(.*)$/.exec(entry.version) ?? [];
      const named = findRelease(`${projectOf(project as Project).prefix}-${release}${setting}`);
      assert.equal(named.release, release, entry.version);
      assert.equal(entry.deviceType, named.deviceType, entry.version);
      assert.equal(entry.virtioFeatures, named.virtioFeatures, entry.version);
    }
  });
});

describe('first usable version', () => {
  let entries: readonly Entry[] = [];
  before(() => {
    entries = shippedEntries();
  });
  const cases = [
    { release: 'ovs-3.7', want: 'upstream.ovs-dpdk.v3.2' },
    { release: 'ovs-3.7+server', want: 'upstream.ovs-dpdk.v2.13' },
    { release: 'ovs-3.7+tso', want: 'upstream.ovs-dpdk.v2.13.1+tso' },
    { release: 'ovs-3.7+iommu', want: 'upstream.ovs-dpdk.v3.2' },
    { release: 'ovs-2.17', want: 'upstream.ovs-dpdk.v2.13' },
    { release: 'ovs-2.10', want: 'upstream.ovs-dpdk.v2.8' },
    { release: 'ovs-2.7', want: 'upstream.ovs-dpdk.v2.6' },
    { release: 'ovs-2.4', want: 'upstream.ovs-dpdk.v2.4' },
    { release: 'dpdk-24.11', want: 'upstream.ovs-dpdk.v3.2' },
    { release: 'dpdk-23.11', want: 'upstream.dpdk-vhost.v23.11' },
    { release: 'passt-2025.05.03', want: 'upstream.passt.v2024.11.27' },
    { release: 'qemu-storage-daemon-7.2', want: 'upstream.qemu-storage-daemon.v5.2' },
    { release: 'qemu-storage-daemon-7.2+read-only', want: 'upstream.qemu-storage-daemon.v5.2+read-only' },
    { release: 'spdk-blk-19.07', want: 'upstream.spdk-vhost-blk.v19.04' },
    { release: 'spdk-blk-19.07+portable', want: 'upstream.spdk-vhost-blk.v19.04+portable' },
    { release: 'spdk-blk-19.07+read-only', want: 'upstream.spdk-vhost-blk.v19.04+read-only' },
    { release: 'spdk-blk-22.01', want: 'upstream.spdk-vhost-blk.v20.07' },
    { release: 'spdk-blk-23.05', want: 'upstream.spdk-vhost-blk.v22.05' },
    { release: 'spdk-blk-24.09', want: 'upstream.spdk-vhost-blk.v23.09' },
    { release: 'spdk-scsi-20.04', want: 'upstream.spdk-vhost-scsi.v18.04' },
    { release: 'spdk-scsi-25.09', want: 'upstream.spdk-vhost-scsi.v23.09' },
    { release: 'qemu-virtiofsd-6.2', want: 'upstream.qemu-virtiofsd.v5.0' },
    { release: 'virtiofsd-1.7', want: 'upstream.virtiofsd.v1.0' },
    { release: 'virtiofsd-1.13.2', want: 'upstream.virtiofsd.v1.0' },
  ];
  for (const { release, want } of cases) {
    it(`of ${release} is ${want}`, () => {
      const known = findRelease(release);
      const own = entries.filter(({ deviceType }) => deviceType === known.deviceType);
      assert.equal(own.find((entry) => checkEntry(entry, abilitiesOf(known)).length === 0)?.version, want);
    });
  }
});

describe('real answers', () => {
  let entries: readonly Entry[] = [];
  before(() => {
    entries = shippedEntries();
  });

  for (const { label, features, protocol, queueNum, release, version } of OBSERVED) {
    it(`of ${label} are those of ${release} and of ${version}`, () => {
      const known = findRelease(release);
      assert.deepEqual(
        [features, protocol, queueNum],
        [known.virtioFeatures, known.protocolFeatures, known.queuePairs],
      );
      const entry = entries.find((one) => one.version === version);
      assert.deepEqual(entry, entriesOf(entries, known)[0]);
      assert.equal(guestFeatures(entry?.virtioFeatures ?? 0n), guestFeatures(features));
      assert.equal(features & CONTROL_BITS, CONTROL_BITS);
    });
  }
});

describe('finding a release', () => {
  const found = [
    { name: 'ovs-3.2', want: 'ovs-3.2' },
    { name: 'ovs-3.2.6', want: 'ovs-3.2' },
    { name: 'ovs-2.13', want: 'ovs-2.13' },
    { name: 'ovs-2.13.0+tso', want: 'ovs-2.13+tso' },
    { name: 'ovs-2.13.7+tso', want: 'ovs-2.13.1+tso' },
    { name: 'ovs-3.1.0+server+tso', want: 'ovs-3.1+server+tso' },
    { name: 'dpdk-22.11.11', want: 'dpdk-22.11' },
    { name: 'dpdk-20.11.5', want: 'dpdk-20.11' },
    { name: 'dpdk-20.11.6', want: 'dpdk-20.11.6' },
    { name: 'passt-2025.05.03', want: 'passt-2025.05.03' },
    { name: 'qemu-storage-daemon-7.2.3+read-only', want: 'qemu-storage-daemon-7.2+read-only' },
    { name: 'spdk-blk-21.10', want: 'spdk-blk-20.07' },
    { name: 'virtiofsd-1.12.0', want: 'virtiofsd-1.11' },
  ];
  for (const { name, want } of found) it(`${name} is ${want}`, () => assert.equal(findRelease(name).name, want));

  const refused = [
    {
      name: 'ovs-3.2+sto',
      message: /^Cannot find release "ovs-3\.2\+sto": wanted one of ovs-3\.2, ovs-3\.2\+server, /,
    },
    { name: 'ovs-3.2.7', message: /wanted one of ovs-2\.4, .*, dpdk-25\.11, some with a setting/ },
    {
      name: 'ovs-2.9+tso',
      message: /: wanted one of ovs-2\.9, ovs-2\.9\+server, ovs-2\.9\+iommu, ovs-2\.9\+zero-copy$/,
    },
    { name: 'vpp-24.02', message: /^Cannot find release "vpp-24\.02"/ },
    { name: '', message: /^Cannot find release ""/ },
    { name: '3.2', message: /^Cannot find release "3\.2": no release has this name; did you mean "ovs-3\.2"\?$/ },
    { name: 'openvswitch-2.13.7+tso', message: /did you mean "ovs-2\.13\.7\+tso"\?$/ },
    { name: 'v22.11', message: /did you mean "dpdk-22\.11"\?$/ },
  ];
  for (const { name, message } of refused)
    it(`refuses "${name}"`, () => assert.throws(() => findRelease(name), { code: 'VC-RELEASE-UNKNOWN', message }));

  it('gives every release and setting a name of its own', () => {
    assert.equal(new Set(RELEASES.map(({ name }) => name)).size, RELEASES.length);
  });
});
