/** One bit that is missing: what it is, who decides about it, and what brings it. */
import { type DecodedBit, decodeMask } from '../bits/mask.ts';
import type { BackendRelease } from '../releases/release.ts';
import { isOfferedAnywhere } from '../releases/resembles.ts';
import { propertyOf, propertySetting } from '../render/qemu-properties.ts';
import { type Device, namesByType } from './device.ts';

/**
 * `back-end`: QEMU shows it when the back-end offers it. `QEMU`: by itself, whatever the back-end says; no relay and no
 * version can change it. `both`: the back-end has to offer it, and a property or a newer QEMU has to let it through.
 */
export type DecidedBy = 'back-end' | 'QEMU' | 'both' | 'unknown';

export interface MissingBit {
  readonly bit: number;
  readonly name: string;
  readonly meaning: string;
  readonly decidedBy: DecidedBy;
  /** The property that hides the bit at the source: `csum=off`. */
  readonly hiddenBy: string | undefined;
  /** The property that shows the bit at the destination, where the back-end offers it: `packed=on`. */
  readonly shownBy: string | undefined;
  /** A release or setting that brings the bit or takes it away, where we know more than the tables. */
  readonly hint: string | undefined;
  /** For a device that nothing tells: what the bit is called on the types we know. */
  readonly candidates: Readonly<Record<string, string>>;
}

/** QEMU shows it when host_mtu is set, whatever the back-end offers (x-mtu-bypass-backend is on). */
const MTU = 'VIRTIO_NET_F_MTU';

const USO =
  'QEMU 8.2 and later show it where the tap driver or back-end of the host can do it (Linux 6.2 and later); older hosts cannot.';

const HINTS: Readonly<Record<string, string>> = {
  [MTU]: 'The source has host_mtu set, the destination has not: give both the same (libvirt: <mtu size=…/>).',
  VIRTIO_NET_F_MAC: 'Every QEMU shows it: these are not two virtio-net devices.',
  VIRTIO_NET_F_CSUM:
    'Open vSwitch offers it on client-mode ports from 3.2 on, before only with userspace-tso-enable; server-mode ports only with that setting.',
  VIRTIO_NET_F_HOST_TSO4: 'Open vSwitch: userspace-tso-enable; DPDK vhost port: tso=1.',
  VIRTIO_NET_F_HOST_TSO6: 'Open vSwitch: userspace-tso-enable; DPDK vhost port: tso=1.',
  VIRTIO_NET_F_HOST_ECN:
    'In the default offer of Open vSwitch from 2.11 on; ports with userspace-tso-enable do not offer it (from 2.13.1 on).',
  VIRTIO_NET_F_HOST_UFO: 'Open vSwitch 2.11 and 2.12 only, and plain DPDK ports; linear buffers take it away.',
  VIRTIO_NET_F_GUEST_USO4: USO,
  VIRTIO_NET_F_GUEST_USO6: USO,
  VIRTIO_NET_F_HOST_USO: USO,
  VIRTIO_NET_F_MQ: 'The destination has fewer queues (queues=, mq=on), or its back-end has none.',
  VIRTIO_F_RING_RESET: 'QEMU 7.2 and later; shown only where the back-end (or kernel) of the host has it.',
  VIRTIO_F_RING_PACKED: 'The device of the source has packed=on; the destination needs it too.',
  VIRTIO_F_ACCESS_PLATFORM: 'The device of the source has iommu_platform=on (back-end: IOMMU support).',
  VIRTIO_VSOCK_F_SEQPACKET: 'The kernel of the source offers it, that of the destination is older.',
  VHOST_USER_F_PROTOCOL_FEATURES:
    'Every back-end since Open vSwitch 2.5 has it: something masks it, or it is another back-end.',
  VHOST_F_LOG_ALL: 'Without it QEMU does not migrate; no mode masks it.',
};

export function missingBits(missing: bigint, device: Device): MissingBit[] {
  return decodeMask(device.family, missing).map((decoded) => {
    const row = device.type === 'net' ? propertyOf(decoded.bit) : undefined;
    const hides = row && decoded.fromBackend ? propertySetting(row, false) : undefined;
    return {
      bit: decoded.bit,
      name: decoded.name,
      meaning: decoded.meaning,
      decidedBy: decides(decoded, device),
      hiddenBy: decoded.name === MTU ? 'host_mtu=0' : hides,
      shownBy: decoded.name === MTU ? 'host_mtu=SIZE' : row && propertySetting(row, true),
      hint: HINTS[decoded.name],
      candidates: device.type === 'unknown' ? namesByType(decoded.bit) : {},
    };
  });
}

function decides({ bit, name, fromBackend, known, guestVisible }: DecodedBit, device: Device): DecidedBy {
  if (!guestVisible) return 'back-end';
  if (!known || device.type === 'unknown') return 'unknown';
  if (!fromBackend || name === MTU) return 'QEMU';
  if (device.type !== 'net') return 'back-end';
  const row = propertyOf(bit);
  // RING_RESET came with 7.2, on by default: an older QEMU does not show it
  const needsQemu = row !== undefined && (!row.shown || row.since !== undefined || name === 'VIRTIO_F_RING_RESET');
  return needsQemu ? 'both' : 'back-end';
}

/** A bit that QEMU asks the back-end for, and that no release of the tables offers. */
export function isForeign({ bit, decidedBy }: MissingBit): boolean {
  return (decidedBy === 'back-end' || decidedBy === 'both') && !isOfferedAnywhere(bit);
}

export function isOfferedByAll({ bit }: MissingBit, releases: readonly BackendRelease[]): boolean {
  return releases.every(({ virtioFeatures }) => (virtioFeatures & (1n << BigInt(bit))) !== 0n);
}

export function isOfferedBySome({ bit }: MissingBit, releases: readonly BackendRelease[]): boolean {
  return releases.some(({ virtioFeatures }) => (virtioFeatures & (1n << BigInt(bit))) !== 0n);
}
