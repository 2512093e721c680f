/** Can this back-end keep the promise of an entry? Every reason why not, by name. */

import { deviceTypeNamed, familyOf } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { ACCESS_PLATFORM, guestFeatures, IOMMU_NEEDS } from '../bits/named-masks.ts';
import { limitName, QUEUE_LIMIT, queueCountOf } from '../bits/queue-counts.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import type { Abilities, Blocker, Entry } from '../entries/entry.ts';
import { offeredProtocolFeatures } from '../entries/entry.ts';

/** The protocol features that QEMU needs for a device with these features, of any type that it has, and does not find. */
export function iommuLacks(deviceType: string, features: bigint, protocolFeatures: bigint): bigint {
  return (features & ACCESS_PLATFORM) !== 0n && deviceTypeNamed(deviceType) !== undefined
    ? IOMMU_NEEDS & ~protocolFeatures
    : 0n;
}

/** A limit that decides about nothing: the queues of a type that always has the same. */
function isIdle(deviceType: string, name: string): boolean {
  return name === QUEUE_LIMIT && queueCountOf(deviceType).fixed === true;
}

/** The reasons why the back-end cannot honour the entry exactly; none means usable. */
export function checkEntry(entry: Entry, abilities: Abilities | undefined): Blocker[] {
  if (abilities === undefined)
    return [{ code: 'VC-BACKEND-UNKNOWN', text: 'nothing is known of the back-end yet', missing: [] }];
  const blockers: Blocker[] = [];
  const features = guestFeatures(entry.virtioFeatures) & ~abilities.virtioFeatures;
  if (features !== 0n) {
    const missing = featureNames(familyOf(entry.deviceType), features);
    blockers.push({ code: 'VC-MODE-FEATURES', text: `the back-end does not offer ${missing.join(', ')}`, missing });
  }
  const offered = offeredProtocolFeatures(entry, abilities.protocolFeatures);
  const protocol = entry.requiredProtocolFeatures & ~offered;
  if (protocol !== 0n) {
    const names = featureNames(PROTOCOL, protocol).join(', ');
    blockers.push({ code: 'VC-MODE-PROTOCOL', text: `the back-end does not offer ${names}`, missing: [] });
  }
  const iommu = iommuLacks(entry.deviceType, entry.virtioFeatures, offered) & ~protocol;
  for (const [mask, who] of [
    [iommu & ~abilities.protocolFeatures, 'the back-end does not offer'],
    [iommu & abilities.protocolFeatures, 'the version cuts'],
  ] as const) {
    if (mask === 0n) continue;
    const names = featureNames(PROTOCOL, mask).join(', ');
    const text = `${who} ${names}, without which QEMU refuses a back-end that offers VIRTIO_F_ACCESS_PLATFORM`;
    blockers.push({ code: 'VC-MODE-PROTOCOL', text, missing: [] });
  }
  for (const [name, promised] of Object.entries(entry.limits)) {
    const given = Object.hasOwn(abilities.limits, name) ? abilities.limits[name] : undefined;
    if (given !== undefined && given < promised && !isIdle(entry.deviceType, name)) {
      const text = `the back-end gives ${limitName(entry.deviceType, name)} ${given}, the version promises ${promised}`;
      blockers.push({ code: 'VC-MODE-LIMIT', text, missing: [] });
    }
  }
  return blockers;
}
