/** Lines of DPDK's vhost library about single requests: their numbers, sizes and file descriptors. */
import type { MessageRow } from './message-row.ts';

export const DPDK_REQUEST_MESSAGES: readonly MessageRow[] = [
  {
    id: 'dpdk-message-size',
    program: 'DPDK',
    pattern: /invalid msg size: (?<size>-?\d+)/,
    example: 'VHOST_CONFIG: (/run/vhu0) invalid msg size: 4096',
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, read_vhost_message, 2.0 and later',
    means: 'A message announces {size} bytes, more than any may have. DPDK hangs up.',
    culprit: 'A peer that does not speak vhost-user on this socket, or a stream that is out of step.',
    remedy: 'Check which process is at the other end of the socket.',
  },
  {
    id: 'dpdk-not-handled',
    program: 'DPDK',
    pattern: /vhost message \(req: (?!2[45]\b)(?<request>\d+)\) was not handled/,
    example: 'VHOST_CONFIG: (/run/vhu0) vhost message (req: 37) was not handled.',
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, vhost_user_msg_handler, 19.05 and later',
    means:
      'This release of DPDK does not serve {request}. Where the front-end had asked for a confirmation (REPLY_ACK) it answers no and stays connected; otherwise it hangs up.',
    culprit: 'A front-end that uses a protocol feature that was not offered.',
    remedy: 'Update DPDK, or report the release of the front-end.',
  },
  {
    id: 'dpdk-config-request',
    program: 'DPDK',
    pattern: /vhost message \(req: (?=2[45]\b)(?<request>\d+)\) was not handled/,
    example: 'VHOST_CONFIG: (/run/vhu0) vhost message (req: 24) was not handled.',
    spellings: ['VHOST_CONFIG: vhost message (req: 25) was not handled.'],
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, vhost_user_msg_handler, 19.05 and later',
    means:
      '{request} asks for the configuration of a device, which a network port of DPDK does not have. Where the front-end had asked for a confirmation (REPLY_ACK) it answers no and stays connected; otherwise it hangs up.',
    culprit:
      'A front-end of another device type (vhost-user-blk, vhost-user-fs, vDPA) at the socket of a network port, or one that asks without VHOST_USER_PROTOCOL_F_CONFIG having been offered.',
    remedy: 'Check which device of the guest uses this socket; compare the paths.',
  },
  {
    id: 'dpdk-invalid-request',
    program: 'DPDK',
    pattern: /Requested invalid message type (?<request>\d+)/,
    example: 'VHOST_CONFIG: Requested invalid message type 42',
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, vhost_user_msg_handler, 2.0 and later',
    means: 'This release of DPDK does not know {request}, and hangs up.',
    culprit:
      'A front-end that is newer and uses what was not offered, a relay that lost its place in the stream, or another program at the socket.',
    remedy: 'Update DPDK; check which process is at the other end of the socket.',
  },
  {
    id: 'dpdk-descriptors',
    program: 'DPDK',
    pattern:
      /[Ee]xpect (?<wanted>\d+) FDs for request (?<name>VHOST_USER_(?!SET_LOG_BASE|SET_MEM_TABLE|ADD_MEM_REG)\w+), received (?<seen>\d+)/,
    example: 'VHOST_CONFIG: (/run/vhu0) expect 0 FDs for request VHOST_USER_SET_VRING_ENABLE, received 1',
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, validate_msg_fds, 19.08 and later',
    means: '{name} came with {seen} file descriptors instead of {wanted}. DPDK hangs up.',
    culprit: 'A broken or hostile front-end, or a relay that mixed up the descriptors of two messages.',
    remedy: 'Report the release of the front-end.',
  },
  {
    id: 'dpdk-memory-descriptors',
    program: 'DPDK',
    pattern:
      /[Ee]xpect (?<wanted>\d+) FDs for request (?<name>VHOST_USER_(?:SET_MEM_TABLE|ADD_MEM_REG)), received (?<seen>\d+)/,
    example: 'VHOST_CONFIG: (/run/vhu0) expect 1 FDs for request VHOST_USER_ADD_MEM_REG, received 0',
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, validate_msg_fds, 19.08 and later',
    means:
      '{name} came with {seen} file descriptors instead of {wanted}: the back-end has nothing to map. DPDK hangs up.',
    culprit:
      'Guest memory that is not shared (a front-end other than QEMU), a relay that lost a descriptor, or a back-end process that is out of descriptors.',
    remedy:
      'Give the guest shared memory; raise the limit of open files of the back-end; report the release of the front-end.',
  },
  {
    id: 'dpdk-processing-failed',
    program: 'DPDK',
    pattern: /[Pp]rocessing (?<name>VHOST_USER_\w+) failed/,
    example: 'VHOST_CONFIG: (/run/vhu0) processing VHOST_USER_SET_FEATURES failed.',
    spellings: ['VHOST_CONFIG: Processing VHOST_USER_SET_FEATURES failed.'],
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, vhost_user_msg_handler, 18.11 and later',
    tells: 'symptom',
    means:
      '{name} was refused, and the connection ends unless the front-end had asked for a reply. The line before says why.',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'dpdk-handling-failed',
    program: 'DPDK',
    pattern: /vhost message handling failed/,
    example: 'VHOST_CONFIG: (/run/vhu0) vhost message handling failed.',
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, vhost_user_msg_handler, 18.11 and later',
    tells: 'symptom',
    means: 'A message was refused, and DPDK hangs up. The lines before say which and why.',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'dpdk-truncated',
    program: 'DPDK',
    pattern: /trunca?ted (?:msg|control data) \(fd ?-?\d+\)|VHOST_CONFIG: trunca?ted msg/,
    example: 'VHOST_CONFIG: (/run/vhu0) truncated control data (fd 34)',
    spellings: [
      'VHOST_CONFIG: truncted msg',
      'VHOST_CONFIG: truncated msg',
      'VHOST_CONFIG: (/run/vhu0) truncated msg (fd 34)',
    ],
    source: 'lib/vhost (lib/librte_vhost before 21.05), socket.c, read_fd_message, 2.0 and later',
    means: 'A message or its file descriptors arrived cut off. DPDK hangs up.',
    culprit:
      'The process is out of file descriptors, or a security module (SELinux, AppArmor) forbade them. Also a front-end that sends more than 8 descriptors or a longer message than DPDK takes.',
    remedy: 'Raise its limit of open files; look for denials in the audit log.',
  },
  {
    id: 'dpdk-backend-reply',
    program: 'DPDK',
    pattern: /[Rr]eceived unexpected msg type \((?<receivedBack>\d+)\), expected (?<expectedBack>\d+)/,
    example: 'VHOST_CONFIG: (/run/vhu0) received unexpected msg type (2), expected 1',
    source: 'lib/vhost (lib/librte_vhost before 21.05), vhost_user.c, process_backend_message_reply, 18.05 and later',
    means: 'On the channel of the back-end, DPDK waited for the reply to {expectedBack} and got one to {receivedBack}.',
    culprit: 'The two sides are out of step.',
    remedy: 'Restart the front-end process; report both releases if the line comes again.',
  },
];
