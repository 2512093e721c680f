import { CLOUD_HYPERVISOR_MESSAGES } from './cloud-hypervisor.ts';
import { DPDK_MESSAGES } from './dpdk.ts';
import { DPDK_DRIVER_MESSAGES } from './dpdk-drivers.ts';
import { DPDK_MEMORY_MESSAGES } from './dpdk-memory.ts';
import { DPDK_MIGRATION_MESSAGES } from './dpdk-migration.ts';
import { DPDK_PACKET_MESSAGES } from './dpdk-packets.ts';
import { DPDK_REQUEST_MESSAGES } from './dpdk-requests.ts';
import { DPDK_RING_MESSAGES } from './dpdk-rings.ts';
import { DPDK_SOCKET_MESSAGES } from './dpdk-sockets.ts';
import { LIBVHOST_USER_MESSAGES } from './libvhost-user.ts';
import { LIBVIRT_MESSAGES } from './libvirt.ts';
import { LIBVIRT_DEVICE_MESSAGES } from './libvirt-devices.ts';
import { LIBVIRT_MIGRATION_MESSAGES } from './libvirt-migration.ts';
import type { MessageRow } from './message-row.ts';
import { OVS_MESSAGES } from './open-vswitch.ts';
import { OVS_PORT_MESSAGES } from './open-vswitch-ports.ts';
import { OVS_RESOURCE_MESSAGES } from './open-vswitch-resources.ts';
import { OPENSTACK_MESSAGES } from './openstack.ts';
import { OTHER_MESSAGES } from './other-programs.ts';
import { PASST_MESSAGES } from './passt.ts';
import { QEMU_MESSAGES } from './qemu.ts';
import { QEMU_ARRIVAL_MESSAGES } from './qemu-arrival.ts';
import { QEMU_CONNECT_MESSAGES } from './qemu-connect.ts';
import { QEMU_DEVICE_MESSAGES } from './qemu-devices.ts';
import { QEMU_HOST_MEMORY_MESSAGES } from './qemu-host-memory.ts';
import { QEMU_MEMORY_MESSAGES } from './qemu-memory.ts';
import { QEMU_MIGRATION_MESSAGES } from './qemu-migration.ts';
import { QEMU_POSTCOPY_MESSAGES } from './qemu-postcopy.ts';
import { QEMU_PROTOCOL_MESSAGES } from './qemu-protocol.ts';
import { QEMU_RING_MESSAGES } from './qemu-rings.ts';
import { QEMU_STREAM_MESSAGES } from './qemu-stream.ts';
import { RUST_VMM_MESSAGES } from './rust-vmm.ts';
import { SPDK_MESSAGES } from './spdk.ts';
import { VPP_MESSAGES } from './vpp.ts';

/**
 * Every line of another program that can be explained. A line of Nova or libvirt may carry one of QEMU, so theirs come
 * first; the fallbacks come last.
 */
export const MESSAGES: readonly MessageRow[] = [
  ...OPENSTACK_MESSAGES,
  ...LIBVIRT_MESSAGES,
  ...LIBVIRT_MIGRATION_MESSAGES,
  ...LIBVIRT_DEVICE_MESSAGES,
  ...QEMU_ARRIVAL_MESSAGES,
  ...QEMU_MESSAGES,
  ...QEMU_MEMORY_MESSAGES,
  ...QEMU_HOST_MEMORY_MESSAGES,
  ...QEMU_PROTOCOL_MESSAGES,
  ...QEMU_MIGRATION_MESSAGES,
  ...QEMU_POSTCOPY_MESSAGES,
  ...QEMU_STREAM_MESSAGES,
  ...QEMU_RING_MESSAGES,
  ...QEMU_CONNECT_MESSAGES,
  ...QEMU_DEVICE_MESSAGES,
  ...LIBVHOST_USER_MESSAGES,
  ...DPDK_MESSAGES,
  ...DPDK_REQUEST_MESSAGES,
  ...DPDK_MEMORY_MESSAGES,
  ...DPDK_MIGRATION_MESSAGES,
  ...DPDK_SOCKET_MESSAGES,
  ...DPDK_RING_MESSAGES,
  ...DPDK_PACKET_MESSAGES,
  ...DPDK_DRIVER_MESSAGES,
  ...OVS_MESSAGES,
  ...OVS_PORT_MESSAGES,
  ...OVS_RESOURCE_MESSAGES,
  ...VPP_MESSAGES,
  ...SPDK_MESSAGES,
  ...CLOUD_HYPERVISOR_MESSAGES,
  ...RUST_VMM_MESSAGES,
  ...PASST_MESSAGES,
  ...OTHER_MESSAGES,
];
