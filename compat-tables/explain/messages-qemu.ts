/** Lines of QEMU, as of 7.2 to 10.x: virtio core, vhost-user, virtio-net, migration. */
import type { MessageRow } from './message.ts';

export const QEMU_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-features-unsupported',
    program: 'QEMU',
    pattern: /Features (?<features>0x[\da-f]+) unsupported(?:\. ?Allowed features: (?<allowed>0x[\da-f]+))?/i,
    example: 'qemu-system-x86_64: Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6',
    means:
      'A guest arrives by migration that uses features which the device here cannot offer. QEMU at the destination refuses the device, and the migration fails; the guest goes on at the source.',
  },
  {
    id: 'qemu-vhost-lacks',
    program: 'QEMU',
    pattern: /vhost lacks feature mask (?<missing>0x[\da-f]+|\d+) for backend/i,
    example: 'vhost lacks feature mask 0x10000000 for backend',
    means:
      'The back-end came back with fewer features than the running guest had accepted. QEMU remembers what was accepted for the life of its process, refuses the connection and tries again, for ever.',
  },
  {
    id: 'qemu-vhost-init',
    program: 'QEMU',
    pattern: /failed to init vhost_net for queue ?(?<queue>\d*)/,
    example: 'qemu-system-x86_64: failed to init vhost_net for queue 0',
    means: 'The vhost-user network device could not be set up with the back-end. The line before says why.',
    culprit: 'Mostly features that are missing after a reconnect: "vhost lacks feature mask …".',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-no-log-all',
    program: 'QEMU',
    pattern: /Migration disabled: vhost lacks VHOST_F_LOG_ALL feature/,
    example: 'Error: Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.',
    means: 'The guest cannot be migrated away: its back-end cannot record which memory pages it writes.',
    culprit: 'A back-end without dirty log (Open vSwitch 2.4), or something on the way that masks the bit.',
    remedy: 'Do not mask this bit; no mode does. Update the back-end where it lacks it.',
    lacks: { family: 'virtio', names: ['VHOST_F_LOG_ALL'] },
  },
  {
    id: 'qemu-no-log-shmfd',
    program: 'QEMU',
    pattern: /Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature/,
    example: 'Error: Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.',
    means: 'The guest cannot be migrated away: its back-end cannot share the log of written pages.',
    culprit: 'A back-end without the protocol feature (Open vSwitch 2.4 and 2.5).',
    remedy: 'Update the back-end; check that no entry of a table of yours cuts the protocol feature.',
    lacks: { family: 'protocol', names: ['VHOST_USER_PROTOCOL_F_LOG_SHMFD'] },
  },
  {
    id: 'qemu-queues',
    program: 'QEMU',
    pattern:
      /(?:you are asking more queues than supported:|The maximum number of queues supported by the backend is) (?<supported>\d+)/,
    example: 'qemu-system-x86_64: you are asking more queues than supported: 2',
    means:
      'The device has more queue pairs (queues=) than the back-end supports, which is {supported}. QEMU keeps asking, for ever.',
    culprit:
      'The limit of the mode or of the back-end: the DPDK vhost port of 23.07 to 23.11.2 answers its queues argument, 1 unless given.',
    remedy:
      'Lower queues= to at most {supported}, raise the limit of the back-end, or pin a version that promises more.',
  },
  {
    id: 'qemu-userspace-fallback',
    program: 'QEMU',
    pattern: /unable to start vhost net: -?(?<errno>\d+): falling back on userspace virtio/,
    example: 'qemu-system-x86_64: unable to start vhost net: 22: falling back on userspace virtio',
    means:
      'The device could not be started with its back-end (error {errno}). QEMU would serve it itself, which it cannot with vhost-user: the network card is dead until the driver is bound again.',
    culprit:
      'A back-end that refused a message or hung up; error 22 also comes when VHOST_USER_F_PROTOCOL_FEATURES is masked.',
    remedy: 'Look at the log of the back-end at the same time. Never mask VHOST_USER_F_PROTOCOL_FEATURES.',
  },
  {
    id: 'qemu-unexpected-reply',
    program: 'QEMU',
    pattern: /Received unexpected msg type\. ?Expected (?<expected>\d+),? received (?<received>\d+)/,
    example: 'qemu-system-x86_64: Received unexpected msg type. Expected 22 received 40',
    means: 'QEMU waited for the reply to {expected} and got one to {received}: the two sides are out of step.',
    culprit:
      'A reply too many or too few: a back-end that answers what needs no answer, two threads of QEMU on one socket, or a relay that lost a message.',
    remedy: 'Restart the front-end process; report both releases if it comes again.',
  },
  {
    id: 'qemu-set-msg-fds',
    program: 'QEMU',
    pattern: /Failed to set msg fds/,
    example: 'qemu-system-x86_64: Failed to set msg fds.',
    means: 'QEMU could not pass file descriptors to its peer: the socket was gone when it wanted to send.',
    culprit: 'The back-end died or hung up during the set-up, often at a restart with reconnect=.',
    remedy: 'Look why the back-end hung up; with reconnect= the device comes back by itself.',
  },
  {
    id: 'qemu-read-header',
    program: 'QEMU',
    pattern:
      /Failed to read msg header\. Read (?<read>-?\d+) instead of (?<wanted>\d+)\.(?: Original request (?<request>\d+))?/,
    example: 'qemu-system-x86_64: Failed to read msg header. Read 0 instead of 12. Original request 1.',
    means:
      'The peer ended the connection while QEMU waited for the reply to {request} ({read} of {wanted} bytes came).',
    culprit:
      'A back-end that died, or refuses the connection: one that serves a single connection, or a mode that it cannot honour.',
    remedy: 'Look at the log of the back-end, and at `vhost-compat show-interface` for a refusal.',
  },
  {
    id: 'qemu-message-broken',
    program: 'QEMU',
    pattern: /Failed to (?:read msg (?:header\. (?:Flags|Size)|payload)|write msg\.)/,
    example: 'qemu-system-x86_64: Failed to read msg header. Flags 0x0 instead of 0x5.',
    means: 'A vhost-user message was cut short or is none: QEMU gives up the connection.',
    culprit: 'A peer that died in the middle of a message, or something that does not speak vhost-user on this socket.',
    remedy: 'Check which process serves the socket path, and whether it died.',
  },
  {
    id: 'qemu-load-device',
    program: 'QEMU',
    pattern: /error while loading state for instance (?<instance>0x[\da-f]+) of device '(?<device>[^']+)'/,
    example: "qemu-system-x86_64: error while loading state for instance 0x0 of device '0000:00:02.0/virtio-net'",
    means: 'The state of device {device} could not be taken over. The line before says why.',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-load-field',
    program: 'QEMU',
    pattern: /Failed to load (?<device>(?:virtio|vhost)[\w.-]*):(?<field>[\w.-]+)/,
    example: 'qemu-system-x86_64: Failed to load virtio-net:virtio',
    means:
      'The part {field} of the state of {device} was refused; for the part virtio the line before usually names the features.',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-load-eperm',
    program: 'QEMU',
    pattern: /load of migration failed: (?:Operation not permitted|-1\b)/,
    example: 'qemu-system-x86_64: load of migration failed: Operation not permitted',
    means: 'The incoming migration failed because a device refused its state. QEMU at the destination ends.',
    culprit: 'Most often features that the destination does not offer: "Features 0x… unsupported".',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-load-einval',
    program: 'QEMU',
    pattern: /load of migration failed: (?:Invalid argument|-22\b)/,
    example: 'qemu-system-x86_64: load of migration failed: Invalid argument',
    means: 'The incoming migration failed because a device or a size is not what the stream says.',
    culprit:
      'A destination that was started with other devices, another machine type, queue count, ring size or legacy setting than the source.',
    remedy: 'Compare the device properties of both sides; `vhost-compat render` shows those of a version.',
  },
  {
    id: 'qemu-load-eio',
    program: 'QEMU',
    pattern: /load of migration failed: (?:Input\/output error|Connection reset by peer|-5\b)/,
    example: 'qemu-system-x86_64: load of migration failed: Input/output error',
    means: 'The stream of the incoming migration ended early.',
    culprit: 'The source ended, cancelled the migration, or failed first.',
    remedy: 'Look at the log of the source.',
  },
  {
    id: 'qemu-load-failed',
    program: 'QEMU',
    pattern:
      /load of migration failed(?:: (?!Operation not permitted|Invalid argument|Input\/output|Connection reset|-\d)(?<error>[\w/ ]+))?$/,
    example: 'qemu-system-x86_64: load of migration failed: No such file or directory',
    means: 'The incoming migration failed ({error}).',
    culprit: 'A destination whose devices are not those of the source.',
    remedy: 'Explain the lines before this one; compare the device properties of both sides.',
  },
  {
    id: 'qemu-queue-pairs-state',
    program: 'QEMU',
    pattern: /virtio-net: curr_queue_pairs (?<guest>[\da-f]+) > max_queue_pairs (?<here>[\da-f]+)/,
    example: 'qemu-system-x86_64: virtio-net: curr_queue_pairs 4 > max_queue_pairs 2',
    means: 'The arriving guest uses more queue pairs than the device here has (0x{guest} against 0x{here}).',
    culprit: 'A destination that was started with a smaller queues=.',
    remedy: 'Start the destination with the queues= of the source.',
  },
  {
    id: 'qemu-mtu',
    program: 'QEMU',
    pattern: /(?<mtu>\d+)Bytes MTU not supported by the backend/,
    example: 'qemu-system-x86_64: 9000Bytes MTU not supported by the backend',
    means: 'host_mtu={mtu} was asked for, and the back-end refused it.',
    culprit: 'A port of the back-end with a smaller MTU (Open vSwitch: mtu_request).',
    remedy: 'Raise the MTU of the port, or lower host_mtu on both sides of a migration alike.',
  },
  {
    id: 'qemu-memory-slots',
    program: 'QEMU',
    pattern: /vhost backend (?:memory slots limit is less|has no free memory slots left)/,
    example: 'qemu-system-x86_64: vhost backend memory slots limit is less than current number of present memory slots',
    means: 'The memory of the guest has more pieces than the back-end can map; without CONFIGURE_MEM_SLOTS that is 8.',
    culprit: 'Memory hot-plug, or a guest with many memory devices on a back-end of another kind.',
    remedy: 'Give the guest its memory in fewer, larger pieces.',
  },
  {
    id: 'qemu-vhost-call',
    program: 'QEMU',
    pattern: /(?<call>vhost_(?:set|get)_\w+) failed: (?<error>[^(]+) \((?<errno>-?\d+)\)/,
    example: 'qemu-system-x86_64: vhost_set_features failed: Protocol error (71)',
    means: 'The back-end refused {call}, or the connection ended over it: {error}.',
    culprit: 'For vhost_set_features: features that were not offered. Otherwise a back-end that died.',
    remedy: 'Look at the log of the back-end at the same time.',
  },
  {
    id: 'qemu-ring-restore',
    program: 'QEMU',
    pattern: /vhost VQ (?<queue>\d+) ring restore failed: (?<errno>-?\d+)/,
    example: 'qemu-system-x86_64: vhost VQ 0 ring restore failed: -71: Protocol error (71)',
    means:
      'At the stop of queue {queue} the back-end did not say where it stands in the ring. QEMU takes what the ring itself says.',
    culprit: 'A back-end that was gone before the device was stopped.',
    remedy:
      'With split rings nothing is lost but packets. A packed ring cannot be recovered so: bind the driver of the guest again.',
  },
  {
    id: 'qemu-rarp',
    program: 'QEMU',
    pattern: /Vhost user backend fails to broadcast fake RARP/,
    example: 'qemu-system-x86_64: Vhost user backend fails to broadcast fake RARP',
    means: 'After the migration nobody announced the new place of the guest: switches learn it from its next packet.',
    culprit: 'A guest without VIRTIO_NET_F_GUEST_ANNOUNCE on a back-end without VHOST_USER_PROTOCOL_F_RARP.',
    remedy: 'Let the guest send a packet (a ping), or use a version with VIRTIO_NET_F_GUEST_ANNOUNCE.',
  },
  {
    id: 'qemu-property',
    program: 'QEMU',
    pattern: /Property '(?<model>[\w-]+)\.(?<property>[\w-]+)' not found/,
    example: "qemu-system-x86_64: -device virtio-net-pci,in_order=on: Property 'virtio-net-pci.in_order' not found",
    means: 'This QEMU has no property {property} for {model}; it is too old for it, or the name is wrong.',
    remedy: 'Leave the property out; `qemu-system-x86_64 -device {model},help` lists those that exist.',
  },
];
