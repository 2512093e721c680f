import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkEntry } from '../../../compat-tables/compare/check-entry.ts';
import { differingDigestsLine } from '../../../compat-tables/compare/differing-digests.ts';
import { matrix } from '../../../compat-tables/compare/matrix.ts';
import { explainSelection, selectCommonVersion } from '../../../compat-tables/compare/select.ts';
import {
  compactVersions,
  POLICIES,
  type Policy,
  type SelectableHost,
} from '../../../compat-tables/compare/selection-input.ts';
import type { HostVersionList, VersionStatus } from '../../../compat-tables/entries/entry.ts';
import { findRelease } from '../../../compat-tables/releases/releases.ts';
import { shippedEntries } from '../shipped.ts';
import { naiveSelect } from './naive-select.ts';

const NET = 'vhost-user-net';
const usable = (version: string, digest = `d-${version}`): VersionStatus => ({
  version,
  digest,
  usable: true,
  blockers: [],
});
const host = (name: string, versions: string): HostVersionList => ({
  host: name,
  deviceType: NET,
  versions: versions
    .split(' ')
    .filter(Boolean)
    .map((version) => usable(version)),
});

/** A host whose back-end is like a known release, with the shipped tables. */
function hostLike(name: string, release: string): HostVersionList {
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
  const thread: { title: string; hosts: HostVersionList[]; want: string | undefined }[] = [
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
    it(`the thread of 2018: ${title}`, () => assert.equal(selectCommonVersion(hosts, 'source').version, want));

  const ranked: { title: string; hosts: HostVersionList[]; want: string | undefined }[] = [
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
    it(`by consensus: ${title}`, () => assert.equal(selectCommonVersion(hosts, 'consensus').version, want));

  it('counts ranks among usable versions only', () => {
    const blocked = (version: string): VersionStatus => ({ ...usable(version), usable: false });
    const a = { host: 'A', deviceType: NET, versions: [...['p', 'q', 'r'].map(blocked), usable('y'), usable('x')] };
    assert.equal(selectCommonVersion([a, host('B', 'y z x')], 'consensus').version, 'y');
  });

  it('of no host or of one', () => {
    assert.equal(selectCommonVersion([], 'source').version, undefined);
    assert.equal(selectCommonVersion([], 'consensus').version, undefined);
    assert.equal(selectCommonVersion([old], 'source').version, '5.3');
    assert.deepEqual(explainSelection(selectCommonVersion([], 'source')), ['No version is usable on all of: no host']);
  });

  it('never takes a version whose content differs, and names the hosts', () => {
    const other = { host: 'B', deviceType: NET, versions: [usable('v2', 'tampered'), usable('v1')] };
    for (const policy of POLICIES) {
      const selection = selectCommonVersion([host('A', 'v2 v1'), other], policy);
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
    assert.throws(() => selectCommonVersion([host('A', 'x'), block], 'source'), {
      code: 'VC-VERSION-DEVICE-TYPE',
      message: 'Cannot compare versions: A has vhost-user-net, B has vhost-user-blk; wanted one device type',
    });
  });

  it('explains a real pair: each version, the host that lacks it, and the missing bits by name', () => {
    const selection = selectCommonVersion([hostLike('host-a', 'ovs-3.2'), hostLike('host-b', 'ovs-2.13')], 'source');
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
    const lines = explainSelection(selectCommonVersion([host('A', 'x'), host('B', 'y')], 'source'));
    assert.deepEqual(lines, [
      'No version is usable on all of: A, B',
      '  x: not common',
      '    B: no table there defines the version [VC-VERSION-UNKNOWN]',
      '  y: not common',
      '    A: no table there defines the version [VC-VERSION-UNKNOWN]',
    ]);
  });

  it('finds a common version across two projects and across the setting of TSO', () => {
    const across = (a: string, b: string) =>
      selectCommonVersion([hostLike('a', a), hostLike('b', b)], 'source').version;
    assert.equal(across('ovs-3.2+tso', 'ovs-3.2'), 'upstream.ovs-dpdk.v3.2+portable');
    assert.equal(across('ovs-2.12', 'ovs-3.7'), 'upstream.ovs-dpdk.v2.13');
    assert.equal(across('dpdk-22.11', 'ovs-2.8'), 'upstream.ovs-dpdk.v2.8');
  });
});

describe('the matrix', () => {
  it('has a cell for every version on every host', () => {
    const b: HostVersionList = {
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

describe('versions that move forward only', () => {
  const forward = (one: HostVersionList, version: string): SelectableHost => ({
    ...one,
    versions: one.versions.map((status) => (status.version === version ? { ...status, tier: 'forward-only' } : status)),
  });
  const [old, young] = [host('O', '5.3 5.2'), forward(host('N', '6.3 5.3'), '5.3')];

  it('are selected towards the newer host, and refused backward by name', () => {
    assert.equal(selectCommonVersion([old, young], 'source').version, '5.3');
    const back = selectCommonVersion([young, old], 'source');
    assert.equal(back.version, undefined);
    assert.deepEqual(back.rows.find(({ version }) => version === '5.3')?.lacking, [
      {
        host: 'O',
        code: 'VC-MOVE-DIRECTION',
        reason: 'the version moves forward only, and O is older than N: it cannot honour 6.3',
        missing: [],
      },
    ]);
  });

  it('are refused among hosts of which none is known to be newer', () => {
    const [a, b] = [forward(host('A', 'x v'), 'v'), host('B', 'y v')];
    const { version, rows } = selectCommonVersion([a, b], 'source');
    assert.equal(version, undefined);
    assert.match(
      rows.find((row) => row.version === 'v')?.lacking[0]?.reason ?? '',
      /neither of A \(x\) and B \(y\) is known to be newer$/,
    );
  });

  it('are common by consensus only where each host can take in what the others like best', () => {
    for (const hosts of [
      [old, young],
      [young, old],
    ]) {
      const { version, rows } = selectCommonVersion(hosts, 'consensus');
      assert.equal(version, undefined);
      const [lack] = rows.find((row) => row.version === '5.3')?.lacking ?? [];
      assert.equal(lack?.reason, 'the version moves forward only, and O cannot honour 6.3, as N does');
    }
    assert.equal(selectCommonVersion([young, { ...young, host: 'M' }], 'consensus').version, '6.3');
    const only = forward(host('A', 'v'), 'v');
    assert.equal(selectCommonVersion([only, { ...only, host: 'B' }], 'consensus').version, 'v');
  });

  it('leave the others alone', () => {
    assert.equal(selectCommonVersion([forward(host('N', '6.3 5.3 5.2'), '5.3'), old], 'source').version, '5.2');
  });

  it('show their tier in the matrix, and nothing of directions unless a policy is given', () => {
    const rows = matrix([young, old]).rows.map(({ version, tier, common }) => [version, tier, common]);
    assert.deepEqual(rows, [
      ['6.3', 'both-ways', false],
      ['5.3', 'forward-only', true],
      ['5.2', 'both-ways', false],
    ]);
  });
});

describe('the drift alarm', () => {
  it('names each content and who has it, the most widespread first', () => {
    const tampered = { host: 'T', deviceType: NET, versions: [usable('v1', 'f'.repeat(64)), usable('v2')] };
    const many = Array.from({ length: 7 }, (_, index) => host(`h${index}`, 'v1 v2'));
    const { drift } = selectCommonVersion([tampered, ...many], 'source');
    assert.deepEqual(drift, [
      {
        version: 'v1',
        contents: [
          { digest: 'd-v1', hosts: ['h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'] },
          { digest: 'f'.repeat(64), hosts: ['T'] },
        ],
      },
    ]);
    assert.equal(
      drift[0] && differingDigestsLine(drift[0]),
      'ALARM: v1 is not the same everywhere: d-v1 on h0, h1, h2, h3, h4 and 2 more; ffffffffffff on T: a published entry was changed; it is never selected',
    );
  });

  it('is silent when all agree, and speaks of versions that nobody can honour too', () => {
    assert.deepEqual(selectCommonVersion([host('A', 'x'), host('B', 'x')], 'source').drift, []);
    const blocked = { host: 'B', deviceType: NET, versions: [{ ...usable('x', 'other'), usable: false }] };
    assert.equal(selectCommonVersion([host('A', 'x'), blocked], 'source').drift.length, 1);
  });
});

describe('properties of selection', () => {
  const anyVersion = fc.record({
    version: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    digest: fc.constantFrom('same', 'same', 'same', 'changed'),
    usable: fc.boolean(),
    blockers: fc.constant([]),
  });
  const anyHost: fc.Arbitrary<HostVersionList> = fc.record({
    host: fc.string({ minLength: 1, maxLength: 3 }),
    deviceType: fc.constant(NET),
    versions: fc.uniqueArray(anyVersion, { selector: ({ version }) => version }),
  });
  const fleet = fc.array(anyHost, { minLength: 1, maxLength: 5 });
  const anyPolicy: fc.Arbitrary<Policy> = fc.constantFrom(...POLICIES);
  const hostHas = (one: HostVersionList, version: string | undefined, digest: string | undefined) =>
    one.versions.some((row) => row.version === version && row.usable && row.digest === digest);
  const common = (hosts: readonly HostVersionList[], policy: Policy) =>
    new Set(selectCommonVersion(hosts, policy).rows.flatMap((row) => (row.common ? [row.version] : [])));

  it('what is selected is usable on all hosts with one content; nothing is selected only when nothing is', () => {
    fc.assert(
      fc.property(fleet, anyPolicy, (hosts, policy) => {
        const { version, digest, rows } = selectCommonVersion(hosts, policy);
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
        assert.equal(selectCommonVersion(hosts, 'consensus').version, selectCommonVersion(others, 'consensus').version);
      }),
    );
  });

  const tiered: fc.Arbitrary<SelectableHost> = anyHost.chain((one) =>
    fc
      .array(fc.constantFrom('both-ways', 'both-ways', 'forward-only', 'best-effort', undefined), {
        minLength: 5,
        maxLength: 5,
      })
      .map((tiers) => ({
        ...one,
        versions: one.versions.map((status, index) => ({ ...status, ...(tiers[index] && { tier: tiers[index] }) })),
      })),
  );
  const tieredFleet = fc.array(tiered, { minLength: 1, maxLength: 5 });

  it('the fast way finds what the naive one finds', () => {
    let found = 0;
    fc.assert(
      fc.property(tieredFleet, anyPolicy, (hosts, policy) => {
        const { version, digest, rows } = selectCommonVersion(hosts, policy);
        const naive = naiveSelect(hosts, policy);
        found += Number(version !== undefined);
        assert.deepEqual({ version, digest }, naive.chosen);
        assert.deepEqual(
          rows.filter((row) => row.common).map((row) => row.version),
          naive.common,
        );
      }),
      { numRuns: 2000 },
    );
    assert.ok(found > 0);
  });

  it('hosts counted by ballot are counted as one by one', () => {
    const repeated = fc.tuple(tieredFleet, fc.array(fc.nat(4), { maxLength: 12 }));
    fc.assert(
      fc.property(repeated, anyPolicy, ([kinds, picks], policy) => {
        const all = [...kinds, ...picks.map((pick) => kinds[pick % kinds.length] ?? kinds[0])].filter(
          (one) => one !== undefined,
        );
        const marks = new Map(kinds.map(({ versions }) => [versions, compactVersions(versions)]));
        const plain = all.map(({ versions, ...rest }) => ({ ...rest, versions: [...versions] }));
        const marked = all.map((one) => {
          const compact = marks.get(one.versions);
          return compact === undefined ? one : { ...one, versions: [...one.versions], compact };
        });
        const [a, b] = [selectCommonVersion(plain, policy), selectCommonVersion(marked, policy)];
        assert.deepEqual([a.version, a.digest, a.rows, a.drift], [b.version, b.digest, b.rows, b.drift]);
      }),
      { numRuns: 500 },
    );
  });

  it('every host of a ballot counts', () => {
    const [one, other] = [host('A', 'x y'), host('B', 'y x')];
    const shared = { ...other, compact: compactVersions(other.versions) };
    assert.equal(selectCommonVersion([one, shared], 'consensus').version, 'x');
    assert.equal(selectCommonVersion([one, shared, { ...shared, host: 'C' }], 'consensus').version, 'y');
  });

  it('consensus does not depend on the order of hosts, whatever the tiers', () => {
    const shuffled = tieredFleet.chain((hosts) =>
      fc.tuple(fc.constant(hosts), fc.shuffledSubarray(hosts, { minLength: hosts.length })),
    );
    fc.assert(
      fc.property(shuffled, ([hosts, others]) => {
        assert.equal(selectCommonVersion(hosts, 'consensus').version, selectCommonVersion(others, 'consensus').version);
      }),
      { numRuns: 1000 },
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
        assert.equal(selectCommonVersion(hosts, 'source').version, want);
      }),
    );
  });
});
