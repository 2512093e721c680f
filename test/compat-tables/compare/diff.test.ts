import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bitNumber, maskOf } from '../../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { type Compared, diff } from '../../../compat-tables/compare/diff.ts';
import { digestOf } from '../../../compat-tables/entries/digest.ts';
import type { Entry } from '../../../compat-tables/entries/entry.ts';
import { RELEASES } from '../../../compat-tables/releases/releases.ts';
import { QEMU_PROPERTIES } from '../../../compat-tables/render/qemu-properties.ts';
import { NET } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

const release = (name: string): Compared => {
  const found = RELEASES.find((one) => one.name === name) ?? assert.fail(name);
  return {
    name,
    features: found.virtioFeatures,
    protocolFeatures: found.protocolFeatures,
    limits: { queue_pairs: found.queuePairs },
  };
};
const names = (bits: readonly { name: string }[]) => bits.map(({ name }) => name);

const open: Compared = { name: 'open', features: 1n, protocolFeatures: undefined, limits: {} };

describe('a difference', () => {
  it('names what is gained and lost, what it costs, and the direction that survives', () => {
    const difference = diff(NET, release('ovs-3.5'), release('ovs-3.1'));
    assert.deepEqual([names(difference.lost), names(difference.gained)], [['VIRTIO_NET_F_CSUM'], []]);
    assert.match(difference.lost[0]?.cost ?? '', /computes the checksums/);
    assert.deepEqual([difference.forward.always, difference.forward.byDefault], [false, false]);
    assert.equal(difference.backward.always, true);
  });

  it('knows what masking INDIRECT_DESC cost Open vSwitch', () => {
    assert.match(
      diff(NET, release('ovs-2.8'), release('ovs-2.7'))
        .lost.map(({ cost }) => cost)
        .join(),
      /0\.05 instead of 5\.30 Gbit\/s/,
    );
  });

  it('tells the bits that QEMU shows only when told to from the others', () => {
    const [a, b] = [release('ovs-3.1'), release('ovs-3.1')];
    const packed = diff(NET, a, { ...b, features: b.features & ~maskOf(VIRTIO_NET, 'RING_PACKED', 'IN_ORDER') });
    assert.deepEqual([packed.forward.always, packed.forward.byDefault], [false, true]);
    assert.deepEqual(
      packed.forward.breaks.map(({ shownWith }) => shownWith),
      ['packed=on', 'in_order=on'],
    );
  });

  it('knows of each bit that QEMU shows to nobody by default, and of those that it shows to legacy drivers only', () => {
    const hidden = QEMU_PROPERTIES.filter(({ shown }) => !shown).map(({ bit }) => bit);
    const legacy = VIRTIO_NET.bits.filter((one) => one.legacy && one.fromBackend).map(({ name }) => name);
    assert.ok(hidden.includes('RSC_EXT') && legacy.includes('VIRTIO_F_ANY_LAYOUT'));
    const a = { ...open, features: 0n };
    for (const name of [...hidden, ...legacy]) {
      const { forward } = diff(NET, { ...a, features: 1n << BigInt(bitNumber(VIRTIO_NET, name)) }, a);
      assert.deepEqual([forward.always, forward.byDefault], [false, true], name);
    }
  });

  it('does not count bits that QEMU decides about alone, nor control bits, as obstacles', () => {
    const [a, b] = [release('ovs-2.10'), release('ovs-2.10')];
    const without = maskOf(VIRTIO_NET, 'MTU', 'CTRL_VQ', 'LOG_ALL');
    const difference = diff(NET, a, { ...b, features: b.features & ~without });
    assert.equal(difference.forward.always, true);
    assert.ok(
      names(difference.lost).includes('VIRTIO_NET_F_MTU') && !names(difference.lost).includes('VHOST_F_LOG_ALL'),
    );
  });

  it('counts a lower limit against the move', () => {
    const { forward, backward, limits } = diff(NET, release('dpdk-22.11'), release('dpdk-23.11'));
    assert.deepEqual(limits, [{ name: 'queue_pairs', from: 128, to: 1 }]);
    assert.deepEqual([forward.always, forward.byDefault, backward.always], [false, true, true]);
  });

  it('knows that rings below the least of QEMU concern every guest', () => {
    const rings = (ring_size: number): Compared => ({ ...open, limits: { ring_size } });
    const byDefault = (to: number) => diff(NET, rings(1024), rings(to)).forward.byDefault;
    assert.deepEqual([byDefault(256), byDefault(255)], [true, false]);
  });

  it('knows no direction that survives from where QEMU never migrates, whatever is gained by it', () => {
    const [old, later] = [release('ovs-2.4'), release('ovs-3.1')];
    const stuck = diff(NET, { ...old, notMigratable: ['it cannot log'] }, { ...later, notMigratable: [] });
    assert.deepEqual([stuck.forward.always, stuck.forward.byDefault], [false, false]);
    assert.deepEqual([stuck.forward.notMigratable, stuck.backward.notMigratable], [['it cannot log'], []]);
    const versions = diff(NET, old, later);
    assert.deepEqual([versions.forward.always, versions.forward.notMigratable], [true, undefined]);
  });

  it('compares what a version cuts with what no version cuts', () => {
    const cut: Compared = { ...open, name: 'cut', protocolFeatures: maskOf(PROTOCOL, 'LOG_SHMFD') };
    const there = diff(NET, open, cut);
    assert.equal(there.equal, false);
    assert.ok(there.protocolLost.includes('VHOST_USER_PROTOCOL_F_MQ'));
    assert.ok(!there.protocolLost.includes('VHOST_USER_PROTOCOL_F_LOG_SHMFD'));
    assert.deepEqual([there.protocolGained, diff(NET, cut, open).protocolGained], [[], there.protocolLost]);
    const required = diff(NET, open, { ...open, requiredProtocolFeatures: maskOf(PROTOCOL, 'REPLY_ACK') });
    assert.deepEqual([required.equal, required.requiredGained], [false, ['VHOST_USER_PROTOCOL_F_REPLY_ACK']]);
  });

  it('is none exactly where the digests differ for no more than the names', () => {
    const mask = fc.constantFrom(0n, 1n, 2n, 3n, 1n << 26n, 1n << 70n);
    const entry = fc
      .record({
        virtioFeatures: mask,
        protocolFeatures: fc.option(mask, { nil: undefined }),
        requiredProtocolFeatures: mask,
        limits: fc.constantFrom<Entry['limits']>({}, { queue_pairs: 1 }, { queue_pairs: 2 }),
      })
      .map(entryLike);
    const sideOf = ({ version: name, virtioFeatures: features, ...rest }: Entry): Compared => ({
      name,
      features,
      ...rest,
    });
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(entry, entry, fc.boolean(), (a, other, isSame) => {
        const b = isSame ? { ...a } : other;
        const { equal } = diff(NET, sideOf(a), sideOf(b));
        seen.add(equal);
        assert.equal(equal, digestOf(a) === digestOf(b));
      }),
      { numRuns: 1000 },
    );
    assert.equal(seen.size, 2);
  });

  const side = fc.constantFrom(...RELEASES.map(({ name }) => release(name)));

  it('is symmetric: gained is lost the other way round, and the directions change places', () => {
    fc.assert(
      fc.property(side, side, (a, b) => {
        const [there, back] = [diff(NET, a, b), diff(NET, b, a)];
        assert.deepEqual(there.gained, back.lost);
        assert.deepEqual(there.lost, back.gained);
        assert.deepEqual(there.protocolGained, back.protocolLost);
        assert.deepEqual(there.requiredGained, back.requiredLost);
        assert.deepEqual(there.forward, back.backward);
        assert.deepEqual(there.backward, back.forward);
        assert.equal(there.equal, back.equal);
      }),
    );
  });

  it('with itself is none', () => {
    fc.assert(
      fc.property(side, (a) => {
        const { equal, forward, backward } = diff(NET, a, a);
        assert.deepEqual([equal, forward.always, backward.always], [true, true, true]);
      }),
    );
  });

  it('never breaks a move that a longer way allows: what survives twice survives at once', () => {
    fc.assert(
      fc.property(side, side, side, (a, b, c) => {
        if (diff(NET, a, b).forward.always && diff(NET, b, c).forward.always)
          assert.equal(diff(NET, a, c).forward.always, true);
      }),
    );
  });
});
