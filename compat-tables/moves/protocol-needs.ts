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
 * nothing; without the one for queue pairs it has no more than one; without those of a virtual IOMMU it refuses a back-end
 * that offers one; without the one for page faults it refuses post-copy. `offer`: the virtio features that it is shown. Of a back-end that is not known, only what the version cuts
 * can be missing.
 */
export function lackingProtocol(
  { queuePairs = 1, postcopy = false }: Pick<Need, 'queuePairs' | 'postcopy'>,
  deviceType: string,
  backend: Pick<Abilities, 'virtioFeatures'> | undefined,
  { offer, protocol }: { readonly offer: bigint; readonly protocol: bigint },
): string[] {
  const faults = postcopy ? PROTOCOL_PAGEFAULT & ~protocol : 0n;
  if (deviceType !== DEFAULT_DEVICE_TYPE) return featureNames(PROTOCOL, faults);
  if (backend !== undefined && (backend.virtioFeatures & PROTOCOL_FEATURES) === 0n)
    return ['VHOST_USER_F_PROTOCOL_FEATURES'];
  const queues = queuePairs > 1 ? PROTOCOL_MQ & ~protocol : 0n;
  return featureNames(PROTOCOL, queues | iommuLacks(deviceType, offer, protocol) | faults);
}
