/** Lines of DPDK's drivers: virtio-user (a front-end, SPDK has its own of the same origin) and net_vhost (a port for tests). */
import type { MessageRow } from './message-row.ts';

const VIRTIO_USER = 'drivers/net/virtio/virtio_user; SPDK: lib/virtio';

export const DPDK_DRIVER_MESSAGES: readonly MessageRow[] = [
  {
    id: 'virtio-user-nack',
    program: 'DPDK',
    pattern: /Slave replied NACK(?: to request type \((?<request>\d+)\))?/,
    example: 'vhost_user_check_reply_ack(): Slave replied NACK to request type (5)',
    source: `${VIRTIO_USER}/vhost_user.c, vhost_user_check_reply_ack, 19.05 and later`,
    means: 'The back-end answered no to {request}: it does not take what virtio-user sent.',
    culprit: 'For SET_MEM_TABLE memory that it cannot map; for SET_FEATURES features that it did not offer.',
    remedy: 'Look at the log of the back-end.',
  },
  {
    id: 'virtio-user-reply',
    program: 'DPDK',
    pattern:
      /Failed to (?:recv msg(?: hdr| header| payload)?[:,]|read reply(?:-ack)?|recv request)|Received msg failed: |Unexpected (?:reply-ack )?(?:payload size|request type) \(\d+\)|Unexpected ring index \(\d+\)|Payload size overflow, header says|\(\): Received (?:bad msg size|unexpected msg type)|Received oversized msg: payload size/,
    example: 'vhost_user_read(): Failed to recv msg hdr: 0 instead of 12.',
    spellings: [
      'vhost_user_read(): Failed to recv msg header: Connection reset by peer',
      'vhost_user_get_features(): Unexpected request type (15)',
    ],
    source: `${VIRTIO_USER}/vhost_user.c, vhost_user_read and others, 16.07 and later`,
    means: 'The answer of the back-end to virtio-user did not come, or is another one.',
    culprit: 'A back-end that hung up ("0 instead of 12", "Connection reset"), or that is out of step.',
    remedy: 'Look at the log of the back-end.',
  },
  {
    id: 'virtio-user-request',
    program: 'DPDK',
    pattern:
      /\(\): (?:\([^)]*\) )?(?:Failed to (?:(?:get|set) (?:backend|device|max queue pairs|features|memory table|owner|protocol features|vring|rss|MAC)|send (?:msg|request|get status request|vring addresses)|update memory table|prepare memory for vhost-user|(?:setup|start|stop) (?:backend|device)|(?:create|destroy|kick) queue|init notifiers)|backend set up fails|get_(?:features|vring_base) failed|set_owner fails|VHOST_USER_[GS]ET_STATUS failed|virtio-user startup fails|trying to send unhandled msg type|failed to kick backend|setup [rt]x vq (?:fails|\d+ failed)|virtio_user_dev_init fails)|virtio_user\.c.*(?:get_features failed|set_owner fails|backend set up fails|[gs]et_config failed|Failed to init device)/,
    example: 'virtio_user_dev_init(): (/run/vhu0) backend set up fails',
    spellings: [
      'virtio_user_dev_set_features(): (/run/vhu0) Failed to set features',
      'vhost_user_set_memory_table(): Failed to set memory table',
    ],
    source: `${VIRTIO_USER}/vhost_user.c and virtio_user_dev.c, 16.07 and later`,
    tells: 'symptom',
    means: 'A step of setting up virtio-user with its back-end failed.',
    culprit: 'A back-end that refused the request or hung up; the line before says which.',
    remedy: 'Look at the lines before this one and at the log of the back-end.',
  },
  {
    id: 'virtio-user-connect',
    program: 'DPDK',
    pattern:
      /\(\): connect error, (?<error>.+)|Failed to accept initial client connection|failed to bind to (?<path>\S+): .+; remove it and try again.*virtio|lib\/virtio.*connect error, (?<spdk>.+)/,
    example: 'vhost_user_setup(): connect error, Connection refused',
    source: `${VIRTIO_USER}/vhost_user.c, vhost_user_setup, 16.07 and later`,
    means: 'virtio-user could not reach the socket of its back-end.',
    culprit: 'No back-end listens there, or it may not be opened; with server=1 virtio-user listens itself.',
    remedy: 'Start the back-end first; compare the paths.',
  },
  {
    id: 'virtio-user-queues',
    program: 'DPDK',
    pattern:
      /multi-q config (?<seen>\d+), but only (?<most>\d+) supported|multi-q requires ctrl-q|requested (?<count>\d+) request queues, but the host doesn't support VHOST_USER_PROTOCOL_F_MQ/,
    example: 'virtio_user_dev_init(): (/run/vhu0) multi-q config 4, but only 1 supported',
    source: `${VIRTIO_USER}/virtio_user_dev.c, virtio_user_dev_init, 16.07 and later`,
    means: 'More queues were asked for than the back-end has.',
    culprit: 'queues= of the device, or the limit of the back-end or version.',
    remedy: 'Lower queues=.',
  },
  {
    id: 'virtio-user-config',
    program: 'DPDK',
    pattern:
      /arg path is mandatory for virtio_user|unable to determine backend type for path (?<path>\S+)|arg \S+ applies only to vhost-kernel backend|Server mode only supports vhost-user!/,
    example: 'virtio_user_pmd_probe(): arg path is mandatory for virtio_user',
    spellings: [
      'virtio_user_dev_setup(): Server mode only supports vhost-user!',
      'virtio_user_pmd_probe(): arg iface applies only to vhost-kernel backend',
    ],
    source: `drivers/net/virtio, virtio_user_ethdev.c, virtio_user_pmd_probe; ${VIRTIO_USER}/virtio_user_dev.c, 16.07 and later`,
    means: 'The arguments of virtio-user do not go together. The port is not created.',
    culprit: 'The `--vdev` of the program.',
    remedy:
      'Give path= with the socket of the back-end; server=1 goes with a vhost-user socket only, iface= with vhost-net only.',
  },
  {
    id: 'virtio-user-mac',
    program: 'DPDK',
    pattern: /No valid MAC in devargs or device, use random|Device MAC update failed/,
    example: 'virtio_user_dev_init_mac(): (/run/vhu0) No valid MAC in devargs or device, use random',
    source: `${VIRTIO_USER}/virtio_user_dev.c, virtio_user_dev_init_mac, 21.02 and later`,
    tells: 'course',
    means:
      'virtio-user has a random MAC address, because neither its arguments nor the device give one: vhost-user has none to give. Set mac= where it matters.',
  },
  {
    id: 'virtio-user-memory',
    program: 'DPDK',
    pattern:
      /\(\): (?:Exceed maximum of (?<most>\d+)|Too many memory regions)|Memory map change with active virtio_user_devs not allowed|\*ERROR\*: Exceed maximum of \d+/,
    example: 'prepare_vhost_memory_user(): Exceed maximum of 8',
    source: `${VIRTIO_USER}/vhost_user.c, prepare_vhost_memory_user, 16.07 and later`,
    means: 'The process has its memory in more pieces than a back-end maps, which is 8.',
    culprit: 'Many small huge pages.',
    remedy: 'Use `--single-file-segments`, or larger huge pages.',
  },
  {
    id: 'virtio-user-course',
    program: 'DPDK',
    pattern:
      /server mode virtio-user reconnection succeeds|waiting for client connection\.\.\.|Backend type detected: /,
    example: 'virtio_user_dev_server_reconnect(): server mode virtio-user reconnection succeeds!',
    source: `${VIRTIO_USER}/virtio_user_dev.c, 18.02 and later`,
    tells: 'course',
    means: 'virtio-user waits for its back-end, or has it back.',
  },
  {
    id: 'virtio-user-down',
    program: 'DPDK',
    pattern: /virtio-user port (?<port>\d+) is down/,
    example: 'vhost_user_update_link_state(): virtio-user port 1 is down',
    source: `${VIRTIO_USER}/vhost_user.c, vhost_user_update_link_state (virtio_user_ethdev.c before 21.05), 17.05 and later`,
    tells: 'symptom',
    means:
      'The back-end of virtio-user port {port} hung up: the port has no link. In server mode it comes back with the next connection, otherwise not.',
    culprit: 'A back-end that ended or was restarted.',
    remedy: 'Look at the log of the back-end; without server=1 start the program again.',
  },
  {
    id: 'virtio-user-reconnect',
    program: 'DPDK',
    pattern: /Fails to enable multi-queue pairs/,
    example: 'virtio_user_dev_server_reconnect(): Fails to enable multi-queue pairs!',
    source: `${VIRTIO_USER}/virtio_user_dev.c (virtio_user_ethdev.c before 21.05), virtio_user_dev_server_reconnect, 18.05 and later`,
    means: 'A back-end came back to virtio-user in server mode, and did not take all its queues again.',
    culprit: 'A back-end that hung up at once, or that has fewer queues than the one before.',
    remedy: 'Give the back-end its former queues back (release and settings); look at its log.',
  },
  {
    id: 'virtio-user-packets-dropped',
    program: 'DPDK',
    pattern: /Packets on the fly will be dropped/,
    example: 'virtio_user_dev_reset_queues_packed(): Packets on the fly will be dropped when packed ring reconnecting.',
    source: 'drivers/net/virtio/virtio_user_ethdev.c, virtio_user_reset_queues_packed, 19.08 and later',
    means:
      'The back-end came back to a packed ring, which has to begin anew: the packets that were under way are lost.',
    culprit: 'A back-end that was restarted.',
    remedy: 'Nothing needs to be done.',
  },
  {
    id: 'net-vhost-course',
    program: 'DPDK',
    pattern:
      /Vhost device (?<device>\d+) (?:created|destroyed)|vring(?<ring>\d+) is (?:enabled|disabled)|Creating VHOST-USER backend on numa socket|New connection established|(?:Un-)?Initializing pmd_vhost for/,
    example: 'Vhost device 0 created',
    source: 'drivers/net/vhost/rte_eth_vhost.c, new_device and others, 16.04 and later',
    tells: 'course',
    means: 'A front-end came to a net_vhost port of DPDK, or left it. Nothing is wrong.',
  },
  {
    id: 'net-vhost-failed',
    program: 'DPDK',
    pattern:
      /Failed to start driver for (?<path>\S+)|Failed to get (?:vring \d+ information|rxq\d+'s vring)|Invalid interface name: (?<name>\S+)|Can't register callbacks/,
    example: 'Failed to start driver for /run/vhu0',
    source: 'drivers/net/vhost/rte_eth_vhost.c, vhost_driver_setup and others, 16.04 and later',
    tells: 'symptom',
    means: 'A net_vhost port of DPDK could not be started.',
    culprit: 'What the vhost library says before: a path in use, or limits of sockets and threads.',
    remedy: 'Explain the lines before this one.',
  },
];
