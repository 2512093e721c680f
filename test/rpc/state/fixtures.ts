import { maskOf } from '../../../compat-tables/bits/mask.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { checkEntry } from '../../../compat-tables/compare/check-entry.ts';
import { digestOf } from '../../../compat-tables/entries/digest.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { findRelease } from '../../../compat-tables/releases/releases.ts';

/** What a client port of OVS 2.13 and of OVS 3.2 answers; the later one has VIRTIO_NET_F_CSUM too. */
export const OVS_213 = findRelease('ovs-2.13').virtioFeatures;
export const OVS_32 = findRelease('ovs-3.2').virtioFeatures;

export function entry(version: string, virtioFeatures: bigint, more: Partial<Entry> = {}): Entry {
  const content = {
    version,
    deviceType: 'vhost-user-net',
    virtioFeatures,
    protocolFeatures: undefined,
    requiredProtocolFeatures: 0n,
    limits: { queue_pairs: 128 },
    tier: 'both-ways' as const,
    summary: `what ${version} offers`,
    covers: ['Open vSwitch of some release'],
    sources: ['a file of some repository'],
    origin: '10-test.json',
    ...more,
  };
  return { ...content, digest: digestOf(content) };
}

export const ENTRIES: readonly Entry[] = [
  entry('upstream.ovs-dpdk.v3.2', OVS_32),
  entry('upstream.ovs-dpdk.v2.13', OVS_213),
  entry('upstream.blk.v1', 0x1_3000_0000n, { deviceType: 'vhost-user-blk' }),
];

export function abilities(virtioFeatures: bigint): Abilities {
  return { virtioFeatures, protocolFeatures: 0xcf7n, limits: { queue_pairs: 128 } };
}

export function blockersOf(one: Entry, known: Abilities | undefined) {
  return checkEntry(one, known);
}

/** A back-end that can do what OVS 3.2 can, without INDIRECT_DESC: it has nothing in common with OVS 2.13. */
export const NO_INDIRECT = OVS_32 & ~maskOf(VIRTIO_NET, 'VIRTIO_RING_F_INDIRECT_DESC');

/** For assert.throws and assert.rejects. */
export function isError(code: string, pattern: RegExp, details: Record<string, unknown> = {}) {
  return (error: unknown): true => {
    if (!(error instanceof CompatError)) throw error;
    if (error.code !== code || !pattern.test(error.message))
      throw new Error(`saw ${error.code} "${error.message}"; wanted ${code} ${pattern}`);
    for (const [name, value] of Object.entries(details)) {
      const seen = JSON.stringify(error.details[name]);
      if (seen !== JSON.stringify(value))
        throw new Error(`saw details.${name} ${seen}; wanted ${JSON.stringify(value)}`);
    }
    return true;
  };
}
