import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hostBlockers, hostView } from '../../../agent/manager/host-view.ts';
import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { commonAbilities } from '../../../compat-tables/compare/common-abilities.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';

const CSUM = maskOf(VIRTIO_NET, 'VIRTIO_NET_F_CSUM');
const MRG_RXBUF = maskOf(VIRTIO_NET, 'VIRTIO_NET_F_MRG_RXBUF');

function able(virtioFeatures: bigint, queuePairs = 128): Abilities {
  return { virtioFeatures, protocolFeatures: 0xfn, limits: { queue_pairs: queuePairs } };
}

function view(name: string, abilities: Abilities, connected = true) {
  return { interface: name, deviceType: 'vhost-user-net', abilities, connected };
}

const entry: Entry = {
  version: 'site.v1',
  deviceType: 'vhost-user-net',
  virtioFeatures: CSUM | MRG_RXBUF,
  protocolFeatures: undefined,
  requiredProtocolFeatures: 0n,
  limits: { queue_pairs: 4 },
  tier: 'both-ways',
  summary: '',
  covers: [],
  sources: [],
  origin: 'test',
  digest: 'd1',
};

describe('what a host can honour', () => {
  it('is unknown while nothing was measured or declared', () => {
    assert.equal(hostView([], undefined), undefined);
    assert.deepEqual(
      hostBlockers(entry, undefined).map((blocker) => blocker.code),
      ['VC-BACKEND-UNKNOWN'],
    );
  });

  it('goes by what was known beforehand until an interface has measured', () => {
    const seen = hostView([], { abilities: able(CSUM), knownBy: 'declared', name: 'ovs-3.1' });
    assert.equal(seen?.knownBy, 'declared');
    assert.equal(
      hostView([view('a', able(CSUM))], { abilities: able(0n), knownBy: 'declared', name: 'x' })?.knownBy,
      'measured',
    );
  });

  it('counts back-ends that are away only while none is connected', () => {
    const away = view('old', able(MRG_RXBUF), false);
    assert.equal(hostView([away], undefined)?.abilities.virtioFeatures, MRG_RXBUF);
    assert.equal(hostView([away, view('new', able(CSUM))], undefined)?.abilities.virtioFeatures, CSUM);
  });

  it('is not taken away by a back-end that can honour no version at all, which is named', () => {
    const whole = able(CSUM | MRG_RXBUF);
    const seen = hostView([view('good', whole), view('none', able(0n, 0))], undefined, [entry]);
    assert.deepEqual(hostBlockers(entry, seen), []);
    assert.deepEqual([seen?.abilities, seen?.notCounted], [whole, ['none']]);
    const alone = hostView([view('none', able(0n, 0))], undefined, [entry]);
    assert.deepEqual([alone?.notCounted, hostBlockers(entry, alone).length], [[], 2], 'only what is true is published');
  });

  it('is not taken away by a program that serves one guest, which is named; alone it is what the host can honour', () => {
    const passt: Abilities = { virtioFeatures: 0x144008000n, protocolFeatures: 0x8000en, limits: { queue_pairs: 1 } };
    const poor = { ...entry, version: 'site.passt', virtioFeatures: passt.virtioFeatures, limits: { queue_pairs: 1 } };
    const whole = able(CSUM | passt.virtioFeatures);
    const views = [view('vhu0', whole), view('passt0', passt), view('vhu1', whole)];
    const seen = hostView(views, undefined, [entry, poor]);
    assert.deepEqual([hostBlockers(entry, seen), hostBlockers(poor, seen)], [[], []]);
    assert.deepEqual([seen?.abilities, seen?.notCounted], [whole, ['passt0']]);
    const alone = hostView([view('passt0', passt)], undefined, [entry, poor]);
    assert.deepEqual([alone?.notCounted, hostBlockers(poor, alone)], [[], []]);
    assert.deepEqual(
      hostBlockers(entry, alone).map(({ code }) => code),
      ['VC-MODE-FEATURES', 'VC-MODE-LIMIT'],
    );
  });

  it('names the interface whose back-end lacks a bit, when others have it', () => {
    const seen = hostView([view('good', able(CSUM | MRG_RXBUF)), view('poor', able(MRG_RXBUF))], undefined);
    const [blocker] = hostBlockers(entry, seen);
    assert.equal(blocker?.code, 'VC-MODE-FEATURES');
    assert.deepEqual(blocker?.missing, ['VIRTIO_NET_F_CSUM']);
    assert.match(blocker?.text ?? '', /\(back-end of poor\)$/);
  });

  it('names three of many, and how many more', () => {
    const poor = ['a', 'b', 'c', 'd', 'e'].map((name) => view(name, able(MRG_RXBUF)));
    const seen = hostView([view('good', able(CSUM | MRG_RXBUF)), ...poor, view('few', able(0n, 2))], undefined);
    assert.deepEqual(
      hostBlockers(entry, seen).map(({ text }) => text),
      [
        'the back-end does not offer VIRTIO_NET_F_CSUM (back-end of a, b, c and 2 more)',
        'the back-end does not offer VIRTIO_NET_F_CSUM, VIRTIO_NET_F_MRG_RXBUF (back-end of few)',
        'the back-end gives queue_pairs 2, the version promises 4 (back-end of few)',
      ],
    );
  });

  it('names no interface when all lack the same', () => {
    const seen = hostView([view('a', able(MRG_RXBUF)), view('b', able(MRG_RXBUF))], undefined);
    assert.doesNotMatch(hostBlockers(entry, seen)[0]?.text ?? '', /back-end of/);
  });

  it('property: the common ground is what each of them offers', () => {
    const abilities = fc.record({
      features: fc.bigInt({ min: 0n, max: (1n << 70n) - 1n }),
      pairs: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(fc.array(abilities, { minLength: 1, maxLength: 5 }), (all) => {
        const ground = commonAbilities(all.map(({ features, pairs }) => able(features, pairs)));
        for (const { features, pairs } of all) {
          assert.equal(ground.virtioFeatures & ~features, 0n);
          assert.ok((ground.limits['queue_pairs'] ?? 0) <= pairs);
        }
        assert.equal(
          ground.virtioFeatures,
          all.reduce((mask, one) => mask & one.features, (1n << 70n) - 1n),
        );
      }),
    );
  });
});
