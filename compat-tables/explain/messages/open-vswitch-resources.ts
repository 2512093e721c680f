/** Lines of Open vSwitch about what its ports need of the host: memory for packets, an MTU, threads of a NUMA node. */
import type { MessageRow } from './message-row.ts';

export const OVS_RESOURCE_MESSAGES: readonly MessageRow[] = [
  {
    id: 'ovs-pmd-numa',
    program: 'Open vSwitch',
    pattern:
      /There's no available (?:\(non-isolated\) )?pmd thread on numa node (?<node>\d+)\. (?:Queue (?<queue>\d+) on port '(?<port>[^']+)'|Port '(?<name>[^']+)' rx queue (?<rx>\d+)) will be assigned to (?:a|the) pmd/,
    example:
      "dpif_netdev|WARN|There's no available (non-isolated) pmd thread on numa node 1. Queue 0 on port 'vhu1' will be assigned to the pmd on core 2 (numa node 0). Expect reduced performance.",
    spellings: [
      "dpif_netdev|WARN|There's no available (non-isolated) pmd thread on numa node 1. Port 'vhu1' rx queue 0 will be assigned to a pmd on numa node 0. This may lead to reduced performance.",
      "dpif_netdev|WARN|There's no available pmd thread on numa node 1. Queue 0 on port 'vhu1' will be assigned to the pmd on core 2 (numa node 0). Expect reduced performance.",
    ],
    source: 'lib/dpif-netdev.c, rxq_scheduling and sched_numa_list_schedule, 2.7 and later',
    means:
      'The memory of the guest behind {port|name} is on NUMA node {node}, where Open vSwitch has no thread for its queues: one of another node serves them. The port works, more slowly.',
    culprit: 'other_config:pmd-cpu-mask without a core of that node, or all of its cores isolated by pmd-rxq-affinity.',
    remedy: 'Add cores of node {node} to other_config:pmd-cpu-mask, or pin the guest to a node that has some.',
  },
  {
    id: 'ovs-queue-not-polled',
    program: 'Open vSwitch',
    pattern:
      /No non-isolated pmd on any numa available for port '(?<port>[^']+)' rx queue (?<queue>\d+)|There is no PMD thread on core (?<core>\d+)\. Queue (?<pinned>\d+) on port '(?<name>[^']+)' will not be polled/,
    example:
      "dpif_netdev|WARN|No non-isolated pmd on any numa available for port 'vhu1' rx queue 0. This rx queue will not be polled.",
    spellings: ["dpif_netdev|WARN|There is no PMD thread on core 7. Queue 0 on port 'vhu1' will not be polled."],
    source: 'lib/dpif-netdev.c, sched_numa_list_schedule and rxq_scheduling, 2.6 and later',
    means: 'Nobody serves queue {queue|pinned} of {port|name}: what the guest sends there stays in its ring.',
    culprit:
      'pmd-rxq-affinity of ports that takes all threads for itself or names a core without one, or an other_config:pmd-cpu-mask that is too small.',
    remedy:
      'Add cores to other_config:pmd-cpu-mask, or correct pmd-rxq-affinity (`ovs-appctl dpif-netdev/pmd-rxq-show`).',
  },
  {
    id: 'ovs-mempool',
    program: 'Open vSwitch',
    pattern:
      /Failed to create (?:memory pool for netdev (?<port>[^\s,]+)|mempool "(?<pool>[^"]+)" with a request of \d+ mbufs$)|Insufficient memory to create memory pool for netdev (?<old>[^\s,]+)/,
    example:
      'netdev_dpdk|ERR|Failed to create memory pool for netdev vhu0, with MTU 9000 on socket 0: Cannot allocate memory',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_mempool_configure and dpdk_mp_create, 2.7 and later',
    means:
      'No memory is left on that NUMA node for the packets of the port. The port does not work, or keeps its former MTU.',
    culprit: 'Too little memory for DPDK on that node: many ports, a large MTU, per-port memory.',
    remedy:
      'Raise other_config:dpdk-socket-mem and dpdk-socket-limit, and the huge pages of that node; restart ovs-vswitchd.',
  },
  {
    id: 'ovs-mtu-setup',
    program: 'Open vSwitch',
    pattern: /Interface (?<port>\S+) MTU \((?<mtu>\d+)\) setup error: (?<error>.+)/,
    example: 'netdev_dpdk|ERR|Interface dpdk0 MTU (9000) setup error: Invalid argument',
    source: 'lib/netdev-dpdk.c, dpdk_eth_dev_port_config, 2.6 and later',
    means:
      'The driver of the network card {port} does not take the MTU {mtu} ({error}). The port keeps its former one.',
    culprit: 'mtu_request of the interface, above what the card does.',
    remedy: 'Set an mtu_request that every card and every guest on the way can have.',
  },
  {
    id: 'ovs-mtu-unsupported',
    program: 'Open vSwitch',
    pattern: /(?<port>\S+): unsupported MTU (?<mtu>\d+)|Interface (?<name>\S+) does not support MTU configuration/,
    example: 'netdev_dpdk|WARN|vhu0: unsupported MTU 70000',
    source: 'lib/netdev-dpdk.c, netdev_dpdk_set_mtu, 2.6 and later',
    means: 'mtu_request is outside 68 to 9702; the port keeps its MTU.',
    culprit: 'The setting mtu_request of the interface.',
    remedy: 'Set an MTU in that range.',
  },
];
