import { DPDK_MESSAGES } from './dpdk.ts';
import { LIBVIRT_MESSAGES } from './libvirt.ts';
import type { MessageRow } from './message-row.ts';
import { OVS_MESSAGES } from './open-vswitch.ts';
import { OTHER_MESSAGES } from './other-programs.ts';
import { QEMU_MESSAGES } from './qemu.ts';
import { QEMU_ARRIVAL_MESSAGES } from './qemu-arrival.ts';

/**
 * Every line of another program that can be explained. A libvirt line may carry one of QEMU, so libvirt's come first; the
 * fallbacks come last.
 */
export const MESSAGES: readonly MessageRow[] = [
  ...LIBVIRT_MESSAGES,
  ...QEMU_ARRIVAL_MESSAGES,
  ...QEMU_MESSAGES,
  ...DPDK_MESSAGES,
  ...OVS_MESSAGES,
  ...OTHER_MESSAGES,
];
