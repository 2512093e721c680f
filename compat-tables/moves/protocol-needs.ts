/** The protocol features that a connection at the destination needs: QEMU does not do without them. */
import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { PROTOCOL_FEATURES, PROTOCOL_MQ, PROTOCOL_PAGEFAULT } from '../bits/named-masks.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { iommuLacks } from '../compare/check-entry.ts';
import type { Abilities } from '../entries/entry.ts';
import type { Need } from './guest-needs.ts';

/**
 * Those that are missing, by name. Without protocol features QEMU cannot enable rings and falls back on a device that passes
 * nothing; without the one for queues it has no more than one; without those of a virtual IOMMU it refuses a back-end that
 * offers one; without the one for page faults it refuses post-copy; a device may need some for its state and configuration.
 * `offer`: the virtio features that it is shown. Of a back-end that is not known, only what the version cuts can be missing.
 */
export function lackingProtocol(
  { queuePairs = 1, postcopy = false, protocol: needed }: Pick<Need, 'queuePairs' | 'postcopy' | 'protocol'>,
  deviceType: string,
  backend: Pick<Abilities, 'virtioFeatures'> | undefined,
  { offer, protocol }: { readonly offer: bigint; readonly protocol: bigint },
): string[] {
  const wantsProtocol = deviceType === DEFAULT_DEVICE_TYPE || needed !== 0n;
  if (wantsProtocol && backend !== undefined && (backend.virtioFeatures & PROTOCOL_FEATURES) === 0n)
    return ['VHOST_USER_F_PROTOCOL_FEATURES'];
  const wanted = needed | (queuePairs > 1 ? PROTOCOL_MQ : 0n) | (postcopy ? PROTOCOL_PAGEFAULT : 0n);
  return featureNames(PROTOCOL, (wanted & ~protocol) | iommuLacks(deviceType, offer, protocol));
}
