/** Lines of QEMU about vhost-user devices other than network cards, and those of its own back-ends. */
import type { MessageRow } from './message-row.ts';

export const QEMU_DEVICE_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-device-start',
    program: 'QEMU',
    pattern:
      /(?:[Ee]rror starting|unable to start|Failed to start vrings for) (?<what>vhost(?:-user)?(?:-\w+)*(?: dev| vsock)?)\b(?!.* net: )(?:: (?<error>.+))?|(?<blk>vhost-user-(?:blk|scsi)): vhost start failed: (?<why>.+)|Error start(?:ing)? vhost(?: dev)?(?:: (?<code>.+)|$)/,
    example: 'qemu-system-x86_64: vhost-user-blk: vhost start failed: Error starting vhost: Invalid argument',
    spellings: [
      'qemu-system-x86_64: Error starting vhost-user-i2c: -22',
      'qemu-system-x86_64: unable to start vhost-user-scsi: Invalid argument',
      'qemu-system-x86_64: Error starting vhost: 22',
      'qemu-system-x86_64: Failed to start vrings for vhost-user-gpio: -22',
    ],
    source: 'hw/virtio/vhost-user-*.c, hw/block/vhost-user-blk.c and hw/scsi/vhost-user-scsi.c, start, 2.10 and later',
    tells: 'symptom',
    means: 'The device could not be started with its back-end when the driver of the guest bound it. It does not work.',
    culprit: 'Guest memory that is not shared (Invalid argument), or a back-end that refused a message or hung up.',
    remedy: 'Explain the lines before this one; look at the log of the back-end.',
  },
  {
    id: 'qemu-blk-reconnect',
    program: 'QEMU',
    pattern: /Reconnecting after error: (?<error>.+)/,
    example: 'qemu-system-x86_64: -device vhost-user-blk-pci,chardev=c: Reconnecting after error: Connection refused',
    source: 'hw/block/vhost-user-blk.c and hw/scsi/vhost-user-scsi.c, realize, 6.1 and later',
    tells: 'symptom',
    means: 'Setting up the disk failed ({error}); QEMU tries it up to three times.',
    culprit: 'A back-end that hung up at the first messages.',
    remedy: 'Look at the log of the back-end; nothing needs to be done when a later try works.',
  },
  {
    id: 'qemu-device-options',
    program: 'QEMU',
    pattern:
      /(?:(?<what>vhost-user-\w+): (?:chardev is mandatory|missing chardev|invalid number of IO queues|queue size must (?:be non-zero|not exceed \d+)|need to define device id)|: chardev is mandatory$|: missing (?:chardev|tag property)$|: invalid number of IO queues$|: queue size must (?:be non-zero|not exceed (?<most>\d+))|tag property (?:cannot be empty|must be \d+ bytes or less)|num-request-queues property must be larger than 0|queue-size property must be (?:a power of 2|\d+ or smaller)|guest-cid property must be (?:greater than 2|a 32-bit number))/,
    example: 'qemu-system-x86_64: -device vhost-user-blk-pci: chardev is mandatory',
    spellings: [
      'qemu-system-x86_64: -device vhost-user-fs-pci,chardev=c: missing tag property',
      'qemu-system-x86_64: -device vhost-user-fs-pci,chardev=c,tag=t,queue-size=100: queue-size property must be a power of 2',
      'qemu-system-x86_64: -device vhost-user-blk-pci,chardev=c,num-queues=2000: invalid number of IO queues',
    ],
    source: 'hw/block/vhost-user-blk.c, hw/virtio/vhost-user-fs.c and others, realize, 2.12 and later',
    means: 'A property of the device is missing or out of range. The device is not created.',
    culprit: 'The command line or XML.',
    remedy: 'Set the property that the line names.',
  },
  {
    id: 'qemu-state-shared',
    program: 'QEMU',
    pattern: /Cannot initialize vhost-user state/,
    example: 'qemu-system-x86_64: -device vhost-user-fs-pci,chardev=c,tag=t: Cannot initialize vhost-user state',
    source: 'hw/virtio/vhost-user.c, vhost_user_init, 2.12 and later',
    means: 'Two devices use the same chardev. Each vhost-user device needs a connection of its own.',
    culprit: 'The command line: one chardev= twice.',
    remedy: 'Give each device a chardev with a socket of its own.',
  },
  {
    id: 'qemu-gpu-message',
    program: 'QEMU',
    pattern:
      /failed to read msg (?:header: -?\d+|flags|size|payload \d+)|vhost-user-gpu: (?:update|message \d+) payload too small|unhandled message \d+ \d+|Failed to (?:get dmabuf fd|set vhost-user-gpu socket)|EDID requested but the backend doesn't support it|console doesn't support (?:GL|dmabuf)!|invalid scanout(?: update)?: \d+/,
    example: 'qemu-system-x86_64: failed to read msg header: -1, 0',
    spellings: ["qemu-system-x86_64: EDID requested but the backend doesn't support it."],
    source: 'hw/display/vhost-user-gpu.c, vhost_user_gpu_chr_read and others, 4.1 and later',
    device: 'gpu',
    means: 'The channel on which vhost-user-gpu sends its pictures to QEMU failed, or the two do not fit together.',
    culprit: 'A vhost-user-gpu that ended, of another release, or a display of QEMU without OpenGL.',
    remedy: 'Look at the output of vhost-user-gpu; use a display with gl=on.',
  },
  {
    id: 'qemu-crypto-session',
    program: 'QEMU',
    pattern:
      /vhost_user_(?:write|read)\(\) return (?<code>-?\d+), (?<verb>create|close) session failed|Bad session id: (?<session>-?\d+)|failed to init vhost_crypto for queue (?<queue>\d+)|Unsupported (?:asymmetric|cipher|auth) key size/,
    example: 'qemu-system-x86_64: vhost_user_write() return -1, create session failed',
    spellings: ['qemu-system-x86_64: failed to init vhost_crypto for queue 0'],
    source: 'hw/virtio/vhost-user.c, vhost_user_crypto_create_session; backends/cryptodev-vhost-user.c, 2.12 and later',
    device: 'crypto',
    means: 'The crypto back-end did not open or close a session, or could not be set up.',
    culprit: 'A back-end that hung up, or that cannot do the cipher.',
    remedy: 'Look at the log of the back-end.',
  },
  {
    id: 'qemu-vsock-seqpacket',
    program: 'QEMU',
    pattern: /vhost-vsock backend doesn't support seqpacket/,
    example: "qemu-system-x86_64: vhost-vsock backend doesn't support seqpacket",
    source: 'hw/virtio/vhost-vsock-common.c, vhost_vsock_common_get_features, 6.1 and later',
    device: 'vsock',
    means:
      'seqpacket=on was asked for, and the back-end or kernel of this host does not offer VIRTIO_VSOCK_F_SEQPACKET.',
    culprit: 'An older kernel or back-end here than at the source.',
    remedy: 'Use seqpacket=off on both hosts, or update this one.',
  },
  {
    id: 'qemu-vsock-start',
    program: 'QEMU',
    pattern:
      /vhost-vsock: (?:unable to (?:set guest cid|parse vhostfd)|failed to open vhost device)(?:: (?<error>.+))?|vhost vsock set running failed: (?<code>-?\d+)/,
    example:
      'qemu-system-x86_64: -device vhost-vsock-pci,guest-cid=3: vhost-vsock: unable to set guest cid: Address already in use',
    source: 'hw/virtio/vhost-vsock.c, vhost_vsock_device_realize, 2.8 and later',
    device: 'vsock',
    means: 'The socket device of the guest could not be set up in the kernel of this host.',
    culprit:
      '"Address already in use": another guest of this host has the same guest-cid. Otherwise /dev/vhost-vsock is missing.',
    remedy: 'Give each guest of a host another guest-cid; load the module vhost_vsock.',
  },
  {
    id: 'qemu-vhost-scsi-migration',
    program: 'QEMU',
    pattern: /vhost-scsi does not support migration/,
    example:
      "Error: vhost-scsi does not support migration in all cases. When external environment supports it (Orchestrator migrates target SCSI device state or use shared storage over network), set 'migratable' property to true to enable migration.",
    source: 'hw/scsi/vhost-scsi.c, vhost_scsi_realize, 1.5 and later',
    device: 'scsi',
    means: 'A guest with a vhost-scsi disk of the kernel is not migrated unless the device says migratable=on.',
    culprit: 'The device; no version changes that.',
    remedy: 'Set migratable=on if the storage behind it is the same on both hosts.',
  },
  {
    id: 'qemu-requires-kvm',
    program: 'QEMU',
    pattern: /vhost initialization failed: requires kvm/,
    example: 'qemu-system-x86_64: vhost initialization failed: requires kvm',
    source: 'backends/vhost-user.c, vhost_user_backend_dev_init, 3.1 to 7.2',
    means: 'This device works with KVM only in this release.',
    culprit: 'QEMU that runs without KVM.',
    remedy: 'Start the guest with -accel kvm.',
  },
  {
    id: 'libvhost-user-panic',
    program: 'libvhost-user',
    fallback: true,
    pattern:
      /vu_panic: (?<reason>.+)|(?:\w+: )?(?:Error while (?:recvmsg|reading|writing): |Error: too big message request: |Invalid (?:vring_(?:addr|base|num|enable)|queue) (?:message|index: \d+)|Invalid log_(?:base|fd) message|Invalid fds in request: |A maximum of \d+ fds are allowed, however got|Unhandled request: \d+|virtio legacy devices aren't supported by (?:libvhost-user|passt)|Specified region not found|remapping queue (?:\d+|on access)|region mmap error: |set_inflight_fd mmap error: |Invalid [gs]et_inflight_fd |Invalid (?:slave|backend)_req_fd message|F_IN_BAND_NOTIFICATIONS requires)/,
    example: 'vu_panic: Unhandled request: 39',
    spellings: [
      'Error while recvmsg: Connection reset by peer',
      'Invalid vring_addr message',
      "virtio legacy devices aren't supported by libvhost-user",
      'Error: too big message request: 5, size: vmsg->size: 400, while sizeof(vmsg->payload) = 272',
    ],
    source: 'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), vu_panic, 2.6 and later',
    means:
      "A back-end built on libvhost-user (qemu-storage-daemon, QEMU's own examples, passt) refuses what the front-end sent and drops the connection: the line says what.",
    culprit:
      'A front-end that sent what was not negotiated or with wrong descriptors, guest memory that cannot be mapped, or a guest driver that is a legacy one (without VIRTIO_F_VERSION_1).',
    remedy:
      'For "mmap error" give the guest shared memory; for "legacy devices" let VIRTIO_F_VERSION_1 pass; otherwise report both releases.',
  },
  {
    id: 'libvhost-user-ring',
    program: 'libvhost-user',
    pattern:
      /vu_panic: virtio: (?:zero sized|invalid address|too many)|vu_check_queue_inflights: |Failed to check inflights for vq: |read descriptor error/,
    example: 'vu_panic: virtio: invalid address for buffers',
    source: 'subprojects/libvhost-user/libvhost-user.c, virtqueue_map_desc and others, 2.6 and later',
    means: 'A back-end built on libvhost-user found nonsense in a ring of the guest and stops serving it.',
    culprit:
      'A faulty driver in the guest, memory that was unplugged, or a record of requests under way that does not fit.',
    remedy: 'Bind the driver in the guest again, and start the back-end again.',
  },
  {
    id: 'libvhost-user-slots',
    program: 'libvhost-user',
    pattern:
      /failing attempt to hot add memory via VHOST_USER_ADD_MEM_REG message because the backend has no free ram slots available|VHOST_USER_(?:ADD|REM)_MEM_REG (?:received \d+ fds|requires a message size)/,
    example:
      'vu_panic: failing attempt to hot add memory via VHOST_USER_ADD_MEM_REG message because the backend has no free ram slots available',
    source: 'subprojects/libvhost-user/libvhost-user.c, vu_add_mem_reg, 5.1 and later',
    means: 'The guest has more memory regions than the back-end has places for, or the message about one is malformed.',
    culprit: 'Memory hot-plug with small modules.',
    remedy: 'Give the guest its memory in fewer, larger regions.',
  },
  {
    id: 'libvhost-user-postcopy',
    program: 'libvhost-user',
    pattern:
      /failed to (?:respond to (?:set-mem-table|add-mem-region)|receive valid ack) for postcopy|failed to receive valid ack for postcopy set-mem-table|Failed to userfault region|vu_panic: Userfaultfd not available: (?<error>.+)|Failed UFFDIO_API: |vu_panic: Regions already registered at postcopy-listen|Failed to madvise\((?:DONTNEED|NOHUGEPAGE)\) region|failed to mprotect region \d+ for postcopy|Region \(\d+\) doesn't support COPY/,
    example: 'vu_panic: Userfaultfd not available: Operation not permitted',
    source: 'subprojects/libvhost-user/libvhost-user.c, vu_set_postcopy_advise and others, 2.12 and later',
    means: 'The back-end cannot take part in post-copy on this host.',
    culprit: 'userfaultfd that is forbidden to it, or memory that cannot be filled later.',
    remedy: 'Allow userfaultfd (sysctl vm.unprivileged_userfaultfd=1), or migrate without post-copy.',
  },
  {
    id: 'vhost-user-server-one-client',
    program: 'QEMU',
    pattern:
      /Only one vhost-user client is allowed to connect the server one time|qemu[\w-]*: Failed to initialize libvhost-user/,
    example: 'qemu-storage-daemon: warning: Only one vhost-user client is allowed to connect the server one time',
    source: 'util/vhost-user-server.c, vu_accept, 6.0 and later',
    means: 'A second front-end came to a back-end of QEMU that serves one at a time. It was turned away.',
    culprit: 'Two guests, or a guest and a measurement, at one socket.',
    remedy: 'End the other connection, or give each guest an export with a socket of its own.',
  },
];
