/** Lines of VPP about vhost-user interfaces: `show vhost-user` and the log of the plugin. */
import type { MessageRow } from './message-row.ts';

const FILE = 'src/plugins/vhost (src/vnet/devices/virtio before 23.02), vhost_user.c';

export const VPP_MESSAGES: readonly MessageRow[] = [
  {
    id: 'vpp-protocol-features',
    program: 'VPP',
    pattern: /\bprotocol features \((?<protocol>0x[\da-f]+)\)/i,
    example: '  protocol features (0x3)',
    source: `${FILE}, show_vhost_user_command_fn, 16.06 and later`,
    tells: 'course',
    means: 'The protocol features that VPP and the front-end negotiated. No guest sees them.',
  },
  {
    id: 'vpp-features',
    program: 'VPP',
    device: 'net',
    pattern: /(?<!protocol )\bfeatures(?: mask)? \((?<negotiated>0x[\da-f]+)\)/i,
    example: ' features (0x50008000):',
    source: `${FILE}, show_vhost_user_command_fn, 16.06 and later`,
    tells: 'course',
    means: 'The features that VPP shows of a vhost-user interface: those negotiated, or the mask it was created with.',
  },
  {
    id: 'vpp-socket-state',
    program: 'VPP',
    pattern: /socket filename (?<path>\S+) type (?<type>client|server) errno "(?<error>[^"]*)"(?<!errno "Success")/,
    example: ' socket filename /tmp/sock0 type client errno "Connection refused"',
    source: `${FILE}, show_vhost_user_command_fn, 16.06 and later`,
    means:
      'The last error of this interface\'s socket was "{error}". type {type}: a client connects to QEMU, a server is connected to.',
    culprit:
      'For a client: nobody listens at {path} ("Connection refused", "No such file or directory"); VPP tries again every few seconds. For a server: no front-end has come.',
    remedy: 'Start the guest; compare the path on both sides, and the owner of the socket.',
  },
  {
    id: 'vpp-socket-ok',
    program: 'VPP',
    pattern: /socket filename (?<path>\S+) type (?<type>client|server) errno "Success"/,
    example: ' socket filename /tmp/sock0 type server errno "Success"',
    source: `${FILE}, show_vhost_user_command_fn, 16.06 and later`,
    tells: 'course',
    means: 'The socket of the interface is in order.',
  },
  {
    id: 'vpp-unknown-message',
    program: 'VPP',
    pattern: /unknown vhost-user message (?<request>\d+) received/,
    example: 'vhost-user: unknown vhost-user message 36 received. closing socket',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means: 'VPP does not know {request} and closes the connection.',
    culprit: 'A front-end that uses what VPP did not offer, or one of another device type.',
    remedy: 'Update VPP; report both releases.',
  },
  {
    id: 'vpp-message',
    program: 'VPP',
    pattern:
      /malformed message received|vhost message is too short|message too short \(read|n \(\d+\) != VHOST_USER_MSG_HDR_SZ|could not send message response/,
    example: 'vhost-user: vhost message is too short',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means: 'A message came cut off or malformed, or an answer could not be sent. VPP closes the connection.',
    culprit: 'A front-end that ended in the middle of a message, or a relay that lost its place in the stream.',
    remedy: 'Look at the log of QEMU at that time; report both releases if it comes again.',
  },
  {
    id: 'vpp-descriptors',
    program: 'VPP',
    pattern: /MSG_CTRUNC is set|More than one fd received !/,
    example: 'vhost-user: MSG_CTRUNC is set',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means: 'File descriptors of a message were lost, or more came than belong to it. VPP closes the connection.',
    culprit:
      'A VPP process out of descriptors, a security module that forbids them, or a relay that mixed up two messages.',
    remedy: 'Raise the limit of open files of VPP; look for denials in the audit log.',
  },
  {
    id: 'vpp-vring-index',
    program: 'VPP',
    pattern: /invalid (?:vring )?(?:index|idx) (?<name>VHOST_USER_\w+): (?<index>\d+) >= (?<most>\d+)/,
    example: 'vhost-user: invalid vring index VHOST_USER_SET_VRING_ADDR: 16 >= 16',
    source: `${FILE}, vhost_user_socket_read, 19.01 and later`,
    means: '{name} names ring {index}; VPP has {most}. It closes the connection.',
    culprit: 'A device with more queues than VPP supports.',
    remedy: 'Lower queues= of the device.',
  },
  {
    id: 'vpp-ring-size',
    program: 'VPP',
    pattern: /invalid VHOST_USER_SET_VRING_NUM: /,
    example: 'vhost-user: invalid VHOST_USER_SET_VRING_NUM: 0 > 1 or not power of two',
    source: `${FILE}, vhost_user_socket_read, 19.01 and later`,
    means: 'The front-end asked for a ring size that VPP does not take. VPP closes the connection.',
    culprit: 'A ring size that is no power of two, or above 32768.',
    remedy: 'Set rx_queue_size and tx_queue_size to a power of two.',
  },
  {
    id: 'vpp-memory',
    program: 'VPP',
    pattern: /failed to map memory(?: region)?(?:\.|:)? \(?errno(?: is)? (?<errno>\d+)/,
    example: 'vhost-user: failed to map memory. errno is 12',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means:
      'VPP could not map memory that the front-end handed it, and closes the connection (error {errno}). At the start of a guest this is its memory; the same line is written for the log of a migration.',
    culprit:
      '12: no huge pages or memory left (limits of the VPP process, vm.max_map_count); 13 or 1: huge pages or files that VPP may not open; 22 or 9: a descriptor that is no shared memory.',
    remedy:
      'Give the guest shared memory from huge pages of which enough are free (libvirt: <memoryBacking>, <access mode="shared"/>); raise the memory limits of VPP.',
  },
  {
    id: 'vpp-memory-user',
    program: 'VPP',
    pattern: /failed to map (?:user memory for hw_if_index (?<index>\d+)|memory(?: region)?(?! ?(?:\.|:)? ?\(?errno))/,
    example: 'vhost-user: failed to map user memory for hw_if_index 2',
    source: `${FILE}, vhost_user_map_guest_mem and others, 16.06 and later`,
    means:
      'VPP does not find memory of the guest at an address that a ring names, or could not map it. Packets are lost, or the connection is closed.',
    culprit: 'A ring outside the memory table, or guest memory that is not shared.',
    remedy:
      'Give the guest shared memory in few large regions (libvirt: <memoryBacking>, <access mode="shared"/>); bind its driver again.',
  },
  {
    id: 'vpp-unmap',
    program: 'VPP',
    pattern: /failed to unmap (?:memory(?: region)?|user memory for hw_if_index \d+)/,
    example: 'vhost-user: failed to unmap memory region 0 (errno 22)',
    source: `${FILE}, unmap_all_mem_regions, 16.06 and later`,
    means: 'VPP could not give back memory of a guest that is gone. Its huge pages may stay in use.',
    culprit: 'A fault of VPP, or memory that had changed below it.',
    remedy: 'Report the release of VPP; restart it if huge pages run out.',
  },
  {
    id: 'vpp-memory-regions',
    program: 'VPP',
    pattern: /number of mem regions must be between 1 and (?<most>\d+)/,
    example: 'vhost-user: number of mem regions must be between 1 and 8',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means:
      'The front-end sent a memory table of no region, or of more than {most}. VPP maps nothing of it and closes the connection.',
    culprit: 'A guest whose memory is in too many pieces: memory hot-plug, many NUMA nodes or memory devices.',
    remedy: 'Give the guest its memory in fewer, larger regions.',
  },
  {
    id: 'vpp-memory-descriptors',
    program: 'VPP',
    pattern: /each memory region must have FD/,
    example: 'vhost-user: each memory region must have FD',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means:
      'The memory table came with another number of file descriptors than regions. VPP maps nothing and closes the connection.',
    culprit: 'A relay that lost descriptors, a faulty front-end, or a VPP process out of descriptors.',
    remedy: 'Raise the limit of open files of VPP; report the release of the front-end or relay.',
  },
  {
    id: 'vpp-log-shmfd',
    program: 'VPP',
    pattern: /VHOST_USER_PROTOCOL_F_LOG_SHMFD not set but VHOST_USER_SET_LOG_BASE received/,
    example: 'vhost-user: VHOST_USER_PROTOCOL_F_LOG_SHMFD not set but VHOST_USER_SET_LOG_BASE received',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means: 'The front-end began a migration with a log, and LOG_SHMFD was not negotiated. VPP closes the connection.',
    culprit: 'A front-end or relay that is faulty, or a QEMU before 2.5.',
    remedy: 'Let LOG_SHMFD pass; report both releases.',
  },
  {
    id: 'vpp-log-size',
    program: 'VPP',
    pattern: /invalid msg size for VHOST_USER_SET_LOG_BASE/,
    example: 'vhost-user: invalid msg size for VHOST_USER_SET_LOG_BASE: 8 instead of 16',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means:
      'SET_LOG_BASE came in another length than that of an address with a size. VPP closes the connection, and the guest cannot be migrated.',
    culprit: 'A front-end of the old form (8 bytes, without LOG_SHMFD), or a relay that changes the message.',
    remedy: 'Use QEMU 2.5 or later; report both releases.',
  },
  {
    id: 'vpp-log-range',
    program: 'VPP',
    pattern: /vhost_user_log_dirty_pages\(\): out of range/,
    example: 'vhost-user: vhost_user_log_dirty_pages(): out of range',
    source:
      'src/plugins/vhost/vhost_user_inline.h (src/vnet/devices/virtio before 22.02), vhost_user_log_dirty_pages_2',
    means:
      'VPP wrote memory of the guest that lies beyond the log of the migration, and could not note it: the guest may miss data at its new place.',
    culprit: 'Memory that was plugged after the migration began, or a front-end whose log is too short.',
    remedy: 'Cancel the migration if it runs, and begin it again without memory hot-plug; report both releases.',
  },
  {
    id: 'vpp-socket-error',
    program: 'VPP',
    pattern:
      /Error: Could not write to unix socket for callfd|socket error on if (?<index>\d+)|recvmsg returned error -?\d+ (?<error>.+)/,
    example: 'vhost-user: socket error on if 3',
    source: `${FILE}, vhost_user_process and others, 16.06 and later`,
    means: 'The connection of a vhost-user interface broke, or a guest could not be notified.',
    culprit: 'A front-end that ended.',
    remedy: 'Look at the log of QEMU.',
  },
  {
    id: 'vpp-socket-open',
    program: 'VPP',
    pattern: /Error: Could not open unix socket for (?<path>\S+?)(?:: (?<error>[^:]+?)(?: \(errno \d+\))?)?$/,
    example: 'vhost-user: Error: Could not open unix socket for /tmp/sock0',
    spellings: ['vhost_user_process: Error: Could not open unix socket for /tmp/sock0: Too many open files (errno 24)'],
    source: `${FILE}, vhost_user_process, 16.06 and later`,
    means:
      'VPP could not make a socket to connect to {path} with; nothing has tried the path itself yet. It tries again.',
    culprit:
      'The VPP process: out of file descriptors ("Too many open files"), or a security module that forbids sockets.',
    remedy: 'Raise its limit of open files (LimitNOFILE); look for denials in the audit log.',
  },
  {
    id: 'vpp-create',
    program: 'VPP',
    pattern: /vhost_user_(?:create|modify)_if returned (?<code>-?\d+)/,
    example: 'create vhost-user: vhost_user_create_if returned -56',
    source: `${FILE}, vhost_user_connect_command_fn, 16.06 and later`,
    means: 'VPP did not make the vhost-user interface; {code} is one of its VNET_API_ERROR numbers (vnet/api_errno.h).',
    culprit:
      'No or too long a socket path, a path that another interface has ("interface already exists"), or in server mode one at which VPP cannot listen.',
    remedy: 'Compare `show vhost-user` with the path; remove an old socket file that nobody uses.',
  },
  {
    id: 'vpp-queue-placement',
    program: 'VPP',
    pattern:
      /unable to (?:unassign|set rx mode for) interface (?<index>\d+), queue (?<queue>\d+): rc=(?<code>-?\d+)|unhandled mode \d+ changed for if \d+ queue/,
    example: 'vhost-user: unable to set rx mode for interface 2, queue 1: rc=-1',
    source: `${FILE}, vhost_user_rx_discard_packet and others, 17.04 and later`,
    means: 'VPP could not give a queue to a worker or change how it is served. That queue may stand still.',
    culprit: 'An interface that changes while it is set up, or a fault of VPP.',
    remedy: 'Delete and create the interface; report the release of VPP.',
  },
  {
    id: 'vpp-course',
    program: 'VPP',
    pattern:
      /\bif \d+ (?:msg )?VHOST_USER_\w+|interface (?:ifindex )?\d+ (?:disconnected|ready|down)|(?:New|Close) client socket for vhost interface|(?:un)?map (?:memory|log) region \d+ addr|if \d+ KICK queue|Deleting vhost-user interface/,
    example: 'vhost-user: if 1 msg VHOST_USER_GET_FEATURES - reply 0x0000000150608000',
    source: `${FILE}, vhost_user_socket_read and others, 16.06 and later`,
    tells: 'course',
    means: 'The course of a connection in the debug log of VPP. Nothing is wrong.',
  },
];
