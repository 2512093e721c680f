/** Lines of QEMU 7.2 to 10.x about a guest that arrives by migration. */
import type { MessageRow } from './message-row.ts';

export const QEMU_ARRIVAL_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-features-unsupported',
    program: 'QEMU',
    pattern: /Features (?<features>0x[\da-f]+) unsupported(?:\. ?Allowed features: (?<allowed>0x[\da-f]+))?/i,
    example: 'qemu-system-x86_64: Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6',
    source: 'hw/virtio/virtio.c, virtio_load, 1.3 and later',
    means:
      'A guest that arrives by migration uses features that the device here cannot offer. QEMU at the destination refuses it, and the migration fails; the guest goes on at the source.',
  },
  {
    id: 'qemu-load-device',
    program: 'QEMU',
    pattern: /error while loading state for instance (?<instance>0x[\da-f]+) of device '(?<device>[^']+)'/,
    example: "qemu-system-x86_64: error while loading state for instance 0x0 of device '0000:00:02.0/virtio-net'",
    source: 'migration/savevm.c, qemu_loadvm_section_start_full, 2.4 and later',
    tells: 'symptom',
    means: 'The state of device {device} could not be loaded. The line before says why.',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-load-field',
    program: 'QEMU',
    pattern: /Failed to load (?<device>(?:virtio|vhost|PCI)[\w./-]*):(?<field>[\w./-]+)/,
    example: 'qemu-system-x86_64: Failed to load virtio-net:virtio',
    spellings: [
      'qemu-system-x86_64: Failed to load PCIDevice:config',
      'qemu-system-x86_64: Failed to load virtio_pci/modern_queue_state:used',
    ],
    source: 'migration/vmstate.c, vmstate_load_state, 2.10 and later',
    tells: 'symptom',
    means:
      'The part {field} of the state of {device} was refused. For the part virtio, the line before usually names the features.',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-load-eperm',
    program: 'QEMU',
    pattern: /load of migration failed: (?:Operation not permitted|-1\b)/,
    example: 'qemu-system-x86_64: load of migration failed: Operation not permitted',
    source: 'migration/migration.c, process_incoming_migration_co, 1.3 and later',
    tells: 'symptom',
    means: 'The incoming migration failed because a device refused its state. QEMU at the destination ends.',
    culprit: 'Mostly features that the destination does not offer: "Features 0x… unsupported".',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-load-einval',
    program: 'QEMU',
    pattern: /load of migration failed: (?:Invalid argument|-22\b)/,
    example: 'qemu-system-x86_64: load of migration failed: Invalid argument',
    source: 'migration/migration.c, process_incoming_migration_co, 1.3 and later',
    tells: 'symptom',
    means: 'The incoming migration failed because a device or a size differs from what the source sent.',
    culprit:
      'A destination that was started with other devices, or with another machine type, number of queues, ring size or legacy setting.',
    remedy: 'Compare the device properties of both sides; `vhost-compat render` prints those of a version.',
  },
  {
    id: 'qemu-load-eio',
    program: 'QEMU',
    pattern: /load of migration failed: (?:Input\/output error|Connection reset by peer|-5\b)/,
    example: 'qemu-system-x86_64: load of migration failed: Input/output error',
    source: 'migration/migration.c, process_incoming_migration_co, 1.3 and later',
    tells: 'symptom',
    means: 'The incoming migration ended early.',
    culprit: 'The source ended, cancelled the migration or failed.',
    remedy: 'Look at the log of the source.',
  },
  {
    id: 'qemu-load-failed',
    program: 'QEMU',
    pattern:
      /load of migration failed(?:: (?!Operation not permitted|Invalid argument|Input\/output|Connection reset|-\d)(?<error>[\w/ ]+)(?:$|: )|$)/,
    example: 'qemu-system-x86_64: load of migration failed: No such file or directory',
    source: 'migration/migration.c, process_incoming_migration_co, 1.3 and later',
    tells: 'symptom',
    means: 'The incoming migration failed ({error}).',
    culprit: 'A destination with other devices than the source.',
    remedy: 'Explain the lines before this one; compare the device properties of both sides.',
  },
  {
    id: 'qemu-queue-pairs-state',
    program: 'QEMU',
    pattern: /virtio-net: curr_queue_pairs (?<guest>[\da-f]+) > max_queue_pairs (?<here>[\da-f]+)/,
    example: 'qemu-system-x86_64: virtio-net: curr_queue_pairs 4 > max_queue_pairs 2',
    source: 'hw/net/virtio-net.c, virtio_net_post_load_device, 1.4 and later',
    means: 'The arriving guest uses more queue pairs than the device here has (0x{guest} against 0x{here}).',
    culprit: 'A destination that was started with a lower queues=.',
    remedy: 'Start the destination with the queues= of the source.',
  },
  {
    id: 'qemu-pci-config',
    program: 'QEMU',
    pattern: /Bad config data: i=(?<offset>0x[\da-f]+) read: (?<read>[\da-f]+) device: (?<here>[\da-f]+)/,
    example:
      'qemu-system-x86_64: get_pci_config_device: Bad config data: i=0x10 read: a1 device: 1 cmask: ff wmask: c0 w1cmask:0',
    source: 'hw/pci/pci.c, get_pci_config_device, 2.9 and later',
    means:
      'The PCI card of the arriving guest differs from the one here: byte {offset} of its configuration is 0x{read}, here 0x{here}. QEMU at the destination refuses it, and the guest goes on at the source.',
    culprit:
      'Another disable-modern, disable-legacy, queues= or machine type than at the source; or only one of the back-ends offers VIRTIO_F_VERSION_1, which decides whether QEMU builds a modern card.',
    remedy:
      'Give the destination the device properties and the machine type of the source, and the interface a version with the same VIRTIO_F_VERSION_1.',
  },
];
