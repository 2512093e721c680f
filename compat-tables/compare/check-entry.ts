/** Can this back-end keep the promise of an entry? Every reason why not, by name. */

import { familyOf, featureNames, LOG_ALL, maskOf, PROTOCOL, VIRTIO_COMMON } from '../bits/features.ts';
import type { Abilities, Blocker, Entry } from '../entries/entry.ts';
import { guestFeatures, offeredProtocolFeatures } from '../entries/offer.ts';

const LOG_SHMFD = maskOf(PROTOCOL, 'VHOST_USER_PROTOCOL_F_LOG_SHMFD');
/** The back-end can translate the addresses of a virtual IOMMU. */
export const IOMMU = maskOf(VIRTIO_COMMON, 'ACCESS_PLATFORM');
/** QEMU refuses a back-end that offers a virtual IOMMU without both, whether or not the guest has one. */
export const IOMMU_NEEDS = maskOf(PROTOCOL, 'REPLY_ACK', 'BACKEND_REQ');

/** What QEMU needs of a network connection whose front-end is offered these, and does not find. */
export function iommuLacks(deviceType: string, features: bigint, protocolFeatures: bigint): bigint {
  return deviceType === 'vhost-user-net' && (features & IOMMU) !== 0n ? IOMMU_NEEDS & ~protocolFeatures : 0n;
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
    if (given !== undefined && given < promised) {
      const text = `the back-end gives ${name} ${given}, the version promises ${promised}`;
      blockers.push({ code: 'VC-MODE-LIMIT', text, missing: [] });
    }
  }
  return blockers;
}

/**
 * Why QEMU would refuse to migrate a guest on this back-end, in words; none means that it can be migrated. `who` is what
 * the abilities are those of.
 */
export function notMigratable(
  abilities: Pick<Abilities, 'virtioFeatures' | 'protocolFeatures'>,
  who = 'the back-end',
): string[] {
  const reasons: string[] = [];
  if ((abilities.virtioFeatures & LOG_ALL) === 0n)
    reasons.push(`${who} does not offer VHOST_F_LOG_ALL: it cannot record which pages it writes`);
  if ((abilities.protocolFeatures & LOG_SHMFD) === 0n)
    reasons.push(`${who} does not offer VHOST_USER_PROTOCOL_F_LOG_SHMFD: it cannot share the record of pages`);
  return reasons;
}
