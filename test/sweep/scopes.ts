/** Which files and calls of each program are about a vhost-user port or its migration, and what is left out of them. */

export interface Scope {
  /** The name under which a source tree is given: `qemu=DIRECTORY`. */
  readonly name: string;
  readonly files: RegExp;
  readonly calls: RegExp;
  /** What the program prints ahead of each message; one of several. */
  readonly prefixes: readonly string[];
  /** What some calls add to their text. */
  readonly suffix?: string;
  /** Groups of messages that have no row, each with its reason; matched against `FILE CALL TEXT`. */
  readonly leftOut: readonly (readonly [reason: string, which: RegExp])[];
}

const DEBUG = 'debug and trace output, which nobody sees by default';
const KERNEL = 'vhost of the kernel and vDPA devices, which no vhost-user port is';

export const SCOPES: readonly Scope[] = [
  {
    name: 'qemu',
    files:
      /(?:hw\/virtio\/(?:vhost[^/]*|virtio|virtio-pci|virtio-bus)|hw\/(?:block|scsi|display|net|input)\/vhost[^/]*|hw\/net\/virtio-net|net\/vhost-user[^/]*|net\/passt|backends\/(?:vhost-user|cryptodev-vhost-user)|chardev\/char-socket|migration\/(?:savevm|vmstate|migration|postcopy-ram|ram)|util\/vhost-user-server)\.c$/,
    calls:
      /error_report(?:_once)?|warn_report(?:_once)?|error_setg(?:_errno)?|error_prepend|(?:error|warn)_reportf_err|virtio_error|VHOST_OPS_DEBUG|fprintf/,
    prefixes: ['qemu-system-x86_64: '],
    suffix: ': Invalid argument (22)',
    leftOut: [
      [
        KERNEL,
        /vhost-vdpa|vhost-scsi|vhost-shadow|vhost-backend|\bvdpa|cross-endian|busyloop|[Vv]host-net (?:requires|support)|vhostfd|abi_version|\bSVQ\b|TUN_|hdev\b/,
      ],
      [
        'switches of the monitor and of options for whoever starts a migration, refused before anything is sent',
        /options\.c|migration\.c error_setg|_range|capability|postcopy-recover|ram\.c error_setg/,
      ],
      [
        'kinds of migration that vhost-user has no part in: compression, xbzrle, multifd, RDMA, COLO, snapshots, Xen, files',
        /Snapshot|snapshot|encoded_buf|current_buf|global state|vm is running|XBZRLE|multifd|[Cc]ompress|COLO|colo|snapshot|Xen|mapped-ram|dirty bitmap|bitmap|RDMA|background|zero page|cache|VM state|VMState|dirtyrate|nvdimm|Block migration|bdrv/,
      ],
      [
        'faults of the stream or of post-copy itself that name their own next step, and no device',
        /invalid block name|unexpected error|RAM address|RAM flags|read page|illegal host addr|rp message|payload length|bad length|switchover|Switchover|load state buffer|idstr|Loading VM|block name|request overrun|Non-sequential|already quit|incorrect state|process command|VM process|vmstate version_id|MIG_CMD|CMD_|RP:|MSG_RP|MIG_RP|ramblock|RAM block|ram_|[Uu]serfault|munlockall|madvise|mlock|resume|handshake|page request|fault_thread|postcopy_|poll|Read \d*%?|Illegal RAM|migration flags|host page|block '|vmdesc|vmstate: |gtree|VMS|Migration stream|return path|RAM (?:loading|postcopy)|instance\/version|section ID|Load state|packaged|GPAs|block %s|section %u|postcopy/,
      ],
      [
        'options of the command line that QEMU explains itself',
        /tls|TLS|host given|port given|delay|No such|option|'path'|tx=|Defaulting|duplex|speed|device id|failover|primary|msix|notification_data|PCI|legacy|QMP|VirtIO ?Device|virtqueue number|vhost device has not started|Packed ring|only after/,
      ],
      [
        'own consistency checks of QEMU, and what it dumps on request',
        /%\*s|vmschk|segments from|workaround|Feature bits not defined|Illegal migration status|ending state|duplicate SaveStateEntry|post-save|put failed|runstate|Invalid value|virtio_add_queue|file descriptors but got|extended features|event_notifier|non-blocking|nonblocking|Invalid virtio device|VirtIO device|temporary file|opcode|can no longer be set|socket address types|pre-save for|not implemented|Unexpected 'connecting'|unexpected address|UNUSED|invalid ndescs|cannot fill|Section|Overlapping|queue_enable|MMIO|memory split|alignment|indirect_desc|reentrant|bogus vq|host_hdr_len|indirections|Wrong vhost|Unknown vhost|IOTLB message|max_mem_regions|transport reset|event virtqueue|guest driver|Device %s says|wrong value/,
      ],
      [
        "messages of QEMU's own gpu, scsi and sound devices about their content",
        /sense data|worker|gpu|scsi|Failed to make socket chardev/,
      ],
    ],
  },
  {
    name: 'dpdk',
    files: /(?:lib\/vhost|lib\/librte_vhost)\/(?:vhost|vhost_user|socket|fd_man|iotlb|virtio_net)\.[ch]$/,
    calls: /VHOST_(?:CONFIG|DATA)_LOG|VHOST_LOG_(?:CONFIG|DATA)|RTE_LOG/,
    prefixes: ['VHOST_CONFIG: ', 'VHOST_DATA: '],
    leftOut: [
      [
        'DMA acceleration (async copy), which no switch of the field uses for ports that move',
        /async|failed to transfer|virtqueue %u is busy|DMA|dma|inflight packets|in-flight|host iova|get hpa|iovec|transfer data|completed copies|offload copies|virtqueue busy|channel/,
      ],
      ['vDPA devices', /vdpa|vDPA/],
      [
        DEBUG,
        /about to dequeue|current index|num merge|used_event_idx|enough desc|access lock|^\S+ \S+ (?:\(%d\) )?%s$/,
      ],
    ],
  },
  {
    name: 'ovs',
    files: /lib\/netdev-dpdk\.c$/,
    calls: /VLOG_\w+/,
    // rows of the course do not take what looks like a warning
    prefixes: ['netdev_dpdk|WARN|', 'netdev_dpdk|INFO|'],
    leftOut: [
      [DEBUG, /VLOG_DBG/],
      [
        'physical ports',
        /Interface|XSTATS|ETH stat|[Ff]low control|Virtual function|steering|dpdk-devargs|devargs|attach|detach|removed and|link (?:state|status|change)|LSC|VF MAC|mac:|mac\(|Rx checksum|ring device|dpdkr|rte flow|RSS|DPDK port|SCTP checksum offload|txgbe|net\/tap|Port %|device info|is missing/,
      ],
      ['quality of service, metering and memory pools by hand', /QoS|meter|policer|mempool|mbuf|memstream/],
      ['offload flags of single packets', /offload flags|tunnel type|Can't copy packet|batch|Hw flags/],
      [
        'settings that are read',
        /already in use by|Retrying setup|rte_malloc|HW accelerate|has been removed|User-provided|No %s provided|defaulting|callback register error|Duplicate|could not|CUSE|Thread|--dpdk/,
      ],
    ],
  },
  {
    name: 'libvirt',
    files:
      /src\/(?:qemu\/qemu_(?:migration|migration_cookie|interface|vhost_user|vhost_user_gpu|virtiofs)|util\/virhook|util\/virnetdevopenvswitch)\.c$/,
    calls: /virReport(?:System)?Error|VIR_WARN|VIR_ERROR/,
    prefixes: ['error: operation failed: '],
    leftOut: [
      ['disks: storage migration, NBD, mirrors', /disk|NBD|nbd|storage|block|Storage/],
      [
        'checks of arguments and cookies between two libvirts',
        /URI|uri|cookie|protocol|bandwidth|RDMA|tunnel|TLS|tls|parameter|schema|peer|destination|listen|lock (?:driver|state)|graphics|cert|domain XML|extensible|offline|FD|multiple|matching name|driver|Malformed|stream|pipe|hostname/,
      ],
      [
        'other devices: shmem, swtpm, hostdev, dimm, watchdog',
        /shmem|swtpm|invtsc|dimm|auto destroy|profile|invalid tlsPort|Port profile|snapshot/,
      ],
      [
        'tap interfaces, vDPA and bandwidth of Open vSwitch ports',
        /vdpa|vDPA|bridge|tap|bandwidth|qos|QoS|queue config|ingress|vlan|macvtap|multiqueue|statistics|helper|Interface|tc /,
      ],
      [
        'own bookkeeping of libvirt',
        /hostdev|zero-copy|still running|IPv6|resume operation|cloexec|close-on-exec|bypass cache|get features|unknown feature|create socket|Unable to kill|queue on port|target (?:dev|managed)|volume|logfile|DISKS|Failed to save|Unable to stop|Could not refresh|unable to provide|intermediate pipe|data for|Unable to (?:pause|encode|set FD)|re-activate|QEMU is too old|post-copy|thread|wakeup|Invalid hook|find operation|pid|label|virtiofsd (?:path|binary)|json|JSON|vhost-user type|no domain|precreate|finish step|monitored|ovs-vsctl output|missing/,
      ],
    ],
  },
  {
    name: 'vpp',
    files: /vhost_user\.c$|vhost-user\.c$/,
    calls: /vu_log_(?:err|warn|debug)|clib_(?:unix_)?warning|vlib_cli_output/,
    prefixes: [''],
    leftOut: [
      ['tables of show vhost-user that explain themselves', /vlib_cli_output|BUG|fcntl/],
      ['own bookkeeping of VPP', /getsockopt|renumbered|map log region|interface %d %s|read failed|unmap/],
    ],
  },
  {
    name: 'spdk',
    files: /lib\/vhost\/(?:vhost|vhost_blk|vhost_scsi|rte_vhost_user)\.c$/,
    calls: /SPDK_(?:ERR|WARN)LOG/,
    prefixes: ['vhost.c: *ERROR*: '],
    leftOut: [
      [
        'SCSI targets and requests of single disks',
        /512b|UNMAP|unmap|Task %p|readonly|failed to remove|non-(?:blk|scsi)|non-empty|notifier handler|extern_callback|queue %d is empty|Queue io|SCSI|target|Target|lun|LUN|hotremove|controlq|eventq|TMF|event|cmd|request|payload|descriptor/,
      ],
      [
        'memory and polling of SPDK itself',
        /alloc|poll|Poll|interrupt|Interrupt|kick|semaphore|thread|IOPS|Delay|coalesc|transport|Transport|getcwd|dir path|no name|shutdown|io_channel|I\/O|queue io|not a vhost|cpu|notify/,
      ],
      [
        'configuration files of old releases',
        /construct|Construct|Section|missing Name|VhostBlk|VhostScsi|configuration/,
      ],
    ],
  },
  {
    name: 'rust-vmm',
    files: /vhost_user\/mod\.rs$|vhost-user-backend\/src\/[^/]+\.rs$/,
    calls: /write|error|warn|info/,
    prefixes: ['vhost-user: '],
    leftOut: [
      ['found by the library only when it is used wrongly', /memfd|seal|truncate|exit event|daemon|epoll|handler/],
    ],
  },
  {
    name: 'cloud-hypervisor',
    files: /virtio-devices\/src\/vhost_user\/[^/]+\.rs$/,
    calls: /error|warn|info/,
    prefixes: ['cloud-hypervisor: <vhost-user> '],
    leftOut: [
      [
        'found inside the process: descriptors, threads, numbers of queues',
        /eventfd|epoll|timerfd|Signal used|removing socket path|shm log|paused device|read-only field|request handler|seal|memfd|mmap|IrqFd|thread|worker|Queue number|address|truncat|Restoring|config space|snapshot|deserializ|serializ|file descriptor|signal|Cloning|Creating/,
      ],
      ['the state that a migration carries', /state|State|bases/],
    ],
  },
  {
    name: 'libvhost-user',
    files: /libvhost-user\/libvhost-user\.c$/,
    calls: /vu_panic|fprintf/,
    prefixes: ['vu_panic: '],
    leftOut: [],
  },
  {
    name: 'passt',
    files: /(?:vhost_user|vu_common|virtio|migrate)\.c$/,
    calls: /die|err|warn|vu_panic/,
    prefixes: [''],
    leftOut: [['words that other programs use, too, and that name nothing', /descriptor|indirect/]],
  },
  {
    name: 'nova',
    files: /nova\/virt\/libvirt\/(?:migration|vif)\.py$/,
    calls: /LOG\.(?:error|warning|exception)|_/,
    prefixes: ['ERROR nova '],
    leftOut: [
      [
        'records of migrations in the database of Nova, and disks',
        /already switched|max downtime|pause instance|resume paused|record|dev_type|disk|block|tunnel|Unexpected migration|Unknown migration|not found|Unsupported VIF|vif_type|VIF type|Monitoring|monitoring|Error monitoring|abort/,
      ],
    ],
  },
];
