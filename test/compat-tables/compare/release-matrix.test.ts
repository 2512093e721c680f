import assert from 'node:assert/strict';
import { releaseMatrix } from '../../../compat-tables/compare/release-matrix.ts';
import { NET_RELEASES, namedReleases } from '../../../compat-tables/releases/releases.ts';

const matrix = releaseMatrix(namedReleases(['ovs']));
const breaks = (from: string, to: string) =>
  matrix.moves
    .find((one) => one.from === from && one.to === to)
    ?.survival.breaks.map(({ name }) => name.replace(/^VIRTIO_(NET_|RING_)?F_/, ''));

describe('the matrix of releases', () => {
  it('has one group for each behaviour of the default settings', () => {
    assert.deepEqual(
      matrix.groups.map(({ name, migratable }) => [name, migratable]),
      [
        ['ovs-2.4', false],
        ['ovs-2.5', false],
        ['ovs-2.6', true],
        ['ovs-2.8', true],
        ['ovs-2.11', true],
        ['ovs-2.13', true],
        ['ovs-3.2', true],
      ],
    );
    assert.deepEqual(matrix.groups.at(-1)?.covers, ['Open vSwitch 3.2 to 3.7.1 (default)']);
    assert.equal(matrix.moves.length, 7 * 6);
  });

  // the story in the data: QEMU decides about MTU alone, so only INDIRECT_DESC is lost from 2.8 to 2.7
  const cells: readonly (readonly [string, string, readonly string[]])[] = [
    ['ovs-2.6', 'ovs-3.2', []],
    ['ovs-2.8', 'ovs-2.6', ['INDIRECT_DESC']],
    ['ovs-2.11', 'ovs-2.13', ['HOST_UFO']],
    ['ovs-2.13', 'ovs-2.11', []],
    ['ovs-3.2', 'ovs-2.13', ['CSUM']],
    ['ovs-3.2', 'ovs-2.11', ['CSUM']],
    [
      'ovs-2.13',
      'ovs-2.8',
      ['GSO', 'GUEST_ECN', 'GUEST_UFO', 'HOST_ECN', 'ANY_LAYOUT', 'EVENT_IDX', 'RING_PACKED', 'IN_ORDER'],
    ],
  ];
  for (const [from, to, want] of cells)
    it(`from ${from} to ${to} loses ${want.join(', ') || 'nothing'}`, () => assert.deepEqual(breaks(from, to), want));

  it('knows forward from backward, and neither across projects', () => {
    const both = releaseMatrix(namedReleases(['ovs-3.2', 'ovs-2.13', 'dpdk-22.11']));
    const direction = (from: string, to: string) =>
      both.moves.find((one) => one.from === from && one.to === to)?.direction;
    assert.equal(direction('ovs-2.13', 'ovs-3.2'), 'forward');
    assert.equal(direction('ovs-3.2', 'ovs-2.13'), 'backward');
    assert.equal(direction('ovs-3.2', 'dpdk-22.11'), 'across');
  });

  it('takes projects, settings and single releases', () => {
    const settings = (word: string) => [
      ...new Set(namedReleases([word]).map(({ project, setting }) => project + setting)),
    ];
    assert.deepEqual(settings('ovs'), ['ovs-dpdk']);
    assert.deepEqual(settings('dpdk+tso'), ['dpdk-vhost+tso']);
    assert.deepEqual(
      namedReleases(['ovs-3.1.4+tso']).map(({ name }) => name),
      ['ovs-3.1+tso'],
    );
    for (const word of ['vpp', 'ovs+nothing', 'ovs-9.9'])
      assert.throws(() => namedReleases([word]), { code: 'VC-RELEASE-UNKNOWN' });
  });

  it('compares back-ends of disks with each other, and with no network card', () => {
    const disks = releaseMatrix(namedReleases(['spdk-blk', 'qemu-storage-daemon-7.2']));
    const move = disks.moves.find(({ from, to }) => from === 'qemu-storage-daemon-7.2' && to === 'spdk-blk-23.09');
    assert.deepEqual(
      move?.survival.breaks.map(({ name }) => name).filter((name) => name.startsWith('VIRTIO_BLK_')),
      ['VIRTIO_BLK_F_CONFIG_WCE'],
    );
    assert.throws(() => namedReleases(['ovs', 'qemu-storage-daemon']), {
      code: 'VC-VERSION-DEVICE-TYPE',
      message: 'Cannot compare releases: they are of device types vhost-user-net, vhost-user-blk; wanted one',
    });
  });

  it('puts every release into exactly one group', () => {
    const { groups } = releaseMatrix(NET_RELEASES);
    const members = groups.flatMap(({ releases }) => releases);
    assert.deepEqual(members.toSorted(), NET_RELEASES.map(({ name }) => name).toSorted());
  });
});
