import { decodeMask, formatMask } from '../../compat-tables/bits/mask.ts';
import { CONTROL_BITS, guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';

/** `0x130afa7a7 + control LOG_ALL, PROTOCOL_FEATURES`: what a guest can see of virtio features, and vhost-user's own bits. */
export function maskText(mask: bigint): string {
  const control = decodeMask(VIRTIO_NET, mask & CONTROL_BITS).map(({ name }) => name.replace(/^VHOST_(USER_)?F_/, ''));
  const seen = formatMask(guestFeatures(mask));
  return control.length === 0 ? seen : `${seen} + control ${control.join(', ')}`;
}
