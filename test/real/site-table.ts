import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedTables } from '../../base/installation.ts';
import type { Peers } from '../peers/process.ts';

export const INDIRECT_DESC = 1n << 28n;

/** An operator's own version: all that testpmd 22.11 offers but VIRTIO_RING_F_INDIRECT_DESC. */
export const NO_INDIRECT = 'site.no-indirect';
export const NO_INDIRECT_MASK = 0xd7c66e7cbn & ~INDIRECT_DESC;

/** Arguments for an agent that has this version after all those that are shipped. */
export function siteTables(peers: Peers): string[] {
  const folder = peers.folder();
  const entry = {
    version: NO_INDIRECT,
    summary: 'A DPDK vhost port without indirect descriptors.',
    virtio_features: `0x${NO_INDIRECT_MASK.toString(16)}`,
    limits: { queue_pairs: 128, ring_size: 32768 },
    tier: 'both-ways',
  };
  writeFileSync(
    join(folder, '50-site.json'),
    JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries: [entry] }),
  );
  return ['--tables', shippedTables(), '--tables', folder];
}
