/**
 * Which device a mask is about. A line "Features 0x… unsupported" does not say it; the lines around it do, or any line of
 * the text. The same number means another thing on another device type, so a guess is marked as one.
 */
import { DEVICE_FAMILIES } from '../bits/device-types.ts';
import type { FeatureFamily } from '../bits/feature-bits.ts';
import { bitsOf } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import { VIRTIO_COMMON } from '../bits/virtio-common.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';

export interface Device {
  /** The short name of a type of the virtio specification, such as `net` and `blk`, or `unknown`. */
  readonly type: string;
  /** How we know: a line says so, it is the most likely, or nothing tells. */
  readonly known: 'said' | 'guessed' | 'unknown';
  readonly family: FeatureFamily;
}

const TYPES =
  'net|blk|vsock|scsi|fs|gpu|input|rng|balloon|serial|console|crypto|mem|pmem|iommu|i2c|gpio|sound|snd|scmi';
const DEVICE = new RegExp(`\\b(?:vhost[-_]user[-_]|vhost[-_]|virtio[-_])+(${TYPES})\\b`, 'i');

/** Other words that only one device type has in its lines. */
const SIGNS: readonly (readonly [type: string, sign: RegExp])[] = [
  ['net', /vHost Device '|\bnetdev_dpdk\b|\bvirtual? ?ethernet\b|VHOST_USER_(?:SEND_RARP|NET_SET_MTU)|vhost_net\b/i],
  // of the back-ends on DPDK's library only those for disks serve a configuration space
  ['blk', /read message VHOST_USER_[GS]ET_CONFIG\b|\bVirtioBlk|vhost[-_.]blk\b|virtio_blk\b/i],
  ['fs', /\bvirtiofsd?\b/i],
];

/** The type that this line names; undefined: none. */
export function deviceNamed(line: string): string | undefined {
  // most lines of a log have neither word
  const named = /virtio|vhost/i.test(line) ? DEVICE.exec(line)?.[1]?.toLowerCase() : undefined;
  return named === 'snd' ? 'sound' : named;
}

/** The type that this line is a sign of, though it does not name it. */
export function deviceSign(line: string): string | undefined {
  if (!/virt|vhost|netdev_dpdk/i.test(line)) return undefined;
  return SIGNS.find(([, sign]) => sign.test(line))?.[0];
}

/** Lines after a mask are looked at before those ahead of it: QEMU names the device last. */
export const LINES_AFTER = 4;
export const LINES_BEFORE = 2;

/** The device that a line near line `index` names, and which line that is. `isMask` tells lines that start another story. */
export function deviceNear(
  lines: readonly string[],
  index: number,
  isMask: (line: string) => boolean,
): { readonly device: Device; readonly at: number } | undefined {
  const around = (step: number, count: number): number[] => {
    const found: number[] = [];
    for (let at = index + step; Math.abs(at - index) <= count; at += step) {
      const line = lines[at];
      if (line === undefined || isMask(line)) break;
      found.push(at);
    }
    return found;
  };
  for (const at of [index, ...around(1, LINES_AFTER), ...around(-1, LINES_BEFORE)]) {
    const type = deviceNamed(lines[at] ?? '');
    if (type !== undefined) return { device: saidDevice(type), at };
  }
  return undefined;
}

export function saidDevice(type: string): Device {
  return { type, known: 'said', family: DEVICE_FAMILIES.get(type) ?? VIRTIO_COMMON };
}

export function likelyDevice(type: string): Device {
  return { ...saidDevice(type), known: 'guessed' };
}

const NET_ALWAYS = 1n << 5n;

/**
 * Without a word about the device: QEMU gives every network device its MAC bit, and Linux guests take it. `mask`:
 * undefined where the line has none that a guest accepted.
 */
export function guessDevice(mask: bigint | undefined): Device {
  if (mask !== undefined && ((mask & NET_ALWAYS) !== 0n || isOnlyNet(mask))) return likelyDevice('net');
  return { type: 'unknown', known: 'unknown', family: VIRTIO_COMMON };
}

/** Whether network cards have all these bits from a back-end, and no other device type has them. */
function isOnlyNet(mask: bigint): boolean {
  const own = bitsOf(guestFeatures(mask)).filter((bit) => !VIRTIO_COMMON.byBit.has(bit));
  const has = ({ byBit }: FeatureFamily) => own.every((bit) => byBit.get(bit)?.some((row) => row.fromBackend));
  return own.length > 0 && has(VIRTIO_NET) && [...DEVICE_FAMILIES.values()].filter(has).length === 1;
}

/** The names of a bit on the device types that we know: for a line that does not name its device. */
export function namesByType(bit: number): Readonly<Record<string, string>> {
  const names: Record<string, string> = {};
  for (const [type, { bits }] of DEVICE_FAMILIES) {
    const row = bits.find((one) => one.bit === bit);
    if (row !== undefined) names[type] = row.name;
  }
  return names;
}
