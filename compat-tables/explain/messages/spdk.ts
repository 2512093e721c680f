/** Lines of SPDK's vhost target, and of its virtio driver as a front-end. DPDK's lines in its log have rows of their own. */
import type { MessageRow } from './message-row.ts';

const VHOST = 'lib/vhost, rte_vhost_user.c (vhost.c before 22.01)';

export const SPDK_MESSAGES: readonly MessageRow[] = [
  {
    id: 'spdk-socket',
    program: 'SPDK',
    pattern:
      /Cannot create a domain socket at path "(?<path>[^"]+)": The (?:file already exists and is not a socket|socket already exists and failed to unlink)|Check if domain socket (?<old>\S+) (?:already|still) exists|Resulting socket path for controller (?<ctrlr>\S+) is too long/,
    example:
      '*ERROR*: Cannot create a domain socket at path "/var/tmp/vhost.1": The file already exists and is not a socket.',
    spellings: [
      'rte_vhost_user.c: 900:vhost_register_unix_socket: *ERROR*: Check if domain socket /var/tmp/vhost.1 already exists',
    ],
    source: `${VHOST}, vhost_register_unix_socket, 17.07 and later`,
    means: 'The controller cannot listen at its path.',
    culprit: 'A file of an earlier run, a second SPDK with the same directory (-S), or a path that is too long.',
    remedy: 'Make sure that no process uses the path (ss -xlp), then remove the file.',
  },
  {
    id: 'spdk-register',
    program: 'SPDK',
    pattern:
      /Could not (?:un)?register controller (?<ctrlr>\S+) with vhost library|Couldn't (?:set vhost features|register callbacks) for controller (?<second>\S+)|Failed to start vhost driver for controller (?<name>\S+)|vhost controller (?<double>\S+) already exists/,
    example: 'rte_vhost_user.c: *ERROR*: Could not register controller vhost.1 with vhost library',
    source: `${VHOST}, vhost_register_unix_socket, 17.07 and later`,
    means: 'The controller could not be made or removed.',
    culprit: 'A name or socket that is in use, or a limit of threads or sockets in DPDK; the line before says so.',
    remedy: 'Use another name, or remove the controller that has it (vhost_delete_controller).',
  },
  {
    id: 'spdk-still-connected',
    program: 'SPDK',
    pattern: /Controller (?<ctrlr>\S+) has still valid connection/,
    example: 'rte_vhost_user.c: *ERROR*: Controller vhost.1 has still valid connection.',
    source: `${VHOST}, vhost_user_dev_unregister, 17.07 and later`,
    means: 'The controller cannot be removed: a guest uses it.',
    culprit: 'A QEMU that is connected to the socket.',
    remedy: 'Unplug the disk from the guest first.',
  },
  {
    id: 'spdk-device-lookup',
    program: 'SPDK',
    pattern:
      /Couldn't (?:find (?:device|session) with vid|get a valid ifname for device with vid|stop device with vid) (?<vid>-?\d+)|Device (?<device>\S+) is unregistered|Received a message to uni(?:ni)?tialized session|Controller \S+ (?:is not loaded|already loaded)|(?:Controller|Device) with vid \d+ (?:doesn't exist|is already connected)|Session (?<session>\S+) doesn't set memory table yet/,
    example: "rte_vhost_user.c: *ERROR*: Couldn't find session with vid 3.",
    source: `${VHOST}, start_device, stop_device and others, 17.07 and later`,
    means: 'A front-end came or went in an order that SPDK did not expect; its connection is not served.',
    culprit: 'A controller that was removed meanwhile, or a front-end that hung up during its set-up.',
    remedy: 'Connect the guest again; create the controller if it is gone.',
  },
  {
    id: 'spdk-guest-memory',
    program: 'SPDK',
    pattern:
      /vhost device (?<vid>\d+): Failed to (?:get (?<what>negotiated driver features|guest memory table)|disable guest notification)|gpa_to_vva\(\S+\) == NULL/,
    example: 'rte_vhost_user.c: *ERROR*: vhost device 6: Failed to get guest memory table',
    source: `${VHOST}, start_device, 17.07 and later`,
    means: 'SPDK cannot use the memory or the rings of the guest: the device does not start, or the request fails.',
    culprit: 'A front-end that hung up during its set-up, or guest memory that is not shared.',
    remedy:
      'Give the guest shared memory from huge pages (libvirt: <memoryBacking><hugepages/> and <access mode="shared"/>).',
  },
  {
    id: 'spdk-memory-register',
    program: 'SPDK',
    pattern:
      /Failed to (?<verb>register|unregister) memory region (?<region>\d+)\. Future vtophys translation might fail/,
    example: 'vhost.c: *WARNING*: Failed to register memory region 1. Future vtophys translation might fail.',
    source: `${VHOST}, vhost_session_mem_register, 17.07 and later`,
    means:
      'SPDK could not {verb} region {region} of the guest memory for its own devices. The disk starts; requests that a device (NVMe, DMA) fetches from there may fail.',
    culprit: 'Guest memory that is not of huge pages (or not of 2 MiB at least), or that is registered already.',
    remedy:
      'Give the guest shared memory from huge pages (libvirt: <memoryBacking><hugepages/> and <access mode="shared"/>).',
  },
  {
    id: 'spdk-queue-size',
    program: 'SPDK',
    pattern: /virt\w+ue (?<queue>\d+) is too big\. \(size = (?<size>\d+), max = (?<most>\d+)\)/,
    example: 'vhost_blk.c: *ERROR*: vhost.1: virtqueue 0 is too big. (size = 2048, max = 1024)',
    source: 'lib/vhost, vhost_blk.c and vhost_scsi.c, alloc_task_pool, 17.07 and later',
    means: 'The ring of the guest has {size} entries; SPDK takes {most}. The disk does not start.',
    culprit: 'queue-size of the device.',
    remedy: 'Set queue-size to at most {most}.',
  },
  {
    id: 'spdk-ring',
    program: 'SPDK',
    pattern:
      /(?:request idx '\d+' exceeds virtqueue size|request with idx '\d+' is already pending|Invalid descriptor at index \d+|found a cycle in the descriptor chain|Descriptor chain at index \d+ terminated unexpectedly|[Ii]nvalid (?:payload in descriptor chain|descriptor chain at request index|first ?(?:\(request\) |request )?descriptor|controlq descriptor|eventq descriptor|entry in avail ring)|descriptor has been used before|Can't log used ring descriptors|SPDK_VHOST_IOVS_MAX\(\d+\) reached|points to (?:invalid|unmapped) guest memory)/,
    example: "vhost_blk.c: *ERROR*: vhost.1: request idx '300' exceeds virtqueue size (128).",
    source: 'lib/vhost, vhost_blk.c, vhost_scsi.c and rte_vhost_user.c, 17.07 and later',
    means: 'A ring of the guest holds what no driver may write; SPDK drops the request.',
    culprit: 'A faulty driver in the guest, or a ring that was set up anew while requests were under way.',
    remedy: 'Reset the device in the guest; report both releases if it follows a restart.',
  },
  {
    id: 'spdk-bdev',
    program: 'SPDK',
    pattern:
      /hot-removing bdev - all further requests will fail|Hot-removing bdev - all further requests will fail|(?:bdev '(?<bdev>[^']+)' not found|could not open bdev '(?<name>[^']+)')/,
    example: 'vhost_blk.c: *WARNING*: vhost.1: hot-removing bdev - all further requests will fail.',
    source: 'lib/vhost, vhost_blk.c, bdev_event_cb and spdk_vhost_blk_construct, 17.07 and later',
    means: 'The storage behind the controller is gone or does not exist. The guest gets errors from its disk.',
    culprit: 'A storage that was removed or lost (NVMe, iSCSI), or a wrong name.',
    remedy: 'Bring the storage back and create the controller anew.',
  },
  {
    id: 'spdk-scsi-hotplug',
    program: 'SPDK',
    pattern: /driver does not support hotplug\. Please restart it or perform a rescan/,
    example: 'vhost_scsi.c: *NOTICE*: naa.1: driver does not support hotplug. Please restart it or perform a rescan.',
    source: 'lib/vhost, vhost_scsi.c, vhost_scsi_session_add_tgt, 17.10 and later',
    device: 'scsi',
    means:
      'A disk was added to a controller, and the guest is not told: its driver did not accept VIRTIO_SCSI_F_HOTPLUG.',
    culprit: 'The driver of the guest, or hotplug=off of the device.',
    remedy: 'Rescan in the guest (rescan-scsi-bus.sh, or "- - -" into /sys/class/scsi_host/hostN/scan).',
  },
  {
    id: 'spdk-scsi-target',
    program: 'SPDK',
    pattern:
      /SCSI target (?<target>\d+) (?<state>already occupied|is not occupied)|all SCSI target slots are already in use|SCSI target number is too big|invalid SCSI target number|couldn't create SCSI target (?<new>\d+)/,
    example: 'vhost_scsi.c: *ERROR*: vhost.0: SCSI target 1 already occupied',
    spellings: [
      'vhost_scsi.c: *ERROR*: vhost.0: SCSI target number is too big (got 9, max 7), started from 0.',
      "vhost_scsi.c: *ERROR*: vhost.0: couldn't create SCSI target 1 using bdev 'Malloc0'",
    ],
    source: 'lib/vhost, vhost_scsi.c, vhost_scsi_dev_add_tgt and vhost_scsi_dev_remove_tgt, 17.03 and later',
    device: 'scsi',
    means: 'A disk could not be added to the controller at that target, or removed. The other disks are not touched.',
    culprit: 'The request: a target that is in use, empty, or above 7; or a storage that another user holds.',
    remedy: 'Look at vhost_get_controllers and choose a free target (0 to 7), or -1 for any.',
  },
  {
    id: 'spdk-session-timeout',
    program: 'SPDK',
    pattern:
      /Timeout waiting for event: (?<event>\w+)|Timedout when destroy session|Failed to start session shutdown thread/,
    example: 'rte_vhost_user.c: *ERROR*: Timeout waiting for event: stop session.',
    source: `${VHOST}, wait_for_semaphore; vhost_blk.c, destroy_session_poller_cb, 17.07 and later`,
    means: 'Starting or stopping the device took too long: requests under way did not end.',
    culprit: 'Storage that does not answer.',
    remedy: 'Look at the storage behind the controller.',
  },
  {
    id: 'spdk-cpumask',
    program: 'SPDK',
    pattern:
      /(?:cpumask \S+ is invalid|invalid cpumask \S+|no cpu is selected among (?:reactor|core) mask|one of selected cpu is outside of core mask)/,
    example: 'vhost.c: *ERROR*: no cpu is selected among core mask(=0x1)',
    source: 'lib/vhost, vhost.c, vhost_parse_core_mask, 17.07 and later',
    means: 'The controller was to run on processors that SPDK does not use.',
    culprit: 'The cpumask of vhost_create_*_controller.',
    remedy: 'Choose processors out of the -m of SPDK.',
  },
  {
    id: 'spdk-virtio-user',
    program: 'SPDK',
    pattern:
      /(?:config read failed|requested \d+ request queues but only \d+ available|requested 0 request queues|Couldn't get an unused queue for the io_channel)/,
    example: 'bdev_virtio_blk.c: *ERROR*: VirtioBlk0: config read failed: Connection reset by peer',
    source: 'module/bdev/virtio and lib/virtio, 18.01 and later',
    means: 'SPDK as a front-end could not set up a disk with its vhost-user back-end.',
    culprit: 'A back-end that hung up, or that has fewer queues than were asked for.',
    remedy: 'Look at the log of the back-end; lower vq_count.',
  },
];
