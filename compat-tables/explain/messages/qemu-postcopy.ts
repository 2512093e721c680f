/** Lines of QEMU about post-copy with vhost-user, and about the state of devices that lies in the back-end. */
import type { MessageRow } from './message-row.ts';

export const QEMU_POSTCOPY_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-postcopy-backend',
    program: 'QEMU',
    pattern: /vhost-user backend not capable of postcopy/,
    example: 'Error: Postcopy is not supported: vhost-user backend not capable of postcopy',
    source: 'hw/virtio/vhost-user.c, vhost_user_postcopy_notifier, 2.12 and later',
    means: 'Post-copy is refused, because the back-end of a device cannot have its memory filled later.',
    culprit:
      'A back-end without VHOST_USER_PROTOCOL_F_PAGEFAULT. Open vSwitch offers it with other_config:vhost-postcopy-support=true only (client-mode ports, no mlockall); the agent and QEMU have to let it pass.',
    remedy:
      'Switch it on at both hosts and start the guest again, or migrate without post-copy. Ordinary migration needs none of this.',
    lacks: { family: 'protocol', names: ['VHOST_USER_PROTOCOL_F_PAGEFAULT'] },
  },
  {
    id: 'qemu-postcopy-unsupported',
    program: 'QEMU',
    pattern: /Postcopy is not supported(?:: (?!vhost-user backend not capable)(?<why>.+))?$/,
    example: 'Error: Postcopy is not supported',
    source: 'migration/migration.c, migrate_caps_check, and options.c, 2.5 and later',
    means: 'This host cannot receive a guest by post-copy.',
    culprit:
      'userfaultfd that is forbidden (vm.unprivileged_userfaultfd), guest memory of a kind that cannot be filled later, locked memory, or a back-end; the lines before say which.',
    remedy: 'Explain the lines before this one, or migrate without post-copy.',
    tells: 'symptom',
  },
  {
    id: 'qemu-postcopy-message',
    program: 'QEMU',
    pattern:
      /Failed to (?:send|get|receive reply to) ?(?<name>postcopy_(?:advise|listen|end))(?: reply)?(?: (?:to|from) vhost)?/,
    example: 'qemu-system-x86_64: Failed to send postcopy_advise to vhost',
    spellings: [
      'qemu-system-x86_64: Failed to get postcopy_advise reply from vhost',
      'qemu-system-x86_64: Failed to receive reply to postcopy_listen',
    ],
    source: 'hw/virtio/vhost-user.c, vhost_user_postcopy_advise, _listen and _end, 2.12 and later',
    means: 'The request {name} to the back-end, or its answer, failed. The post-copy migration cannot go on.',
    culprit: 'A back-end that hung up or that cannot use userfaultfd.',
    remedy: 'Look at the log of the back-end for "userfaultfd" and "postcopy".',
  },
  {
    id: 'qemu-postcopy-reply',
    program: 'QEMU',
    pattern:
      /Unexpected size for postcopy reply|postcopy reply not fully consumed|invalid postcopy reply for region|: Failed to get ufd\b/,
    example: 'qemu-system-x86_64: vhost_user_set_mem_table_postcopy: Unexpected size for postcopy reply 12 vs 332',
    spellings: ['qemu-system-x86_64: vhost_user_postcopy_advise: Failed to get ufd'],
    source: 'hw/virtio/vhost-user.c, vhost_user_set_mem_table_postcopy and others, 2.12 and later',
    means: 'The answer of the back-end about the memory that post-copy fills later does not fit.',
    culprit: 'A back-end whose post-copy is faulty, or a relay that drops the descriptor or the long answer.',
    remedy: 'Report the release of the back-end; migrate without post-copy.',
  },
  {
    id: 'qemu-postcopy-fault',
    program: 'QEMU',
    pattern:
      /Failed to find region for fault (?<region>\w+)|Failed to resolve shared fault on (?<which>-?\d+\/\S+)|Fault outside guest: (?<outside>\w+)/,
    example: 'qemu-system-x86_64: vhost_user_postcopy_fault_handler: Failed to find region for fault 7f3d40001000',
    spellings: [
      'qemu-system-x86_64: postcopy_ram_fault_thread: Failed to resolve shared fault on 2/vhost-user',
      'qemu-system-x86_64: postcopy_ram_fault_thread: Fault outside guest: 7f0011223000',
    ],
    source:
      'hw/virtio/vhost-user.c, vhost_user_postcopy_fault_handler; migration/postcopy-ram.c, postcopy_ram_fault_thread, 2.12 and later',
    means:
      'In post-copy a page was touched that could not be asked for from the source: its address lies in no memory of the guest that QEMU knows ({region|outside|which}), or the request did not get through. Who touched it (a back-end, for "shared fault") stands still.',
    culprit:
      'A back-end that told QEMU other addresses than it maps the memory at (or a relay that changed them); without "Failed to find region" beside it, the network between the hosts.',
    remedy:
      'Look for a broken connection between the hosts first. Otherwise report the releases of QEMU and back-end; the guest has to be started again. Migrate without post-copy.',
  },
  {
    id: 'qemu-postcopy-file',
    program: 'QEMU',
    pattern: /Host backend files need to be TMPFS or HUGETLBFS only/,
    example: 'qemu-system-x86_64: Host backend files need to be TMPFS or HUGETLBFS only',
    source: 'migration/postcopy-ram.c, test_ramblock_postcopiable, 8.1 and later',
    means: 'The memory of the guest lies in a file on a disk, where post-copy cannot fill it later.',
    culprit: 'memory-backend-file with a mem-path that is neither tmpfs nor huge pages. No back-end has a part in it.',
    remedy:
      'Use memory-backend-memfd, or a mem-path in /dev/shm or hugetlbfs, at both hosts (libvirt: <memoryBacking><source type="memfd"/>), or migrate without post-copy.',
  },
  {
    id: 'qemu-postcopy-block',
    program: 'QEMU',
    pattern:
      /Postcopy requires RAM blocks to be a page size multiple, block (?<block>\S+) is 0x[\da-f]+ bytes with a page size of (?<sizeBytes>0x[\da-f]+)/,
    example:
      'qemu-system-x86_64: Postcopy requires RAM blocks to be a page size multiple, block mem0 is 0x10001000 bytes with a page size of 0x200000',
    source: 'migration/postcopy-ram.c, test_ramblock_postcopiable, 2.12 and later',
    means: 'Post-copy moves whole pages of this host, and the memory {block} is no multiple of them ({sizeBytes}).',
    culprit: 'The size of that memory, or of its huge pages. No back-end has a part in it.',
    remedy: 'Give the memory a size that is a multiple of its pages, or migrate without post-copy.',
  },
  {
    id: 'qemu-postcopy-page',
    program: 'QEMU',
    pattern: /Target page size bigger than host page size/,
    example: 'qemu-system-x86_64: Target page size bigger than host page size',
    source: 'migration/postcopy-ram.c, postcopy_ram_supported_by_host, 2.5 and later',
    means: 'The pages of the guest are larger than those of this host, which cannot fill them in one piece later.',
    culprit: 'The architecture of the guest on this host.',
    remedy: 'Migrate without post-copy.',
  },
  {
    id: 'qemu-userfault',
    program: 'QEMU',
    pattern:
      /(?<!VHOST_CONFIG: |\) )\buserfaultfd not available: (?<error>.+)|syscall __NR_userfaultfd failed|\bUFFDIO_API failed|Userfault on this host does not support huge pages|Missing userfault (?:map )?features|Failed to (?:open userfault fd|read full userfault message|map (?:test area|postcopy_tmp_page))|Opening userfault_\w+|uffd_open\(\) failed|UFFDIO_(?:REGISTER|UNREGISTER) failed|Userfault feature detection failed|from userfaultfd|userfault unregister|(?:qemu[\w-]*|not supported): Userfaultfd not available|userfault register: |Region doesn't support COPY/,
    example: 'qemu-system-x86_64: postcopy_ram_supported_by_host: userfaultfd not available: Operation not permitted',
    spellings: ['qemu-system-x86_64: Userfault on this host does not support huge pages'],
    source: 'migration/postcopy-ram.c, postcopy_ram_supported_by_host and ram_block_enable_notify, 2.5 and later',
    means: 'This host does not let QEMU fill guest memory later (userfaultfd): no post-copy here.',
    culprit: 'vm.unprivileged_userfaultfd=0, a seccomp filter, an old kernel, or huge pages that it cannot do.',
    remedy: 'Allow userfaultfd for QEMU (sysctl vm.unprivileged_userfaultfd=1), or migrate without post-copy.',
  },
  {
    id: 'qemu-postcopy-paused',
    program: 'QEMU',
    pattern: /Detected IO failure for postcopy\. Migration paused|postcopy_pause_\w+: /,
    example: 'qemu-system-x86_64: Detected IO failure for postcopy. Migration paused.',
    source: 'migration/migration.c, postcopy_pause, 2.12 and later',
    means: 'The connection between the hosts broke while the guest ran on half of its memory. It waits on both hosts.',
    culprit: 'The network between the hosts.',
    remedy: 'Do not end either QEMU: resume the migration (`virsh migrate --postcopy-resume`, QMP migrate-recover).',
  },
  {
    id: 'qemu-device-state-backend',
    program: 'QEMU',
    pattern:
      /Back-end does not support migration state transfer|Back-end of \S+ device (?<device>\S+) (?:\(tag: "[^"]*"\) )?does not support migration through qemu|vhost transport does not support migration state transfer/,
    example:
      'qemu-system-x86_64: Back-end of vhost-user-fs device 0000:00:04.0/vhost-user-fs (tag: "share") does not support migration through qemu',
    spellings: ['qemu-system-x86_64: Back-end does not support migration state transfer'],
    source: 'hw/virtio/vhost-user.c, vhost_user_check_device_state, and vhost-user-fs.c, 8.2 and later',
    means: 'The state of this device lies in its back-end, which cannot hand it over. The guest cannot be migrated.',
    culprit: 'A back-end without VHOST_USER_PROTOCOL_F_DEVICE_STATE: it is too old, or keeps its state to itself.',
    remedy: 'Update the back-end on both hosts, or unplug the device before the migration.',
    lacks: { family: 'protocol', names: ['VHOST_USER_PROTOCOL_F_DEVICE_STATE'] },
  },
  {
    id: 'qemu-device-state',
    program: 'QEMU',
    pattern:
      /Error (?<verb>saving|loading|getting vhost)\s+back-end (?:state )?of (?<what>\S+) device(?!.*Failed to (?:send|receive) (?:SET|CHECK)_DEVICE_STATE|.*transfer pipe)|Back-end (?<did>did not accept migration state transfer|failed to process its internal state)|Failed to (?:initiate|set up) state transfer(?!: Failed to (?:send|receive) SET_)/,
    example:
      'qemu-system-x86_64: Error loading back-end state of vhost-user-fs device 0000:00:04.0/vhost-user-fs (tag: "share"): Back-end failed to process its internal state',
    spellings: [
      'qemu-system-x86_64: Back-end failed to process its internal state',
      'qemu-system-x86_64: Back-end did not accept migration state transfer',
    ],
    source: 'hw/virtio/vhost.c, vhost_save_backend_state and vhost_load_backend_state; vhost-user-fs.c, 8.2 and later',
    means: 'The state that lies in the back-end could not be saved at the source or loaded at the destination.',
    culprit:
      'Back-ends of two releases or with other settings (another shared directory), or one that does not accept the transfer.',
    remedy: 'Look at the logs of both back-ends; give both hosts the same release and settings.',
  },
  {
    id: 'qemu-device-state-lost',
    program: 'QEMU',
    pattern:
      /Failed to (?:send|receive) (?<name>SET_DEVICE_STATE_FD|CHECK_DEVICE_STATE) (?:message|reply)|Failed to get back-end-provided (?<pipe>transfer pipe)/,
    example: 'qemu-system-x86_64: Failed to send SET_DEVICE_STATE_FD message: Broken pipe',
    spellings: [
      'qemu-system-x86_64: Error loading back-end state of vhost-user-fs device 0000:00:04.0/vhost-user-fs (tag: "share"): Failed to receive CHECK_DEVICE_STATE reply: Input/output error',
    ],
    source: 'hw/virtio/vhost-user.c, vhost_user_set_device_state_fd and vhost_user_check_device_state, 8.2 and later',
    means:
      'The back-end hung up while its state was handed over ({name|pipe}). At the destination the guest is refused and goes on at the source.',
    culprit: 'A back-end (virtiofsd, for example) that ended: it crashed or gave up at this state.',
    remedy: 'Look at the log of the back-end of this host at that time; start it again before the next attempt.',
  },
  {
    id: 'qemu-state-pipe',
    program: 'QEMU',
    pattern: /Failed to (?<verb>send|receive|read) state(?:: (?<error>.+))?$/,
    example: 'qemu-system-x86_64: Failed to send state: Connection is closed',
    source: 'hw/virtio/vhost.c, vhost_save_backend_state and vhost_load_backend_state, 8.2 and later',
    tells: 'symptom',
    means: 'The pipe with the state of the back-end broke.',
    culprit: 'A back-end that ended or refused the state.',
    remedy: 'Look at the log of the back-end.',
  },
];
