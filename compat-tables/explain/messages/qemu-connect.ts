/** Lines of QEMU about the socket of a device, and about options that do not fit together. */
import type { MessageRow } from './message-row.ts';

const COMPARE_PATHS = 'Compare the socket path with that of the back-end; check that the back-end runs.';

export const QEMU_CONNECT_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-waiting',
    program: 'QEMU',
    pattern: /QEMU waiting for connection on: (?:disconnected:)?(?:unix:)?(?<address>[^\s,]+)/,
    example: 'qemu-system-x86_64: info: QEMU waiting for connection on: disconnected:unix:/run/vm/vhu0,server=on',
    spellings: ['QEMU waiting for connection on: disconnected:unix:/run/vm/vhu0,server'],
    source: 'chardev/char-socket.c, qmp_chardev_wait_connect and tcp_chr_wait_connected, 0.13 and later',
    means:
      'QEMU listens at {address} and does nothing else until a back-end connects: the guest stays paused, and libvirt waits with it.',
    culprit:
      'No back-end in client mode connects there: its port does not exist, has another path, was stopped, or may not open the socket.',
    remedy:
      'Add or start the port of the back-end (or agent) for exactly this path; check that its user may write to the socket. If it stands for a moment only, nothing is wrong.',
  },
  {
    id: 'qemu-connect-denied',
    program: 'QEMU',
    pattern: /Failed to connect(?: socket)?(?: to)? '?(?<path>\/[^\s':]*)'?: Permission denied/,
    example:
      "qemu-system-x86_64: -chardev socket,id=charnet0,path=/run/vm/vhu0: Failed to connect to '/run/vm/vhu0': Permission denied",
    spellings: [
      'qemu-system-x86_64: -chardev socket,id=c,path=/run/vm/vhu0: Failed to connect socket /run/vm/vhu0: Permission denied',
    ],
    source: 'util/qemu-sockets.c, unix_connect_saddr, 2.4 and later',
    means: 'QEMU may not open the socket {path}, which somebody listens at.',
    culprit:
      'The owner, group or mode of the socket or of a directory above it (each needs x), or SELinux or AppArmor.',
    remedy:
      'Give the socket to the group that QEMU runs in (Open vSwitch: run ovs-vswitchd with group hugetlbfs or libvirt; the agent: group of the interface); look for denials in the audit log.',
  },
  {
    id: 'qemu-connect-failed',
    program: 'QEMU',
    pattern:
      /Failed to connect(?: socket)?(?: to)? '?(?<path>\/[^\s':]*)'?: (?<error>Connection refused|No such file or directory|Resource temporarily unavailable)/,
    example:
      "qemu-system-x86_64: -chardev socket,id=charnet0,path=/run/vm/vhu0,reconnect=1: Unable to connect character device charnet0: Failed to connect to '/run/vm/vhu0': Connection refused",
    spellings: [
      'qemu-system-x86_64: Unable to connect character device spdk_vhost_blk0: Failed to connect socket /var/tmp/vhost.1: Connection refused',
      "qemu-system-x86_64: -chardev socket,id=c,path=/run/vm/vhu0: Failed to connect to '/run/vm/vhu0': No such file or directory",
    ],
    source: 'util/qemu-sockets.c, unix_connect_saddr; chardev/char-socket.c, check_report_connect_error, 2.4 and later',
    means: 'Nobody listens at {path} ({error}). With reconnect= QEMU tries again; without, it does not start.',
    culprit:
      '"Connection refused": the back-end ended and its socket file is left. "No such file": it never listened there, or the paths differ; also a port in client mode, where QEMU has to listen itself (server=on).',
    remedy: COMPARE_PATHS,
  },
  {
    id: 'qemu-connect-device',
    program: 'QEMU',
    pattern: /Unable to connect character device (?<chardev>\S+): (?!Failed to connect)(?<error>.+)/,
    example: 'qemu-system-x86_64: Unable to connect character device charnet0: Interrupted system call',
    source: 'chardev/char-socket.c, check_report_connect_error, 2.6 and later',
    means: 'The connection to the back-end of {chardev} failed: {error}',
    culprit: 'A back-end that does not run, or a wrong path.',
    remedy: COMPARE_PATHS,
  },
  {
    id: 'qemu-socket-bind',
    program: 'QEMU',
    pattern:
      /Failed to (?:bind|unlink|make a temporary) socket(?: to)? (?<path>\/\S*?): (?!Address already in use)(?<error>.+)/,
    example:
      'qemu-system-x86_64: -chardev socket,id=c,path=/run/vm/vhu0,server=on: Failed to bind socket to /run/vm/vhu0: Permission denied',
    source: 'util/qemu-sockets.c, unix_listen_saddr, 2.4 and later',
    means: 'QEMU cannot listen at {path}: {error}',
    culprit:
      '"No such file or directory": the directory is missing. "Permission denied", "Operation not permitted": the user of QEMU may not write to it, or SELinux or AppArmor forbids it. "Read-only file system": a path that a sandbox does not open.',
    remedy: 'Make the directory and give it to the group of QEMU; look for denials in the audit log.',
  },
  {
    id: 'qemu-socket-in-use',
    program: 'QEMU',
    pattern: /Failed to (?:bind|unlink|make a temporary) socket(?: to)? (?<path>\/\S*?): Address already in use/,
    example:
      'qemu-system-x86_64: -chardev socket,id=c,path=/run/vm/vhu0,server=on: Failed to bind socket to /run/vm/vhu0: Address already in use',
    source: 'util/qemu-sockets.c, unix_listen_saddr, 2.4 and later',
    means: 'QEMU cannot listen at {path}: a socket is there already.',
    culprit:
      'Another QEMU (or a server-mode port of the switch) that listens at the same path, or a socket file that could not be removed.',
    remedy:
      'Find who has the path with `ss -xlp`; only one of the two sides may be the server; give each guest a path of its own.',
  },
  {
    id: 'qemu-socket-path-long',
    program: 'QEMU',
    pattern: /UNIX socket path '(?<path>[^']+)' is too long/,
    example: "qemu-system-x86_64: UNIX socket path '/very/long/path' is too long",
    source: 'util/qemu-sockets.c, unix_listen_saddr and unix_connect_saddr, 2.4 and later',
    means: 'The path of the socket has more than 107 characters, the limit of Linux.',
    culprit: 'A long directory name.',
    remedy: 'Use a shorter path on all sides.',
  },
  {
    id: 'qemu-chardev',
    program: 'QEMU',
    pattern: /chardev "(?<chardev>[^"]+)" (?<what>not found|is not reconnectable|does not support FD passing)/,
    example: 'qemu-system-x86_64: -netdev vhost-user,id=n,chardev=c: chardev "c" is not reconnectable',
    source: 'net/vhost-user.c, net_vhost_claim_chardev, 2.1 and later',
    means: 'The -netdev vhost-user names the chardev {chardev}, which {what}.',
    culprit: 'The command line: the chardev has to be a UNIX socket, and to stand before the -netdev.',
    remedy: 'Give -chardev socket,id={chardev},path=… .',
  },
  {
    id: 'qemu-frontend-driver',
    program: 'QEMU',
    pattern: /vhost-user requires frontend driver virtio-net-\*/,
    example: 'qemu-system-x86_64: -netdev vhost-user,id=n,chardev=c: vhost-user requires frontend driver virtio-net-*',
    source: 'net/vhost-user.c, net_vhost_check_net, 2.1 and later',
    means:
      'A network card of another model (e1000, rtl8139) is linked to a vhost-user back-end, which serves virtio only.',
    culprit: 'The model of the card (libvirt: <model type="…"/>).',
    remedy: 'Use virtio-net-pci (libvirt: <model type="virtio"/>).',
  },
  {
    id: 'qemu-queues-range',
    program: 'QEMU',
    pattern:
      /vhost-user number of queues must be in range \[1, (?<most>\d+)\]|Invalid number of queue(?: pair)?s \(= (?<seen>\d+)\), must be a positive integer less than (?<below>\d+)/,
    example:
      'qemu-system-x86_64: -netdev vhost-user,id=n,chardev=c,queues=2000: vhost-user number of queues must be in range [1, 1024]',
    spellings: ['qemu-system-x86_64: Invalid number of queue pairs (= 600), must be a positive integer less than 512.'],
    source: 'net/vhost-user.c, net_init_vhost_user; hw/net/virtio-net.c, virtio_net_device_realize, 2.5 and later',
    means: 'queues= is outside what QEMU takes.',
    culprit: 'The command line or XML.',
    remedy: 'Set queues= to what the back-end supports, mostly the number of processors of the guest.',
  },
  {
    id: 'qemu-reconnect-option',
    program: 'QEMU',
    pattern:
      /'reconnect(?:-ms)?' (?:option )?(?:is incompatible with (?<what>.+)|and 'reconnect-ms' are mutually exclusive)/,
    example:
      "qemu-system-x86_64: -chardev socket,id=c,path=/run/vm/vhu0,server=on,reconnect=1: 'reconnect' option is incompatible with socket in server listen mode",
    source: 'chardev/char-socket.c, qmp_chardev_validate_socket, 4.0 and later',
    means: 'reconnect= is for sockets that QEMU connects to; one that it listens at takes each new connection anyway.',
    culprit: 'The command line or XML.',
    remedy: 'Leave reconnect= out.',
  },
  {
    id: 'qemu-modern-legacy',
    program: 'QEMU',
    pattern:
      /Device doesn't support modern mode, and legacy mode is disabled|device is modern-only, use disable-legacy=on|device cannot work as neither modern nor legacy mode is enabled/,
    example:
      "qemu-system-x86_64: -device virtio-net-pci,netdev=n,disable-legacy=on: Device doesn't support modern mode, and legacy mode is disabled",
    source: 'hw/virtio/virtio-pci.c, virtio_pci_device_plugged, 2.7 and later',
    means:
      'The card that is asked for needs VIRTIO_F_VERSION_1 from the back-end, or its properties contradict each other. The device is not created.',
    culprit:
      'A back-end (or version) without VIRTIO_F_VERSION_1 under disable-legacy=on; or disable-modern=on together with disable-legacy=on.',
    remedy: 'Pin a version with VIRTIO_F_VERSION_1, or leave the property out on both hosts.',
  },
  {
    id: 'qemu-iommu-platform',
    program: 'QEMU',
    pattern:
      /VIRTIO_F_IOMMU_PLATFORM was supported by ?neither legacy nor transitional device|iommu_platform=true is not supported by the device/,
    example:
      'qemu-system-x86_64: -device virtio-net-pci,netdev=n,iommu_platform=on: iommu_platform=true is not supported by the device',
    spellings: ['qemu-system-x86_64: VIRTIO_F_IOMMU_PLATFORM was supported by neither legacy nor transitional device'],
    source: 'hw/virtio/virtio-bus.c, virtio_bus_device_plugged; virtio-pci.c, 2.9 and later',
    means:
      'The device is to work behind a virtual IOMMU. That takes VIRTIO_F_ACCESS_PLATFORM from the back-end and a modern card. The device is not created.',
    culprit:
      'A back-end (or version) without VIRTIO_F_ACCESS_PLATFORM (Open vSwitch: vhost-iommu-support=true offers it), or a card without disable-legacy=on.',
    remedy: 'Switch IOMMU support of the back-end on at both hosts, or leave iommu_platform=on out at both.',
  },
  {
    id: 'qemu-vnet-header',
    program: 'QEMU',
    pattern: /backend does not support (?<endian>LE|BE|\w+) vnet headers; falling back on userspace virtio/,
    example: 'qemu-system-ppc64: backend does not support LE vnet headers; falling back on userspace virtio',
    source: 'hw/net/virtio-net.c, virtio_net_set_vnet_endian, 2.4 and later',
    means: 'The byte order of the guest is another than that of the back-end, which cannot turn the headers.',
    culprit: 'A legacy driver (without VIRTIO_F_VERSION_1) on a machine of the other byte order.',
    remedy: 'Use a version with VIRTIO_F_VERSION_1 and a driver for virtio 1.0.',
  },
  {
    id: 'qemu-cross-endian',
    program: 'QEMU',
    pattern: /vhost does not support cross-endian|vhost_set_vring_endian failed(?:: (?<error>[^(]+) \(-?\d+\))?/,
    example: 'qemu-system-ppc64: vhost does not support cross-endian',
    spellings: ['qemu-system-ppc64: vhost_set_vring_endian failed: Function not implemented (38)'],
    source: 'hw/virtio/vhost.c, vhost_virtqueue_set_vring_endian_legacy, 2.4 and later',
    means:
      'The driver of the guest uses the byte order of another machine, and the back-end cannot turn its rings. The device does not start.',
    culprit:
      'A legacy driver (without VIRTIO_F_VERSION_1) in a guest of the other byte order, with a back-end without VHOST_USER_PROTOCOL_F_CROSS_ENDIAN.',
    remedy: 'Use a version with VIRTIO_F_VERSION_1 and a driver for virtio 1.0: its rings are always little-endian.',
  },
  {
    id: 'qemu-failover',
    program: 'QEMU',
    pattern:
      /Virtio-net failover will not work|Primary device (?:id )?not found|couldn't unplug primary device|partially unplugged device on failure/,
    example: "qemu-system-x86_64: warning: couldn't unplug primary device",
    source: 'hw/net/virtio-net.c, failover_add_primary and others, 4.2 and later',
    means: 'The pair of an assigned device and its virtio stand-in (failover) is not complete or was not split.',
    culprit: 'failover_pair_id that does not name the virtio card, or a guest that did not let go of the device.',
    remedy: 'Compare failover_pair_id with the id of the virtio-net device; the guest needs the net_failover driver.',
  },
  {
    id: 'qemu-ebpf',
    program: 'QEMU',
    pattern: /Can't (?:post-)?load eBPF RSS(?: for vhost| - fallback to software RSS)/,
    example: "qemu-system-x86_64: warning: Can't load eBPF RSS for vhost",
    source: 'hw/net/virtio-net.c, virtio_net_device_realize, 6.1 and later',
    means:
      'rss=on was asked for, and the spreading of packets over queues cannot be done in the kernel. For vhost-user it never is: the guest does not see VIRTIO_NET_F_RSS there.',
    culprit: 'rss=on with a vhost back-end, or QEMU without the right to load BPF programs.',
    remedy: 'Leave rss=on out for vhost-user, on both hosts alike.',
  },
];
