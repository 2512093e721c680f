/** Lines of DPDK's vhost library about packets on their way, and about how they are copied. */
import type { MessageRow } from './message-row.ts';

export const DPDK_PACKET_MESSAGES: readonly MessageRow[] = [
  {
    id: 'dpdk-queue-index-data',
    program: 'DPDK',
    pattern:
      /(?<call>[a-z]\w+)(?: \(\d+\))?: (?:invalid virtqueue idx:? ?(?<queue>\d+)|virtqueue idx:(?<old>\d+) invalid)|: built-in vhost net backend is disabled/,
    example: 'VHOST_DATA: (/run/vhu0) rte_vhost_enqueue_burst: invalid virtqueue idx 4.',
    source: 'lib/vhost, virtio_net.c, rte_vhost_enqueue_burst and rte_vhost_dequeue_burst, 2.0 and later',
    means: 'The program around DPDK sends to or reads from a queue that the guest has not set up.',
    culprit: 'More queues in the program than in the guest, or a fault of that program.',
    remedy: 'Give the guest as many queues as the program uses.',
  },
  {
    id: 'dpdk-mbuf',
    program: 'DPDK',
    pattern:
      /VHOST_DATA: (?:\([^)]*\) )?(?:\w+: )?(?:[Ff]ailed to allocate memory for mbuf|[Ff]ailed mbuf alloc of size(?: (?<size>\d+) from (?<pool>\S+?)\.?(?:\s|$))?)/,
    example: 'VHOST_DATA: (/run/vhu0) failed to allocate memory for mbuf.',
    spellings: [
      'VHOST_DATA: Failed to allocate memory for mbuf.',
      'VHOST_DATA: (/run/vhu0) failed mbuf alloc of size 1518 from ovs0a1b2c3d.',
    ],
    source: 'lib/vhost, virtio_net.c, virtio_dev_tx_split and others, 2.0 and later',
    means: 'A packet of the guest was lost: no buffer was left for it.',
    culprit: 'A buffer pool of the switch that ran out.',
    remedy: 'Enlarge the pool of buffers (Open vSwitch: more memory, shared mempools), if it comes often.',
  },
  {
    id: 'dpdk-mbuf-copy',
    program: 'DPDK',
    pattern: /VHOST_DATA: (?:\([^)]*\) )?(?:\w+: )?(?:[Ff]ailed to copy desc to mbuf|Invalid buffer length)/,
    example: 'VHOST_DATA: (/run/vhu0) failed to copy desc to mbuf.',
    source: 'lib/vhost, virtio_net.c, copy_desc_to_mbuf and others, 2.0 and later',
    means:
      'A packet of the guest was lost: the ring names memory that the guest does not have, or a packet that is too short.',
    culprit: 'A faulty driver in the guest, or a ring that the back-end follows from the wrong place.',
    remedy: 'Bind the driver in the guest again; report both releases if it goes on.',
  },
  {
    id: 'dpdk-gso',
    program: 'DPDK',
    pattern: /VHOST_DATA: (?:\([^)]*\) )?(?:\w+: )?unsupported gso type (?<gso>\d+)/,
    example: 'VHOST_DATA: (/run/vhu0) unsupported gso type 5.',
    source: 'lib/vhost, virtio_net.c, vhost_dequeue_offload, 2.1 and later',
    means:
      'A large packet of the guest asks for segments of a kind ({gso}) that the back-end cannot make; it is passed on without them.',
    culprit: 'A driver in the guest that uses what was not offered (UDP segments).',
    remedy: 'Report the driver; switch its segmentation off (ethtool -K).',
  },
  {
    id: 'dpdk-mbuf-own',
    program: 'DPDK',
    pattern: /VHOST_DATA: (?:\([^)]*\) )?(?:\w+: )?[Ff]ailed to (?<what>make RARP|init shinfo)/,
    example: 'VHOST_DATA: (/run/vhu0) failed to make RARP packet.',
    source: 'lib/vhost, virtio_net.c, rte_vhost_dequeue_burst and virtio_dev_extbuf_alloc, 17.05 and later',
    means:
      'The back-end had no room for a packet that it makes or extends itself ({what}); after a migration switches may not learn the new place of the guest.',
    culprit: 'A buffer pool of the switch that ran out, or whose buffers are too small.',
    remedy: 'Enlarge the pool of buffers; let the guest send a packet (a ping).',
  },
  {
    id: 'dpdk-async-logging',
    program: 'DPDK',
    pattern: /[Ll]ogging feature is disabled in async copy mode/,
    example: 'VHOST_CONFIG: logging feature is disabled in async copy mode',
    spellings: ['VHOST_CONFIG: Logging feature is disabled in async copy mode'],
    source: 'lib/vhost, socket.c, rte_vhost_driver_register, 20.08 and later',
    means:
      'The port copies by a DMA engine (async copy). It does not offer VHOST_F_LOG_ALL: its guests cannot be migrated live.',
    culprit: 'A setting of the port (dmas= of testpmd, async copy of the switch).',
    remedy: 'Leave the setting out on hosts whose guests have to move.',
  },
  {
    id: 'dpdk-zero-copy',
    program: 'DPDK',
    pattern:
      /dequeue zero copy is enabled|zero copy is force disabled|zero copy (?:is incompatible with|and IOMMU features simultaneously)|dequeue zero copy and IOMMU features/,
    example: 'VHOST_CONFIG: dequeue zero copy is enabled',
    source: 'lib/librte_vhost/socket.c, rte_vhost_driver_register, 16.11 to 20.08',
    means:
      'The port takes packets without copying them; this excludes a virtual IOMMU, external and linear buffers, and post-copy.',
    culprit: 'A setting of the port (dq-zero-copy of Open vSwitch 2.9 to 2.13).',
    remedy: 'Leave the setting out where one of these is wanted.',
  },
  {
    id: 'dpdk-guest-notification',
    program: 'DPDK',
    pattern: /guest notification isn't supported/,
    example: "VHOST_CONFIG: guest notification isn't supported.",
    source: 'lib/librte_vhost/vhost.c, rte_vhost_enable_guest_notification, 2.0 to 18.05',
    means:
      'The program around DPDK asked for notifications of the guest, which this release does not have for packed rings.',
    culprit: 'A DPDK that is too old for the program.',
    remedy: 'Update DPDK.',
  },
];
