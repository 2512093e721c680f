/** Lines of QEMU about rings whose indices or descriptors make no sense, and about the link of rings to a back-end. */
import type { MessageRow } from './message-row.ts';

export const QEMU_RING_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-ring-indices',
    program: 'QEMU',
    pattern:
      /VQ (?<queue>\d+) size (?<size>0x[\da-f]+) (?:< last_avail_idx (?<avail>0x[\da-f]+) - used_idx (?<used>0x[\da-f]+)|Guest index (?<guest>0x[\da-f]+) inconsistent with Host index (?<host>0x[\da-f]+))/,
    example: 'qemu-system-x86_64: VQ 1 size 0x100 < last_avail_idx 0x9 - used_idx 0x3e30',
    spellings: ['qemu-system-x86_64: VQ 0 size 0x100 Guest index 0x2f1 inconsistent with Host index 0x9: delta 0x2e8'],
    source: 'hw/virtio/virtio.c, virtio_load, 0.13 and later',
    means:
      'In the arriving state, the indices of ring {queue} (size {size}) do not fit together. QEMU refuses the guest. No feature is missing.',
    culprit:
      'A back-end that still worked while the state was saved or that did not say how far it was (GET_VRING_BASE), another ring size at the destination, memory of the guest that did not arrive, or two builds of QEMU whose streams differ.',
    remedy:
      'Give both sides the same rx_queue_size and tx_queue_size; look at the source for "ring restore failed" and for a back-end that hung up; compare the builds.',
  },
  {
    id: 'qemu-ring-address',
    program: 'QEMU',
    pattern:
      /VQ (?<queue>\d+) address 0x0 inconsistent with Host index (?<host>0x[\da-f]+)|Invalid number of virtqueues: (?<count>0x[\da-f]+)/,
    example: 'qemu-system-x86_64: VQ 2 address 0x0 inconsistent with Host index 0x12',
    spellings: ['qemu-system-x86_64: Invalid number of virtqueues: 0x441'],
    source: 'hw/virtio/virtio.c, virtio_load, 0.13 and later',
    means: 'The arriving state of the queues makes no sense. QEMU refuses the guest.',
    culprit: 'Another number of queues at the destination, or two builds of QEMU whose streams differ.',
    remedy: 'Give both sides the same queues=; compare the builds of QEMU.',
  },
  {
    id: 'qemu-guest-ring',
    program: 'QEMU',
    pattern:
      /(?:qemu[\w-]*|kvm): (?<what>Guest moved used index from \d+ to \d+|Guest says index \d+ is available|Desc next is \d+|Looped descriptor|Virtqueue size exceeded|Incorrect order for descriptors|Invalid size for indirect buffer table|Cannot map (?:descriptor ring|indirect buffer)|Region caches not initialized|virtio: zero sized buffers are not allowed|virtio: bogus descriptor or out of resources|virtio: too many write descriptors in indirect table|virtio-net (?:header not in first element|header incorrect|header is invalid|ctrl missing headers|receive queue contains no in buffers|unexpected empty queue|nothing to send|unexpected long buffer chain))/,
    example: 'qemu-system-x86_64: Guest moved used index from 0 to 8192',
    spellings: [
      'kvm: virtio: zero sized buffers are not allowed',
      'qemu-system-x86_64: virtio-net header not in first element',
      'qemu-system-x86_64: Guest says index 33026 is available',
    ],
    source: 'hw/virtio/virtio.c, virtqueue_pop and others; hw/net/virtio-net.c, 0.13 and later',
    means:
      'A ring of the guest holds what no driver may write, and QEMU stops the device until the guest resets it ("{what}").',
    culprit:
      'A driver that was reset or unloaded hard (crash dump, firmware, kexec), memory that was overwritten, a back-end that worked on the ring at the same time as QEMU, or a migration that left the indices wrong.',
    remedy:
      'Bind the driver in the guest again or reboot it; if it follows a migration, compare builds and ring sizes.',
  },
  {
    id: 'qemu-ring-map',
    program: 'QEMU',
    pattern:
      /Failed to map (?<part>descriptor ring|used ring|(?:available|avalaible) ring) for device (?<name>\S+?):|qemu[\w-]*: Cannot map (?:desc|used|avail)\b/,
    example:
      'qemu-system-x86_64: Failed to map descriptor ring for device virtio-net: invalid guest physical address or corrupted queue setup',
    spellings: ['qemu-system-x86_64: Cannot map desc'],
    source: 'hw/virtio/virtio.c, virtio_init_region_cache, 2.9 and later',
    means: 'The guest gave an address for a ring where it has no memory.',
    culprit: 'A faulty driver, or memory that was unplugged.',
    remedy: 'Bind the driver in the guest again.',
  },
  {
    id: 'qemu-notifiers',
    program: 'QEMU',
    pattern:
      /(?:[Ee]rror|Error enabling) ?binding (?:guest|host) notifiers?: (?<errno>-?\d+)|Error binding guest notifier: (?<errnoOld>-?\d+)|VQ (?<queue>\d+) notifier (?<what>binding|cleanup) (?:failed|error): (?<errnoQueue>-?\d+)|guest notifier cleanup failed: (?<errnoClean>-?\d+)|Error enabling host notifiers: (?<errnoHost>-?\d+)/,
    example: 'qemu-system-x86_64: Error binding guest notifier: -24',
    spellings: [
      'qemu-system-x86_64: vhost VQ 0 notifier binding failed: -24',
      'qemu-system-x86_64: vhost 5 VQ 0 notifier binding failed: -24',
      'vhost guest notifier cleanup failed: -9',
      'qemu-system-x86_64: Error enabling host notifiers: -28',
    ],
    source: 'hw/net/vhost_net.c, hw/virtio/vhost.c, vhost_dev_enable_notifiers, 1.0 and later',
    means:
      'QEMU could not link the interrupts or notifications of a queue to descriptors (error {errno|errnoOld|errnoQueue|errnoClean|errnoHost}). The back-end has no part in it.',
    culprit: 'Mostly too few file descriptors (-24) or interrupt routes of KVM (-28) with many queues.',
    remedy: 'Raise the limit of open files of QEMU (libvirt: max_files in qemu.conf), or lower queues=.',
  },
  {
    id: 'qemu-no-notifiers',
    program: 'QEMU',
    pattern: /binding does not support (?<kind>host|guest) notifiers/,
    example: 'qemu-system-x86_64: binding does not support guest notifiers',
    source: 'hw/net/vhost_net.c, vhost_net_start; hw/virtio/vhost.c, 1.0 and later',
    means: 'The bus of this device cannot hand interrupts or notifications ({kind}) to a back-end.',
    culprit: 'A transport without them (virtio-mmio of an old release, or a guest without MSI-X).',
    remedy: 'Use a PCI device, with MSI-X.',
  },
  {
    id: 'qemu-ioeventfd',
    program: 'QEMU',
    pattern:
      /(?<call>virtio_bus_\w+): (?:failed\. Fallback to userspace \(slower\)|unable to (?:init event notifier|assign ioeventfd))/,
    example: 'qemu-system-x86_64: virtio_bus_start_ioeventfd: failed. Fallback to userspace (slower).',
    source: 'hw/virtio/virtio-bus.c, virtio_bus_start_ioeventfd and virtio_bus_set_host_notifier, 2.9 and later',
    means: 'Notifications of a queue go through QEMU instead of KVM. With a vhost-user device the queue does not work.',
    culprit: 'Too few file descriptors, or too many notification addresses for KVM.',
    remedy: 'Raise the limit of open files of QEMU, or lower queues=.',
  },
  {
    id: 'qemu-queue-reset',
    program: 'QEMU',
    pattern:
      /unable to restart vhost net virtqueue: (?<errno>-?\d+), when resetting the queue|Error when restarting the queue/,
    example: 'qemu-system-x86_64: unable to restart vhost net virtqueue: -22, when resetting the queue',
    source: 'hw/net/virtio-net.c, virtio_net_queue_enable; vhost_net.c, vhost_net_virtqueue_restart, 7.2 and later',
    means: 'The guest reset one ring (VIRTIO_F_RING_RESET), and the back-end did not take it up again.',
    culprit: 'A back-end that offers the feature and does not do it rightly.',
    remedy: 'Pin a version without VIRTIO_F_RING_RESET; report the release of the back-end.',
  },
  {
    id: 'qemu-ufo-state',
    program: 'QEMU',
    pattern: /virtio-net: saved image requires (?<what>TUN_F_UFO support|vnet_hdr=on)/,
    example: 'qemu-system-x86_64: virtio-net: saved image requires TUN_F_UFO support',
    source: 'hw/net/virtio-net.c, virtio_net_ufo_post_load, 0.13 and later',
    means: 'The arriving guest uses {what}, which the back-end here does not have.',
    culprit: 'A back-end of another kind at the destination (tap without vnet headers, passt, slirp).',
    remedy: 'Give the destination a back-end of the kind of the source.',
  },
  {
    id: 'qemu-old-queues-state',
    program: 'QEMU',
    pattern: /virtio-net: curr_queues (?<guest>[\da-f]+) > max_queues (?<here>[\da-f]+)/,
    example: 'qemu-system-x86_64: virtio-net: curr_queues 4 > max_queues 2',
    source: 'hw/net/virtio-net.c, virtio_net_post_load_device, 1.4 to 6.1',
    means: 'The arriving guest uses more queue pairs than the device here has (0x{guest} against 0x{here}).',
    culprit: 'A destination that was started with a lower queues=.',
    remedy: 'Start the destination with the queues= of the source.',
  },
];
