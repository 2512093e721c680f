/** Lines of QEMU about guest memory that a back-end has to map, and about its dirty log. */
import type { MessageRow } from './message-row.ts';

export const QEMU_MEMORY_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-memory-not-shared',
    program: 'QEMU',
    pattern: /Failed initializing vhost-user memory map, consider using -object memory-backend-file share=on/,
    example:
      'qemu-system-x86_64: Failed initializing vhost-user memory map, consider using -object memory-backend-file share=on',
    source: 'hw/virtio/vhost-user.c, vhost_user_fill_set_mem_table_msg, 2.1 and later',
    means:
      'No memory of the guest is shared, so that QEMU has nothing to hand to the back-end. It sent no message; the device does not start.',
    culprit: 'Guest memory without share=on. The back-end is not to blame.',
    remedy:
      'Give the guest memory-backend-memfd or memory-backend-file with share=on (libvirt: <memoryBacking><source type="memfd"/><access mode="shared"/></memoryBacking>) and start it again.',
  },
  {
    id: 'qemu-memory-message',
    program: 'QEMU',
    pattern: /Failed preparing vhost-user memory table msg/,
    example: 'qemu-system-x86_64: Failed preparing vhost-user memory table msg',
    source: 'hw/virtio/vhost-user.c, vhost_user_fill_set_mem_table_msg, 3.1 and later',
    means: 'The memory of the guest has more regions than one SET_MEM_TABLE can carry, which is 8.',
    culprit: 'Memory hot-plug or many memory devices, with a back-end without CONFIGURE_MEM_SLOTS.',
    remedy: 'Give the guest its memory in fewer, larger regions.',
  },
  {
    id: 'qemu-memory-slots-used',
    program: 'QEMU',
    pattern: /used \((?<used>\d+)\) vhost backend memory slots exceed the device limit \((?<limit>\d+)\)/,
    example: 'qemu-system-x86_64: warning: used (9) vhost backend memory slots exceed the device limit (8).',
    source: 'hw/virtio/vhost.c, vhost_commit and vhost_dev_init, 8.2 and later',
    means: 'The guest uses {used} memory regions; the back-end maps {limit}. The device does not work with the rest.',
    culprit: 'Memory hot-plug, or a back-end with fewer memory slots than the one before.',
    remedy: 'Give the guest its memory in fewer, larger regions; move it only to back-ends with as many slots.',
  },
  {
    id: 'qemu-memory-slots-reserved',
    program: 'QEMU',
    pattern: /this vhost backend would further restricts? the overall number of memory slots/,
    example:
      'qemu-system-x86_64: -device vhost-user-fs-pci,chardev=c,tag=t: some memory device (like virtio-mem) decided how many memory slots to use based on the overall number of memory slots; this vhost backend would further restricts the overall number of memory slots',
    source: 'hw/virtio/vhost.c, vhost_dev_init, 8.2 and later',
    means:
      'A memory device such as virtio-mem was added before the back-end and took more memory slots than the back-end has.',
    culprit: 'The order of the devices: the one with the smaller limit has to come first.',
    remedy: 'Plug the vhost-user device before the memory device.',
  },
  {
    id: 'qemu-memory-slots-decreased',
    program: 'QEMU',
    pattern:
      /backend specified a max ram slots limit of (?<now>\d+), when the prior validated limit was (?<before>\d+)/,
    example:
      'qemu-system-x86_64: The backend specified a max ram slots limit of 8, when the prior validated limit was 509. This limit should never decrease.',
    source: 'hw/virtio/vhost-user.c, vhost_user_backend_init, 5.1 and later',
    means: 'After a reconnect the back-end maps {now} memory regions; before it were {before}. QEMU refuses it.',
    culprit: 'A back-end that was replaced by another program or an older release while the guest ran.',
    remedy: 'Give the back-end its former release back, or stop and start the guest.',
  },
  {
    id: 'qemu-region',
    program: 'QEMU',
    pattern:
      /Verify ring failure on region (?<region>\d+)|Unable to map (?<part>[\w ]+) for ring (?<ring>\d+)|(?<moved>[\w ]+) relocated for ring (?<of>\d+)/,
    example: 'qemu-system-x86_64: Verify ring failure on region 1',
    spellings: [
      'qemu-system-x86_64: Unable to map descriptor table for ring 0',
      'qemu-system-x86_64: used ring relocated for ring 1',
    ],
    source: 'hw/virtio/vhost.c, vhost_verify_ring_mappings, 2.3 and later',
    means:
      'The memory in which a ring of the guest lies has moved or gone: the back-end would work on the wrong memory. At "Verify ring failure" QEMU ends itself.',
    culprit: 'Memory that was unplugged or remapped while the device ran.',
    remedy: 'Reset the device (bind its driver in the guest again); do not unplug memory that holds rings.',
  },
  {
    id: 'qemu-log-base',
    program: 'QEMU',
    pattern:
      /vhost_set_log_base failed: (?<error>[^(]+) \((?<errno>-?\d+)\)|vhost: Failed to start logging(?:: (?<why>.+))?/,
    example: 'qemu-system-x86_64: vhost_set_log_base failed: Input/output error (5)',
    spellings: ['qemu-system-x86_64: vhost: Failed to start logging: Input/output error'],
    source: 'hw/virtio/vhost.c, vhost_dev_set_log and vhost_migration_log, 2.5 and later',
    means:
      'The back-end did not take the log for written pages, so that no live migration is possible. QEMU before 9.1 ends itself here; later ones fail the migration and the guest goes on.',
    culprit: 'A back-end that cannot map the log (SET_LOG_BASE refused), or that hung up.',
    remedy: 'Look at the log of the back-end for "log base" and "mmap"; compare the releases.',
  },
  {
    id: 'qemu-log-stop',
    program: 'QEMU',
    pattern: /vhost: Failed to stop logging/,
    example: 'qemu-system-x86_64: warning: vhost: Failed to stop logging',
    source: 'hw/virtio/vhost.c, vhost_log_global_stop, 9.1 and later',
    tells: 'symptom',
    means: 'After a migration that was ended, the back-end could not be told to stop recording written pages.',
    culprit: 'A back-end that was gone by then.',
  },
  {
    id: 'qemu-no-log-memory',
    program: 'QEMU',
    pattern: /Migration disabled: failed to allocate shared memory/,
    example: 'Error: Migration disabled: failed to allocate shared memory',
    source: 'hw/virtio/vhost.c, vhost_dev_init, 2.6 and later',
    means: 'The guest cannot be migrated: QEMU could not create the shared memory for the log of written pages.',
    culprit: 'A host without memfd, or a security module or seccomp filter that forbids it.',
    remedy: 'Look for denials in the audit log; memfd_create needs Linux 3.17 or later.',
  },
  {
    id: 'qemu-iotlb',
    program: 'QEMU',
    pattern:
      /Fail to (?<what>update|invalidate) device iotlb|Fail to lookup the translated address (?<address>[\da-f]+)/,
    example: 'qemu-system-x86_64: Fail to update device iotlb',
    spellings: ['qemu-system-x86_64: Fail to lookup the translated address 7f00'],
    source: 'hw/virtio/vhost-backend.c and vhost.c, vhost_device_iotlb_miss, 2.8 and later',
    means:
      'With a virtual IOMMU: the back-end asked for the address behind a page, and the answer (IOTLB_MSG) failed. Packets to that page are lost.',
    culprit:
      'A back-end that hung up, answers that crossed with others on the same socket ("Received unexpected msg type"), or an address that the guest has not mapped.',
    remedy: 'Explain the lines around this one; a guest without iommu_platform=on does not need this at all.',
  },
  {
    id: 'qemu-ram-size',
    program: 'QEMU',
    pattern:
      /(?:Size|Length) mismatch: (?!(?:\S+\.rom|\S*bios\S*|\S*flash\d?\S*|\/rom@\S+): )(?<block>\S+): (?<sentBytes>0x[\da-f]+)(?: in)? != (?<hereBytes>0x[\da-f]+)/,
    example: 'qemu-system-x86_64: Size mismatch: pc.ram: 0x8000000 != 0x10000000: Invalid argument',
    spellings: ['qemu-system-x86_64: Length mismatch: pc.ram: 0x8000000 in != 0x10000000: Invalid argument'],
    source: 'migration/ram.c, ram_load; system/physmem.c, qemu_ram_resize, 2.0 and later',
    means:
      'The memory {block} has another size at the source than at the destination (the line says {sentBytes} and {hereBytes}). The migration is refused.',
    culprit: 'Another -m (libvirt: <memory>), or memory devices that were plugged on one side only.',
    remedy: 'Start the destination with the memory size and memory devices of the source.',
  },
  {
    id: 'qemu-rom-size',
    program: 'QEMU',
    pattern:
      /(?:Size|Length) mismatch: (?<block>\S+\.rom|\S*bios\S*|\S*flash\d?\S*|\/rom@\S+): (?<sentBytes>0x[\da-f]+)(?: in)? != (?<hereBytes>0x[\da-f]+)/,
    example: 'qemu-system-x86_64: Size mismatch: 0000:00:03.0/virtio-net-pci.rom: 0x40000 != 0x80000: Invalid argument',
    spellings: ['qemu-system-x86_64: Length mismatch: pc.bios: 0x20000 in != 0x40000: Invalid argument'],
    source: 'migration/ram.c, ram_load; system/physmem.c, qemu_ram_resize, 2.0 and later',
    means:
      'The firmware or option ROM {block} has another size at the source than at the destination (the line says {sentBytes} and {hereBytes}). The migration is refused; the memory of the guest itself fits.',
    culprit:
      'Other packages on the two hosts: iPXE ROMs, SeaBIOS or OVMF of another build, or another romfile= or romsize=.',
    remedy:
      'Install the same firmware packages on both hosts, or give the device romsize= of the source (for a ROM that nobody boots from, romfile= empty, from the next start on).',
  },
  {
    id: 'qemu-ram-main',
    program: 'QEMU',
    pattern:
      /(?:Unknown ramblock "|Can't find block )(?<block>(?:\w[\w-]*\.ram|(?:\/objects\/)?ram-node\d+|(?:\/objects\/)?mem\d*|ram\d*))(?="|[\s,!.]|$)/,
    example: 'qemu-system-x86_64: Unknown ramblock "pc.ram", cannot accept migration',
    spellings: [
      'qemu-system-x86_64: Unknown ramblock "ram-node0", cannot accept migration',
      "qemu-system-x86_64: Can't find block mach-virt.ram",
    ],
    source: 'migration/ram.c, ram_load_precopy, 1.0 and later',
    means:
      'The source sends the memory of the guest itself under the name {block}, and here it has another name. The migration is refused.',
    culprit:
      'Memory that is made in two ways: plain -m on one side (pc.ram), a memory backend on the other (ram-node0, after huge pages, shared memory or NUMA nodes were switched on), or another machine type. No device and no PCI address has a part in it.',
    remedy:
      'Start the destination with the <memoryBacking>, NUMA nodes (-object memory-backend-…,id=, -numa, memory-backend=) and machine type of the source.',
  },
  {
    id: 'qemu-ram-plugged',
    program: 'QEMU',
    pattern:
      /(?:Unknown ramblock "|Can't find block )(?<block>(?:\/objects\/)?mem(?:dimm|nvdimm|virtiomem|virtiopmem)\d+)(?="|[\s,!.]|$)/,
    example: 'qemu-system-x86_64: Unknown ramblock "memdimm0", cannot accept migration',
    source: 'migration/ram.c, ram_load_precopy, 1.0 and later',
    means:
      'The source sends the memory module {block}, and the destination was started without it. The migration is refused.',
    culprit: 'A module (DIMM, virtio-mem) that was plugged at the source and is not in the XML or command line here.',
    remedy: 'Start the destination with the memory devices of the source, under the same names.',
  },
  {
    id: 'qemu-ram-block',
    program: 'QEMU',
    pattern:
      /(?:Unknown ramblock "|Can't find block )(?!(?:(?:\w[\w-]*\.ram|(?:\/objects\/)?ram-node\d+|(?:\/objects\/)?mem\d*|ram\d*)|(?:\/objects\/)?mem(?:dimm|nvdimm|virtiomem|virtiopmem)\d+)(?:"|[\s,!.]|$))(?<block>[^\s"]+)/,
    example: 'qemu-system-x86_64: Unknown ramblock "0000:00:03.0/virtio-net-pci.rom", cannot accept migration',
    source: 'migration/ram.c, ram_load_precopy, 1.0 and later',
    means:
      'The source sends the memory {block} of a device (or a memory backend of that name), which does not exist here. The migration is refused.',
    culprit:
      'A device at another PCI address, a hot-plugged device, or an option ROM, on one side only; for a name without an address a memory backend with another id.',
    remedy: 'Start the destination with the same devices at the same addresses as the source.',
  },
  {
    id: 'qemu-ram-page-size',
    program: 'QEMU',
    pattern: /Mismatched RAM page size (?<block>\S+) \(local\) (?<hereBytes>\d+) != (?<sentBytes>\d+)/,
    example: 'qemu-system-x86_64: Mismatched RAM page size pc.ram (local) 4096 != 2097152',
    spellings: ['qemu-system-x86_64: Mismatched RAM page size ram-node0 (local) 2097152 != 1073741824'],
    source: 'migration/ram.c, ram_load_precopy, 2.10 and later',
    means:
      'Post-copy needs the same page size of guest memory on both hosts: {block} has pages of {hereBytes} here and of {sentBytes} at the source.',
    culprit: 'Huge pages on one side only, or of another size.',
    remedy:
      'Give both hosts the same page size for the guest (libvirt: <hugepages><page size=…/>), with enough pages free, or migrate without post-copy.',
  },
  {
    id: 'qemu-ram-page-sizes',
    program: 'QEMU',
    pattern:
      /Postcopy needs matching (?<what>RAM|target) page sizes(?: \(s=(?<sentPages>[\da-f]+) d=(?<herePages>[\da-f]+)\))?/,
    example: 'qemu-system-x86_64: Postcopy needs matching RAM page sizes (s=200000 d=1000)',
    source: 'migration/savevm.c, loadvm_postcopy_handle_advise, 2.5 and later',
    means:
      'Post-copy needs the same page sizes of guest memory on both hosts: the source has {sentPages}, this side {herePages}.',
    culprit: 'Huge pages on one side only, or of another size.',
    remedy: 'Give both hosts the same page size for the guest, or migrate without post-copy.',
  },
  {
    id: 'qemu-memory-device',
    program: 'QEMU',
    pattern: /vhost backend has not enough free memory slots left/,
    example: 'Error: a used vhost backend has not enough free memory slots left',
    source: 'hw/mem/memory-device.c, memory_device_check_addable, 3.0 and later',
    means: 'No more memory can be plugged: the back-end of a vhost device has no slot left for it.',
    culprit: 'Many memory devices; the number of slots of the back-end (8 without CONFIGURE_MEM_SLOTS) counts.',
    remedy: 'Plug fewer, larger modules.',
  },
  {
    id: 'qemu-memory-hypervisor',
    program: 'QEMU',
    pattern: /hypervisor has (?:no|not enough) free memory slots left/,
    example: 'Error: hypervisor has not enough free memory slots left',
    source: 'hw/mem/memory-device.c, memory_device_check_addable, 3.0 and later',
    means: 'No more memory can be plugged: KVM has no slot left for it. The back-end is not to blame.',
    culprit: 'Very many memory devices or regions.',
    remedy: 'Plug fewer, larger modules.',
  },
  {
    id: 'qemu-memory-machine',
    program: 'QEMU',
    pattern: /the configuration is not prepared for memory devices/,
    example:
      'Error: the configuration is not prepared for memory devices (e.g., for memory hotplug), consider specifying the maxmem option',
    source: 'hw/mem/memory-device.c, memory_device_check_addable, 3.0 and later',
    means: 'No memory can be plugged into this guest: it was started without room for it.',
    culprit: 'A command line without maxmem= (libvirt: <maxMemory slots=…>).',
    remedy: 'Start the guest again with slots= and maxmem=.',
  },
];
