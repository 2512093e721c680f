/** Lines of Open vSwitch about ports that could not be made, removed or served as they should. */
import type { MessageRow } from './message-row.ts';

export const OVS_PORT_MESSAGES: readonly MessageRow[] = [
  {
    id: 'ovs-closed-early',
    program: 'Open vSwitch',
    device: 'net',
    pattern: /Connection on socket '(?<path>[^']+)' closed during initialization/,
    example: "netdev_dpdk|WARN|Connection on socket '/run/vm/vhu0' closed during initialization.",
    source: 'lib/netdev-dpdk.c, destroy_connection, 3.2 and later',
    means:
      'The front-end at {path} hung up before its device was up: it did not agree with the features that it was offered. Open vSwitch registers the port again with its other set of features and takes the next connection with that.',
    culprit:
      'A guest that had accepted features of an earlier release or setting ("vhost lacks feature mask …" in the log of QEMU). Also a probe, or a QEMU that was ended during its start.',
    remedy:
      'Look at the log of QEMU. If the guest works afterwards without TSO, stop its QEMU process and start it again to get it back.',
  },
  {
    id: 'ovs-disconnected',
    program: 'Open vSwitch',
    device: 'net',
    pattern: /\bstatus=\\?"?disconnected|mode=\w+[^}]*\bstatus=\\?"?disconnected/,
    example: 'status : {mode=client, status=disconnected}',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_user_get_status, 2.9 and later',
    means: 'Nobody is connected to this vhost-user port.',
    culprit:
      'mode=client: QEMU or the agent has to listen at vhost-server-path, and does not (the guest is off, or the paths differ). mode=server: QEMU has not connected.',
    remedy: 'Start the guest; compare the path on both sides, and the owner of the socket.',
  },
  {
    id: 'ovs-vhost-start',
    program: 'Open vSwitch',
    pattern:
      /(?<call>rte_vhost_driver_(?:callback_register|disable_features|start|set_max_queue_num)|vhost_common_construct) failed for (?:vhost[- ]user|dpdk) ?(?:client ?)?port: (?<port>\S+)/,
    example: 'netdev_dpdk|ERR|rte_vhost_driver_start failed for vhost user port: vhu0',
    spellings: [
      'netdev_dpdk|ERR|vhost_common_construct failed for vhost user clientport: vhu0',
      'netdev_dpdk|ERR|rte_vhost_driver_set_max_queue_num failed for vhost-user client port: vhu0',
    ],
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_construct and netdev_dpdk_vhost_client_reconfigure, 2.9 and later',
    tells: 'symptom',
    means: 'DPDK refused a step of making the port. The port does not work.',
    culprit: 'What DPDK says in the lines before: threads, sockets or memory that ran out, or a path that is in use.',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'ovs-vhost-unregister',
    program: 'Open vSwitch',
    pattern:
      /: Unable to unregister vhost driver for socket '(?<path>[^']+)'|Unable to remove vhost-user socket (?<old>\S+)|rte_vhost_driver_unregister failed for \S+ port: (?<port>\S+)/,
    example: "netdev_dpdk|ERR|vhu0: Unable to unregister vhost driver for socket '/run/vm/vhu0'.",
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_destruct, 2.6 and later',
    means:
      'The port was removed, but DPDK still holds its socket {path|old|port}: a port with this path may not be made again.',
    culprit: 'A socket that DPDK did not know any more, or a guest that connected at that moment.',
    remedy:
      'If making the port again fails ("Address already in use", "registered"), restart ovs-vswitchd and remove the socket file.',
  },
  {
    id: 'ovs-could-not-open',
    program: 'Open vSwitch',
    pattern: /could not open network device (?<port>\S+) \((?<error>[^)]+)\)/,
    example: 'bridge|WARN|could not open network device vhu0 (Unknown error -1)',
    source: 'vswitchd/bridge.c, iface_do_create, 1.1 and later',
    tells: 'symptom',
    means: 'The port {port} could not be made ({error}); its row stays in the database without a port.',
    culprit:
      'The lines before say why. "Address family not supported by protocol": ovs-vswitchd was built or started without DPDK (other_config:dpdk-init).',
    remedy: 'Explain the lines before this one; `ovs-vsctl get Interface {port} error` has the reason, too.',
  },
  {
    id: 'ovs-unknown-type',
    program: 'Open vSwitch',
    pattern: /could not create netdev (?<port>\S+) of unknown type (?<type>\S+)/,
    example: 'netdev|WARN|could not create netdev vhu0 of unknown type dpdkvhostuserclient',
    source: 'lib/netdev.c, netdev_open, 1.1 and later',
    means: 'This ovs-vswitchd does not know ports of type {type}.',
    culprit: 'A build without DPDK, or DPDK that is not switched on (other_config:dpdk-init=true) or failed to start.',
    remedy:
      'Use the DPDK build of ovs-vswitchd and set other_config:dpdk-init=true; look for "DPDK Initialization Failed".',
  },
  {
    id: 'ovs-dpdk-init',
    program: 'Open vSwitch',
    pattern:
      /DPDK Initialization Failed|Unable to initialize DPDK: (?<error>.+)|Could not disable multiprocess, DPDK won't be available/,
    example: 'dpdk|EMER|Unable to initialize DPDK: Cannot allocate memory',
    source: 'lib/dpdk.c, dpdk_init__, 2.7 and later',
    means: 'Open vSwitch runs without DPDK: none of its vhost-user ports exists.',
    culprit: 'Too few huge pages, rights that are missing, or a setting in dpdk-extra that DPDK does not know.',
    remedy: 'Look at the lines of EAL before this one; check huge pages and other_config:dpdk-*.',
  },
  {
    id: 'ovs-dpdk-disabled',
    program: 'Open vSwitch',
    pattern: /DPDK Disabled - Use other_config:dpdk-init to enable/,
    example: 'dpdk|INFO|DPDK Disabled - Use other_config:dpdk-init to enable',
    source: 'lib/dpdk.c, dpdk_init, 2.7 and later',
    means:
      'DPDK is switched off in this Open vSwitch: ports of type dpdkvhostuser and dpdkvhostuserclient cannot be made.',
    culprit: 'other_config:dpdk-init is not set. On a host without vhost-user ports that is as it should be.',
    remedy: 'For vhost-user ports set other_config:dpdk-init=true and restart ovs-vswitchd.',
  },
  {
    id: 'ovs-port-attached',
    program: 'Open vSwitch',
    pattern:
      /Removing port '(?<port>[^']+)' while vhost device still attached|To restore connectivity after re-adding of port, VM on socket '(?<path>[^']+)' must be restarted|Can not remove port, vhost device still attached/,
    example: "netdev_dpdk|ERR|Removing port 'vhu0' while vhost device still attached.",
    spellings: [
      "netdev_dpdk|ERR|To restore connectivity after re-adding of port, VM on socket '/run/openvswitch/vhu0' must be restarted.",
      'netdev_dpdk|ERR|Can not remove port, vhost device still attached',
    ],
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_destruct, 2.4 and later',
    means:
      'A server-mode port was deleted while its guest runs. A guest without reconnect= stays without network even when the port is added again.',
    culprit: 'Somebody (or an agent of the cloud) deleted the port, or Open vSwitch was stopped.',
    remedy: 'Stop and start the guest. Ports of type dpdkvhostuserclient do not have this trouble.',
  },
  {
    id: 'ovs-too-many-queues',
    program: 'Open vSwitch',
    pattern: /vHost Device '(?<path>[^']+)' \d+ can't be added - too many queues (?<seen>\d+) > (?<most>\d+)/,
    example: "dpdk|ERR|vHost Device '/run/openvswitch/vhu0' 0 can't be added - too many queues 8 > 2",
    source: 'lib/netdev-dpdk.c, new_device, 2.5',
    device: 'net',
    means: 'The guest has {seen} queues and the port takes {most}.',
    culprit: 'A guest with more queues= than the port has (n_rxq).',
    remedy: 'Lower queues= of the guest, or raise n_rxq of the port.',
  },
  {
    id: 'ovs-guest-features',
    program: 'Open vSwitch',
    pattern: /Error (?:checking guest features|getting NUMA info) for vHost Device '(?<path>[^']+)'/,
    example: "netdev_dpdk|INFO|Error checking guest features for vHost Device '/run/vm/vhu0'",
    source: 'lib/netdev-dpdk.c, new_device, 2.6 and later',
    device: 'net',
    means: 'DPDK could not say what the guest at {path} accepted, or on which node its memory lies.',
    culprit: 'A guest that hung up at that moment.',
    remedy: 'Nothing needs to be done if the port comes up afterwards.',
  },
  {
    id: 'ovs-vhost-name',
    program: 'Open vSwitch',
    pattern: /"(?<port>[^"]*)" is not a valid name for a vhost-user port/,
    example: `netdev_dpdk|ERR|"a/b" is not a valid name for a vhost-user port. A valid name must not include '/' or '\\'`,
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_construct, 2.5 and later',
    means: 'The name of a server-mode port is the name of its socket, and may hold no slash.',
    culprit: 'The name of the port.',
    remedy: 'Use a name without / and \\, or a client-mode port, whose path is free.',
  },
  {
    id: 'ovs-sock-dir',
    program: 'Open vSwitch',
    pattern:
      /(?:vhost-user sock directory|vHostUser socket DIR) '(?<dir>[^']+)' does not exist|vhost-user sock directory request '(?<name>[^']+)' has invalid ?characters/,
    example: "dpdk|ERR|vhost-user sock directory '/var/run/openvswitch/vhost' does not exist.",
    source: 'lib/dpdk.c, process_vhost_flags, 2.4 and later',
    means:
      'The directory for sockets of server-mode ports is missing or not allowed; these ports cannot be made there.',
    culprit: 'other_config:vhost-sock-dir, which is taken relative to the run directory.',
    remedy: 'Make the directory, or correct the setting, and restart ovs-vswitchd.',
  },
  {
    id: 'ovs-postcopy-mlock',
    program: 'Open vSwitch',
    pattern: /vhost-postcopy-support and mlockall are not compatible/,
    example: 'dpdk|WARN|vhost-postcopy-support and mlockall are not compatible.',
    source: 'lib/dpdk.c, dpdk_init__, 2.11 and later',
    means:
      'Post-copy was switched on, and ovs-vswitchd locks its memory: its ports do not offer VHOST_USER_PROTOCOL_F_PAGEFAULT.',
    culprit: 'ovs-vswitchd was started with `--mlockall` (`ovs-ctl --mlockall=yes` is the default of some packages).',
    remedy: 'Start it without (`ovs-ctl --mlockall=no`), or leave post-copy off.',
  },
  {
    id: 'ovs-tso-unsupported',
    program: 'Open vSwitch',
    pattern:
      /(?<port>\S+): Tx (?:\w+ )?(?:tunnel )?TSO offload is not supported|No (?:TSO|TCP checksum|UDP checksum|SCTP checksum|L4 checksum) support/,
    example: 'netdev_dpdk|WARN|dpdk0: Tx TSO offload is not supported.',
    source: 'lib/netdev-dpdk.c, dpdk_eth_dev_init; netdev.c, netdev_send_prepare_packet, 2.13 and later',
    means:
      'A port cannot cut large packets in hardware. Guests with TSO that send through it are served more slowly, or before 3.3 their packets are dropped.',
    culprit: 'A network card or driver without TSO while userspace-tso-enable is on.',
    remedy: 'Use TSO only where all ports can do it, or update to 3.3 and later.',
  },
  {
    id: 'ovs-queue-state',
    program: 'Open vSwitch',
    device: 'net',
    pattern:
      /State of queue (?<queue>\d+) ?\( ?\w+ \d+ \) of vhost device '(?<path>[^']+)'(?: \d+)? ?changed to '(?<state>\w+)'|Max Tx retries for vhost device/,
    example: "dpdk|INFO|State of queue 0 ( tx_qid 0 ) of vhost device '/run/vm/vhu0' changed to 'enabled'",
    source: 'lib/netdev-dpdk.c, vring_state_changed__, 2.5 and later',
    tells: 'course',
    means: 'The guest switched a queue on or off, or a setting of the port was read. Nothing is wrong.',
  },
  {
    id: 'ovs-queue-flood',
    program: 'Open vSwitch',
    device: 'net',
    pattern:
      /vring state change queue has (?<count>\d+) entries(?:\. Last update was for socket (?<path>\S+?)\.?(?:\s|$))?/,
    example:
      'netdev_dpdk(vhost-events)|WARN|vring state change queue has 1000 entries. Last update was for socket /run/vm/vhu0.',
    source: 'lib/netdev-dpdk.c, vring_state_changed, 3.0 and later (2.17.x with its fixes)',
    means:
      'Guests switch their queues on and off faster than Open vSwitch follows: {count} changes wait, and the list grows in its memory. The last one came from {path}.',
    culprit:
      'A guest whose driver is broken or hostile, or that is reset in a loop; mostly the one behind that socket.',
    remedy: 'Look at that guest and stop it if it goes on; watch the memory of ovs-vswitchd.',
  },
  {
    id: 'ovs-dpdk-course',
    program: 'Open vSwitch',
    pattern:
      /DPDK Enabled - initializ(?:ing|ed)|Zero copy enabled for vHost port|Per port memory for DPDK devices|bridge \S+: (?:added|deleted) interface \S+ on port \d+/,
    example: 'bridge|INFO|bridge br0: added interface vhu0 on port 3',
    source: 'lib/dpdk.c, dpdk_init__; vswitchd/bridge.c, iface_do_create, 2.4 and later',
    tells: 'course',
    means: 'DPDK came up, a setting of it was read, or a port was added or removed. Nothing is wrong.',
  },
  {
    id: 'ovs-packet-dropped',
    program: 'Open vSwitch',
    pattern: /(?:(?<port>\S+): )?Too big size (?<size>\d+) max_packet_len (?<most>\d+)/,
    example: 'netdev_dpdk|WARN|vhu0: Too big size 9018 max_packet_len 1518',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_filter_packet_len and netdev_dpdk_prep_hwol_packet, 2.4 and later',
    means: 'A packet was larger than the MTU of the port and was dropped.',
    culprit: 'A guest whose MTU is larger than that of the port.',
    remedy: 'Raise mtu_request of the ports on the way, or lower the MTU in the guest (host_mtu).',
  },
  {
    id: 'ovs-tso-packet',
    program: 'Open vSwitch',
    pattern: /Oversized TSO packet|TCP (?:Segmentation|offloading) without L4 header/,
    example: 'netdev_dpdk|WARN|vhu0: Oversized TSO packet. hdr: 54, gso: 9000, max len: 1514',
    spellings: ['netdev_dpdk|WARN|vhu0: TCP Segmentation without L4 header, pkt len: 9014'],
    source: 'lib/netdev-dpdk.c, netdev_dpdk_prep_hwol_packet, 2.13 and later',
    means:
      'A large packet of a guest asks to be cut in a way that cannot be done (segments above the MTU of the port, or no TCP header), and was dropped.',
    culprit:
      'userspace-tso-enable with a guest whose MTU is larger than that of the port, or with a broken driver in the guest.',
    remedy: 'Give the guest the MTU of the ports on the way (host_mtu, mtu_request).',
  },
  {
    id: 'ovs-set-config',
    program: 'Open vSwitch',
    pattern: /(?<port>\S+): could not set configuration \((?<error>[^)]+)\)/,
    example: 'netdev|WARN|vhu0: could not set configuration (Invalid argument)',
    source: 'lib/netdev.c, netdev_set_config, 1.1 and later',
    tells: 'symptom',
    means: 'Open vSwitch could not give the port {port} the settings of its row ({error}).',
    culprit:
      'An option of the interface that is wrong, or that cannot be changed while the port is in use (vhost-server-path).',
    remedy: 'Look at the lines before this one, and at `ovs-vsctl get Interface {port} options error`.',
  },
  {
    id: 'dpdk-hugepages',
    program: 'DPDK',
    pattern:
      /EAL: (?:No free (?:\d+ kB )?hugepages reported|Cannot get hugepage information|No available \d+ kB hugepages reported|Not enough memory available(?: on socket \d+)?!?|couldn't allocate memory due to IOVA)|EAL: .*(?:FATAL: Cannot init memory|Cannot init memory)/,
    example: 'EAL: No free 2048 kB hugepages reported on node 0',
    source: 'lib/eal, eal_hugepage_info.c and eal_memory.c, 1.7 and later',
    means:
      'DPDK found no huge pages of this size (on this node). Whether it starts depends on the other sizes and nodes.',
    culprit: 'Huge pages that were not reserved, or that guests have taken.',
    remedy:
      'Reserve huge pages for the back-end before guests start (hugepages= of the kernel, /sys/devices/system/node).',
  },
];
