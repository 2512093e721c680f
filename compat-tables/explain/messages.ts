import { LIBVIRT_MESSAGES } from './messages-libvirt.ts';
import { DPDK_MESSAGES } from './messages-dpdk.ts';
import { OVS_MESSAGES } from './messages-ovs.ts';
import { QEMU_MESSAGES } from './messages-qemu.ts';
import type { MessageRow } from './message.ts';

/** Every line of another program that we can explain. A libvirt line may carry one of QEMU: libvirt's come first. */
export const MESSAGES: readonly MessageRow[] = [
  ...LIBVIRT_MESSAGES,
  ...QEMU_MESSAGES,
  ...DPDK_MESSAGES,
  ...OVS_MESSAGES,
];
