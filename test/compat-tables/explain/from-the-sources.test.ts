/** Lines that were written down from the sources of the programs by somebody who had not seen the rows. */
import assert from 'node:assert/strict';
import { explain } from '../../../compat-tables/explain/explain.ts';
import { shippedEntries } from '../shipped.ts';

const entries = shippedEntries();

/** `says`: what the answer has to hold; `not`: what would send the reader the wrong way. */
interface Case {
  readonly line: string;
  readonly id: string;
  readonly says: RegExp;
  readonly not?: RegExp;
}

// biome-ignore format: one line of a log in one line
const CASES: readonly Case[] = [
  // QEMU
  { line: 'qemu-kvm: postcopy_ram_fault_thread: Failed to resolve shared fault on 2/vhost-user', id: 'qemu-postcopy-fault', says: /stands still.*network between the hosts/, not: /unprivileged_userfaultfd/ },
  { line: 'qemu-kvm: vhost_user_postcopy_fault_handler: Failed to find region for fault 7f3d40001000', id: 'qemu-postcopy-fault', says: /no memory of the guest/ },
  { line: 'qemu-kvm: postcopy_ram_fault_thread: Fault outside guest: 7f0011223000', id: 'qemu-postcopy-fault', says: /no memory of the guest/ },
  { line: 'qemu-kvm: Host backend files need to be TMPFS or HUGETLBFS only', id: 'qemu-postcopy-file', says: /memfd/, not: /unprivileged_userfaultfd/ },
  { line: 'qemu-kvm: Postcopy requires RAM blocks to be a page size multiple, block mem0 is 0x10001000 bytes with a page size of 0x200000', id: 'qemu-postcopy-block', says: /mem0.*2 MiB/, not: /unprivileged_userfaultfd/ },
  { line: 'qemu-kvm: Error loading back-end state of vhost-user-fs device /machine/peripheral/fs0 (tag: "share"): Failed to receive CHECK_DEVICE_STATE reply: Input/output error', id: 'qemu-device-state-lost', says: /hung up.*CHECK_DEVICE_STATE|CHECK_DEVICE_STATE.*hung up/, not: /another shared directory/ },
  { line: "qemu-kvm: EDID requested but the backend doesn't support it.", id: 'qemu-gpu-edid', says: /works without/, not: /channel/ },
  { line: 'qemu-kvm: Failed to get dmabuf fd', id: 'qemu-shared-object', says: /GET_SHARED_OBJECT/, not: /gl=on/ },
  { line: 'qemu-kvm: vhost-vsock missed transport reset event', id: 'qemu-vsock-reset', says: /connections.*time out|hang/ },
  { line: 'qemu-kvm: vhost-vsock event virtqueue element is too short', id: 'qemu-vsock-reset', says: /driver/ },
  { line: 'qemu-kvm: unable to map backing store for guest RAM: Cannot allocate memory', id: 'qemu-ram-backing', says: /huge pages/ },
  { line: 'qemu-kvm: os_mem_prealloc: Insufficient free host memory pages available to allocate guest RAM', id: 'qemu-ram-backing', says: /huge pages/ },
  { line: 'qemu-kvm: qemu_prealloc_mem: preallocating memory failed: Bad address', id: 'qemu-ram-backing', says: /huge pages/ },
  { line: "qemu-kvm: can't open backing store /dev/hugepages/libvirt/qemu/1-vm for guest RAM: Permission denied", id: 'qemu-ram-backing', says: /rights of the hugetlbfs directory/ },
  { line: 'qemu-kvm: multifd_recv_sync_main: channel 2 has already quit', id: 'qemu-multifd-quit', says: /channel 2/ },
  { line: 'qemu-kvm: multifd_send_pages: channel 0 has already quit!', id: 'qemu-multifd-quit', says: /channel 0/ },
  // libvhost-user, whose programs print the same texts behind words of their own
  { line: 'PANIC: Userfaultfd not available: Operation not permitted', id: 'libvhost-user-postcopy', says: /unprivileged_userfaultfd/ },
  { line: 'vhost-user-bridge: PANIC: Regions already registered at postcopy-listen', id: 'libvhost-user-postcopy-order', says: /POSTCOPY_LISTEN/, not: /unprivileged_userfaultfd/ },
  { line: '** (vhost-user-gpu:711): CRITICAL **: 10:11:12.131: Guest says index 65535 is available', id: 'libvhost-user-available', says: /65535/ },
  { line: 'fv_panic: libvhost-user: Looped descriptor', id: 'libvhost-user-available', says: /Looped/ },
  { line: 'fv_panic: libvhost-user: Guest moved used index from 4012 to 3', id: 'libvhost-user-index', says: /4012/ },
  { line: 'qemu-storage-daemon: vu_panic: Invalid vring_addr message', id: 'libvhost-user-address', says: /SET_VRING_ADDR.*memory table/, not: /queues of both/ },
  { line: 'PANIC: Unhandled request: 39', id: 'libvhost-user-request', says: /39/ },
  // DPDK
  { line: 'VHOST_CONFIG: (/run/vhu0) vhost read message for VHOST_USER_SET_VRING_CALL failed', id: 'dpdk-recvmsg', says: /connection ended/ },
  { line: 'VIRTIO_DRIVER: vhost_user_update_link_state(): virtio-user port 1 is down', id: 'virtio-user-down', says: /hung up/, not: /has it back/ },
  { line: 'virtio_user_dev_server_reconnect(): Fails to enable multi-queue pairs!', id: 'virtio-user-reconnect', says: /queues/ },
  // Open vSwitch
  { line: "dpif_netdev|WARN|There's no available (non-isolated) pmd thread on numa node 1. Queue 0 on port 'vhu1' will be assigned to the pmd on core 2 (numa node 0). Expect reduced performance.", id: 'ovs-pmd-numa', says: /pmd-cpu-mask/ },
  { line: "dpif_netdev|WARN|There's no available (non-isolated) pmd thread on numa node 1. Port 'vhu1' rx queue 0 will be assigned to a pmd on numa node 0. This may lead to reduced performance.", id: 'ovs-pmd-numa', says: /node 1/ },
  { line: "netdev_dpdk|ERR|vhu2: Unable to unregister vhost driver for socket '/run/vhu2'.", id: 'ovs-vhost-unregister', says: /\/run\/vhu2.*again/, not: /does not work/ },
  // VPP
  { line: 'debug vhost-user VirtualEthernet0/0/0: vhost_user_log_dirty_pages(): out of range', id: 'vpp-log-range', says: /[Cc]ancel the migration/ },
  { line: 'vhost_user_process: Error: Could not open unix socket for /run/vpp/s1.sock: Too many open files', id: 'vpp-socket-open', says: /Too many open files/, not: /Compare the path/ },
  // SPDK
  { line: 'vhost_scsi.c:1095:vhost_scsi_session_add_tgt: *NOTICE*: naa.1: driver does not support hotplug. Please restart it or perform a rescan.', id: 'spdk-scsi-hotplug', says: /rescan/i },
  // rust-vmm: the words of an error, where a program prints it with {} instead of {:?}
  { line: 'ERROR vhost_device_vsock] failed to handle request: wrong number of attached fds', id: 'rust-descriptors', says: /descriptors/ },
  { line: 'ERROR vhost_device_gpio] failed to handle request: invalid parameters', id: 'rust-invalid-param', says: /shared memory/ },
  { line: 'ERROR vhost_device_i2c] failed to handle request: invalid message', id: 'rust-message', says: /releases/ },
  { line: 'ERROR vhost_device_rng] failed to handle request: backend internal error', id: 'rust-refused', says: /other side/ },
  { line: 'ERROR vhost_device_sound] failed to handle request: socket error: Bad file descriptor (os error 9)', id: 'rust-cut', says: /broke/ },
  { line: 'ERROR vhost_device_scmi] failed to handle request: handler failed to allocate memfd during get_inflight_fd', id: 'rust-inflight-memory', says: /GET_INFLIGHT_FD/ },
  { line: 'HandleRequest(MemFdSealError)', id: 'rust-inflight-memory', says: /GET_INFLIGHT_FD/ },
  // virtiofsd
  { line: "ERROR virtiofsd] Error creating vhost-user backend: The unshare(CLONE_FS) syscall failed with 'Operation not permitted (os error 1)'. If running in a container please check that the container runtime seccomp policy allows unshare.", id: 'virtiofsd-unshare', says: /thread-pool-size=0/ },
  { line: 'ERROR virtiofsd::vhost_user] Migration failed: Failed to load state: Inode 2: Opening /srv/share/a: No such file or directory', id: 'virtiofsd-state', says: /same directory/ },
  { line: 'ERROR virtiofsd::vhost_user] Failed to initiate state (de-)serialization: Transfer in phase RUNNING is not supported', id: 'virtiofsd-state', says: /state/ },
  { line: 'WARN  virtiofsd::vhost_user] Front-end did not announce migration to begin, so we failed to prepare for it; collecting data now.  If you are doing a snapshot, that is OK; otherwise, migration downtime may be prolonged.', id: 'virtiofsd-unprepared', says: /VHOST_F_LOG_ALL/ },
  // cloud-hypervisor
  { line: 'Disk path and vhost socket both provided', id: 'chv-config', says: /path=.*socket=|socket=.*path=/ },
  { line: 'Error: Rate limiting is not supported with vhost-user', id: 'chv-config', says: /command line/ },
  // OpenStack
  { line: 'nova.exception.PortBindingActivationFailed: Failed to activate binding for port 9f0c on host cmp2; please check neutron logs for more information', id: 'nova-binding-activation', says: /cmp2/ },
  { line: 'ERROR nova.network.neutron [instance: x] Binding failed for port 9f0c and host cmp2.', id: 'nova-binding', says: /agent/ },
  { line: 'nova.exception.PortBindingFailed: Binding failed for port 9f0c, please check neutron logs for more information.', id: 'nova-binding', says: /agent/ },
  { line: 'nova.exception.InternalError: Unexpected vif_type=binding_failed', id: 'nova-binding', says: /agent/ },
  // QEMU, memory and byte order
  { line: 'qemu-kvm: vhost does not support cross-endian', id: 'qemu-cross-endian', says: /virtio 1\.0/ },
  { line: 'qemu-kvm: vhost_set_vring_endian failed: Function not implemented (38)', id: 'qemu-cross-endian', says: /byte order/, not: /vhost_set_mem_table/ },
  { line: 'qemu-kvm: vhost_region_add_section: Overlapping but not coherent sections at 7fff000', id: 'qemu-memory-sections', says: /memory/ },
  { line: 'qemu-kvm: vhost_region_add_section:Section rounded to 7f0000000000 prior to previous 7f0000200000', id: 'qemu-memory-sections', says: /huge pages/ },
  { line: 'qemu-kvm: socket_accept_incoming_migration: Extra incoming migration connection; ignoring', id: 'qemu-extra-connection', says: /ignores it/ },
  // DPDK
  { line: 'VHOST_FDMAN: could not add 55 fd to 12 epfd: No space left on device', id: 'dpdk-fdman', says: /max_user_watches/ },
  { line: 'VHOST_FDMAN: Failed to create vhost-evt event dispatch thread', id: 'dpdk-fdman', says: /vhost-user/ },
  { line: 'virtio_user_dev_init_mac(): (/tmp/sock0) No valid MAC in devargs or device, use random', id: 'virtio-user-mac', says: /mac=/ },
  { line: 'virtio_user_pmd_probe(): arg path is mandatory for virtio_user', id: 'virtio-user-config', says: /path=/ },
  { line: 'virtio_user_dev_setup(): Server mode only supports vhost-user!', id: 'virtio-user-config', says: /server=1/ },
  // Open vSwitch
  { line: 'netdev_dpdk|ERR|Interface vhu0 MTU (9000) setup error: Invalid argument', id: 'ovs-mtu-setup', says: /9000/, not: /dpdk-socket-mem/ },
  // VPP
  { line: 'create vhost-user: vhost_user_create_if returned -56', id: 'vpp-create', says: /-56/ },
  // SPDK
  { line: 'vhost_scsi.c:1145:vhost_scsi_dev_add_tgt: *ERROR*: vhost.0: SCSI target 1 already occupied', id: 'spdk-scsi-target', says: /target/ },
  { line: 'vhost_scsi.c:1262:vhost_scsi_dev_remove_tgt: *ERROR*: vhost.0: SCSI target 3 is not occupied', id: 'spdk-scsi-target', says: /target/ },
  // cloud-hypervisor
  { line: 'Timed out waiting for vhost-user connection on socket /tmp/v.sock', id: 'chv-connect-failed', says: /Start the back-end/ },
  { line: 'Vring bases count (2) does not match queue count (4)', id: 'chv-restored-state', says: /same number of queues/ },
  { line: 'Error restoring VM: Backend state and vring bases must both be present or both be absent', id: 'chv-restored-state', says: /snapshot/ },
  // OpenStack
  { line: "nova.exception.MigrationPreCheckError: Migration pre-check error: CPU doesn't have compatibility.", id: 'nova-precheck', says: /CPU doesn't have compatibility/ },
  { line: "nova.exception.NovaException: Unsupported VIF type vhostuser convert '_nova_to_osvif_vif_vhostuser'", id: 'nova-vif-type', says: /vhostuser/ },
  // relatives of the lines above
  { line: 'PANIC: kick eventfd_read(): Bad file descriptor', id: 'libvhost-user-notify', says: /notification/ },
  { line: 'qemu-storage-daemon: vu_panic: Error writing eventfd: Bad file descriptor', id: 'libvhost-user-notify', says: /notification/, not: /queues of both/ },
  { line: 'vu_panic: Set virtio configuration space failed', id: 'libvhost-user-config', says: /SET_CONFIG/, not: /queues of both/ },
  { line: 'ERROR virtiofsd] processing the vring 1: QueueReader(InvalidChain)', id: 'rust-vring-worker', says: /ring with nonsense/ },
  { line: 'ERROR virtiofsd] Error creating sandbox: Fork(Os { code: 1, kind: PermissionDenied, message: "Operation not permitted" })', id: 'virtiofsd-sandbox', says: /--sandbox/ },
  { line: 'qemu-kvm: Error saving back-end state of vhost-user-fs device /machine/fs0 (tag: "x"): Failed to initiate state transfer: Failed to send SET_DEVICE_STATE_FD message: Broken pipe', id: 'qemu-device-state-lost', says: /hung up/, not: /another shared directory/ },
  { line: "dpif_netdev|WARN|No non-isolated pmd on any numa available for port 'vhu1' rx queue 0. This rx queue will not be polled.", id: 'ovs-queue-not-polled', says: /vhu1.*pmd-cpu-mask/ },
  { line: "dpif_netdev|WARN|There is no PMD thread on core 7. Queue 0 on port 'vhu1' will not be polled.", id: 'ovs-queue-not-polled', says: /pmd-rxq-affinity/ },
];

describe('explain: lines written down from the sources', () => {
  for (const { line, id, says, not } of CASES)
    it(line, () => {
      const found = explain(line, entries);
      assert.deepEqual(
        found.map((one) => one.id),
        [id],
      );
      const text = found.flatMap(({ means, culprits, remedies }) => [means, ...culprits, ...remedies]).join(' ');
      assert.match(text, says);
      if (not !== undefined) assert.doesNotMatch(text, not);
    });

  it('the reason in a line of Nova or libvirt has the word, not the general cause', () => {
    const line =
      "WARNING nova.virt.libvirt.migration [instance: x] Failed to switch to post-copy live migration: internal error: unable to execute QEMU command 'migrate-start-postcopy': Postcopy must be started after migration has been started";
    const [nova] = explain(line, entries);
    assert.equal(nova?.id, 'nova-postcopy-switch');
    assert.doesNotMatch([...nova.culprits, ...nova.remedies].join(' '), /PAGEFAULT|vhost-postcopy-support/);
    const denied = explain(
      'Error: Postcopy is not supported: Userfaultfd not available: Operation not permitted',
      entries,
    );
    assert.deepEqual(
      denied.map(({ id }) => id),
      ['qemu-postcopy-unsupported', 'qemu-userfault'],
    );
    const memory =
      "error: internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not supported: Host backend files need to be TMPFS or HUGETLBFS only";
    const ids = explain(memory, entries).map(({ id }) => id);
    assert.deepEqual(ids, ['libvirt-command-failed', 'qemu-postcopy-unsupported', 'qemu-postcopy-file']);
  });

  it('no panic of another program is taken for one of libvhost-user', () => {
    for (const line of [
      '(qemu-system-x86_64:711): GLib-CRITICAL **: 10:11:12.131: Source ID 12 was not found when attempting to remove it',
      'PANIC: unprotected error in call to Lua API',
    ])
      assert.deepEqual(explain(line, entries), []);
  });
});
