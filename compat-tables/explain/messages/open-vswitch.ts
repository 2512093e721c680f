/** Lines of Open vSwitch with DPDK (2.6 to 3.7): its log and what ovs-vsctl shows of a vhost port. */
import type { MessageRow } from './message-row.ts';

export const OVS_MESSAGES: readonly MessageRow[] = [
  {
    id: 'ovs-status',
    program: 'Open vSwitch',
    device: 'net',
    pattern: /\bfeatures=\\?"?(?<negotiated>0x[\da-f]+)/i,
    example: 'status : {features="0x0000000170606783", mode=client, num_of_vrings="2", socket="/run/vm/vhu0"}',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_user_get_status, 2.9 and later',
    tells: 'course',
    means: 'What the guest on this port accepted of the offer. Another host has to offer these features, too.',
  },
  {
    id: 'ovs-tso-disabled',
    program: 'Open vSwitch',
    pattern: /\buserspace-tso\\?"?\s*[=:]\s*\\?"?disabled/,
    example: 'status : {mode=client, numa="0", socket="/run/vm/vhu0", userspace-tso=disabled}',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_user_get_status, 3.2 and later',
    means:
      'userspace-tso-enable is on, but this port works without TSO: it was registered again with the features of a port without TSO, and its guest sends large packets in segments.',
    culprit:
      'A guest that had taken features that a port with TSO does not offer (VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_HOST_UFO), or a connection of QEMU, a probe or an agent that ended before the device was up.',
    remedy:
      'Stop the QEMU process of the guest and start it again; a reboot inside the guest is not enough. Pin a +portable version for guests that move between hosts with and without the setting.',
  },
  {
    id: 'ovs-device-added',
    program: 'Open vSwitch',
    pattern: /vHost Device '(?<path>[^']+)'(?: \(?\d+\)?)? has been added/,
    example: "dpdk|INFO|vHost Device '/run/vm/vhu0' has been added on numa node 0",
    spellings: [
      "dpdk|INFO|vHost Device '/run/vm/vhu0' 0 has been added",
      "dpdk|INFO|vHost Device '/run/vm/vhu0' (0) has been added",
    ],
    source: 'lib/netdev-dpdk.c, new_device, 2.4 and later',
    tells: 'course',
    means: 'The guest behind {path} has started its device: the port works.',
  },
  {
    id: 'ovs-device-removed',
    program: 'Open vSwitch',
    pattern: /vHost Device '(?<path>[^']+)'(?: \(?\d+\)?)? has been removed/,
    example: "dpdk|INFO|vHost Device '/run/vm/vhu0' has been removed",
    source: 'lib/netdev-dpdk.c, destroy_device, 2.4 and later',
    tells: 'course',
    means:
      'The device behind {path} was stopped: the guest was reset or shut down, its driver was unbound, or QEMU ended.',
    remedy: 'Nothing needs to be done if that was intended; otherwise look at the log of QEMU.',
  },
  {
    id: 'ovs-connection-destroyed',
    program: 'Open vSwitch',
    pattern: /vHost Device '(?<path>[^']+)' connection has been destroyed/,
    example: "dpdk|INFO|vHost Device '/run/vm/vhu0' connection has been destroyed",
    source: 'lib/netdev-dpdk.c, destroy_connection, 2.13 and later',
    tells: 'symptom',
    means:
      'The socket of {path} was closed. Before "has been added" it means that QEMU or the agent hung up during the negotiation.',
    culprit:
      'QEMU ended or refused the features. From 3.2 on, a TSO port whose connection ends this early is registered again with other features, and alternates between the two from then on.',
    remedy: 'Look at the log of QEMU, and at `vhost-compat show-interface` for a refusal.',
  },
  {
    id: 'ovs-still-attached',
    program: 'Open vSwitch',
    pattern: /Connection on socket '(?<path>[^']+)' destroyed while vhost device still attached/,
    example: "dpdk|ERR|Connection on socket '/run/vm/vhu0' destroyed while vhost device still attached.",
    source: 'lib/netdev-dpdk.c, destroy_connection, 2.13 and later',
    means:
      'A connection of {path} ended, and Open vSwitch still has a device for the port: one that ends with its connection is taken off before this line.',
    culprit:
      'A second connection to the same socket (a probe, another front-end), whose end leaves the device of the first alone; or a device that was not told off.',
    remedy:
      'See whether traffic of the guest goes on (`ovs-vsctl get Interface NAME status`); give each socket to one front-end, and restart the guest if its port is dead.',
  },
  {
    id: 'ovs-device-not-found',
    program: 'Open vSwitch',
    pattern: /vHost Device '(?<path>[^']+)'(?: \(?\d+\)?)? (?:not found|can't be added - name not found)/,
    example: "dpdk|INFO|vHost Device '/run/vm/vhu0' can't be added - name not found",
    source: 'lib/netdev-dpdk.c, new_device, vring_state_changed and destroy_connection, 2.4 and later',
    means: 'A guest connected at {path}, but no port with this socket exists, or no longer.',
    culprit: 'A port that was deleted while its guest runs.',
    remedy: 'Add the port again with the same vhost-server-path.',
  },
  {
    id: 'ovs-client-created',
    program: 'Open vSwitch',
    pattern:
      /vHost User device '(?<port>[^']+)' created in '(?<mode>\w+)' mode, using (?:client|server) socket '(?<path>[^']+)'/,
    example: "dpdk|INFO|vHost User device 'vhu0' created in 'client' mode, using client socket '/run/vm/vhu0'",
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_client_reconfigure, 2.6 and later',
    tells: 'course',
    means: 'Port {port} is a {mode}-mode port: it connects to {path}, where QEMU or the agent has to listen.',
  },
  {
    id: 'ovs-server-created',
    program: 'Open vSwitch',
    pattern: /Socket (?<path>\S+) created for vhost-user port (?<port>\S+)/,
    example: 'dpdk|INFO|Socket /run/openvswitch/vhu0 created for vhost-user port vhu0',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_construct, 2.4 and later',
    tells: 'course',
    means:
      'Port {port} is a server-mode port: it listens at {path}. From 3.2 on it does not offer VIRTIO_NET_F_CSUM, unlike client-mode ports of the same release.',
  },
  {
    id: 'ovs-deprecated',
    program: 'Open vSwitch',
    pattern: /dpdkvhostuser ports are considered deprecated/,
    example: 'dpdk|WARN|dpdkvhostuser ports are considered deprecated;  please migrate to dpdkvhostuserclient ports.',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_construct, 2.9 and later',
    tells: 'course',
    loud: true,
    means:
      'A server-mode port was added. Its features differ from those of client-mode ports, from 3.2 on and with TSO.',
    remedy: 'Use dpdkvhostuserclient on all hosts, or on none.',
  },
  {
    id: 'ovs-tso',
    program: 'Open vSwitch',
    pattern: /(?<port>\S+): TSO enabled on vhost port/,
    example: 'netdev_dpdk|INFO|vhu0: TSO enabled on vhost port',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_client_reconfigure, 2.13 and later',
    tells: 'course',
    means:
      'The port offers VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_HOST_TSO6 and VIRTIO_NET_F_CSUM, and no longer VIRTIO_NET_F_HOST_ECN: guests cannot move between hosts with and without this setting unless a version without these bits is pinned.',
    culprit: 'other_config:userspace-tso-enable=true.',
  },
  {
    id: 'ovs-setting',
    program: 'Open vSwitch',
    pattern: /(?<what>IOMMU|POSTCOPY) support for vhost-user-client (?<state>\w+)/,
    example: 'dpdk|INFO|IOMMU support for vhost-user-client enabled.',
    source: 'lib/dpdk.c, dpdk_init__, 2.9 and later',
    tells: 'course',
    means:
      '{what} support of client-mode ports is {state}. IOMMU adds VIRTIO_F_ACCESS_PLATFORM to the offer, post-copy a protocol feature.',
  },
  {
    id: 'ovs-setup-failure',
    program: 'Open vSwitch',
    pattern: /vhost-user (?:socket )?device setup failure for (?:socket|device) (?<path>\S+)/,
    example: 'dpdk|ERR|vhost-user socket device setup failure for socket /run/openvswitch/vhu0',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_vhost_construct and netdev_dpdk_vhost_client_reconfigure, 2.4 and later',
    tells: 'symptom',
    means: 'The port with socket {path} could not be created.',
    culprit: 'A socket path that another process or port uses, or a missing directory.',
    remedy: 'Look at the lines before this one in the log of ovs-vswitchd.',
  },
];
