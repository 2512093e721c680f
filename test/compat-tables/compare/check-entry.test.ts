import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  ACCESS_PLATFORM,
  CONTROL_BITS,
  guestFeatures,
  IOMMU_NEEDS,
  LOG_ALL,
  PROTOCOL_FEATURES,
} from '../../../compat-tables/bits/named-masks.ts';
import { checkEntry } from '../../../compat-tables/compare/check-entry.ts';
import { notMigratable } from '../../../compat-tables/compare/migratable.ts';
import type { Abilities, Blocker, Entry } from '../../../compat-tables/entries/entry.ts';
import { offeredFeatures, offeredProtocolFeatures } from '../../../compat-tables/entries/entry.ts';
import { abilitiesOf } from '../../../compat-tables/releases/release.ts';
import { RELEASES } from '../../../compat-tables/releases/releases.ts';
import { entryLike, shippedEntries } from '../shipped.ts';

const word = fc.bigInt({ min: 0n, max: (1n << 71n) - 1n });

describe('what is offered in a mode', () => {
  it('is the promise of the entry and the control bits of the back-end, for any masks', () => {
    fc.assert(
      fc.property(word, word, (virtioFeatures, backend) => {
        const offered = offeredFeatures({ virtioFeatures }, backend);
        assert.equal(guestFeatures(offered), guestFeatures(virtioFeatures));
        assert.equal(offered & CONTROL_BITS, backend & CONTROL_BITS);
      }),
    );
  });

  it('never exceeds a back-end that passed the check', () => {
    fc.assert(
      fc.property(word, word, (virtioFeatures, more) => {
        const offer = guestFeatures(virtioFeatures) | more;
        const abilities = { virtioFeatures: offer, protocolFeatures: IOMMU_NEEDS, limits: {} };
        assert.deepEqual(checkEntry(entryLike({ virtioFeatures }), abilities), []);
        assert.equal(offeredFeatures({ virtioFeatures }, abilities.virtioFeatures) & ~abilities.virtioFeatures, 0n);
      }),
    );
  });

  it('leaves protocol features alone unless the entry limits them', () => {
    assert.equal(offeredProtocolFeatures({ protocolFeatures: undefined }, 0x10cbfn), 0x10cbfn);
    assert.equal(offeredProtocolFeatures({ protocolFeatures: 0x7n }, 0x10cbdn), 0x5n);
  });
});

describe('checking an entry against a back-end', () => {
  const back: Abilities = {
    virtioFeatures: 0xd7c66a7can,
    protocolFeatures: 0x10cbfn,
    limits: { queue_pairs: 128, ring_size: 1024, future_limit: 5 },
  };
  const cases: { title: string; entry: Partial<Entry>; abilities?: Abilities | undefined; want: Blocker[] }[] = [
    { title: 'the same mask', entry: { virtioFeatures: 0xd7c66a7can }, want: [] },
    { title: 'less', entry: { virtioFeatures: 0x144668182n }, want: [] },
    {
      title: 'control bits that the back-end lacks do not count',
      entry: { virtioFeatures: 0x144668182n },
      abilities: { virtioFeatures: 0x100668182n, protocolFeatures: 0n, limits: {} },
      want: [],
    },
    {
      title: 'missing features by name, those above 63 and without a name too',
      entry: { virtioFeatures: 0xd7c66a7cbn | (1n << 58n) | (1n << 64n) },
      want: [
        {
          code: 'VC-MODE-FEATURES',
          text: 'the back-end does not offer VIRTIO_NET_F_CSUM, bit 58, VIRTIO_NET_F_RSS_CONTEXT',
          missing: ['VIRTIO_NET_F_CSUM', 'bit 58', 'VIRTIO_NET_F_RSS_CONTEXT'],
        },
      ],
    },
    {
      title: 'missing protocol features',
      entry: { requiredProtocolFeatures: 0x101n },
      want: [
        {
          code: 'VC-MODE-PROTOCOL',
          text: 'the back-end does not offer VHOST_USER_PROTOCOL_F_PAGEFAULT',
          missing: [],
        },
      ],
    },
    {
      title: 'a virtual IOMMU without what QEMU wants for it: the version cuts one, the back-end lacks the other',
      entry: { virtioFeatures: ACCESS_PLATFORM, protocolFeatures: 0x28n & ~0x8n },
      abilities: { virtioFeatures: 0xf7c66a7cbn, protocolFeatures: 0xbn, limits: {} },
      want: [
        {
          code: 'VC-MODE-PROTOCOL',
          text: 'the back-end does not offer VHOST_USER_PROTOCOL_F_BACKEND_REQ, without which QEMU refuses a back-end that offers VIRTIO_F_ACCESS_PLATFORM',
          missing: [],
        },
        {
          code: 'VC-MODE-PROTOCOL',
          text: 'the version cuts VHOST_USER_PROTOCOL_F_REPLY_ACK, without which QEMU refuses a back-end that offers VIRTIO_F_ACCESS_PLATFORM',
          missing: [],
        },
      ],
    },
    {
      title: 'a virtual IOMMU whose needs the version requires already is refused once',
      entry: { virtioFeatures: ACCESS_PLATFORM, requiredProtocolFeatures: IOMMU_NEEDS },
      abilities: { virtioFeatures: ACCESS_PLATFORM, protocolFeatures: 0x8n, limits: {} },
      want: [
        {
          code: 'VC-MODE-PROTOCOL',
          text: 'the back-end does not offer VHOST_USER_PROTOCOL_F_BACKEND_REQ',
          missing: [],
        },
      ],
    },
    {
      title: 'a virtual IOMMU with all that it needs',
      entry: { virtioFeatures: ACCESS_PLATFORM, protocolFeatures: IOMMU_NEEDS },
      abilities: { virtioFeatures: ACCESS_PLATFORM, protocolFeatures: 0x10cbfn, limits: {} },
      want: [],
    },
    {
      title: 'the queues of a type that always has the same',
      entry: { deviceType: 'vhost-user-vsock', limits: { queue_pairs: 2 } },
      abilities: { virtioFeatures: ~0n & 0xffffffffffn, protocolFeatures: 0n, limits: { queue_pairs: 1 } },
      want: [],
    },
    {
      title: 'the queues of a disk, which are not pairs',
      entry: { deviceType: 'vhost-user-blk', virtioFeatures: 0n, limits: { queue_pairs: 8 } },
      abilities: { virtioFeatures: 0n, protocolFeatures: 0n, limits: { queue_pairs: 4 } },
      want: [{ code: 'VC-MODE-LIMIT', text: 'the back-end gives queues 4, the version promises 8', missing: [] }],
    },
    {
      title: 'bit 33 of another device type, of whose front-ends nothing is known',
      entry: { deviceType: 'test-device', virtioFeatures: ACCESS_PLATFORM },
      abilities: { virtioFeatures: ACCESS_PLATFORM, protocolFeatures: 0n, limits: {} },
      want: [],
    },
    {
      title: 'limits, also of names that we do not know; what is not known of the back-end is not checked',
      entry: { limits: { queue_pairs: 128, ring_size: 32768, future_limit: 6, other_limit: 9 } },
      want: [
        { code: 'VC-MODE-LIMIT', text: 'the back-end gives ring_size 1024, the version promises 32768', missing: [] },
        { code: 'VC-MODE-LIMIT', text: 'the back-end gives future_limit 5, the version promises 6', missing: [] },
      ],
    },
    {
      title: 'a limit named like a property of every object',
      entry: { limits: { constructor: 1 } },
      want: [],
    },
    {
      title: 'an unknown back-end',
      entry: {},
      abilities: undefined,
      want: [{ code: 'VC-BACKEND-UNKNOWN', text: 'nothing is known of the back-end yet', missing: [] }],
    },
  ];
  for (const row of cases) {
    const abilities = 'abilities' in row ? row.abilities : back;
    it(row.title, () => assert.deepEqual(checkEntry(entryLike(row.entry), abilities), row.want));
  }

  it('leaves every shipped version usable on the releases that it was made from', () => {
    const withIommu = RELEASES.filter(({ virtioFeatures }) => (virtioFeatures & ACCESS_PLATFORM) !== 0n);
    assert.ok(withIommu.length > 10);
    for (const release of withIommu) {
      const abilities = abilitiesOf(release);
      const exact = shippedEntries().filter(
        ({ virtioFeatures }) => guestFeatures(virtioFeatures) === guestFeatures(release.virtioFeatures),
      );
      assert.ok(
        exact.some((entry) => checkEntry(entry, abilities).length === 0),
        release.name,
      );
    }
  });

  it('says what keeps a guest from being migrated', () => {
    const reasons = (virtioFeatures: bigint, protocolFeatures: bigint) =>
      notMigratable({ virtioFeatures, protocolFeatures }).map((text) => text.split(':')[0]);
    assert.deepEqual(reasons(LOG_ALL | PROTOCOL_FEATURES, 0x2n), []);
    assert.deepEqual(reasons(0x144468000n, 0x1n), ['the back-end does not offer VHOST_USER_PROTOCOL_F_LOG_SHMFD']);
    assert.deepEqual(reasons(0x68000n, 0n), [
      'the back-end does not offer VHOST_F_LOG_ALL',
      'the back-end does not offer VHOST_USER_PROTOCOL_F_LOG_SHMFD',
    ]);
  });
});
