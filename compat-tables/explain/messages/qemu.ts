/** Lines of QEMU 7.2 to 10.x about vhost-user and virtio-net. */
import type { MessageRow } from './message-row.ts';

export const QEMU_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-vhost-lacks',
    program: 'QEMU',
    device: 'net',
    pattern: /vhost lacks feature mask (?<missing>0x[\da-f]+|\d+) for backend/i,
    example: 'vhost lacks feature mask 0x10000000 for backend',
    source: 'hw/net/vhost_net.c, vhost_net_init, 1.0 and later',
    means:
      'The back-end came back with fewer features than the running guest had accepted. QEMU remembers what was accepted for the life of its process: it refuses the connection and keeps trying.',
  },
  {
    id: 'qemu-vhost-init',
    program: 'QEMU',
    pattern: /failed to init (?:passt )?vhost_net(?: for queue ?(?<queue>\d*))?/,
    example: 'qemu-system-x86_64: failed to init vhost_net for queue 0',
    source: 'net/vhost-user.c, vhost_user_start, 2.5 and later',
    tells: 'symptom',
    means: 'The vhost-user network device could not be set up with the back-end. The line before says why.',
    culprit: 'Mostly features that are missing after a reconnect: "vhost lacks feature mask …".',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-no-log-all',
    program: 'QEMU',
    pattern: /Migration disabled: vhost lacks VHOST_F_LOG_ALL feature/,
    example: 'Error: Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.',
    source: 'hw/virtio/vhost.c, vhost_dev_init, 1.2 and later',
    means: 'The guest cannot be migrated: its back-end cannot log the memory pages that it writes.',
    culprit: 'A back-end without a dirty log (Open vSwitch 2.4), or a relay that masks the feature.',
    remedy: 'Update the back-end if it lacks the feature, and do not mask it; no version does.',
    lacks: { family: 'virtio', names: ['VHOST_F_LOG_ALL'] },
  },
  {
    id: 'qemu-no-log-shmfd',
    program: 'QEMU',
    pattern: /Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature/,
    example: 'Error: Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.',
    source: 'hw/virtio/vhost-user.c, vhost_user_backend_init, 2.5 and later',
    means: 'The guest cannot be migrated: its back-end cannot share the log of written pages.',
    culprit: 'A back-end without the protocol feature (Open vSwitch 2.4 and 2.5).',
    remedy: 'Update the back-end; check that no entry of your own tables cuts the protocol feature.',
    lacks: { family: 'protocol', names: ['VHOST_USER_PROTOCOL_F_LOG_SHMFD'] },
  },
  {
    id: 'qemu-queues',
    program: 'QEMU',
    pattern: /you are asking more queues than supported: (?<supported>\d+)/,
    example: 'qemu-system-x86_64: you are asking more queues than supported: 2',
    source: 'net/vhost-user.c, vhost_user_start, 2.5 and later',
    means:
      'The device has more queue pairs (queues=) than the back-end supports, which is {supported}. QEMU keeps trying.',
    culprit:
      'The limit of the version or of the back-end. The DPDK vhost port of 23.07 to 23.11.2 gives its queues argument, which is 1 by default.',
    remedy:
      'Lower queues= to at most {supported}, raise the limit of the back-end, or pin a version that promises more.',
  },
  {
    id: 'qemu-num-queues',
    program: 'QEMU',
    pattern: /The maximum number of queues supported by the backend is (?<supported>\d+)/,
    example:
      'qemu-system-x86_64: -device vhost-user-blk-pci,chardev=c,num-queues=4: The maximum number of queues supported by the backend is 2',
    source: 'hw/virtio/vhost-user.c, vhost_user_backend_init, 6.1 and later',
    means:
      'A device other than a network card (vhost-user-blk and the like) has num-queues above the {supported} of its back-end. QEMU tries a few times, then does not start it.',
    culprit: 'num-queues of the device, or a back-end that was started with fewer queues.',
    remedy: 'Lower num-queues to at most {supported}, or raise the number of queues of the back-end.',
  },
  {
    id: 'qemu-iommu-protocol',
    program: 'QEMU',
    pattern: /IOMMU support requires reply-ack and (?:slave|backend)-req protocol features/,
    example: 'qemu-system-x86_64: IOMMU support requires reply-ack and backend-req protocol features.',
    source: 'hw/virtio/vhost-user.c, vhost_user_backend_init, 2.10 and later',
    means:
      'The back-end offers VIRTIO_F_ACCESS_PLATFORM without the protocol features REPLY_ACK and BACKEND_REQ, which a virtual IOMMU needs. QEMU refuses the connection, whether the device has iommu_platform=on or not, and keeps trying.',
    culprit:
      'An entry of your own tables that cuts one of them, a relay that masks them, or a back-end that has IOMMU support switched on and lacks them.',
    remedy:
      'Let both pass, or pin a version without VIRTIO_F_ACCESS_PLATFORM; Open vSwitch: vhost-iommu-support=false.',
  },
  {
    id: 'qemu-ring-size',
    program: 'QEMU',
    pattern:
      /Invalid (?<property>[rt]x_queue_size) \(= (?<size>\d+)\), must be a power of 2 between (?<least>\d+) and (?<most>\d+)/,
    example:
      'qemu-system-x86_64: -device virtio-net-pci,rx_queue_size=128: Invalid rx_queue_size (= 128), must be a power of 2 between 256 and 1024.',
    source: 'hw/net/virtio-net.c, virtio_net_device_realize, 2.8 and later',
    means: 'QEMU has no rings of {property}={size}. The device is not created.',
    culprit:
      'A setting outside {least} to {most}, the sizes that this QEMU takes, or one that is no power of two. No guest of QEMU starts in a version whose ring_size is below {least}.',
    remedy: 'Set {property} to a power of two from {least} to {most}, and use a version whose ring_size is no smaller.',
  },
  {
    id: 'qemu-userspace-fallback',
    program: 'QEMU',
    pattern: /unable to start vhost net: -?(?<errno>\d+): falling back on userspace virtio/,
    example: 'qemu-system-x86_64: unable to start vhost net: 22: falling back on userspace virtio',
    source: 'hw/net/virtio-net.c, virtio_net_vhost_status, 1.0 and later',
    tells: 'symptom',
    means:
      'The device could not be started with its back-end: error {errno}. With vhost-user QEMU cannot serve it itself: the network card passes nothing until the driver in the guest is bound again.',
    culprit:
      'A back-end that refused a message or hung up; for error 22 guest memory that is not shared, or VHOST_USER_F_PROTOCOL_FEATURES masked.',
    remedy:
      'Look at the lines before this one and at the log of the back-end at that time. Guest memory needs share=on; never mask VHOST_USER_F_PROTOCOL_FEATURES.',
  },
  {
    id: 'qemu-unexpected-reply',
    program: 'QEMU',
    pattern: /Received unexpected msg type\. ?Expected (?<expected>\d+),? received (?<received>\d+)/,
    example: 'qemu-system-x86_64: Received unexpected msg type. Expected 22 received 40',
    source: 'hw/virtio/vhost-user.c, vhost_user_get_u64 and others, 2.1 and later',
    means: 'QEMU waited for the reply to {expected} and got one to {received}: the two sides are out of step.',
    culprit:
      'A reply too many or too few: a back-end that replies where none is due, two threads of QEMU on one socket, or a relay that lost a message.',
    remedy: 'Restart the front-end process; report both releases if the line comes again.',
  },
  {
    id: 'qemu-set-msg-fds',
    program: 'QEMU',
    pattern: /Failed to set msg fds/,
    example: 'qemu-system-x86_64: Failed to set msg fds.',
    source: 'hw/virtio/vhost-user.c, vhost_user_write, 2.3 and later',
    tells: 'symptom',
    means: 'QEMU could not send file descriptors to the back-end: the socket was closed already.',
    culprit: 'A back-end that died or hung up during the set-up, often at a restart with reconnect=.',
    remedy: 'Find out why the back-end hung up; with reconnect= the device comes back by itself.',
  },
  {
    id: 'qemu-read-header',
    program: 'QEMU',
    pattern:
      /Failed to read msg header\. Read (?<read>-?\d+) instead of (?<wanted>\d+)\.(?: Original request (?<request>\d+))?/,
    example: 'qemu-system-x86_64: Failed to read msg header. Read 0 instead of 12. Original request 1.',
    source: 'hw/virtio/vhost-user.c, vhost_user_read_header, 2.1 and later',
    tells: 'symptom',
    means:
      'The back-end closed the connection while QEMU waited for the reply to {request} ({read} of {wanted} bytes came).',
    culprit:
      'A back-end that died, that serves only one connection, or that cannot honour the version of the interface.',
    remedy: 'Look at the log of the back-end, and at `vhost-compat show-interface` for a refusal.',
  },
  {
    id: 'qemu-message-broken',
    program: 'QEMU',
    pattern:
      /Failed to read msg (?:header\. (?<part>Flags|Size) (?<seen>\S+)(?: instead of (?<wanted>0x[\da-f]+|\d+))?|payload)/,
    example: 'qemu-system-x86_64: Failed to read msg header. Flags 0x0 instead of 0x5.',
    source: 'hw/virtio/vhost-user.c, vhost_user_read_header and vhost_user_read, 2.1 and later',
    means: 'An answer of the back-end is incomplete or malformed. QEMU gives up the connection.',
    culprit:
      'A back-end that died in the middle of a message, a relay that lost its place in the stream, or a program that does not speak vhost-user on this socket.',
    remedy: 'Check which process serves the socket path, and whether it died.',
  },
  {
    id: 'qemu-message-write',
    program: 'QEMU',
    pattern: /Failed to write msg\.(?: Wrote (?<wrote>-?\d+) instead of (?<wanted>\d+))?/,
    example: 'qemu-system-x86_64: Failed to write msg. Wrote -1 instead of 20.',
    source: 'hw/virtio/vhost-user.c, vhost_user_write, 2.3 and later',
    tells: 'symptom',
    means: 'QEMU could not send a request to the back-end: the connection is closed.',
    culprit: 'A back-end that died or hung up just before.',
    remedy: 'Look at the log of the back-end at that time; with reconnect= the device comes back by itself.',
  },
  {
    id: 'qemu-mtu',
    program: 'QEMU',
    pattern: /(?<mtu>\d+)Bytes MTU not supported by the backend/,
    example: 'qemu-system-x86_64: 9000Bytes MTU not supported by the backend',
    source: 'hw/net/virtio-net.c, virtio_net_vhost_status, 2.9 and later',
    means: 'The back-end refused host_mtu={mtu}.',
    culprit: 'A port of the back-end with a smaller MTU (Open vSwitch: mtu_request).',
    remedy: 'Raise the MTU of the port, or lower host_mtu on both sides of a migration alike.',
  },
  {
    id: 'qemu-memory-slots',
    program: 'QEMU',
    pattern: /vhost backend (?:memory slots limit(?: \(\d+\))? is less|has no free memory slots left)/,
    example: 'qemu-system-x86_64: vhost backend memory slots limit is less than current number of present memory slots',
    source: 'hw/virtio/vhost.c, vhost_dev_init; hw/mem/memory-device.c, 1.3 and later',
    means: 'The memory of the guest has more regions than the back-end can map: without CONFIGURE_MEM_SLOTS, 8.',
    culprit: 'Memory hot-plug, or a guest with many memory devices.',
    remedy: 'Give the guest its memory in fewer, larger regions.',
  },
  {
    id: 'qemu-vhost-call',
    program: 'QEMU',
    pattern:
      /(?<call>vhost_(?:(?:set|get)_(?!log_base|config\b|vring_endian\b)\w+|dev_prepare_inflight|vq_get_addr)) failed(?:: (?<error>[^(]+) \(-?\d+\)| (?<errno>-?\d+)$)/,
    example: 'qemu-system-x86_64: vhost_set_features failed: Protocol error (71)',
    source: 'hw/virtio/vhost.c, VHOST_OPS_DEBUG, 2.5 and later',
    tells: 'symptom',
    means: 'The call {call} to the back-end failed: {error|errno}.',
    culprit:
      'For vhost_set_features: features that were not offered. For vhost_set_mem_table with "Invalid argument": guest memory that is not shared, and QEMU sent nothing. Otherwise a back-end that refused the message or died.',
    remedy: 'Look at the lines before this one, and at the log of the back-end at that time.',
  },
  {
    id: 'qemu-ring-restore',
    program: 'QEMU',
    pattern: /vhost VQ (?<queue>\d+) ring restore failed: (?<errno>-?(?!71\b)\d+)/,
    example: 'qemu-system-x86_64: vhost VQ 0 ring restore failed: -5: Input/output error (5)',
    source: 'hw/virtio/vhost.c, vhost_virtqueue_stop, 2.5 and later',
    tells: 'symptom',
    means:
      'When queue {queue} was stopped, the back-end did not say how far it is in the ring. QEMU takes that from the ring itself.',
    culprit: 'A back-end that was gone before the device was stopped.',
    remedy:
      'With split rings only what was under way is lost (packets; of a disk, requests that the guest has to send again). A packed ring does not recover: bind the driver in the guest again.',
  },
  {
    id: 'qemu-rarp',
    program: 'QEMU',
    pattern: /Vhost user backend fails to broadcast fake RARP/,
    example: 'qemu-system-x86_64: Vhost user backend fails to broadcast fake RARP',
    source: 'net/vhost-user.c, net_vhost_user_receive, 2.5 and later',
    means: 'After the migration nothing announced the new place of the guest: switches learn it from its next packet.',
    culprit: 'A guest without VIRTIO_NET_F_GUEST_ANNOUNCE on a back-end without VHOST_USER_PROTOCOL_F_RARP.',
    remedy: 'Let the guest send a packet (a ping), or use a version with VIRTIO_NET_F_GUEST_ANNOUNCE.',
  },
  {
    id: 'qemu-property',
    program: 'QEMU',
    pattern: /Property '(?<model>[\w-]+)\.(?<property>[\w-]+)' not found/,
    example: "qemu-system-x86_64: -device virtio-net-pci,in_order=on: Property 'virtio-net-pci.in_order' not found",
    source: 'qom/object.c, object_property_find_err, 1.0 and later',
    means: 'This QEMU has no property {property} for {model}: it is too old, or the name is wrong.',
    remedy: 'Leave the property out; `qemu-system-x86_64 -device {model},help` lists those that exist.',
  },
];
