/**
 * Which device a mask is about. A line "Features 0x… unsupported" does not say it; the lines around it do. The same
 * number means another thing on another device type, so a guess is marked as one.
 */
import { type FeatureFamily, type FeatureRow, featureBits, featureFamily } from '../bits/feature-bits.ts';
import { RING_BITS, TRANSPORT_BITS, VHOST_BITS, VIRTIO_COMMON } from '../bits/virtio-common.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';

/** Virtio specification, section 5.2.3. QEMU's vhost-user-blk takes them from the back-end. */
const BLK = [
  { bit: 1, name: 'VIRTIO_BLK_F_SIZE_MAX', meaning: 'The largest size of one segment is given.', fromBackend: true },
  { bit: 2, name: 'VIRTIO_BLK_F_SEG_MAX', meaning: 'The most segments of a request are given.', fromBackend: true },
  { bit: 4, name: 'VIRTIO_BLK_F_GEOMETRY', meaning: 'The geometry of the disk is given.', fromBackend: true },
  { bit: 5, name: 'VIRTIO_BLK_F_RO', meaning: 'The disk is read-only.', fromBackend: true },
  { bit: 6, name: 'VIRTIO_BLK_F_BLK_SIZE', meaning: 'The block size is given.', fromBackend: true },
  { bit: 9, name: 'VIRTIO_BLK_F_FLUSH', meaning: 'The guest may flush the cache of the disk.', fromBackend: true },
  { bit: 10, name: 'VIRTIO_BLK_F_TOPOLOGY', meaning: 'Hints about optimal alignment are given.', fromBackend: true },
  { bit: 11, name: 'VIRTIO_BLK_F_CONFIG_WCE', meaning: 'The guest may switch the write cache.', fromBackend: true },
  { bit: 12, name: 'VIRTIO_BLK_F_MQ', meaning: 'More than one request queue.', fromBackend: true },
  { bit: 13, name: 'VIRTIO_BLK_F_DISCARD', meaning: 'The guest may discard blocks.', fromBackend: true },
  { bit: 14, name: 'VIRTIO_BLK_F_WRITE_ZEROES', meaning: 'The guest may write zeroes.', fromBackend: true },
  { bit: 15, name: 'VIRTIO_BLK_F_LIFETIME', meaning: 'The device tells how worn its storage is.' },
  { bit: 16, name: 'VIRTIO_BLK_F_SECURE_ERASE', meaning: 'The guest may erase blocks for good.' },
  { bit: 17, name: 'VIRTIO_BLK_F_ZONED', meaning: 'The device is a zoned one.' },
] as const satisfies readonly FeatureRow[];

/** Virtio specification, section 5.10.3. They come from the kernel of the host or the vhost-user-vsock back-end. */
const VSOCK = [
  { bit: 0, name: 'VIRTIO_VSOCK_F_STREAM', meaning: 'Stream sockets.', fromBackend: true },
  {
    bit: 1,
    name: 'VIRTIO_VSOCK_F_SEQPACKET',
    meaning: 'Sockets that keep the borders of messages.',
    fromBackend: true,
    note: 'Newer kernels of the host offer it by themselves.',
  },
  { bit: 2, name: 'VIRTIO_VSOCK_F_NO_IMPLIED_STREAM', meaning: 'Stream sockets only when bit 0 is there.' },
] as const satisfies readonly FeatureRow[];

// these bits are of one device type as 'net' is; there is no scope for each type
const common = [...RING_BITS, ...TRANSPORT_BITS, ...VHOST_BITS];
const FAMILIES: Readonly<Record<string, FeatureFamily>> = {
  net: VIRTIO_NET,
  blk: featureFamily('virtio-blk', [...featureBits('transport', BLK), ...common]),
  vsock: featureFamily('virtio-vsock', [...featureBits('transport', VSOCK), ...common]),
};

export interface Device {
  /** `net`, `blk`, `vsock`, another type of the virtio specification, or `unknown`. */
  readonly type: string;
  /** How we know: a line says so, it is the most likely, or nothing tells. */
  readonly known: 'said' | 'guessed' | 'unknown';
  readonly family: FeatureFamily;
}

const TYPES = 'net|blk|vsock|scsi|fs|gpu|input|rng|balloon|serial|console|crypto|mem|pmem|iommu|i2c|gpio|sound|snd';
const DEVICE = new RegExp(`\\b(?:vhost[-_]user[-_]|vhost[-_]|virtio[-_])+(${TYPES})\\b`, 'i');

/** Lines after a mask are looked at before those ahead of it: QEMU names the device last. */
const LINES_AFTER = 4;
const LINES_BEFORE = 2;

/** `isMask` tells lines that start another story. */
export function deviceNear(
  lines: readonly string[],
  index: number,
  isMask: (line: string) => boolean,
): Device | undefined {
  const around = (step: number, count: number): string[] => {
    const found: string[] = [];
    for (let at = index + step; Math.abs(at - index) <= count; at += step) {
      const line = lines[at];
      if (line === undefined || isMask(line)) break;
      found.push(line);
    }
    return found;
  };
  for (const line of [lines[index] ?? '', ...around(1, LINES_AFTER), ...around(-1, LINES_BEFORE)]) {
    const type = DEVICE.exec(line)?.[1]?.toLowerCase();
    if (type !== undefined) return { type, known: 'said', family: familyOfType(type) };
  }
  return undefined;
}

const NET_ALWAYS = 1n << 5n;

/** Without a word about the device: QEMU gives every network device its MAC bit, and Linux guests take it. */
export function guessDevice(guestFeatures: bigint | undefined): Device {
  if (guestFeatures === undefined || (guestFeatures & NET_ALWAYS) !== 0n)
    return { type: 'net', known: 'guessed', family: VIRTIO_NET };
  return { type: 'unknown', known: 'unknown', family: VIRTIO_COMMON };
}

/** What a bit is called on the device types whose names we have: for a device that nothing tells. */
export function namesByType(bit: number): Readonly<Record<string, string>> {
  const names: Record<string, string> = {};
  for (const [type, { bits }] of Object.entries(FAMILIES)) {
    const row = bits.find((one) => one.bit === bit);
    if (row !== undefined) names[type] = row.name;
  }
  return names;
}

function familyOfType(type: string): FeatureFamily {
  return Object.hasOwn(FAMILIES, type) ? (FAMILIES[type] ?? VIRTIO_COMMON) : VIRTIO_COMMON;
}
