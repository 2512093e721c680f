/**
 * Which device a mask is about. A line "Features 0x… unsupported" does not say it; the lines around it do. The same
 * number means another thing on another device type, so a guess is marked as one.
 */
import type { FeatureFamily } from '../bits/feature-bits.ts';
import { VIRTIO_BLK, VIRTIO_VSOCK } from '../bits/virtio-blk-vsock.ts';
import { VIRTIO_COMMON } from '../bits/virtio-common.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';

const FAMILIES: Readonly<Record<string, FeatureFamily>> = { net: VIRTIO_NET, blk: VIRTIO_BLK, vsock: VIRTIO_VSOCK };

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

/** The names of a bit on the device types that we know: for a line that does not name its device. */
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
