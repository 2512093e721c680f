/** Lines of libvirt about vhost-user devices in the XML of a domain. */
import type { MessageRow } from './message-row.ts';

export const LIBVIRT_DEVICE_MESSAGES: readonly MessageRow[] = [
  {
    id: 'libvirt-shared-memory',
    program: 'libvirt',
    pattern:
      /'(?<device>[^']+)' requires shared memory|virtiofs requires shared memory|vhost-?user(?:-fs| disk| interface)? requires shared memory|Detected vhost-user interface without any shared memory, the interface might not be operational/,
    example: "error: unsupported configuration: 'virtiofs' requires shared memory",
    spellings: [
      'warning : qemuProcessStartWarnVirtio: Detected vhost-user interface without any shared memory, the interface might not be operational',
      'error: unsupported configuration: virtiofs requires shared memory',
    ],
    source:
      'src/qemu/qemu_validate.c, qemuValidateDomainDefVhostUserRequireSharedMemory; qemu_process.c, 6.2 and later',
    means: 'A vhost-user device needs guest memory that its back-end can map, and this domain has none that is shared.',
    culprit: 'The XML of the domain.',
    remedy:
      'Add <memoryBacking><source type="memfd"/><access mode="shared"/></memoryBacking> (with huge pages for DPDK: <hugepages/>) and start the guest again.',
  },
  {
    id: 'libvirt-numa-node',
    program: 'libvirt',
    pattern:
      /virtiofs requires one or more NUMA nodes|memory access mode '(?<mode>[^']+)' not supported without guest numa node/,
    example: 'error: unsupported configuration: virtiofs requires one or more NUMA nodes',
    source: 'src/qemu/qemu_validate.c and qemu_command.c, 1.2 to 6.8',
    means: 'This release of libvirt can share guest memory only for a guest with NUMA nodes of its own.',
    culprit: 'A libvirt before 6.9, or a QEMU before 5.0.',
    remedy:
      'Add one node (<cpu><numa><cell id="0" cpus="0-3" memory="…" memAccess="shared"/></numa></cpu>), or update both.',
  },
  {
    id: 'libvirt-vhostuser-xml',
    program: 'libvirt',
    pattern:
      /(?:unsupported|missing|[Ii]nvalid|[Nn]o|Wrong or no|Type=|Missing)[^:]*<interface type='vhostuser'|'reconnect' attribute (?:is not supported when source mode='server'|unsupported '\w+' mode)|'vhostuser' driver is only supported with 'virtio' device|multiqueue is not supported for network interfaces of type vhost-?user|vhost(?:-user|user) (?:type|disk) (?:'[^']+' not supported|is not supported with this QEMU binary|supports only virtio bus)|unknown vhost-user type/,
    example:
      "error: XML error: Wrong or no <model> 'type' attribute specified with <interface type='vhostuser'/>. vhostuser requires the virtio-net* frontend",
    spellings: [
      "error: unsupported configuration: 'reconnect' attribute is not supported when source mode='server' for <interface type='vhostuser'>",
    ],
    source: 'src/conf/domain_conf.c, virDomainNetDefParseXML; qemu_validate.c, 1.2 and later',
    means: 'The XML of a vhost-user interface or disk holds what does not go together.',
    culprit: 'The XML: the model has to be virtio; <reconnect> goes with mode="client" only.',
    remedy: 'Correct the element that the line names.',
  },
  {
    id: 'libvirt-queue-size',
    program: 'libvirt',
    pattern:
      /(?<property>tx_queue_size) has to be a power of two|rx_queue_size(?: option)? is not supported|tx_queue_size(?: option)? is not supported/,
    example: 'error: unsupported configuration: tx_queue_size has to be a power of two',
    source: 'src/qemu/qemu_validate.c, qemuValidateDomainDeviceDefNetwork, 2.3 and later',
    means: 'The ring size in the XML is one that QEMU does not take.',
    culprit: 'The XML of the interface.',
    remedy: 'Use 256, 512 or 1024, the same at both hosts of a migration.',
  },
  {
    id: 'libvirt-mtu-type',
    program: 'libvirt',
    pattern: /setting MTU on interface type (?<type>\S+) is not supported yet|cannot modify MTU/,
    example: 'error: unsupported configuration: setting MTU on interface type user is not supported yet',
    source: 'src/qemu/qemu_validate.c, qemuValidateDomainDeviceDefNetwork; qemu_hotplug.c, 3.1 and later',
    means: 'The MTU of this interface cannot be set, or not while the guest runs.',
    culprit: 'The XML of the interface.',
    remedy: 'Leave <mtu> out for this type; otherwise set it and start the guest again.',
  },
  {
    id: 'libvirt-net-change',
    program: 'libvirt',
    pattern:
      /cannot (?:change network interface|modify (?:network device|virtio network device|network rom)|change config of)(?<what>[^:]*)|hotplug of interface type of (?<type>\S+) is not implemented yet|unable to change config on '[^']+' network type/,
    example: 'error: Operation not supported: cannot modify virtio network device driver attributes',
    source: 'src/qemu/qemu_hotplug.c, qemuDomainChangeNet, 0.9 and later',
    means: 'This part of a network interface cannot be changed while the guest runs.',
    culprit: 'The request (update-device, attach-device).',
    remedy: 'Change the stored XML and start the guest again, or detach and attach the interface.',
  },
  {
    id: 'libvirt-unplug-timeout',
    program: 'libvirt',
    pattern:
      /Unable to detach from guest transient device|unplug of device was rejected by the guest|vcpu unplug request timed out/,
    example: 'error: operation failed: unplug of device was rejected by the guest',
    source: 'src/qemu/qemu_hotplug.c, qemuDomainWaitForDeviceRemoval, 4.2 and later',
    means: 'The guest did not let go of the device.',
    culprit: 'A guest that has not booted so far, without ACPI hot-plug, or that uses the device.',
    remedy: 'Stop using the device inside the guest, then try again.',
  },
  {
    id: 'libvirt-vhost-gpu',
    program: 'libvirt',
    pattern:
      /Unable to find a satisfying vhost-user-gpu|vhost-user-gpu failed to start|Could not (?:start 'vhost-user-gpu'|get process id of vhost-user-gpu)|Unable to read vhost-user-gpu pidfile/,
    example: 'error: operation failed: Unable to find a satisfying vhost-user-gpu',
    source: 'src/qemu/qemu_vhost_user.c and qemu_vhost_user_gpu.c, 5.9 and later',
    device: 'gpu',
    means: 'The helper for a vhost-user video device is missing or did not start.',
    culprit: 'No description in /usr/share/qemu/vhost-user, or a helper that fails.',
    remedy: 'Install the vhost-user-gpu of QEMU; look at its log under /var/log/libvirt/qemu.',
  },
  {
    id: 'libvirt-virtiofsd',
    program: 'libvirt',
    pattern:
      /virtiofsd died unexpectedly|virtiofs export directory '[^']+' does not exist|Could not start 'virtiofsd'|not supported by this virtiofsd|[Uu]nable to find a satisfying virtiofsd/,
    example: 'error: internal error: virtiofsd died unexpectedly',
    source: 'src/qemu/qemu_virtiofs.c, qemuVirtioFSStart, 6.2 and later',
    device: 'fs',
    means: 'virtiofsd ended while it was started.',
    culprit: 'An option that it does not know, a directory that is missing, or a sandbox that the host forbids.',
    remedy: 'Look at /var/log/libvirt/qemu/NAME-fs0-virtiofsd.log.',
  },
  {
    id: 'libvirt-vhost-net',
    program: 'libvirt',
    pattern:
      /vhost-net was requested for an interface, but is unavailable|vhost-net is (?:not supported with this QEMU binary|only supported for virtio network interfaces)|Unable to open vhost-net\. Opened so far/,
    example: 'error: unsupported configuration: vhost-net was requested for an interface, but is unavailable',
    source: 'src/qemu/qemu_interface.c, qemuInterfaceOpenVhostNet, 0.9 and later',
    means:
      "The kernel's vhost-net, which this interface asks for, is not there. This is about tap interfaces, not vhost-user.",
    culprit: 'The module vhost_net is not loaded, or /dev/vhost-net may not be opened.',
    remedy: 'Load vhost_net.',
  },
];
