import assert from 'node:assert/strict';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import type { MoveSubject } from '../../../compat-tables/moves/move-host.ts';
import { usersBeyond } from '../../../compat-tables/moves/narrower-default.ts';
import { whatIf } from '../../../compat-tables/moves/what-if.ts';
import { findRelease } from '../../../compat-tables/releases/releases.ts';
import { hostLike, hostOf, running } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

const V = (name: string) => `upstream.ovs-dpdk.${name}`;

describe('what if a host had another release', () => {
  it('gains and loses versions', () => {
    const up = whatIf(hostLike('ovs-3.1'), findRelease('ovs-3.2'));
    assert.ok(up.gained.includes(V('v3.2')) && up.lost.length === 0);
    assert.deepEqual([up.best.before, up.best.after], [V('v2.13'), V('v3.2')]);
    const down = whatIf(hostLike('ovs-3.2', { defaultVersion: V('v3.2') }), findRelease('ovs-3.1'));
    assert.ok(
      down.lost.some(
        ({ version, blockers }) => version === V('v3.2') && blockers[0]?.missing.includes('VIRTIO_NET_F_CSUM'),
      ),
    );
    assert.equal(down.defaultLost, true);
    assert.deepEqual(
      down.difference?.lost.map(({ name }) => name),
      ['VIRTIO_NET_F_CSUM'],
    );
  });

  it('names the running guest that HOST_UFO would leave behind, although the release is newer', () => {
    const host = hostLike('ovs-2.11');
    const subject = running(host, V('v2.11'), (offered) => offered);
    const { affected } = whatIf({ ...host, interfaces: [subject] }, findRelease('ovs-2.13'));
    assert.deepEqual(
      affected.map(({ interface: name, why, missing }) => [name, why, missing]),
      [
        ['vhu0', 'running', ['VIRTIO_NET_F_HOST_UFO']],
        ['vhu0', 'pinned', ['VIRTIO_NET_F_HOST_UFO']],
      ],
    );
    const low = running(host, V('v2.8'), (offered) => offered);
    assert.deepEqual(whatIf({ ...host, interfaces: [low] }, findRelease('ovs-2.13')).affected, []);
  });

  it('refuses a host of which neither versions nor a back-end are known', () => {
    assert.throws(() => whatIf(hostLike('ovs-3.1'), findRelease('qemu-storage-daemon-7.2')), {
      code: 'VC-VERSION-DEVICE-TYPE',
      message: /: it is a back-end of vhost-user-blk; wanted one of vhost-user-net$/,
    });
    assert.throws(() => whatIf(hostOf('dev', undefined, { entries: [] }), findRelease('ovs-3.1')), {
      code: 'VC-BACKEND-UNKNOWN',
      message: /^Cannot judge dev: .*wanted that of a host/,
    });
    const bare = hostLike('ovs-3.1', { entries: [] });
    assert.notEqual(whatIf(bare, findRelease('ovs-3.2')).difference, undefined);
  });

  it('says in a sentence each which bits and which limits a running guest would lose', () => {
    const host = hostLike('ovs-3.2');
    const text = (release: string, subject: MoveSubject) =>
      whatIf({ ...host, interfaces: [{ ...subject, pin: undefined }] }, findRelease(release)).affected[0]?.text;
    const low = running(host, V('v2.8'), (offered) => offered);
    const one = { ...findRelease('ovs-3.2'), queuePairs: 1 };
    const limits =
      'its version could not be honoured: the back-end gives queue_pairs 1, the version promises 128. Stop it or move it away first';
    const [few] = whatIf({ ...host, interfaces: [low] }, one).affected;
    assert.deepEqual([few?.text, few?.missing], [limits, []]);
    const high = running(host, V('v3.2'), (offered) => offered);
    const bits = 'its guest runs with VIRTIO_NET_F_CSUM, which would be missing';
    assert.equal(text('ovs-3.1', high), `${bits}. Stop it or move it away first`);
    const [both] = whatIf({ ...host, interfaces: [high] }, { ...findRelease('ovs-3.1'), queuePairs: 1 }).affected;
    assert.equal(both?.text, `${bits}. I${limits.slice(1)}`);
  });

  it('names the running device that has more queues or larger rings than the release gives, promised or not', () => {
    const release = { ...findRelease('dpdk-23.11'), ringSize: 512 };
    const site = entryLike({
      version: 'site.open',
      virtioFeatures: maskOf(VIRTIO_NET, 'VERSION_1', 'MRG_RXBUF', 'MQ'),
    });
    const host = hostOf('home', hostLike('dpdk-22.11').abilities, { entries: [site] });
    const taken = (offered: bigint) => offered;
    const of = (more: Partial<MoveSubject>) =>
      whatIf({ ...host, interfaces: [running(host, 'site.open', taken, { pin: undefined, ...more })] }, release)
        .affected;
    const [large] = of({ queuePairs: 4, ringSizes: [1024] });
    assert.deepEqual(
      [large?.why, large?.text],
      [
        'running',
        'it has queue_pairs 4, and the back-end would give 1; it has ring_size 1024, and the back-end would give 512. Stop it or move it away first',
      ],
    );
    assert.deepEqual(of({ queuePairs: 1, ringSizes: [512] }), []);
    // before its driver chose, and in a version that no table defines any more
    assert.equal(of({ queuePairs: 4, acked: undefined }).length, 1);
    const lost = { inForce: 'site.gone', acked: undefined, queuePairs: 4, offered: 1n << 56n };
    const [gone] = of(lost);
    assert.deepEqual([gone?.version, gone?.missing], ['site.gone', ['VIRTIO_NET_F_HOST_USO']]);
    assert.match(gone?.text ?? '', /which would be missing\. It has queue_pairs 4, and/);
  });

  it('warns when nothing could be migrated from there', () => {
    assert.match(whatIf(hostLike('ovs-3.1'), findRelease('ovs-2.4')).warnings.join(), /VC-MIGRATE-LOG/);
    assert.equal(whatIf(hostOf('new', undefined), findRelease('ovs-3.1')).difference, undefined);
  });
});

describe('a narrower default', () => {
  const host = hostLike('ovs-3.2');
  const entryNamed = (version: string) =>
    host.versions.find(({ entry }) => entry.version === V(version))?.entry ?? assert.fail();
  const free = running(host, V('v3.2'), (offered) => offered, { pin: undefined });

  it('is one that running interfaces without a pin use more than', () => {
    const [use] = usersBeyond(entryNamed('v2.13'), [free]);
    assert.deepEqual(use, { interface: 'vhu0', features: ['VIRTIO_NET_F_CSUM'], limits: [] });
    assert.deepEqual(usersBeyond(entryNamed('v3.2'), [free]), []);
  });

  it('does not concern pinned interfaces, those that do not run, and bits that QEMU decides alone', () => {
    const ctrl = maskOf(VIRTIO_NET, 'CTRL_VQ', 'CTRL_RX', 'MTU');
    const others = [
      { ...free, pin: V('v3.2') },
      { ...free, acked: undefined },
      { ...free, acked: ctrl },
    ];
    assert.deepEqual(usersBeyond(entryNamed('v2.6'), others), []);
  });

  it('counts queues and rings too', () => {
    const small = { ...entryNamed('v3.2'), limits: { queue_pairs: 2, ring_size: 256 } };
    const [use] = usersBeyond(small, [{ ...free, queuePairs: 4, ringSizes: [512] }]);
    assert.deepEqual(use?.limits, ['queue_pairs 4', 'ring_size 512']);
  });
});
