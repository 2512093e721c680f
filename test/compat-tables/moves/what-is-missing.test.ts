import assert from 'node:assert/strict';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import type { Obstacle } from '../../../compat-tables/moves/obstacles.ts';
import { ask, everything, hostLike, hostOf, linux, running, V } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

const home = hostLike('ovs-3.5', { name: 'node1' });
const backend = home.abilities ?? assert.fail();
const GUEST_CSUM = maskOf(VIRTIO_NET, 'GUEST_CSUM');
const lacking: Abilities = { ...backend, virtioFeatures: backend.virtioFeatures & ~GUEST_CSUM };
const guest = running(home, V('v3.2'), linux);
const names = ({ missing }: Obstacle) => missing.map(({ name }) => name);
const DPDK = 'upstream.dpdk-vhost.v19.11.13';

describe('what is missing at the destination', () => {
  it('is first what its back-end lacks, however many bits the closest version lacks', () => {
    const to = hostOf('node2', lacking);
    const { obstacles } = ask(guest, home, to);
    assert.deepEqual(
      obstacles.map((one) => [one.code, one.text, names(one)]),
      [
        [
          'VC-MODE-FEATURES',
          'the back-end of node2 does not offer VIRTIO_NET_F_GUEST_CSUM',
          ['VIRTIO_NET_F_GUEST_CSUM'],
        ],
      ],
    );
  });

  it('then what a named version would need of it', () => {
    const one = ask(guest, home, hostOf('node2', lacking)).obstacles[0];
    assert.match(one?.remedy ?? '', /With a back-end that has it, upstream\.ovs-dpdk\.v3\.2 is usable on node2\.$/);
    // the guest did without IN_ORDER, which the version promises
    const asks = entryLike({
      version: 'site.more',
      virtioFeatures: backend.virtioFeatures | maskOf(VIRTIO_NET, 'GUEST_USO4'),
    });
    const more = ask(guest, home, hostOf('node2', lacking, { entries: [asks] })).obstacles[0];
    assert.match(
      more?.remedy ?? '',
      /site\.more, the closest version, would need more: the back-end does not offer VIRTIO_NET_F_GUEST_USO4\.$/,
    );
    const small = entryLike({ version: 'site.small', virtioFeatures: maskOf(VIRTIO_NET, 'VERSION_1') });
    const none = ask(guest, home, hostOf('node2', lacking, { entries: [small] })).obstacles[0];
    assert.match(
      none?.remedy ?? '',
      /no version of node2 has all that the guest needs: with such a back-end, define one/i,
    );
  });

  it('is the number of queue pairs that the back-end gives, not that of the closest version', () => {
    const from = hostLike('dpdk-22.11', { name: 'node1' });
    const two = { ...(hostLike('dpdk-23.11').abilities ?? assert.fail()), limits: { queue_pairs: 2 } };
    const to = hostOf('node2', two);
    const four = ask(running(from, DPDK, linux, { queuePairs: 4 }), from, to).obstacles;
    assert.deepEqual(
      four.map(({ code, text }) => [code, text]),
      [['VC-MODE-LIMIT', 'the back-end of node2 gives queue_pairs 2, the interface has 4']],
    );
    // the back-end would do: only a version is missing, and it can be made
    const pair = ask(running(from, DPDK, linux, { queuePairs: 2 }), from, to).obstacles;
    assert.deepEqual(
      pair.map(({ code }) => code),
      ['VC-MODE-LIMIT'],
    );
    assert.match(
      pair[0]?.text ?? '',
      /^the back-end of node2 would do, but upstream\.dpdk-vhost\.v23\.11, the closest version there, gives queue_pairs 1, the interface has 2$/,
    );
    assert.match(pair[0]?.remedy ?? '', /capture --define/);
    assert.doesNotMatch(pair[0]?.remedy ?? '', /[Rr]aise/);
  });

  it('is a protocol feature that no version can bring: nothing to define helps', () => {
    const from = hostLike('ovs-3.2+iommu', { name: 'node1' });
    const taker = running(from, V('v3.2+iommu'), everything);
    const iommu = from.abilities ?? assert.fail();
    const protocolFeatures = iommu.protocolFeatures & ~maskOf(PROTOCOL, 'BACKEND_REQ');
    for (const to of [
      hostOf('node2', { ...iommu, protocolFeatures }),
      hostOf('node2', { ...iommu, protocolFeatures }, { entries: [V32_IOMMU()] }),
    ]) {
      const { obstacles } = ask(taker, from, to);
      assert.deepEqual(
        obstacles.map(({ code }) => code),
        ['VC-MODE-PROTOCOL'],
      );
      assert.match(obstacles[0]?.text ?? '', /^the back-end of node2 has no VHOST_USER_PROTOCOL_F_BACKEND_REQ/);
      assert.doesNotMatch(obstacles[0]?.remedy ?? '', /define/);
      // a guest without the IOMMU is helped by a version without it
      const plain = ask(running(from, V('v3.2+iommu'), linux), from, to);
      assert.ok(plain.possible || /capture --define/.test(plain.obstacles[0]?.remedy ?? ''));
    }
  });

  it('is what the version cuts, where the back-end has it: no update helps', () => {
    const cut = entryLike({
      ...{
        version: 'site.cut',
        virtioFeatures: backend.virtioFeatures,
        protocolFeatures: maskOf(PROTOCOL, 'LOG_SHMFD'),
      },
    });
    const [one] = ask({ ...guest, queuePairs: 2 }, home, hostOf('node2', backend, { entries: [cut] })).obstacles;
    assert.equal(one?.code, 'VC-MODE-PROTOCOL');
    assert.match(
      one?.text ?? '',
      /^the back-end of node2 would do, but site\.cut, the closest version there, has no VHOST_USER_PROTOCOL_F_MQ/,
    );
    assert.match(one?.remedy ?? '', /version .*that does not cut it/);
    assert.doesNotMatch(one?.remedy ?? '', /[Uu]pdate/);
  });

  it('is both when one version is asked about: the back-end first, then the rest that the version lacks', () => {
    const small = entryLike({
      version: 'site.small',
      virtioFeatures: (guest.acked ?? 0n) & ~(GUEST_CSUM | maskOf(VIRTIO_NET, 'MRG_RXBUF')),
    });
    const { obstacles } = ask(guest, home, hostOf('node2', lacking, { entries: [small] }), 'site.small');
    assert.deepEqual(obstacles.map(names), [['VIRTIO_NET_F_GUEST_CSUM'], ['VIRTIO_NET_F_MRG_RXBUF']]);
    const unusable = ask(guest, home, hostOf('node2', lacking), V('v3.2')).obstacles;
    assert.deepEqual(
      unusable.map(({ code }) => code),
      ['VC-MODE-FEATURES', 'VC-VERSION-UNUSABLE'],
    );
  });

  it('is what every version needs of a back-end that would do', () => {
    const more = entryLike({
      version: 'site.more',
      virtioFeatures: backend.virtioFeatures | maskOf(VIRTIO_NET, 'GUEST_USO4'),
    });
    const [one] = ask(guest, home, hostOf('node2', backend, { entries: [more] })).obstacles;
    assert.deepEqual(
      [one?.code, one?.text],
      ['VC-MODE-NONE', 'the back-end of node2 would do, but the host can honour none of its 1 versions'],
    );
    assert.match(
      one?.remedy ?? '',
      /capture --define.* site\.more needs more: the back-end does not offer VIRTIO_NET_F_GUEST_USO4\.$/,
    );
  });

  it('is what a version promises, where nobody has measured the interface', () => {
    const promise = entryLike({
      version: 'site.wide',
      virtioFeatures: backend.virtioFeatures,
      limits: { queue_pairs: 16 },
    });
    const from = hostOf('node1', backend, { entries: [promise] });
    const idle = { ...running(from, 'site.wide', linux), inForce: undefined, acked: undefined, queuePairs: undefined };
    const [one] = ask(idle, from, hostOf('node2', { ...backend, limits: { queue_pairs: 8 } })).obstacles;
    assert.equal(one?.text, 'the back-end of node2 gives queue_pairs 8, site.wide promises it 16');
  });

  it('names a version that would do when another one was asked about', () => {
    const [one] = ask(guest, home, hostLike('ovs-3.5', { name: 'node2' }), V('v2.8')).obstacles;
    assert.match(one?.remedy ?? '', /^Leave out the version: node2 takes the guest in upstream\.ovs-dpdk\.v3\.2\./);
  });

  it('is no reason to make a version of back-ends that are not known', () => {
    const [theirs, ours] = [1n, 3n].map((virtioFeatures, index) =>
      entryLike({ version: `site.${index}`, virtioFeatures, digest: `${index}` }),
    );
    const from = hostOf('node1', backend, { entries: [ours ?? assert.fail()] });
    const entries = [theirs ?? assert.fail()];
    const document = hostOf('node2', undefined, { entries });
    const to = { ...document, versions: document.versions.map((one) => ({ ...one, usable: true, blockers: [] })) };
    const taker = running(from, 'site.1', everything);
    assert.match(
      ask(taker, from, to).obstacles[0]?.remedy ?? '',
      /^No version is common .* nothing is known of the back-end of node2/,
    );
    const known = hostOf('node2', { ...backend, virtioFeatures: backend.virtioFeatures & ~2n }, { entries });
    assert.match(ask(taker, from, known).obstacles[0]?.remedy ?? '', /baseline --define/);
  });

  function V32_IOMMU(): Entry {
    const from = hostLike('ovs-3.2+iommu');
    return from.versions.find(({ entry }) => entry.version === V('v3.2+iommu'))?.entry ?? assert.fail();
  }
});
