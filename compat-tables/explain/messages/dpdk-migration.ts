/** Lines of DPDK's vhost library about migrations: the log for written pages, and post-copy. */
import type { MessageRow } from './message-row.ts';

const VHOST_USER = 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c';

export const DPDK_MIGRATION_MESSAGES: readonly MessageRow[] = [
  {
    id: 'dpdk-log-base-size',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?invalid log base msg size: (?<size>-?\d+) != (?<wanted>\d+)/,
    example: 'VHOST_CONFIG: invalid log base msg size: 8 != 16',
    spellings: ['VHOST_CONFIG: invalid log base msg size: -1 != 16'],
    source: `${VHOST_USER}, vhost_user_set_log_base, 2.2 and later`,
    means:
      'SET_LOG_BASE carries {size} bytes instead of {wanted}. DPDK refuses the log for written pages: the guest cannot be migrated live from here.',
    culprit:
      'The front-end. 8 bytes are the old form, an address alone, of a front-end without VHOST_USER_PROTOCOL_F_LOG_SHMFD (QEMU before 2.5, or a program or relay of its own).',
    remedy: 'Use QEMU 2.5 or later, and let LOG_SHMFD pass; report the release of any other front-end.',
  },
  {
    id: 'dpdk-log-base-fd',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?invalid log fd: (?<fd>-?\d+)|[Ee]xpect \d+ FDs for request VHOST_USER_SET_LOG_BASE, received (?<seen>\d+)/,
    example: 'VHOST_CONFIG: (/run/vhu0) invalid log fd: -1',
    spellings: ['VHOST_CONFIG: (/run/vhu0) expect 1 FDs for request VHOST_USER_SET_LOG_BASE, received 0'],
    source: `${VHOST_USER}, vhost_user_set_log_base and validate_msg_fds, 2.2 and later`,
    means:
      'SET_LOG_BASE did not bring the one file descriptor of the log for written pages. DPDK refuses it, and the migration of the guest fails or loses pages.',
    culprit:
      'A front-end without VHOST_USER_PROTOCOL_F_LOG_SHMFD, or a relay that loses file descriptors. The back-end is not to blame.',
    remedy: 'Let LOG_SHMFD pass and use QEMU 2.5 or later; report the release of the relay or front-end.',
  },
  {
    id: 'dpdk-log-base',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?mmap log base failed/,
    example: 'VHOST_CONFIG: (/run/vhu0) mmap log base failed!',
    source: `${VHOST_USER}, vhost_user_set_log_base, 2.2 and later`,
    means: 'The back-end could not map the log for written pages: the migration fails.',
    culprit:
      'Memory or address space of the back-end that ran out (cgroup, ulimit -v, vm.max_map_count), or a security module that forbids the mapping.',
    remedy:
      'Raise the limits of the back-end; look for denials in the audit log, and at QEMU for "vhost_set_log_base failed".',
  },
  {
    id: 'dpdk-log-base-offset',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?log offset (?<offset>\S+) (?:exceeds log size|and log size) (?<size>\S+)/,
    example: 'VHOST_CONFIG: log offset 0x10 exceeds log size 0x8',
    spellings: ['VHOST_CONFIG: (/run/vhu0) log offset 0xffffffffffffffff and log size 0x8 overflow'],
    source: `${VHOST_USER}, vhost_user_set_log_base, 17.11.1 and later`,
    means: 'SET_LOG_BASE names a place ({offset}) outside the log that it sends. DPDK refuses it: the migration fails.',
    culprit: 'A faulty or hostile front-end, or a relay that changes the message.',
    remedy: 'Report the release of the front-end.',
  },
  {
    id: 'dpdk-log-address',
    program: 'DPDK',
    pattern:
      /(?:[Ff]ailed to write log for IOVA|VQ: Failed to find GPA for log_addr|failed to find GPA for log_addr|failed to map log_guest_addr|[Ff]ailed to allocate VQ logging cache)/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to map log_guest_addr.',
    spellings: [
      'VHOST_DATA: (/run/vhu0) failed to write log for IOVA 0x1000. No IOTLB entry found',
      'VHOST_CONFIG: VQ: Failed to find GPA for log_addr: 0x10 hva: 0x20',
    ],
    source: 'lib/vhost, vhost.c, __vhost_log_write_iova; vhost_user.c, translate_ring_addresses, 19.08 and later',
    means:
      'A page that the back-end wrote could not be noted in the log of the migration: the guest may miss data at its new place.',
    culprit: 'A ring address that no memory of the guest has, or a virtual IOMMU without an entry for it.',
    remedy: 'Cancel the migration if it runs; report both releases.',
  },
  {
    id: 'dpdk-postcopy-build',
    program: 'DPDK',
    pattern: /Postcopy requested but not compiled/,
    example: 'VHOST_CONFIG: Postcopy requested but not compiled',
    source: 'lib/vhost, socket.c, rte_vhost_driver_register, 18.11 and later',
    means:
      'A port was to offer post-copy, and this DPDK was built without it: the port is not registered at all and does not work (Open vSwitch then says "vhost-user device setup failure").',
    culprit:
      'A build on a system without linux/userfaultfd.h (before 20.11 also RTE_LIBRTE_VHOST_POSTCOPY=n). Settings of the kernel change nothing.',
    remedy:
      'Switch post-copy off (Open vSwitch: other_config:vhost-postcopy-support=false and restart), or build DPDK with it.',
  },
  {
    id: 'dpdk-postcopy-ack',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?[Bb]ad qemu ack on postcopy set-mem-table \((?<request>\d+)\)/,
    example: 'VHOST_CONFIG: (/run/vhu0) bad qemu ack on postcopy set-mem-table (37)',
    spellings: ['VHOST_CONFIG: Bad qemu ack on postcopy set-mem-table (5)'],
    source: 'lib/vhost, vhost_user.c, vhost_user_postcopy_register, 18.11 and later',
    means:
      'In post-copy DPDK waited for the front-end to confirm the memory (SET_MEM_TABLE again), and {request} came instead. Post-copy fails for this port.',
    culprit:
      'A front-end or relay that is out of step: memory that is plugged in the middle of post-copy, a relay that keeps the confirmation to itself, or a fault of QEMU. The kernel and its userfaultfd are not to blame.',
    remedy: 'Plug no memory during the migration; update QEMU and the relay, or migrate without post-copy.',
  },
  {
    id: 'dpdk-postcopy-ack-lost',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?[Ff]ailed to read qemu ack on postcopy set-mem-table/,
    example: 'VHOST_CONFIG: Failed to read qemu ack on postcopy set-mem-table',
    source: 'lib/vhost, vhost_user.c, vhost_user_postcopy_register, 18.11 and later',
    means:
      'In post-copy DPDK waited for the front-end to confirm the memory, and the connection ended. Post-copy fails for this port.',
    culprit: 'QEMU of the destination that ended at this moment, or a relay that does not pass the confirmation on.',
    remedy: 'Look at the log of QEMU at the destination.',
  },
  {
    id: 'dpdk-postcopy-order',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?[Rr]egions already registered at postcopy-listen/,
    example: 'VHOST_CONFIG: (/run/vhu0) regions already registered at postcopy-listen',
    source: 'lib/vhost, vhost_user.c, vhost_user_set_postcopy_listen, 18.11 and later',
    means: 'POSTCOPY_LISTEN came after the memory was registered: DPDK refuses post-copy for this port.',
    culprit:
      'A front-end that sends its requests in another order than QEMU, or a port that was connected again in the middle of post-copy.',
    remedy: 'Migrate without post-copy; report the release of the front-end.',
  },
  {
    id: 'dpdk-postcopy-copy',
    program: 'DPDK',
    pattern:
      /Dequeue zero copy requested, disabling postcopy support|async copy (?:with|and) IOMMU or post-copy|enabling async copy and IOMMU or post-copy feature simultaneously/,
    example: 'VHOST_CONFIG: (/run/vhu0) async copy with IOMMU or post-copy not supported',
    spellings: ['VHOST_CONFIG: Dequeue zero copy requested, disabling postcopy support'],
    source: 'lib/vhost, socket.c, rte_vhost_driver_register, 18.11 and later',
    means:
      'The port is to copy by other means (zero copy, DMA), which excludes post-copy (and async copy a virtual IOMMU). With zero copy post-copy is left out; with async copy the port is refused.',
    culprit:
      'Settings of the port that do not go together (dmas= or iommu-support=, postcopy-support= of testpmd; dq-zero-copy with vhost-postcopy-support of Open vSwitch).',
    remedy: 'Leave one of them out.',
  },
  {
    id: 'dpdk-postcopy',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?(?:[Uu]serfaultfd not available: (?<error>.+)|UFFDIO_API ioctl failure)/,
    example: 'VHOST_CONFIG: (/run/vhu0) userfaultfd not available: Operation not permitted',
    source: 'lib/vhost, vhost_user.c, vhost_user_set_postcopy_advise, 18.11 and later',
    means: 'The back-end cannot use userfaultfd, so that it cannot take part in post-copy.',
    culprit:
      'userfaultfd that is forbidden to it (vm.unprivileged_userfaultfd=0, a seccomp filter of its container), or a kernel without it.',
    remedy: 'Allow userfaultfd (sysctl vm.unprivileged_userfaultfd=1), or migrate without post-copy.',
  },
  {
    id: 'dpdk-postcopy-region',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?[Ff]ailed to register ufd for region (?<region>\S+ - \S+)/,
    example:
      'VHOST_CONFIG: (/run/vhu0) failed to register ufd for region 7f0000000000 - 7f0040000000 (ufd = 40) Invalid argument',
    source: 'lib/vhost, vhost_user.c, vhost_user_postcopy_region_register, 18.11 and later',
    means:
      'The back-end has a userfaultfd, but cannot watch this region of guest memory with it, so that it cannot take part in post-copy.',
    culprit:
      'Invalid argument: memory of a kind that the kernel cannot watch (huge pages or shared memory of an older kernel, a file), or a range that is not mapped so. Operation not permitted: write protection of the memory (a sealed memfd).',
    remedy:
      'Give the guest memory that the kernel can watch (memory-backend-memfd,share=on), or migrate without post-copy.',
  },
];
