/**
 * An entry in the words of those who enforce it in the front-end: properties of QEMU's virtio-net-pci, attributes of
 * libvirt's <driver>. Only what differs from the defaults is said. QEMU shows a bit when its property is on and the
 * back-end offers it, so properties matter for the bits that QEMU takes from the back-end (FeatureBit.fromBackend);
 * about the others the mode says nothing that a back-end could keep.
 */

import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import { bitNumber, bitsOf, featureNames } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import { QEMU_FROM_BACKEND } from '../bits/qemu-from-backend.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import type { Entry } from '../entries/entry.ts';
import { CompatError } from '../errors/compat-error.ts';
import { ALWAYS_ON, type LibvirtElement, NEEDS_A_VALUE, propertyOf, propertySetting } from './qemu-properties.ts';

const MQ = bitNumber(VIRTIO_NET, 'MQ');
const ACCESS_PLATFORM = bitNumber(VIRTIO_NET, 'ACCESS_PLATFORM');

/** A bit of the mode that the front-end cannot be told about. */
export interface NotExpressible {
  readonly bit: number;
  readonly name: string;
  readonly family: 'virtio' | 'protocol';
  /** The state of the bit in the mode. */
  readonly wanted: 'shown' | 'hidden';
  readonly why: string;
  /** The property of QEMU that would do it, where there is one. */
  readonly property?: string;
}

export interface Rendered {
  /** Properties of `-device virtio-net-pci`, in the order of the bits. */
  readonly device: readonly string[];
  /** Properties of `-netdev vhost-user`. */
  readonly netdev: readonly string[];
  readonly libvirt: string;
  readonly notExpressible: { readonly qemu: readonly NotExpressible[]; readonly libvirt: readonly NotExpressible[] };
}

/** The members of an entry that matter here; a row of the database has them too. */
export type Renderable = Pick<Entry, 'version' | 'deviceType' | 'virtioFeatures' | 'protocolFeatures' | 'limits'>;

/** QEMU's own default for rx_queue_size and tx_queue_size, which is also the least that it takes. */
const RING_LEAST = 256;

/**
 * `queues`: how many queue pairs the device shall have. Throws VC-MODE-LIMIT when the entry does not promise as many, and
 * when it promises smaller rings than any device of QEMU has.
 */
export function renderEntry(entry: Renderable, queues = 1): Rendered {
  if (entry.deviceType !== DEFAULT_DEVICE_TYPE) {
    const message = `Cannot render version "${entry.version}": it is of device type ${entry.deviceType}; wanted ${DEFAULT_DEVICE_TYPE}`;
    throw new CompatError('VC-VERSION-DEVICE-TYPE', message, { version: entry.version });
  }
  const mask = guestFeatures(entry.virtioFeatures);
  refuseTooManyQueues(entry, mask, queues);
  refuseSmallRings(entry);
  const device: string[] = [];
  const attributes: Record<LibvirtElement, string[]> = { driver: [], host: [], guest: [] };
  const qemu: NotExpressible[] = protocolLimits(entry);
  const libvirt: NotExpressible[] = [...qemu];
  for (const bit of bitsOf(QEMU_FROM_BACKEND | mask)) {
    const wantsIt = (mask & (1n << BigInt(bit))) !== 0n;
    if (bit === MQ && queues === 1 && wantsIt) continue;
    const row = propertyOf(bit);
    const lack = (why: string, property?: string): NotExpressible => {
      return { ...named(bit), wanted: wantsIt ? 'shown' : 'hidden', why, ...(property && { property }) };
    };
    if (row === undefined) {
      const why = withoutProperty(bit, wantsIt);
      if (why !== undefined) for (const list of [qemu, libvirt]) list.push(lack(why));
      continue;
    }
    if (row.shown === wantsIt) continue;
    const property = propertySetting(row, wantsIt);
    if (row.since === undefined) device.push(...property.split(','));
    else qemu.push(lack(`QEMU has the property from ${row.since} on; before, it never shows the bit`, property));
    if (row.libvirt) attributes[row.libvirt[0]].push(`${row.libvirt[1]}='${bit === MQ ? queues : onOff(wantsIt)}'`);
    else libvirt.push(lack('libvirt has no attribute for it', property));
    if (bit === ACCESS_PLATFORM && wantsIt) {
      // QEMU refuses it on a device that also speaks the legacy protocol, as those on conventional PCI do
      device.push('disable-legacy=on');
      libvirt.push(
        lack("the device has to be modern only: <model type='virtio-non-transitional'/>", 'disable-legacy=on'),
      );
    }
  }
  const netdev = queues > 1 ? [`queues=${queues}`] : [];
  return { device, netdev, libvirt: driverXml(attributes), notExpressible: { qemu, libvirt } };
}

function named(bit: number): Pick<NotExpressible, 'bit' | 'name' | 'family'> {
  return { bit, name: featureNames(VIRTIO_NET, 1n << BigInt(bit)).join(), family: 'virtio' };
}

/** Why a bit without a property does not come out as the mode has it; undefined: it does. */
function withoutProperty(bit: number, wantsIt: boolean): string | undefined {
  const told = NEEDS_A_VALUE.get(bit);
  if (told !== undefined) return wantsIt ? told : undefined;
  if (!wantsIt) return 'QEMU shows it whenever the back-end offers it';
  return (ALWAYS_ON & (1n << BigInt(bit))) !== 0n ? undefined : 'QEMU has no property that shows it';
}

/** Protocol features are agreed between QEMU and the back-end; no property cuts them. */
function protocolLimits({ protocolFeatures }: Renderable): NotExpressible[] {
  if (protocolFeatures === undefined) return [];
  const hidden = PROTOCOL.bits.filter(({ bit }) => (protocolFeatures & (1n << BigInt(bit))) === 0n);
  return hidden.map(({ bit, name }) => {
    return {
      bit,
      name,
      family: 'protocol',
      wanted: 'hidden',
      why: 'the front-end has no switch for protocol features',
    };
  });
}

function refuseTooManyQueues({ version, limits }: Renderable, mask: bigint, queues: number): void {
  const most = (mask & (1n << BigInt(MQ))) === 0n ? 1 : limits['queue_pairs'];
  if (most === undefined || queues <= most) return;
  const message = `Cannot render version "${version}" with ${queues} queue pairs: it promises ${most}`;
  throw new CompatError('VC-MODE-LIMIT', message, { version });
}

/** A larger limit needs no property: the default is the least that there is. */
function refuseSmallRings({ version, limits }: Renderable): void {
  const limit = limits['ring_size'];
  if (limit === undefined || limit >= RING_LEAST) return;
  const message = `Cannot render version "${version}": rings of ${limit}; QEMU's are not below ${RING_LEAST}, so no QEMU guest starts in it`;
  throw new CompatError('VC-MODE-LIMIT', message, { version });
}

function driverXml({ driver, host, guest }: Readonly<Record<LibvirtElement, readonly string[]>>): string {
  const open = ['<driver', ...driver].join(' ');
  const inner = [
    ...(host.length > 0 ? [`  <host ${host.join(' ')}/>`] : []),
    ...(guest.length > 0 ? [`  <guest ${guest.join(' ')}/>`] : []),
  ];
  return inner.length === 0 ? `${open}/>` : [`${open}>`, ...inner, '</driver>'].join('\n');
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
