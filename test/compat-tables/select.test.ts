import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkEntry } from '../../compat-tables/check.ts';
import { findRelease } from '../../compat-tables/releases.ts';
import { explainSelection, matrix, POLICIES, type Policy, select } from '../../compat-tables/select.ts';
import type { HostVersions, VersionStatus } from '../../compat-tables/types.ts';
import { shippedEntries } from './shipped.ts';

const NET = 'vhost-user-net';
const usable = (version: string, digest = `d-${version}`): VersionStatus => ({
  version,
  digest,
  usable: true,
  blockers: [],
});
const host = (name: string, versions: string): HostVersions => ({
  host: name,
  deviceType: NET,
  versions: versions
    .split(' ')
    .filter(Boolean)
    .map((version) => usable(version)),
});

/** A host whose back-end is like a known release, with the shipped tables. */
function hostLike(name: string, release: string): HostVersions {
  const { virtioFeatures, protocolFeatures, queuePairs, ringSize } = findRelease(release);
  const abilities = { virtioFeatures, protocolFeatures, limits: { queue_pairs: queuePairs, ring_size: ringSize } };
  const versions = shippedEntries().map((entry) => {
    const blockers = checkEntry(entry, abilities);
    return { version: entry.version, digest: entry.digest, usable: blockers.length === 0, blockers };
  });
  return { host: name, deviceType: NET, versions };
}

describe('selection', () => {
  const old = host('O', '5.3 5.2 5.1');
  const thread: { title: string; hosts: HostVersions[]; want: string | undefined }[] = [
    {
      title: 'the newest of the old host is the last of the new one',
      hosts: [old, host('N', '6.3 6.2 6.1 5.3')],
      want: '5.3',
    },
    { title: 'the new host knows an older one only', hosts: [old, host('N', '6.3 6.2 6.1 5.2')], want: '5.2' },
    { title: 'nothing in common', hosts: [old, host('N', '6.3 6.2 6.1')], want: undefined },
    {
      title: 'from new to old, which had a newer one taken back',
      hosts: [host('N', '6.3 6.2 6.1 5.3'), host('O', '5.3 5.2 5.1 6.1')],
      want: '6.1',
    },
  ];
  for (const { title, hosts, want } of thread)
    it(`the thread of 2018: ${title}`, () => assert.equal(select(hosts, 'source').version, want));

  const ranked: { title: string; hosts: HostVersions[]; want: string | undefined }[] = [
    { title: 'the smallest worst rank', hosts: [host('A', 'x y z'), host('B', 'z y x')], want: 'y' },
    {
      title: 'then the smallest sum of ranks',
      hosts: [host('A', 'x y z'), host('B', 'z x y'), host('C', 'x z y')],
      want: 'x',
    },
    { title: 'then the name', hosts: [host('A', 'y x'), host('B', 'x y')], want: 'x' },
    { title: 'none', hosts: [host('A', 'x'), host('B', '')], want: undefined },
  ];
  for (const { title, hosts, want } of ranked)
    it(`by consensus: ${title}`, () => assert.equal(select(hosts, 'consensus').version, want));

  it('counts ranks among usable versions only', () => {
    const blocked = (version: string): VersionStatus => ({ ...usable(version), usable: false });
    const a = { host: 'A', deviceType: NET, versions: [...['p', 'q', 'r'].map(blocked), usable('y'), usable('x')] };
    assert.equal(select([a, host('B', 'y z x')], 'consensus').version, 'y');
  });

  it('of no host or of one', () => {
    assert.equal(select([], 'source').version, undefined);
    assert.equal(select([], 'consensus').version, undefined);
    assert.equal(select([old], 'source').version, '5.3');
    assert.deepEqual(explainSelection(select([], 'source')), ['No version is usable on all of: no host']);
  });

  it('never takes a version whose content differs, and names the hosts', () => {
    const other = { host: 'B', deviceType: NET, versions: [usable('v2', 'tampered'), usable('v1')] };
    for (const policy of POLICIES) {
      const selection = select([host('A', 'v2 v1'), other], policy);
      assert.equal(selection.version, 'v1');
      assert.equal(selection.digest, 'd-v1');
      const [row] = selection.rows;
      assert.deepEqual(row, {
        version: 'v2',
        common: false,
        usableSomewhere: true,
        lacking: [
          {
            host: 'B',
            code: 'VC-DIGEST-DIFFERS',
            reason: 'its content (tampered) is not that of A (d-v2)',
            missing: [],
          },
        ],
        digests: [
          { host: 'A', digest: 'd-v2' },
          { host: 'B', digest: 'tampered' },
        ],
      });
    }
  });

  it('refuses hosts of different device types', () => {
    const block = { ...host('B', 'x'), deviceType: 'vhost-user-blk' };
    assert.throws(() => select([host('A', 'x'), block], 'source'), {
      code: 'VC-VERSION-DEVICE-TYPE',
      message: 'Cannot compare versions: A has vhost-user-net, B has vhost-user-blk; wanted one device type',
    });
  });

  it('explains a real pair: each version, the host that lacks it, and the missing bits by name', () => {
    const selection = select([hostLike('host-a', 'ovs-3.2'), hostLike('host-b', 'ovs-2.13')], 'source');
    assert.equal(selection.version, 'upstream.ovs-dpdk.v2.13');
    const lines = explainSelection(selection);
    assert.equal(lines[0], 'Selected upstream.ovs-dpdk.v2.13 (policy source) for: host-a, host-b');
    const at = lines.indexOf('  upstream.ovs-dpdk.v3.2: not common');
    assert.equal(lines[at + 1], '    host-b: the back-end does not offer VIRTIO_NET_F_CSUM [VC-MODE-FEATURES]');
    assert.ok(lines.includes('  upstream.ovs-dpdk.v2.13: common to all, selected'));
    assert.match(lines.at(-1) ?? '', /^ {2}usable on none of them: .*upstream\.ovs-dpdk\.v2\.13\.1\+tso/);
    const row = selection.rows.find(({ version }) => version === 'upstream.ovs-dpdk.v3.2');
    assert.deepEqual(row?.lacking[0]?.missing, ['VIRTIO_NET_F_CSUM']);
  });

  it('explains why nothing is common', () => {
    const lines = explainSelection(select([host('A', 'x'), host('B', 'y')], 'source'));
    assert.deepEqual(lines, [
      'No version is usable on all of: A, B',
      '  x: not common',
      '    B: no table there defines the version [VC-VERSION-UNKNOWN]',
      '  y: not common',
      '    A: no table there defines the version [VC-VERSION-UNKNOWN]',
    ]);
  });

  it('finds a common version across two projects and across the setting of TSO', () => {
    const across = (a: string, b: string) => select([hostLike('a', a), hostLike('b', b)], 'source').version;
    assert.equal(across('ovs-3.2+tso', 'ovs-3.2'), 'upstream.ovs-dpdk.v2.8');
    assert.equal(across('ovs-2.12', 'ovs-3.7'), 'upstream.ovs-dpdk.v2.13');
    assert.equal(across('dpdk-22.11', 'ovs-2.8'), 'upstream.ovs-dpdk.v2.8');
  });
});

describe('the matrix', () => {
  it('has a cell for every version on every host', () => {
    const b: HostVersions = {
      host: 'B',
      deviceType: NET,
      versions: [
        usable('v1', 'other'),
        { ...usable('v2'), usable: false, blockers: [{ code: 'VC-MODE-LIMIT', text: 'too small', missing: [] }] },
        { ...usable('v4'), usable: false },
      ],
    };
    const { hosts, rows } = matrix([host('A', 'v1 v2 v3'), b]);
    assert.deepEqual(hosts, ['A', 'B']);
    assert.deepEqual(
      rows.map(({ version, cells }) => [version, ...cells.map(({ state }) => state)]),
      [
        ['v1', 'usable', 'differs'],
        ['v2', 'usable', 'blocked'],
        ['v3', 'usable', 'unknown'],
        ['v4', 'unknown', 'blocked'],
      ],
    );
    assert.deepEqual(
      rows.map(({ cells }) => cells[1]?.reasons.map(({ code }) => code)),
      [['VC-DIGEST-DIFFERS'], ['VC-MODE-LIMIT'], ['VC-VERSION-UNKNOWN'], ['VC-VERSION-UNUSABLE']],
    );
  });
});

describe('properties of selection', () => {
  const anyVersion = fc.record({
    version: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    digest: fc.constantFrom('same', 'same', 'same', 'changed'),
    usable: fc.boolean(),
    blockers: fc.constant([]),
  });
  const anyHost: fc.Arbitrary<HostVersions> = fc.record({
    host: fc.string({ minLength: 1, maxLength: 3 }),
    deviceType: fc.constant(NET),
    versions: fc.uniqueArray(anyVersion, { selector: ({ version }) => version }),
  });
  const fleet = fc.array(anyHost, { minLength: 1, maxLength: 5 });
  const anyPolicy: fc.Arbitrary<Policy> = fc.constantFrom(...POLICIES);
  const hostHas = (one: HostVersions, version: string | undefined, digest: string | undefined) =>
    one.versions.some((row) => row.version === version && row.usable && row.digest === digest);
  const common = (hosts: readonly HostVersions[], policy: Policy) =>
    new Set(select(hosts, policy).rows.flatMap((row) => (row.common ? [row.version] : [])));

  it('what is selected is usable on all hosts with one content; nothing is selected only when nothing is', () => {
    fc.assert(
      fc.property(fleet, anyPolicy, (hosts, policy) => {
        const { version, digest, rows } = select(hosts, policy);
        if (version === undefined) assert.ok(rows.every((row) => !row.common));
        else assert.ok(hosts.every((one) => hostHas(one, version, digest)));
        for (const row of rows) assert.equal(row.common, row.lacking.length === 0);
      }),
    );
  });

  it('consensus does not depend on the order of hosts', () => {
    const shuffled = fleet.chain((hosts) =>
      fc.tuple(fc.constant(hosts), fc.shuffledSubarray(hosts, { minLength: hosts.length })),
    );
    fc.assert(
      fc.property(shuffled, ([hosts, others]) => {
        assert.equal(select(hosts, 'consensus').version, select(others, 'consensus').version);
      }),
    );
  });

  it('another host never makes a version common', () => {
    fc.assert(
      fc.property(fleet, anyHost, anyPolicy, fc.boolean(), (hosts, more, policy, first) => {
        const before = common(hosts, policy);
        const after = common(first ? [more, ...hosts] : [...hosts, more], policy);
        assert.deepEqual(
          [...after].filter((version) => !before.has(version)),
          [],
        );
      }),
    );
  });

  it('source takes the first of the first host that is common', () => {
    fc.assert(
      fc.property(fleet, (hosts) => {
        const all = common(hosts, 'source');
        const want = hosts[0]?.versions.find(({ version }) => all.has(version))?.version;
        assert.equal(select(hosts, 'source').version, want);
      }),
    );
  });
});
