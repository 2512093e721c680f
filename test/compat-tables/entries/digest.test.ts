import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { CONTROL_BITS } from '../../../compat-tables/bits/named-masks.ts';
import { canonicalContent, digestOf } from '../../../compat-tables/entries/digest.ts';
import type { Entry } from '../../../compat-tables/entries/entry.ts';
import { entryLike, shippedEntries } from '../shipped.ts';

/** Published: a host of any release must come to these. A change here is a change of the format, not of a test. */
const PUBLISHED = [
  ['upstream.ovs-dpdk.v3.2', '676ef850cb3f'],
  ['upstream.ovs-dpdk.v2.13', '5a7117cc0fcc'],
  ['upstream.ovs-dpdk.v2.13+iommu', '1ee5bb51e0c6'],
  ['upstream.ovs-dpdk.v2.4', '1dbc264ea310'],
  ['upstream.dpdk-vhost.v23.11', '70e5515d643f'],
] as const;

describe('the digest', () => {
  const base = entryLike({ virtioFeatures: 0x144668182n, limits: { ring_size: 1024, queue_pairs: 4 } });
  const digest = (changes: Partial<Entry>) => digestOf({ ...base, ...changes });

  it('is taken over one line with members in a fixed order', () => {
    assert.equal(
      canonicalContent(base),
      '{"format":1,"version":"test.v1","device_type":"vhost-user-net","guest_features":"0x100668182",' +
        '"protocol_features":null,"requires_protocol_features":"0x0","limits":{"queue_pairs":4,"ring_size":1024}}',
    );
    assert.equal(digest({}), createHash('sha256').update(canonicalContent(base), 'utf8').digest('hex'));
  });

  for (const [version, want] of PUBLISHED) {
    it(`of ${version} is what was published`, () => {
      assert.equal(
        shippedEntries()
          .find((one) => one.version === version)
          ?.digest.slice(0, 12),
        want,
      );
    });
  }

  const same: { title: string; changes: Partial<Entry> }[] = [
    { title: 'prose', changes: { summary: 'other', covers: ['x'], sources: ['y'] } },
    { title: 'tier and origin', changes: { tier: 'best-effort', origin: 'elsewhere.json' } },
    { title: 'control bits', changes: { virtioFeatures: base.virtioFeatures ^ CONTROL_BITS } },
    { title: 'the order of limits', changes: { limits: { queue_pairs: 4, ring_size: 1024 } } },
  ];
  for (const { title, changes } of same) it(`does not see ${title}`, () => assert.equal(digest(changes), digest({})));

  const different: { title: string; changes: Partial<Entry> }[] = [
    { title: 'the version', changes: { version: 'test.v2' } },
    { title: 'the device type', changes: { deviceType: 'vhost-user-blk' } },
    { title: 'a limit of protocol features, even one to nothing', changes: { protocolFeatures: 0n } },
    { title: 'a required protocol feature', changes: { requiredProtocolFeatures: 1n } },
    { title: 'a limit', changes: { limits: { queue_pairs: 5, ring_size: 1024 } } },
    { title: 'a limit that is gone', changes: { limits: { queue_pairs: 4 } } },
    { title: 'a limit that nobody knows yet', changes: { limits: { ...base.limits, future: 1 } } },
  ];
  for (const { title, changes } of different) it(`sees ${title}`, () => assert.notEqual(digest(changes), digest({})));

  it('sees every guest bit and no control bit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.integer({ min: 0, max: 127 }), (mask, bit) => {
        const changed = mask ^ (1n << BigInt(bit));
        const isControl = ((CONTROL_BITS >> BigInt(bit)) & 1n) === 1n;
        assert.equal(digest({ virtioFeatures: mask }) === digest({ virtioFeatures: changed }), isControl);
      }),
    );
  });
});
