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
    pattern: /(?:Size|Length) mismatch: (?<block>\S+): (?<sent>0x[\da-f]+)(?: in)? != (?<here>0x[\da-f]+)/,
    example: 'qemu-system-x86_64: Size mismatch: pc.ram: 0x8000000 != 0x10000000: Invalid argument',
    spellings: ['qemu-system-x86_64: Length mismatch: pc.ram: 0x8000000 in != 0x10000000: Invalid argument'],
    source: 'migration/ram.c, ram_load; system/physmem.c, qemu_ram_resize, 2.0 and later',
    means: 'The memory {block} has another size at the source than at the destination. The migration is refused.',
    culprit: 'Another -m (libvirt: <memory>), or memory devices that were plugged on one side only.',
    remedy: 'Start the destination with the memory size and memory devices of the source.',
  },
  {
    id: 'qemu-ram-block',
    program: 'QEMU',
    pattern: /Unknown ramblock "(?<block>[^"]+)", cannot accept migration|Can't find block (?<name>\S+)/,
    example: 'qemu-system-x86_64: Unknown ramblock "0000:00:03.0/virtio-net-pci.rom", cannot accept migration',
    source: 'migration/ram.c, ram_load_precopy, 1.0 and later',
    means: 'The source sends memory of a device (or memory device) that does not exist here. The migration is refused.',
    culprit: 'A device at another PCI address, a hot-plugged device, or an option ROM, on one side only.',
    remedy: 'Start the destination with the same devices at the same addresses as the source.',
  },
  {
    id: 'qemu-ram-page-size',
    program: 'QEMU',
    pattern:
      /Mismatched RAM page size (?<block>\S+) \(local\) (?<here>\d+) != (?<sent>\d+)|Postcopy needs matching RAM page sizes|Postcopy needs matching target page sizes/,
    example: 'qemu-system-x86_64: Mismatched RAM page size pc.ram (local) 4096 != 2097152',
    spellings: ['qemu-system-x86_64: Postcopy needs matching RAM page sizes (s=200000 d=1000)'],
    source: 'migration/ram.c, ram_load_precopy; savevm.c, loadvm_postcopy_handle_advise, 2.10 and later',
    means: 'Post-copy needs the same page size of guest memory on both hosts; one has huge pages, the other not.',
    culprit: 'hugepages (or their size) that differ between the hosts.',
    remedy: 'Give both hosts the same page size for the guest, or migrate without post-copy.',
  },
  {
    id: 'qemu-memory-device',
    program: 'QEMU',
    pattern:
      /hypervisor has (?:no|not enough) free memory slots left|the configuration is not prepared for memory devices|vhost backend has not enough free memory slots left/,
    example: 'Error: a used vhost backend has not enough free memory slots left',
    source: 'hw/mem/memory-device.c, memory_device_check_addable, 3.0 and later',
    means:
      'No more memory can be plugged: the back-end of a vhost device, or KVM, or the machine has no slot left for it.',
    culprit: 'Many memory devices; the number of slots of the back-end (8 without CONFIGURE_MEM_SLOTS) counts.',
    remedy: 'Plug fewer, larger modules; start the guest with slots= and maxmem=.',
  },
];
