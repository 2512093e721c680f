import type { MessageRow } from './message.ts';
import { DPDK_MESSAGES } from './messages-dpdk.ts';
import { LIBVIRT_MESSAGES } from './messages-libvirt.ts';
import { OVS_MESSAGES } from './messages-ovs.ts';
import { QEMU_MESSAGES } from './messages-qemu.ts';
import { QEMU_ARRIVAL_MESSAGES } from './messages-qemu-arrival.ts';
import { TWO_MASKS } from './two-masks.ts';

/**
 * Every line of another program that we can explain. A libvirt line may carry one of QEMU: libvirt's come first. Of the
 * two fallbacks that of one mask, the last row, has to leave lines with two to the other.
 */
export const MESSAGES: readonly MessageRow[] = [
  ...LIBVIRT_MESSAGES,
  ...QEMU_ARRIVAL_MESSAGES,
  ...QEMU_MESSAGES,
  ...DPDK_MESSAGES,
  TWO_MASKS,
  ...OVS_MESSAGES,
];
