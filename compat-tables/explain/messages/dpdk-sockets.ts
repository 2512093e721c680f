/** Lines of DPDK's vhost library about sockets, connections and the threads that serve them. */
import type { MessageRow } from './message-row.ts';

const SOCKET = 'lib/vhost (lib/librte_vhost before 21.05), socket.c';

export const DPDK_SOCKET_MESSAGES: readonly MessageRow[] = [
  {
    id: 'dpdk-recvmsg',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:recvmsg failed(?: on fd -?\d+ \((?:Connection reset by peer|Broken pipe)\)|$)|vhost read message (?:(?:for )?VHOST_USER_\w+ )?failed)/,
    example: 'VHOST_CONFIG: (/run/vhu0) recvmsg failed on fd 34 (Connection reset by peer)',
    spellings: [
      'VHOST_CONFIG: recvmsg failed',
      'VHOST_CONFIG: vhost read message failed',
      'VHOST_CONFIG: (/run/vhu0) vhost read message VHOST_USER_SET_FEATURES failed',
      'VHOST_CONFIG: (/run/vhu0) vhost read message for VHOST_USER_SET_VRING_CALL failed',
    ],
    source: `${SOCKET}, read_fd_message; vhost_user.c, vhost_user_msg_handler, 2.0 and later`,
    tells: 'course',
    loud: true,
    means:
      'The connection ended while DPDK waited for the next message. At the end of a front-end or a restart this is normal: the device is removed and comes back with the next connection.',
    remedy: 'Nothing needs to be done if QEMU ended; otherwise look at its log.',
  },
  {
    id: 'dpdk-recvmsg-error',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?recvmsg failed on fd -?\d+ \((?!Connection reset by peer|Broken pipe)(?<error>[^)]*)\)/,
    example: 'VHOST_CONFIG: (/run/vhu0) recvmsg failed on fd 34 (Bad file descriptor)',
    source: `${SOCKET}, read_fd_message, 20.02 and later`,
    means: 'DPDK could not read from the connection ({error}). It takes the front-end for gone and removes the device.',
    culprit:
      'A descriptor that was closed or reused inside the back-end process, or memory of the kernel that ran out.',
    remedy: 'Look at the lines before this one; report the release of the back-end if it comes again.',
  },
  {
    id: 'dpdk-fdman',
    program: 'DPDK',
    pattern:
      /VHOST_FDMAN: (?:could not (?:add|remove) -?\d+ fd (?:to|from) -?\d+ epfd: (?<error>.+)|[Ff]ailed to (?<what>alloc fdset|create (?:epoll for )?\S+ (?:fdset|event dispatch thread)|insert fdset))/,
    example: 'VHOST_FDMAN: could not add 55 fd to 12 epfd: No space left on device',
    spellings: [
      'VHOST_FDMAN: Failed to create vhost-evt event dispatch thread',
      'VHOST_FDMAN: failed to insert fdset entry',
    ],
    source: 'lib/vhost, fd_man.c, fdset_init and fdset_add, 24.07 and later',
    means:
      'The thread that waits for the vhost-user sockets of this process could not be made, or cannot wait for one of them: that port gets no connection ({error|what}).',
    culprit:
      'Limits of the process: descriptors, threads, or with "No space left on device" fs.epoll.max_user_watches. "Bad file descriptor": a fault of the program.',
    remedy: 'Raise that limit and restart the back-end.',
  },
  {
    id: 'dpdk-incorrect-message',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?vhost read incorrect message/,
    example: 'VHOST_CONFIG: vhost read incorrect message',
    source: 'lib/librte_vhost/vhost_user.c, vhost_user_msg_handler, 2.0 to 18.08',
    means: 'A request came whose number this release of DPDK does not have. It hangs up.',
    culprit:
      'A front-end that is much newer and uses what was not offered, a relay that lost its place in the stream, or another program at the socket.',
    remedy: 'Update DPDK; check which process is at the other end of the socket.',
  },
  {
    id: 'dpdk-sendmsg',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:sendmsg error(?: on fd -?\d+ \((?<error>[^)]*)\))?|[Ff]ailed to send config change|vhost read (?:slave|backend) message reply failed|cmsg == NULL)/,
    example: 'VHOST_CONFIG: (/run/vhu0) sendmsg error on fd 34 (Broken pipe)',
    spellings: ['VHOST_CONFIG: sendmsg error', 'VHOST_CONFIG: vhost read slave message reply failed'],
    source: `${SOCKET}, send_fd_message; vhost_user.c, process_backend_message_reply, 2.0 and later`,
    means: 'An answer or a request of the back-end could not be sent: the front-end had closed the connection.',
    culprit: 'QEMU that ended or hung up in the middle of the negotiation.',
    remedy: 'Look at the log of QEMU at that time.',
    tells: 'symptom',
  },
  {
    id: 'dpdk-control-message',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?(?:read control message failed|Unexpected header size read)/,
    example: 'VHOST_CONFIG: (/run/vhu0) read control message failed',
    source: 'lib/vhost, vhost_user.c, read_vhost_message, 2.0 and later',
    means: 'A message was cut off: the header came, and the rest did not. DPDK hangs up.',
    culprit: 'A front-end that died in the middle of a message, or that announces another size than it sends.',
    remedy: 'Look at the log of QEMU; check which process is at the other end of the socket.',
  },
  {
    id: 'dpdk-fdset-thread',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:error: )?[Ff]ailed to (?:create (?:fdset handling thread|pipe for vhost fdset)|create (?:vhost reconnect|reconnect) thread|initialize mutex|destroy (?:reconnect|connection) mutex|init (?:connection mutex|Vhost-user fdset))/,
    example: 'VHOST_CONFIG: failed to create fdset handling thread',
    spellings: ['VHOST_CONFIG: failed to create reconnect thread'],
    source: `${SOCKET}, rte_vhost_driver_start and vhost_user_reconnect_init, 16.07 and later`,
    means: 'DPDK could not start the thread that serves all vhost-user sockets. No vhost-user port works.',
    culprit:
      'A limit of threads or memory (cgroup pids.max, ulimit -u, TasksMax of the service), or processors that the process may not use (`--lcores`, dpdk-lcore-mask).',
    remedy: 'Raise the limit of the service and restart it; check dpdk-lcore-mask against the processors of the host.',
  },
  {
    id: 'dpdk-fdset-full',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:error: )?(?:[Ff]ailed to add (?:fd \d+|listen fd \d+|pipe readfd \d+|vhost user connection)\b.*|the number of (?:vhost sockets|servers) reaches maximum|[Ff]ailed to find a free slot for new device)/,
    example: 'VHOST_CONFIG: (/run/vhu0) the number of vhost sockets reaches maximum',
    spellings: [
      'VHOST_CONFIG: error: the number of vhost sockets reaches maximum',
      'VHOST_CONFIG: failed to add fd 45 into vhost server fdset',
      'VHOST_CONFIG: Failed to find a free slot for new device.',
    ],
    source: `${SOCKET}, rte_vhost_driver_register and vhost_user_add_connection, 2.0 and later`,
    means: 'The back-end has as many vhost-user sockets or devices as DPDK allows (1024).',
    culprit: 'Too many ports, or ports that were never removed.',
    remedy: 'Remove ports that no guest uses.',
  },
  {
    id: 'dpdk-nonblocking',
    program: 'DPDK',
    pattern:
      /vhost-user: can't set nonblocking mode for socket|can't (?:get flags for connfd|disable nonblocking on fd)|reconnection for fd \d+ failed|failed to allocate memory for reconnect/,
    example: 'VHOST_CONFIG: (/run/vhu0) reconnection for fd 34 failed',
    spellings: ["VHOST_CONFIG: vhost-user: can't set nonblocking mode for socket, fd: 34 (Bad file descriptor)"],
    source: `${SOCKET}, vhost_user_connect_nonblock and vhost_user_client_reconnect, 16.07 and later`,
    means: 'A client-mode port cannot connect any more: its socket itself failed.',
    culprit: 'A path that is too long or no socket, or a process out of file descriptors.',
    remedy: 'Check what is at the path; delete and add the port.',
  },
  {
    id: 'dpdk-socket-unregistered',
    program: 'DPDK',
    pattern: /socket file(?: \S+)? is not registered yet|[Ff]ailed to get callback ops for driver/,
    example: 'VHOST_CONFIG: (/run/vhu0) socket file is not registered yet.',
    source: `${SOCKET}, rte_vhost_driver_get_features and others, 17.05 and later`,
    means: 'The program around DPDK speaks of a vhost-user socket that DPDK does not have (any more).',
    culprit: 'A port that is being deleted, or a fault of that program.',
    remedy: 'Delete and add the port.',
  },
  {
    id: 'dpdk-connection-course',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?(?:new (?:vhost user|virtio) connection is \d+|new device, handle is \d+|(?:vhost-user (?:server|client|\S+): )?socket created, fd: ?\d+|bind(?:ing succeeded| to \S+)|(?:\S+: )?(?:connected)|free connfd|setting max queue pairs|Setting max queue pairs|Keeping \d+ max queue pairs)/,
    example: 'VHOST_CONFIG: (/run/vhu0) new vhost user connection is 46',
    spellings: [
      'VHOST_CONFIG: vhost-user server: socket created, fd: 570',
      'VHOST_CONFIG: bind to /run/vhu0',
      'VHOST_CONFIG: (/run/vhu0) new device, handle is 6',
    ],
    source: `${SOCKET}, vhost_user_add_connection and others, 2.0 and later`,
    tells: 'course',
    means: 'The course of a connection: a socket was made, or a front-end came or went. Nothing is wrong.',
  },
  {
    id: 'dpdk-reconnecting',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?(?:\S+: )?reconnecting\.\.\./,
    example: 'VHOST_CONFIG: /run/vhu0: reconnecting...',
    spellings: ['x|1|dpdk|ERR|VHOST_CONFIG: /run/vhu0: reconnecting...'],
    source: `${SOCKET}, vhost_user_start_client and vhost_user_read_cb, 16.07 and later (16.11: at level ERR)`,
    tells: 'course',
    loud: true,
    means:
      'A client-mode port waits for somebody to listen at its socket, and tries it every second. Before the guest is started, or after its end, this is normal.',
    remedy: 'Nothing needs to be done while the guest is off; otherwise compare the socket paths.',
  },
  {
    id: 'dpdk-device-gone',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?\(?\d*\)? ?[Dd]evice not found(?: in linked list)?\.?/,
    example: 'VHOST_CONFIG: (3) device not found.',
    source: 'lib/vhost, vhost.h, get_device, 2.0 and later',
    means: 'The program around DPDK used a device that is no longer there.',
    culprit: 'A front-end that hung up at that moment, or a fault of that program.',
    remedy: 'Nothing needs to be done if it comes once, at the end of a guest.',
    tells: 'symptom',
  },
  {
    id: 'dpdk-connect-denied',
    program: 'DPDK',
    pattern: /VHOST_CONFIG: (?:\([^)]*\) )?failed to connect(?: to \S+)?: Permission denied/,
    example: 'VHOST_CONFIG: (/run/vm/vhu0) failed to connect: Permission denied',
    spellings: ['VHOST_CONFIG: failed to connect to /run/vm/vhu0: Permission denied'],
    source: `${SOCKET}, vhost_user_start_client, 16.07 and later`,
    means: 'The back-end may not open the socket at which QEMU (or the agent) listens. Waiting does not help.',
    culprit:
      'The owner, group or mode of the socket or of a directory above it (each needs x), or SELinux or AppArmor.',
    remedy:
      'Let the back-end run in the group of the socket (Open vSwitch: user openvswitch, group hugetlbfs), and give its directory to that group; look for denials in the audit log.',
  },
  {
    id: 'dpdk-connect-failed',
    program: 'DPDK',
    pattern:
      /VHOST_CONFIG: (?:\([^)]*\) )?failed to connect(?: to (?<path>\S+?))?: (?!Permission denied|Connection refused|No such file)(?<error>[\w ]+)/,
    example: 'VHOST_CONFIG: (/run/vhu0) failed to connect: Protocol wrong type for socket',
    spellings: ['VHOST_CONFIG: failed to connect to /run/vhu0: Resource temporarily unavailable'],
    source: `${SOCKET}, vhost_user_start_client, 16.07 and later`,
    means: 'A client-mode port cannot connect to its socket, and not because nobody listens: {error}.',
    culprit:
      '"Protocol wrong type": another kind of socket at this path. "Resource temporarily unavailable": the listener does not accept, because QEMU hangs or has its connection already. "Too many open files": a limit of the back-end.',
    remedy: 'Check with `ss -xlp` what listens at the path, and the limit of open files of the back-end.',
  },
];
