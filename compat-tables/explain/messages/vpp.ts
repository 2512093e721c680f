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
    id: 'vpp-message',
    program: 'VPP',
    pattern:
      /(?:malformed message received|unknown vhost-user message (?<request>\d+) received)\. closing socket|vhost message is too short|message too short \(read|MSG_CTRUNC is set|n \(\d+\) != VHOST_USER_MSG_HDR_SZ|could not send message response|More than one fd received !/,
    example: 'vhost-user: unknown vhost-user message 36 received. closing socket',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means: 'VPP does not understand a message of the front-end and closes the connection.',
    culprit: 'A front-end that uses what VPP did not offer (CONFIGURE_MEM_SLOTS, status), or lost descriptors.',
    remedy: 'Update VPP; report both releases.',
  },
  {
    id: 'vpp-vring-index',
    program: 'VPP',
    pattern:
      /invalid (?:vring )?(?:index|idx) (?<name>VHOST_USER_\w+): (?<index>\d+) >= (?<most>\d+)|invalid (?<num>VHOST_USER_SET_VRING_NUM): /,
    example: 'vhost-user: invalid vring index VHOST_USER_SET_VRING_ADDR: 16 >= 16',
    source: `${FILE}, vhost_user_socket_read, 19.01 and later`,
    means:
      'The front-end named a ring that VPP does not have, or a ring size that it does not take. VPP closes the connection.',
    culprit: 'A device with more queues than VPP supports, or with an odd ring size.',
    remedy: 'Lower queues=, or set rx_queue_size to a power of two up to 32768.',
  },
  {
    id: 'vpp-memory',
    program: 'VPP',
    pattern:
      /failed to (?:map|unmap) (?:memory(?: region)?|user memory for hw_if_index \d+)(?:\.| \()? ?(?:errno|$)|number of mem regions must be between 1 and|each memory region must have FD|failed to map user memory for hw_if_index/,
    example: 'vhost-user: failed to map memory. errno is 12',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means: 'VPP could not map the memory of the guest. The interface does not come up.',
    culprit: 'Guest memory that is not shared, more than 8 regions, or huge pages that VPP may not open.',
    remedy: 'Give the guest shared memory in few large regions (libvirt: <memoryBacking>, <access mode="shared"/>).',
  },
  {
    id: 'vpp-log-shmfd',
    program: 'VPP',
    pattern:
      /VHOST_USER_PROTOCOL_F_LOG_SHMFD not set but VHOST_USER_SET_LOG_BASE received|invalid msg size for VHOST_USER_SET_LOG_BASE/,
    example: 'vhost-user: VHOST_USER_PROTOCOL_F_LOG_SHMFD not set but VHOST_USER_SET_LOG_BASE received',
    source: `${FILE}, vhost_user_socket_read, 16.06 and later`,
    means:
      'The front-end began a migration with a log that was not negotiated, or sent it wrongly. VPP closes the connection.',
    culprit: 'A front-end or relay that is faulty.',
    remedy: 'Report both releases.',
  },
  {
    id: 'vpp-socket-error',
    program: 'VPP',
    pattern:
      /Error: Could not (?:open unix socket for (?<path>\S+)|write to unix socket for callfd)|socket error on if (?<index>\d+)|recvmsg returned error -?\d+ (?<error>.+)/,
    example: 'vhost-user: Error: Could not open unix socket for /tmp/sock0',
    source: `${FILE}, vhost_user_process and others, 16.06 and later`,
    means: 'The socket of a vhost-user interface could not be opened, or broke.',
    culprit: 'A path that cannot be reached, or a front-end that ended.',
    remedy: 'Compare the path on both sides.',
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
