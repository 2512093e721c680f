/** Lines of QEMU about protocol features, requests of either side and their answers. */
import type { MessageRow } from './message-row.ts';

export const QEMU_PROTOCOL_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-backend-init',
    program: 'QEMU',
    pattern: /vhost_backend_init failed(?:: (?<error>.+))?/,
    example:
      'qemu-system-x86_64: -device vhost-user-fs-pci,chardev=char-0,tag=share: vhost_backend_init failed: Protocol error',
    source: 'hw/virtio/vhost.c, vhost_dev_init; vhost-user.c, vhost_user_backend_init, 6.1 and later',
    tells: 'symptom',
    means:
      'The first questions to the back-end (GET_FEATURES, GET_PROTOCOL_FEATURES, GET_QUEUE_NUM) were not answered well. The device is not created. "Protocol error" means that the back-end hung up or answered something else.',
    culprit:
      'A back-end that died at the first message, that serves one connection only and had served it, or another program at this socket.',
    remedy: 'Look at the log of the back-end: the line before names the request ("Original request N").',
  },
  {
    id: 'qemu-vhost-dev-init',
    program: 'QEMU',
    pattern:
      /vhost_dev_init(?:\(\))? failed(?:: (?<error>.+))?|\bvhost initialization failed(?!: requires kvm)(?:: (?<why>.+))?/,
    example:
      'qemu-system-x86_64: -device vhost-user-rng-pci,chardev=c: vhost_dev_init() failed: Operation not permitted',
    spellings: ['qemu-system-x86_64: vhost-user-blk: vhost initialization failed: Operation not permitted'],
    source: 'hw/virtio/vhost-user-*.c and hw/block/vhost-user-blk.c, realize, 2.12 and later',
    tells: 'symptom',
    means: 'The device could not be set up with its back-end. The line before says why.',
    culprit: 'A back-end that hung up, or that lacks what the device needs.',
    remedy: 'Look at the lines before this one and at the log of the back-end.',
  },
  {
    id: 'qemu-no-config',
    program: 'QEMU',
    pattern:
      /expect(?:ing|s) VHOST_USER_PROTOCOL_F_CONFIG but (?:the )?(?:vhost-user )?backend does not support it|VHOST_USER_PROTOCOL_F_CONFIG not supported/,
    example:
      'qemu-system-x86_64: -device vhost-user-blk-pci,chardev=c: vhost-user device expecting VHOST_USER_PROTOCOL_F_CONFIG but the vhost-user backend does not support it.',
    spellings: [
      'qemu-system-x86_64: Device expects VHOST_USER_PROTOCOL_F_CONFIG but backend does not support it.',
      'qemu-system-x86_64: VHOST_USER_PROTOCOL_F_CONFIG not supported',
    ],
    source: 'hw/virtio/vhost-user.c, vhost_user_backend_init and vhost_user_get_config, 2.12 and later',
    means:
      'The device reads its configuration (the size of the disk, for example) from the back-end, which cannot give one.',
    culprit:
      'A back-end of another device type at this socket (a network back-end under a disk), or one that is too old.',
    remedy: 'Check that the socket is the one of a back-end of this device type.',
    lacks: { family: 'protocol', names: ['VHOST_USER_PROTOCOL_F_CONFIG'] },
  },
  {
    id: 'qemu-own-config',
    program: 'QEMU',
    pattern: /vhost-user backend supports VHOST_USER_PROTOCOL_F_CONFIG but QEMU does not/,
    example: 'qemu-system-x86_64: warning: vhost-user backend supports VHOST_USER_PROTOCOL_F_CONFIG but QEMU does not.',
    source: 'hw/virtio/vhost-user.c, vhost_user_backend_init, 7.2 and later',
    tells: 'course',
    loud: true,
    means: 'QEMU does not accept the protocol feature for this device type, which has no use for it. Nothing is wrong.',
  },
  {
    id: 'qemu-config-space',
    program: 'QEMU',
    pattern:
      /(?<verb>[gs]et) (?:device |block )?config(?: space)? failed(?:: (?<error>.+))?|guest set device config space failed: (?<errno>-?\d+)|vhost_get_config failed/,
    example: 'qemu-system-x86_64: vhost-user-blk: get block config failed',
    spellings: [
      'qemu-system-x86_64: get config space failed',
      'qemu-system-x86_64: vhost-user-gpu: set device config space failed',
      'qemu-system-x86_64: vhost guest set device config space failed: -5',
      'qemu-system-x86_64: vhost_get_config failed: Input/output error',
    ],
    source: 'hw/block/vhost-user-blk.c, hw/virtio/vhost-user-base.c and others, 2.12 and later',
    means: 'The configuration of the device could not be read from its back-end, or written to it.',
    culprit: 'A back-end that hung up, that refuses to be written, or that gives fewer bytes than the device has.',
    remedy: 'Look at the log of the back-end.',
  },
  {
    id: 'qemu-backend-config-change',
    program: 'QEMU',
    pattern: /unhandled backend config change/,
    example: 'qemu-system-x86_64: vhost-user-input: unhandled backend config change',
    source: 'hw/input/vhost-user-input.c and hw/display/vhost-user-gpu.c, 3.1 and later',
    means: 'The back-end said that its configuration changed; QEMU does not follow that for this device type.',
    culprit: 'A back-end that changes while the guest runs.',
    remedy: 'Start the guest again to see the change.',
  },
  {
    id: 'qemu-ring-restore-protocol',
    program: 'QEMU',
    pattern: /vhost VQ (?<queue>\d+) ring restore failed: -71\b/,
    example: 'qemu-system-x86_64: vhost VQ 0 ring restore failed: -71: Protocol error (71)',
    source: 'hw/virtio/vhost.c, vhost_virtqueue_stop, 7.1 and later',
    means:
      'When queue {queue} was stopped, an answer of another kind came than the one to GET_VRING_BASE: front-end and back-end are out of step. QEMU takes the place in the ring from the ring itself.',
    culprit:
      'Answers that crossed: two threads of QEMU on one socket (GET_STATUS and IOTLB_MSG with a virtual IOMMU), or a relay or back-end that answers too often or too seldom.',
    remedy:
      'Update QEMU and the back-end; without a virtual IOMMU the answers do not cross. Bind the driver in the guest again if the card stays dead.',
  },
  {
    id: 'qemu-reply-size',
    program: 'QEMU',
    pattern:
      /qemu[\w-]*: Received bad msg size\.|Received bad message size, expected (?<wanted>\d+), received (?<seen>\d+)/,
    example: 'qemu-system-x86_64: Received bad msg size.',
    spellings: ['qemu-system-x86_64: Received bad message size, expected 8, received 12'],
    source: 'hw/virtio/vhost-user.c, vhost_user_get_u64 and others, 2.1 and later',
    means: 'The answer of the back-end has the right number and the wrong length.',
    culprit: 'A back-end that is faulty, or that does not follow the vhost-user specification here.',
    remedy: 'Report the release of the back-end.',
  },
  {
    id: 'qemu-unexpected-type',
    program: 'QEMU',
    pattern:
      /(?:Unexpected msg type\. Expected|Received unexpected message type, expected) (?<expected>\d+),? received (?<received>\d+)/,
    example: 'qemu-system-x86_64: Unexpected msg type. Expected 28 received 0',
    spellings: ['qemu-system-x86_64: Received unexpected message type, expected 42, received 15'],
    source: 'hw/virtio/vhost-user.c, vhost_user_postcopy_advise and vhost_user_set_device_state_fd, 2.12 and later',
    means: 'QEMU waited for the reply to {expected} and got one to {received}: the two sides are out of step.',
    culprit: 'A back-end that does not know the request, or a reply too many.',
    remedy: 'Report both releases.',
  },
  {
    id: 'qemu-backend-channel',
    program: 'QEMU',
    pattern: /Failed to (?:read|read payload|send msg reply) (?:from|to) (?:slave|backend)/,
    example: 'qemu-system-x86_64: Failed to read from slave.',
    spellings: [
      'qemu-system-x86_64: Failed to read payload from slave.',
      'qemu-system-x86_64: Failed to send msg reply to slave.',
    ],
    source: 'hw/virtio/vhost-user.c, slave_read (backend_read from 8.0 on), 2.10 and later',
    means: "The channel for the back-end's own requests (BACKEND_REQ) broke.",
    culprit: 'A back-end that died or hung up.',
    remedy: 'Look at the log of the back-end; the main connection tells more.',
  },
  {
    id: 'qemu-backend-request',
    program: 'QEMU',
    pattern: /qemu[\w-]*: (?:Truncated message\.|Received unexpected msg type(?:\.|: (?<receivedBack>\d+)\.)\s*$)/,
    example: 'qemu-system-x86_64: Received unexpected msg type: 9.',
    spellings: ['qemu-system-x86_64: Received unexpected msg type.'],
    source: 'hw/virtio/vhost-user.c, slave_read (backend_read from 8.0 on), 2.10 and later',
    means:
      "On the channel for the back-end's own requests (BACKEND_REQ) came {receivedBack} that this QEMU does not serve, or that is too long. QEMU closes the channel.",
    culprit: 'A back-end that is newer than QEMU and sends what was not negotiated.',
    remedy: 'Update QEMU, or report the release of the back-end.',
  },
  {
    id: 'qemu-socketpair',
    program: 'QEMU',
    pattern: /qemu[\w-]*: socketpair\(\) failed/,
    example: 'qemu-system-x86_64: socketpair() failed',
    source:
      'hw/virtio/vhost-user.c, vhost_setup_slave_channel (vhost_setup_backend_channel from 8.0 on), 2.10 and later',
    means: "The channel for the back-end's own requests could not be made.",
    culprit: 'QEMU is out of file descriptors.',
    remedy: 'Raise the limit of open files of QEMU (libvirt: max_files in qemu.conf).',
  },
  {
    id: 'qemu-ioctl-message',
    program: 'QEMU',
    pattern: /vhost-user trying to send unhandled ioctl/,
    example: 'qemu-system-x86_64: vhost-user trying to send unhandled ioctl',
    source: 'hw/virtio/vhost-user.c, vhost_user_call, up to 2.4',
    means: 'QEMU wanted to send a request that vhost-user does not have.',
    culprit: 'A fault of QEMU.',
    remedy: 'Update QEMU.',
  },
  {
    id: 'qemu-virtqueue-init',
    program: 'QEMU',
    pattern: /Failed to initialize virtqueue (?<queue>\d+)/,
    example:
      'qemu-system-x86_64: -device vhost-user-blk-pci,chardev=c: Failed to initialize virtqueue 1: Protocol error',
    source: 'hw/virtio/vhost.c, vhost_dev_init, 6.1 and later',
    tells: 'symptom',
    means: 'Queue {queue} could not be set up with the back-end (SET_VRING_CALL).',
    culprit: 'A back-end that has fewer queues than the device, or that hung up.',
    remedy: 'Lower the queues of the device to those of the back-end; look at the log of the back-end.',
  },
  {
    id: 'qemu-vring-error',
    program: 'QEMU',
    pattern: /vhost vring error in virtqueue (?<queue>\d+)/,
    example: 'qemu-system-x86_64: vhost vring error in virtqueue 1: Invalid argument (22)',
    source: 'hw/virtio/vhost.c, vhost_virtqueue_error_notifier, 7.1 and later',
    means: 'The back-end reports a fault in queue {queue} through its error descriptor.',
    culprit: 'A driver in the guest that wrote nonsense into the ring, or a back-end that cannot map its memory.',
    remedy: 'Look at the log of the back-end; bind the driver in the guest again.',
  },
  {
    id: 'qemu-inflight',
    program: 'QEMU',
    pattern:
      /Error (?<what>get|set|getting|setting) inflight(?: format)?(?:: (?<error>.+))?|Failed to (?:get|mmap) mem fd/,
    example: 'qemu-system-x86_64: Error getting inflight: Protocol error',
    spellings: ['qemu-system-x86_64: Error set inflight: -1', 'qemu-system-x86_64: Failed to mmap mem fd'],
    source: 'hw/block/vhost-user-blk.c and hw/scsi/vhost-user-scsi.c, 4.1 and later',
    means:
      'The memory in which requests under way are recorded could not be exchanged with the back-end (GET_INFLIGHT_FD, SET_INFLIGHT_FD). The disk does not start.',
    culprit: 'A back-end that hung up, or whose record has another size after its restart.',
    remedy: 'Look at the log of the back-end; after a change of its queues start the guest again.',
  },
];
