import { familyOf } from '../bits/device-types.ts';
import { ACCESS_PLATFORM, VERSION_1 } from '../bits/named-masks.ts';

/**
 * Features that show how QEMU builds the device rather than what its guest does: which properties the card was given cannot
 * be seen from the socket, so what depends on them is a warning. Pure.
 */
export function deviceWarnings(deviceType: string, offered: bigint | undefined, there: bigint, to: string): string[] {
  const family = familyOf(deviceType);
  if (offered === undefined || !family.byName.has('VIRTIO_F_VERSION_1')) return [];
  const gained = there & ~offered;
  const lost = offered & ~there;
  const warnings: string[] = [];
  if ((gained & VERSION_1) !== 0n)
    warnings.push(
      `VIRTIO_F_VERSION_1 is offered on ${to} and not here: without disable-modern=on QEMU makes another PCI card there, and the migration fails (Bad config data)`,
    );
  if ((lost & ACCESS_PLATFORM) !== 0n)
    warnings.push(
      `VIRTIO_F_ACCESS_PLATFORM is offered here and not on ${to}: a device with iommu_platform=on does not start there`,
    );
  return warnings;
}
