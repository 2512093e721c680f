/** Lines of DPDK's vhost library about guest memory, the dirty log and post-copy. */
import type { MessageRow } from './message-row.ts';

const VHOST_USER = 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c';

export const DPDK_MEMORY_MESSAGES: readonly MessageRow[] = [
  {
    id: 'dpdk-mmap-region',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:failed to mmap region(?: (?<region>\d+))?|Failed to mmap region (?<old>\d+)|mmap region (?<older>\d+) failed|mmap qemu guest failed|mmap failed \((?<error>[^)]*)\)|mmap size \(0x[\da-f]+\) or alignment \(0x[\da-f]+\) is invalid|couldn't get hugepage size through fstat|mmap_offset \(\S+\) and memory_size \(\S+\) overflow|fd count makes no sense|requested memory region overlaps with another region|memory already initialized, free it first|no memory regions to remove|failed to find region)/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to mmap region 0',
    spellings: [
      'VHOST_CONFIG: mmap region 0 failed.',
      'VHOST_CONFIG: mmap qemu guest failed.',
      'VHOST_CONFIG: Failed to mmap region 0',
      'VHOST_CONFIG: (/run/vhu0) mmap failed (Cannot allocate memory).',
      'VHOST_CONFIG: (/run/vhu0) requested memory region overlaps with another region',
      "VHOST_CONFIG: couldn't get hugepage size through fstat",
    ],
    source: `${VHOST_USER}, vhost_user_mmap_region and vhost_user_set_mem_table, 2.0 and later`,
    means: 'The back-end could not map the memory of the guest. It refuses the message and hangs up.',
    culprit:
      'Guest memory that is not shared, huge pages that ran out or that the back-end may not open, a limit of memory (cgroup, ulimit -l), or a region that does not fit the ones before.',
    remedy:
      'Give the guest shared memory, from huge pages for DPDK (libvirt: <memoryBacking><hugepages/> and <access mode="shared"/>); check free huge pages on each node and the rights of the back-end.',
  },
  {
    id: 'dpdk-guest-pages',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:adding guest pages to region(?: \d+)? failed|cannot realloc guest_pages|DMA engine (?:map|unmap) failed|Configure IOMMU for DMA engine failed)/,
    example: 'VHOST_CONFIG: (/run/vhu0) adding guest pages to region failed.',
    source: `${VHOST_USER}, add_guest_pages and async_dma_map, 18.02 and later`,
    means: 'The memory of the guest could not be made known to a DMA engine, or its list of pages did not fit.',
    culprit: 'Too little memory in the back-end process, or a DMA engine that cannot map guest memory.',
    remedy: 'Give the guest larger huge pages; run the port without DMA acceleration to tell the two apart.',
  },
  {
    id: 'dpdk-memory-unchanged',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?memory regions not changed/,
    example: 'VHOST_CONFIG: (/run/vhu0) memory regions not changed',
    source: `${VHOST_USER}, vhost_user_set_mem_table, 18.02 and later`,
    tells: 'course',
    means: 'The front-end sent the same memory as before; nothing was mapped anew.',
  },
  {
    id: 'dpdk-log-base',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:mmap log base failed|invalid log (?:fd: -?\d+|base msg size: -?\d+ != \d+)|log offset \S+ (?:exceeds log size|and log size) \S+)/,
    example: 'VHOST_CONFIG: (/run/vhu0) mmap log base failed!',
    spellings: [
      'VHOST_CONFIG: invalid log base msg size: -1 != 16',
      'VHOST_CONFIG: log offset 0x10 exceeds log size 0x8',
      'VHOST_CONFIG: (/run/vhu0) log offset 0xffffffffffffffff and log size 0x8 overflow',
    ],
    source: `${VHOST_USER}, vhost_user_set_log_base, 2.2 and later`,
    means: 'The log for pages that the back-end writes could not be taken: the migration fails or loses pages.',
    culprit: 'A front-end or relay that sends it wrongly, or memory that cannot be mapped.',
    remedy: 'Look at QEMU for "vhost_set_log_base failed"; report both releases.',
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
    id: 'dpdk-iotlb',
    program: 'DPDK',
    pattern:
      /IOTLB (?:pool\b.*(?:empty|failed|failure)|miss req failed for IOVA)|[Ff]ailed to (?:send IOTLB miss message|create IOTLB cache pool)|invalid IOTLB message type|Invalid IOTLB message type/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to send IOTLB miss message (-1)',
    spellings: [
      'VHOST_CONFIG: IOTLB pool still empty, failure',
      'VHOST_DATA: (/run/vhu0) IOTLB miss req failed for IOVA 0x1000',
      'VHOST_CONFIG: Failed to create IOTLB cache pool (iotlb_0_0)',
    ],
    source: 'lib/vhost, iotlb.c; vhost_user.c, vhost_user_iotlb_miss, 17.11 and later',
    means: 'With a virtual IOMMU: an address of the guest could not be looked up or kept. Packets are lost or slow.',
    culprit: 'A front-end that hung up its second channel, or a guest that maps more pages than the cache holds.',
    remedy: 'Look at the log of QEMU; a guest with static mappings (iommu=pt) needs far fewer entries.',
  },
  {
    id: 'dpdk-postcopy',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:[Ff]ailed to read qemu ack on postcopy set-mem-table|[Bb]ad qemu ack on postcopy set-mem-table|[Ff]ailed to register ufd for region|[Uu]serfaultfd not available: (?<error>.+)|UFFDIO_API ioctl failure|[Rr]egions already registered at postcopy-listen|Postcopy requested but not compiled|Dequeue zero copy requested, disabling postcopy support|async copy (?:with|and) IOMMU or post-copy|enabling async copy and IOMMU or post-copy feature simultaneously)/,
    example: 'VHOST_CONFIG: (/run/vhu0) userfaultfd not available: Operation not permitted',
    spellings: [
      'VHOST_CONFIG: Failed to read qemu ack on postcopy set-mem-table',
      'VHOST_CONFIG: Postcopy requested but not compiled',
      'VHOST_CONFIG: (/run/vhu0) async copy with IOMMU or post-copy not supported',
    ],
    source:
      'lib/vhost, vhost_user.c, vhost_user_set_postcopy_advise and others; socket.c, rte_vhost_driver_register, 18.11 and later',
    means: 'The back-end cannot take part in post-copy.',
    culprit:
      'userfaultfd that is forbidden to it, a build without it, or a port setting that excludes it (zero copy, async copy).',
    remedy: 'Allow userfaultfd (sysctl vm.unprivileged_userfaultfd=1), or migrate without post-copy.',
  },
  {
    id: 'dpdk-no-memory',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:error: )?(?:[Ff]ailed to (?:allocate (?:mem(?:ory)?(?! for (?:resubmit|inflight|mbuf|reconnect|zero))|async \w+)|alloc queue|realloc)|failed to copy socket path string)/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to allocate memory for dev->mem',
    spellings: [
      'VHOST_CONFIG: Failed to allocate memory for new dev.',
      'VHOST_CONFIG: (0) failed to allocate memory for dev->guest_pages',
      'VHOST_CONFIG: (/run/vhu0) failed to realloc virtqueue 0 on node 1',
      'VHOST_CONFIG: failed to alloc queue',
    ],
    source: 'lib/vhost, vhost.c, vhost_user.c and socket.c, 2.0 and later',
    means: 'DPDK has no memory left for this port, on the NUMA node that it wants it from.',
    culprit: 'Too few huge pages for the back-end (Open vSwitch: dpdk-socket-mem, dpdk-socket-limit).',
    remedy: 'Give the back-end more memory on that node; there must be some on the node of each guest.',
  },
  {
    id: 'dpdk-numa',
    program: 'DPDK',
    pattern:
      /[Uu]nable to get (?:vring desc or dev|vq|dev|virtqueue \d+|Virtio dev \d+)? ?numa information|failed to query numa node|VHOST_CONFIG: (?:\([^)]*\) )?reallocated? (?:vq|dev|virtqueue|device)\b/,
    example: 'VHOST_CONFIG: (/run/vhu0) reallocated virtqueue on node 1',
    spellings: ['VHOST_CONFIG: Unable to get vq numa information.', 'VHOST_CONFIG: reallocate vq from 0 to 1 node'],
    source: `${VHOST_USER}, numa_realloc, 2.1 and later`,
    tells: 'course',
    means:
      'The port moves its own memory to the NUMA node of the guest, or could not find out which that is. It works either way.',
  },
];
