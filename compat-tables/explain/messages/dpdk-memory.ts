/** Lines of DPDK's vhost library about guest memory. */
import type { MessageRow } from './message-row.ts';

const VHOST_USER = 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c';

export const DPDK_MEMORY_MESSAGES: readonly MessageRow[] = [
  {
    id: 'dpdk-mmap-region',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:failed to mmap region(?: (?<region>\d+))?|Failed to mmap region (?<old>\d+)|mmap region (?<older>\d+) failed|mmap qemu guest failed|mmap failed \((?<error>[^)]*)\))/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to mmap region 0',
    spellings: [
      'VHOST_CONFIG: mmap region 0 failed.',
      'VHOST_CONFIG: mmap qemu guest failed.',
      'VHOST_CONFIG: Failed to mmap region 0',
      'VHOST_CONFIG: (/run/vhu0) mmap failed (Cannot allocate memory).',
    ],
    source: `${VHOST_USER}, vhost_user_mmap_region and vhost_user_set_mem_table, 2.0 and later`,
    means: 'The back-end could not map the memory of the guest. It refuses the message and hangs up.',
    culprit:
      'Guest memory that is not shared, huge pages that ran out or that the back-end may not open, or a limit of memory (cgroup, ulimit -l).',
    remedy:
      'Give the guest shared memory, from huge pages for DPDK (libvirt: <memoryBacking><hugepages/> and <access mode="shared"/>); check free huge pages on each node and the rights of the back-end.',
  },
  {
    id: 'dpdk-region-values',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:mmap size \(0x[\da-f]+\) or alignment \(0x[\da-f]+\) is invalid|mmap_offset \(\S+\) and memory_size \(\S+\) overflow|fd count makes no sense|couldn't get hugepage size through fstat)/,
    example: "VHOST_CONFIG: couldn't get hugepage size through fstat",
    spellings: ['VHOST_CONFIG: fd count makes no sense'],
    source: `${VHOST_USER}, vhost_user_mmap_region and vhost_user_set_mem_table, 2.0 and later`,
    means:
      'The size, offset or descriptor of a memory region makes no sense to the back-end. It refuses the message and hangs up.',
    culprit: 'A front-end (or relay) that sends wrong values or the wrong descriptor; QEMU does not.',
    remedy: 'Report the release of the front-end.',
  },
  {
    id: 'dpdk-region-overlap',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:requested memory region overlaps with another region|\s*(?:Requested|Overlapping) region (?:address|size))/,
    example: 'VHOST_CONFIG: (/run/vhu0) requested memory region overlaps with another region',
    spellings: ['VHOST_CONFIG: (/run/vhu0) 	Requested region address:0x100000'],
    source: `${VHOST_USER}, vhost_user_add_mem_reg, 21.02 and later`,
    means: 'ADD_MEM_REG names memory that another region has already. The back-end refuses it.',
    culprit: 'A front-end that adds a region twice, for example after a reconnect or through a relay.',
    remedy: 'Start the guest again; report the release of the front-end.',
  },
  {
    id: 'dpdk-region-order',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:memory already initialized, free it first|no memory regions to remove|failed to find region)/,
    example: 'VHOST_CONFIG: (/run/vhu0) no memory regions to remove',
    source: `${VHOST_USER}, vhost_user_rem_mem_reg and vhost_user_initialize_memory, 21.02 and later`,
    means:
      'A memory region was to be removed that the back-end does not have, or memory was set up twice. It refuses the message.',
    culprit:
      'A front-end or relay whose list of regions differs from that of the back-end, for example after a restart of the back-end.',
    remedy:
      'Connect the port again (bind the driver in the guest, or start the guest again); report the release of the front-end.',
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
    id: 'dpdk-iotlb',
    program: 'DPDK',
    pattern: /IOTLB pool\b.*(?:empty|failed|failure)|[Ff]ailed to create IOTLB cache pool/,
    example: 'VHOST_CONFIG: IOTLB pool still empty, failure',
    spellings: ['VHOST_CONFIG: Failed to create IOTLB cache pool (iotlb_0_0)'],
    source: 'lib/vhost, iotlb.c; vhost_user.c, vhost_user_iotlb_miss, 17.11 and later',
    means:
      'With a virtual IOMMU: an address of the guest could not be kept: the cache is full. Packets are lost or slow.',
    culprit: 'A guest that maps more pages than the cache holds, or memory of the back-end that ran out.',
    remedy: 'A guest with static mappings (iommu=pt) needs far fewer entries.',
  },
  {
    id: 'dpdk-iotlb-channel',
    program: 'DPDK',
    pattern: /IOTLB miss req failed for IOVA|[Ff]ailed to send IOTLB miss message|[Ii]nvalid IOTLB message type/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to send IOTLB miss message (-1)',
    spellings: ['VHOST_DATA: (/run/vhu0) IOTLB miss req failed for IOVA 0x1000'],
    source: 'lib/vhost, vhost.c; vhost_user.c, vhost_user_iotlb_miss, 17.11 and later',
    means:
      'With a virtual IOMMU: the back-end could not ask the front-end what lies behind an address of the guest, or got an answer that it does not know. Packets are lost.',
    culprit: 'A front-end that hung up its second channel (BACKEND_REQ), or a relay that does not pass it on.',
    remedy: 'Look at the log of QEMU.',
  },
  {
    id: 'dpdk-no-memory',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:error: )?(?:[Ff]ailed to (?:allocate (?:mem(?:ory)?\b(?! for (?:resubmit|inflight|mbuf|reconnect|zero))|async \w+)|alloc queue|realloc)|failed to copy socket path string)/,
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
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?reallocated? (?:vq|dev|virtqueue|device)\b/,
    example: 'VHOST_CONFIG: (/run/vhu0) reallocated virtqueue on node 1',
    spellings: ['VHOST_CONFIG: reallocate vq from 0 to 1 node'],
    source: `${VHOST_USER}, numa_realloc, 2.1 and later`,
    tells: 'course',
    means: 'The port moves its own memory to the NUMA node of the guest. Nothing is wrong.',
  },
  {
    id: 'dpdk-numa-unknown',
    program: 'DPDK',
    pattern:
      /[Uu]nable to get (?:vring desc or dev|vq|dev|virtqueue \d+|Virtio dev \d+)? ?numa information|failed to query numa node/,
    example: 'VHOST_CONFIG: Unable to get vq numa information.',
    spellings: ['VHOST_CONFIG: (/run/vhu0) failed to query numa node: Operation not permitted'],
    source: `${VHOST_USER}, numa_realloc; vhost.c, rte_vhost_get_numa_node, 2.1 and later`,
    means:
      'DPDK could not find out on which NUMA node the guest lies. The port works; it may be slower, with its memory on the far node.',
    culprit:
      'get_mempolicy() that is forbidden to the back-end (a container without CAP_SYS_NICE), or guest memory that is not touched yet.',
    remedy: 'Allow the call to the back-end, or run it and the guest on one node.',
  },
];
