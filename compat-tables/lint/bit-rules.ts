/** Warnings about the virtio features of an entry. None of them makes it wrong: real back-ends do all of this. */

import { DEFAULT_DEVICE_TYPE, deviceTypeNamed, familyOf } from '../bits/device-types.ts';
import { decodeMask, featureNames } from '../bits/mask.ts';
import { CONFIG, CONTROL_BITS, guestFeatures, LOG_ALL, NET_MQ, PROTOCOL_MQ } from '../bits/named-masks.ts';
import { decidedByBackend } from '../bits/qemu-from-backend.ts';
import { isCheckedByQemu, limitName, QUEUE_LIMIT, queueCountOf } from '../bits/queue-counts.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { iommuLacks } from '../compare/check-entry.ts';
import type { ValidatedEntry } from '../entries/validate.ts';

export type Warning = readonly [rule: string, text: string];

type EntryRule = (entry: ValidatedEntry['entry']) => Warning[];

/** `VIRTIO_NET_F_HOST_TSO4 or VIRTIO_NET_F_HOST_TSO6` is there when one of them is. */
export const dependencies: EntryRule = ({ deviceType, virtioFeatures }) => {
  const bits = decodeMask(familyOf(deviceType), virtioFeatures);
  const there = new Set(bits.flatMap(({ name }) => name.split('|')));
  return bits.flatMap(({ name, requires, requiresSource }) =>
    requires
      .filter((wanted) => !wanted.split(' or ').some((one) => there.has(one)))
      .map(
        (wanted): Warning => [
          'dependency',
          `${name} is promised without ${wanted}, which it requires (${requiresSource})`,
        ],
      ),
  );
};

/** Only device types whose bits we know: about another's we cannot say what QEMU does. */
export const withoutEffect: EntryRule = ({ deviceType, virtioFeatures }) => {
  if (deviceTypeNamed(deviceType) === undefined) return [];
  const bits = decodeMask(familyOf(deviceType), guestFeatures(virtioFeatures));
  const idle =
    deviceType === DEFAULT_DEVICE_TYPE
      ? bits.filter(({ bit }) => (decidedByBackend(deviceType) & (1n << BigInt(bit))) === 0n)
      : bits.filter(({ known, fromBackend }) => known && !fromBackend);
  if (idle.length === 0) return [];
  const names = idle.map(({ name }) => name).join(', ');
  const text = `QEMU decides by itself about ${names}: it does not ask the back-end, so promising or masking has no effect on its guests`;
  return [['no-effect', text]];
};

export const unnamed: EntryRule = ({ deviceType, virtioFeatures }) => {
  const bits = decodeMask(familyOf(deviceType), virtioFeatures).filter(({ known }) => !known);
  if (bits.length === 0) return [];
  const names = bits.map(({ name }) => name).join(', ');
  return [['unknown-bit', `${names}: no feature of ${deviceType} that we know has this number`]];
};

/** Asked of entries that give the whole word of a back-end and left a control bit out. */
export const controlBits: EntryRule = ({ deviceType, virtioFeatures }) => {
  const missing = CONTROL_BITS & ~virtioFeatures;
  if (missing === 0n) return [];
  const names = featureNames(familyOf(deviceType), missing).join(', ');
  const migration =
    (missing & LOG_ALL) === 0n
      ? ''
      : '; if such a back-end really lacks VHOST_F_LOG_ALL, QEMU does not migrate its guests';
  return [
    [
      'control-bits',
      `${names} not in the mask: no harm, control bits are not masked and pass as the back-end offers them${migration}`,
    ],
  ];
};

export const queuePairsWithoutMq: EntryRule = ({ deviceType, virtioFeatures, limits }) => {
  const pairs = limits['queue_pairs'] ?? 1;
  if (deviceType !== DEFAULT_DEVICE_TYPE || pairs <= 1 || (virtioFeatures & NET_MQ) !== 0n) return [];
  return [['limits', `queue_pairs is ${pairs} without VIRTIO_NET_F_MQ: a guest uses one pair`]];
};

export const queuesCut: EntryRule = ({ deviceType, limits, protocolFeatures }) => {
  const promised = limits[QUEUE_LIMIT] ?? 1;
  const pairs = queueCountOf(deviceType).counts === 'pairs';
  const least = pairs ? 1 : queueCountOf(deviceType).beside + 1;
  const cut = protocolFeatures !== undefined && (protocolFeatures & PROTOCOL_MQ) === 0n;
  if (!cut || promised <= least || !(pairs || isCheckedByQemu(deviceType))) return [];
  const one = pairs ? 'one pair' : 'one queue';
  const text = `${limitName(deviceType, QUEUE_LIMIT)} is ${promised} and VHOST_USER_PROTOCOL_F_MQ cut: QEMU has ${one}, and a device with more does not start`;
  return [['protocol', text]];
};

/** Of such devices QEMU has the back-end say what they are. */
export const configCut: EntryRule = ({ deviceType, protocolFeatures }) => {
  const reads = deviceTypeNamed(deviceType)?.readsConfig === true;
  if (!reads || protocolFeatures === undefined || (protocolFeatures & CONFIG) !== 0n) return [];
  return [['protocol', `VHOST_USER_PROTOCOL_F_CONFIG is cut: QEMU starts no ${deviceType} without it`]];
};

/** No host can use such a version under a guest of QEMU. */
export const iommuCut: EntryRule = ({ deviceType, virtioFeatures, protocolFeatures }) => {
  const cut = protocolFeatures === undefined ? 0n : iommuLacks(deviceType, virtioFeatures, protocolFeatures);
  if (cut === 0n) return [];
  const names = featureNames(PROTOCOL, cut).join(', ');
  const text = `VIRTIO_F_ACCESS_PLATFORM is promised and ${names} cut: QEMU refuses such a back-end`;
  return [['protocol', text]];
};
