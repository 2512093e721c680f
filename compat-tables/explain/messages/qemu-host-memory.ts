/** Lines of QEMU about the memory of a guest on its host: where it comes from, and how its pieces lie. */
import type { MessageRow } from './message-row.ts';

export const QEMU_HOST_MEMORY_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-ram-backing',
    program: 'QEMU',
    pattern:
      /(?:unable to map|unable to create|can't open) backing store (?:(?<path>\/\S+) )?for (?:guest RAM|hugepages)(?:: (?<error>.+))?|os_mem_prealloc: (?:Insufficient free host memory pages|preallocating memory failed)|qemu_prealloc_mem: preallocating memory failed(?:: (?<touch>.+))?/,
    example: 'qemu-system-x86_64: unable to map backing store for guest RAM: Cannot allocate memory',
    spellings: [
      "qemu-system-x86_64: can't open backing store /dev/hugepages/libvirt/qemu/1-vm for guest RAM: Permission denied",
      'qemu-system-x86_64: os_mem_prealloc: Insufficient free host memory pages available to allocate guest RAM',
      'qemu-system-x86_64: qemu_prealloc_mem: preallocating memory failed: Bad address',
    ],
    source:
      'system/physmem.c (exec.c before 5.2), file_ram_alloc; util/oslib-posix.c, qemu_prealloc_mem, 1.0 and later',
    means:
      'QEMU did not get the memory for the guest from this host ("Permission denied" at a path: it may not open it). The guest does not start; no back-end was asked yet.',
    culprit:
      'Too few free huge pages (of that size, on that NUMA node), a memory limit of the process, or rights of the hugetlbfs directory.',
    remedy:
      'Compare free huge pages of each node (/sys/devices/system/node/node*/hugepages/*/free_hugepages) with the memory of the guest, and reserve more; otherwise mend the rights or the limit.',
  },
  {
    id: 'qemu-memory-sections',
    program: 'QEMU',
    pattern:
      /Section rounded to (?<from>[\da-f]+) prior to previous (?<before>[\da-f]+)|Overlapping but not coherent sections at (?<at>[\da-f]+)/,
    example: 'qemu-system-x86_64: vhost_region_add_section: Overlapping but not coherent sections at 7fff000',
    spellings: [
      'qemu-system-x86_64: vhost_region_add_section:Section rounded to 7f0000000000 prior to previous 7f0000200000',
    ],
    source: 'hw/virtio/vhost.c, vhost_region_add_section, 2.12 and later',
    means:
      'Pieces of guest memory overlap once QEMU has rounded them to the pages they are made of, and QEMU did not join them: the memory table for the back-end may be wrong at that place.',
    culprit:
      'A device or ROM mapped into the middle of guest memory of huge pages, or a fault of QEMU. The back-end has no part in it.',
    remedy:
      'Give the guest memory whose size is a multiple of its huge pages, and report the release of QEMU with the devices of the guest.',
  },
];
