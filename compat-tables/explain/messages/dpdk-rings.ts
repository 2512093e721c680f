/** Lines of DPDK's vhost library about rings, requests under way, status and single requests. */
import type { MessageRow } from './message-row.ts';

const VHOST_USER = 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c';

export const DPDK_RING_MESSAGES: readonly MessageRow[] = [
  {
    id: 'dpdk-ring-address',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:\(\d+\) )?[Ff]ailed to (?:find|map) (?<part>(?:desc|avail|used|desc_packed) ring(?: address)?|driver area address|device area address)/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to map desc ring.',
    spellings: [
      'VHOST_CONFIG: (0) Failed to find avail ring address.',
      'VHOST_CONFIG: (3) failed to find used ring address.',
    ],
    source: `${VHOST_USER}, translate_ring_addresses, 2.0 and later`,
    means: 'The {part} of a ring lies at an address that no memory of the guest has, as far as the back-end knows.',
    culprit:
      'The memory table does not hold the ring (memory that was plugged later, or a front-end that sends it late), or with a virtual IOMMU the address is not mapped yet, where it comes once and is harmless.',
    remedy: 'If the port does not come up, bind the driver in the guest again and look at the log of QEMU.',
  },
  {
    id: 'dpdk-used-index',
    program: 'DPDK',
    pattern:
      /last_used_idx \((?<last>\d+)\) and vq->used->idx \((?<used>\d+)\) mismatches|some packets maybe resent for Tx and dropped for Rx/,
    example: 'VHOST_CONFIG: (/run/vhu0) last_used_idx (12) and vq->used->idx (20) mismatches;',
    spellings: [
      'VHOST_CONFIG: last_used_idx (12) and vq->used->idx (20) mismatches; some packets maybe resent for Tx and dropped for Rx',
      'VHOST_CONFIG: (/run/vhu0) some packets maybe resent for Tx and dropped for Rx',
    ],
    source: `${VHOST_USER}, translate_ring_addresses, 16.04 and later`,
    means:
      'The place in the ring that QEMU gave is another than the one in guest memory; DPDK goes on from guest memory. A few packets are lost or sent twice.',
    culprit: 'A back-end or switch that died or was restarted while the guest sent: nobody could say how far it was.',
    remedy: 'Nothing needs to be done for a split ring.',
  },
  {
    id: 'dpdk-ring-unallocated',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:failed to reset vring, virtqueue not allocated|Virtqueue not allocated|Failed not init vring, out of bound)(?: \((?<queue>\d+)\))?/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to reset vring, virtqueue not allocated (2)',
    source: 'lib/vhost, vhost.c, reset_vring_queue; vhost_user.c, 17.02 and later',
    means: 'A queue was to be reset or set up that the back-end does not have.',
    culprit: 'A front-end that sends requests about queues in an odd order, or that has more queues than the back-end.',
    remedy: 'Compare the queues of both sides; report the release of the front-end.',
  },
  {
    id: 'dpdk-ring-busy',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?failed to enable vring\. ?(?:async )?[Ii]nflight packets/,
    example: 'VHOST_CONFIG: failed to enable vring. async inflight packets must be completed first',
    source: 'lib/vhost, vhost_user.c, vhost_user_set_vring_enable, 20.08 and later',
    means:
      'A queue with DMA acceleration was to be switched while packets were under way in it. The request is refused.',
    culprit: 'A program around DPDK that does not drain the queue first (async copy).',
    remedy: 'Update that program, or run the port without DMA acceleration.',
  },
  {
    id: 'dpdk-inflight',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?failed to (?:get inflight buffer fd|mmap (?:inflight buffer|share memory)|alloc (?:dev )?inflight (?:area|buffer)|alloc vhost inflight area|inflights for vq: \d+|allocate memory for (?:resubmit|inflight))/,
    example: 'VHOST_CONFIG: failed to mmap share memory.',
    spellings: ['VHOST_CONFIG: failed to inflights for vq: 0'],
    source: `${VHOST_USER}, vhost_user_get_inflight_fd and vhost_user_set_inflight_fd, 19.11 and later`,
    means:
      'The record of requests under way could not be made or taken over: the disk cannot go on after a restart of the back-end.',
    culprit: 'Too little memory in the back-end, or a security module that forbids the mapping.',
    remedy: 'Raise its limits, then start the guest again.',
  },
  {
    id: 'dpdk-inflight-message',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?invalid (?<verb>[gs]et)_inflight_fd message size(?: is (?<size>\d+), ?fd is (?<fd>-?\d+))?/,
    example: 'VHOST_CONFIG: (/run/vhu0) invalid set_inflight_fd message size is 8,fd is -1',
    source: `${VHOST_USER}, vhost_user_get_inflight_fd and vhost_user_set_inflight_fd, 19.11 and later`,
    means:
      'The message about the record of requests under way has another length than DPDK wants, or came without its descriptor. The disk does not start.',
    culprit: 'A front-end or relay that lost the descriptor or changed the message.',
    remedy: 'Report the release of the front-end.',
  },
  {
    id: 'dpdk-config',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:(?<verb>[gs]et)_config\(\) (?:return error|not supported)|vhost_user_config size: (?<size>\d+), should not be larger than (?<most>\d+)|is not vDPA device|not (?:in )?vDPA)/,
    example: 'VHOST_CONFIG: (/run/vhu0) get_config() not supported!',
    source: `${VHOST_USER}, vhost_user_get_config and vhost_user_set_config, 22.11 and later`,
    means: 'The front-end asked for the configuration space of the device, which this back-end does not have.',
    culprit: 'A front-end of another device type (a disk) at the socket of a network port.',
    remedy: 'Check which device of QEMU uses this socket.',
  },
  {
    id: 'dpdk-status',
    program: 'DPDK',
    pattern: /[Ii]nvalid VHOST_USER_SET_STATUS payload (?<value>0x[\da-f]+)/,
    example: 'VHOST_CONFIG: (/run/vhu0) invalid VHOST_USER_SET_STATUS payload 0x100',
    source: `${VHOST_USER}, vhost_user_set_status, 20.08 and later`,
    means: 'The front-end sent a device status that does not fit into 8 bits.',
    culprit: 'A faulty front-end or relay.',
    remedy: 'Report the release of the front-end.',
  },
  {
    id: 'dpdk-device-failed',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?\s*-(?<state>DEVICE_NEED_RESET|FAILED): [1-9]\d*/,
    example: 'VHOST_CONFIG: (/run/vhu0) 	-FAILED: 1',
    source: `${VHOST_USER}, vhost_user_set_status, 20.08 and later`,
    means:
      'The status that the front-end sent has the bit {state}: the driver of the guest has given the device up, or waits until it is reset.',
    culprit: 'A driver that did not agree with the features or found its rings broken.',
    remedy: 'Look at the kernel log of the guest; bind its driver again.',
  },
  {
    id: 'dpdk-max-queues',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?Library only supports up to (?<most>\d+) queue pairs/,
    example: 'VHOST_CONFIG: (/run/vhu0) Library only supports up to 128 queue pairs',
    source: 'lib/vhost, socket.c, rte_vhost_driver_set_max_queue_num, 23.07 and later',
    means: 'More than {most} queue pairs were asked for; the port is refused.',
    culprit: 'queues of the port (net_vhost: queues=; Open vSwitch: n_rxq).',
    remedy: 'Ask for at most {most}.',
  },
  {
    id: 'dpdk-mtu',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?[Ii]nvalid MTU size \((?<mtu>\d+)\)/,
    example: 'VHOST_CONFIG: (/run/vhu0) invalid MTU size (20)',
    source: `${VHOST_USER}, vhost_user_net_set_mtu, 17.08 and later`,
    means: 'The front-end asked for an MTU of {mtu}, outside 68 to 65535.',
    culprit: 'host_mtu of the device.',
    remedy: 'Set host_mtu to the MTU of the network.',
  },
  {
    id: 'dpdk-backend-channel-fd',
    program: 'DPDK',
    pattern: /[Ii]nvalid file descriptor for (?:slave|backend) channel \((?<fd>-?\d+)\)/,
    example: 'VHOST_CONFIG: (/run/vhu0) invalid file descriptor for backend channel (-1)',
    spellings: ['VHOST_CONFIG: Invalid file descriptor for slave channel (-1)'],
    source: `${VHOST_USER}, vhost_user_set_backend_req_fd (vhost_user_set_req_fd before 23.07), 17.11 and later`,
    means: "The socket for the back-end's own requests did not come with the message.",
    culprit: 'A relay that lost the descriptor, or a faulty front-end.',
    remedy: 'Report the release of the front-end.',
  },
  {
    id: 'dpdk-host-notifier',
    program: 'DPDK',
    pattern: /[Ff]ailed to set host notifier \((?<code>-?\d+)\)/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to set host notifier (-1)',
    source: `${VHOST_USER}, rte_vhost_host_notifier_ctrl and vhost_user_msg_handler, 18.05 and later`,
    means: 'A vDPA device behind the port could not take the notifications of the guest directly.',
    culprit: 'A front-end without HOST_NOTIFIER, or a device whose driver refused.',
    remedy: 'Nothing needs to be done: notifications go a slower way.',
  },
  {
    id: 'dpdk-vdpa',
    program: 'DPDK',
    pattern: /[Ff]ailed to configure vDPA device/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to configure vDPA device',
    source: 'lib/vhost, vhost_user.c, vhost_user_msg_handler, 18.05 and later',
    means: 'The vDPA device behind the port did not start.',
    culprit: 'Its driver refused: the lines before name why.',
    remedy: 'Look at the lines of the vDPA driver.',
  },
  {
    id: 'dpdk-vdpa-relay',
    program: 'DPDK',
    pattern: /software relay is used for vDPA/,
    example: 'VHOST_CONFIG: (/run/vhu0) software relay is used for vDPA, performance may be low.',
    source: 'lib/vhost, vhost_user.c, vhost_user_msg_handler, 18.05 and later',
    means:
      'Notifications between the guest and its vDPA device go through the processor; the device works and is slower.',
    culprit: 'A front-end without VHOST_USER_PROTOCOL_F_HOST_NOTIFIER, or with a virtual IOMMU.',
    remedy: 'Nothing needs to be done.',
  },
  {
    id: 'dpdk-not-implemented',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?not implemented\.?$/,
    example: 'VHOST_CONFIG: not implemented',
    source: `${VHOST_USER}, vhost_user_set_vring_err and vhost_user_set_log_fd, 2.0 and later`,
    tells: 'course',
    loud: true,
    means:
      'DPDK does not use an error or log descriptor (SET_VRING_ERR, SET_LOG_FD), and took the message without it. Nothing is wrong.',
  },
  {
    id: 'dpdk-course',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:virtio is (?:now )?(?:not )?ready for processing|vring (?:call|kick) idx: ?\d+ file: ?-?\d+|vring base idx: ?\d+|set queue enable: ?\d+ to qp idx|[Pp]rocessing VHOST_USER_\w+ succeeded|[Mm]ergeable RX buffers|mapped address (?:desc|avail|used)|log_guest_addr|log mmap size|(?:send|get_inflight_fd|set_inflight_fd) (?:inflight )?(?:mmap|num_queues|queue_size|fd|pervq)|guest (?:memory region|physical page region)|\s*(?:guest_phys_addr|guest physical addr|guest virtual +addr|host +virtual +addr|host_phys_addr|mmap (?:addr|size|align|off) *:|size +:|-(?:RESET|ACKNOWLEDGE|DRIVER|FEATURES_OK|DRIVER_OK): \d|-(?:DEVICE_NEED_RESET|FAILED): 0)|[Nn]ew device status|(?::: )?(?:mac|MAC): |[Ee]xternal request \d+|IOTLB cache name|mapped region \d+|userfaultfd registered for range|\t userfaultfd registered|host_iova|could not set coredump preference)/,
    example: 'VHOST_CONFIG: (/run/vhu0) virtio is now ready for processing.',
    spellings: [
      'VHOST_CONFIG: vring kick idx:0 file:45',
      'VHOST_CONFIG: set queue enable: 1 to qp idx: 0',
      'VHOST_CONFIG: (/run/vhu0) vring base idx:0 last_used_idx:0 last_avail_idx:0.',
      'VHOST_CONFIG: guest memory region 0, size: 0x40000000',
    ],
    source: 'lib/vhost, vhost_user.c, all releases',
    tells: 'course',
    means: 'The course of a negotiation: memory was mapped, a ring was set up or switched on. Nothing is wrong.',
  },
];
