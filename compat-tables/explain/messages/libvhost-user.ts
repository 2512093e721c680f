/** Lines of back-ends built on libvhost-user: qemu-storage-daemon and QEMU's own examples. */
import type { MessageRow } from './message-row.ts';

/**
 * How programs print a panic of the library: qemu-storage-daemon and vhost-user-blk, vhost-user-bridge, virtiofsd in C,
 * and with g_critical (and a time) vhost-user-gpu and vhost-user-input. Other programs write PANIC and CRITICAL as well: only a
 * text of the library counts behind them.
 */
const PANIC = String.raw`(?:vu_panic|PANIC|libvhost-user|CRITICAL \*\*(?:: [\d:.]+)?): `;

export const LIBVHOST_USER_MESSAGES: readonly MessageRow[] = [
  {
    id: 'libvhost-user-index',
    program: 'libvhost-user',
    pattern: new RegExp(String.raw`${PANIC}Guest moved used index from (?<from>\d+) to (?<to>\d+)`),
    example: 'qemu-storage-daemon: vu_panic: Guest moved used index from 4012 to 3',
    spellings: ['vu_panic: Guest moved used index from 0 to 8192'],
    source:
      'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), virtqueue_num_heads, 2.6 and later',
    means:
      'The back-end was at {from} in a ring of the guest, and the guest now says {to}, more than a ring away: the two no longer agree on the place. The back-end stops serving the device.',
    culprit:
      'A place in the ring that got lost at a reconnect or migration (a wrong SET_VRING_BASE), a guest that was reset or rebooted while the back-end went on, or memory of the guest that was overwritten.',
    remedy:
      'Reset the device in the guest (bind its driver again, or reboot) and start the back-end again; look for "ring restore failed" in the log of QEMU before it.',
  },
  {
    id: 'libvhost-user-available',
    program: 'libvhost-user',
    pattern: new RegExp(
      String.raw`${PANIC}(?<what>Guest says index \d+ is available|Desc next is \d+|Looped descriptor|Virtqueue size exceeded|Invalid size for indirect buffer table|Cannot read indirect buffer table|Error mapping descriptors)`,
    ),
    example: 'vu_panic: Guest says index 33026 is available',
    spellings: [
      '** (vhost-user-gpu:711): CRITICAL **: 10:11:12.131: Guest says index 33026 is available',
      'fv_panic: libvhost-user: Looped descriptor',
    ],
    source:
      'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), virtqueue_get_head and others, 2.6 and later',
    means: 'A ring of the guest holds what no driver may write ("{what}"). The back-end stops serving the device.',
    culprit:
      'A faulty driver in the guest, memory that was overwritten or unplugged, or a ring that the back-end follows from the wrong place after a reconnect or migration.',
    remedy: 'Reset the device in the guest, and start the back-end again.',
  },
  {
    id: 'libvhost-user-request',
    program: 'libvhost-user',
    fallback: true,
    pattern: /Unhandled request: (?<request>\d+)/,
    example: 'vu_panic: Unhandled request: 39',
    source:
      'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), vu_process_message, 2.6 and later',
    means: 'The back-end does not know {request} and ends the connection.',
    culprit: 'A front-end that uses what was not offered, or a relay that lost its place in the stream.',
    remedy: 'Update the back-end, or report the release of the front-end.',
  },
  {
    id: 'libvhost-user-legacy',
    program: 'libvhost-user',
    fallback: true,
    pattern: /virtio legacy devices aren't supported by (?:libvhost-user|passt)/,
    example: "virtio legacy devices aren't supported by libvhost-user",
    source:
      'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), vu_set_features_exec, 5.2 and later',
    means: 'The guest took the device without VIRTIO_F_VERSION_1, and this back-end serves modern drivers only.',
    culprit: 'An old driver in the guest, disable-modern=on, or a version or relay that masks VIRTIO_F_VERSION_1.',
    remedy: 'Let VIRTIO_F_VERSION_1 pass; use a driver for virtio 1.0.',
  },
  {
    id: 'libvhost-user-map',
    program: 'libvhost-user',
    fallback: true,
    pattern:
      /region mmap error: (?<error>.+)|set_inflight_fd mmap error: (?<inflight>.+)|log mmap error: (?<log>.+)|remapping queue (?:\d+|on access)|Failed to alloc vhost inflight area/,
    example: 'vu_panic: region mmap error: Cannot allocate memory',
    source:
      'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), vu_set_mem_table_exec and others, 2.6 and later',
    means:
      'The back-end could not map what the front-end handed it (memory of the guest, the log of a migration, or the record of requests under way), or a ring lies outside of it.',
    culprit: 'Guest memory that is not shared, or memory or address space of the back-end that ran out.',
    remedy: 'Give the guest shared memory; raise the limits of the back-end.',
  },
  {
    id: 'libvhost-user-broken',
    program: 'libvhost-user',
    fallback: true,
    pattern: /Error while (?:recvmsg|reading|writing): (?<error>.+)/,
    example: 'Error while recvmsg: Connection reset by peer',
    source:
      'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), vu_message_read_default and vu_message_write, 2.6 and later',
    tells: 'symptom',
    means: 'The connection to the front-end broke ({error}).',
    culprit: 'A front-end that ended.',
    remedy: 'Look at the log of QEMU; start the back-end again if it ended.',
  },
  {
    id: 'libvhost-user-panic',
    program: 'libvhost-user',
    fallback: true,
    pattern:
      /(?:vu_panic|fv_panic: libvhost-user): (?!Guest moved|Guest says|Desc next|Looped|Virtqueue size|Invalid size for|Cannot read indirect|Error mapping|.*(?:Unhandled request|mmap error|Error while (?:recvmsg|reading|writing)|legacy devices|vring_addr message)|virtio: |read descriptor error|Failed to check inflights|Userfaultfd not|Failed UFFDIO|Regions already registered|kick eventfd_read|Error writing eventfd|Set virtio configuration|failed to (?:respond|receive|mprotect)|failing attempt to hot add|VHOST_USER_(?:ADD|REM)_MEM_REG )(?<reason>.+)|(?:\w+: )?(?:Error: too big message request: |Invalid (?:vring_(?:base|num|enable)|queue) (?:message|index: \d+)|Invalid log_(?:base|fd) message|Invalid fds in request: |A maximum of \d+ fds are allowed, however got|Specified region not found|Invalid [gs]et_inflight_fd |Invalid (?:slave|backend)_req_fd message|F_IN_BAND_NOTIFICATIONS requires)/,
    example: 'Error: too big message request: 5, size: vmsg->size: 400, while sizeof(vmsg->payload) = 272',
    spellings: ['Invalid queue index: 4', 'PANIC: Invalid fds in request: 12'],
    source: 'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), vu_panic, 2.6 and later',
    means:
      "A back-end built on libvhost-user (qemu-storage-daemon, QEMU's own examples, passt) refuses what the front-end sent and drops the connection: the line says what.",
    culprit:
      'A front-end that sent what was not negotiated, for a queue that the back-end does not have, or with wrong descriptors; or a relay that mixed up two messages.',
    remedy: 'Compare the queues of both sides; otherwise report both releases.',
  },
  {
    id: 'libvhost-user-address',
    program: 'libvhost-user',
    fallback: true,
    pattern: /Invalid vring_addr message/,
    example: 'qemu-storage-daemon: vu_panic: Invalid vring_addr message',
    spellings: ['Invalid vring_addr message'],
    source:
      'subprojects/libvhost-user/libvhost-user.c (contrib/libvhost-user before 6.0), vu_set_vring_addr_exec, 2.6 and later; passt vhost_user.c, vu_set_vring_addr_exec, 2024_11_27 and later',
    means:
      'The addresses of a ring in SET_VRING_ADDR lie outside the memory table that the back-end was sent. It gives up the device.',
    culprit:
      'Memory of the guest that is not shared, or was plugged later, and is missing in the table; or a front-end or relay that sends the rings before the memory.',
    remedy: 'Give the guest shared memory, all of it; report both releases if it has.',
  },
  {
    id: 'libvhost-user-ring',
    program: 'libvhost-user',
    pattern: new RegExp(
      `${PANIC}virtio: (?:zero sized|invalid address|too many)|vu_check_queue_inflights: |Failed to check inflights for vq: |${PANIC}read descriptor error`,
    ),
    example: 'vu_panic: virtio: invalid address for buffers',
    source: 'subprojects/libvhost-user/libvhost-user.c, virtqueue_map_desc and others, 2.6 and later',
    means: 'A back-end built on libvhost-user found nonsense in a ring of the guest and stops serving it.',
    culprit:
      'A faulty driver in the guest, memory that was unplugged, or a record of requests under way that does not fit.',
    remedy: 'Bind the driver in the guest again, and start the back-end again.',
  },
  {
    id: 'libvhost-user-notify',
    program: 'libvhost-user',
    pattern: new RegExp(`${PANIC}(?<what>kick eventfd_read\\(\\)|Error writing eventfd): (?<error>.+)`),
    example: 'vu_panic: Error writing eventfd: Bad file descriptor',
    spellings: ['PANIC: kick eventfd_read(): Bad file descriptor'],
    source: 'subprojects/libvhost-user/libvhost-user.c, vu_kick_cb and vu_queue_notify, 2.6 and later',
    means: 'A notification to or from the guest did not work ({what}: {error}). The back-end stops serving the device.',
    culprit:
      'A descriptor of SET_VRING_KICK or SET_VRING_CALL that is no eventfd (a relay that mixed them up) or that was closed.',
    remedy: 'Start the back-end and the guest again; report both releases.',
  },
  {
    id: 'libvhost-user-config',
    program: 'libvhost-user',
    pattern: /Set virtio configuration space failed/,
    example: 'vu_panic: Set virtio configuration space failed',
    source: 'subprojects/libvhost-user/libvhost-user.c, vu_set_config, 2.12 and later',
    means: 'The device of the back-end refused what the guest writes into its configuration (SET_CONFIG), and stops.',
    culprit: 'A field that this back-end does not let anybody write (cache mode of a disk, for example).',
    remedy: 'Do not change that setting in the guest; look at the options of the back-end (writable, config-wce).',
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
    pattern: new RegExp(
      String.raw`failed to (?:respond to (?:set-mem-table|add-mem-region)|receive valid ack) for postcopy|failed to receive valid ack for postcopy set-mem-table|Failed to userfault region|${PANIC}Userfaultfd not available: (?<error>.+)|Failed UFFDIO_API: |Failed to madvise\((?:DONTNEED|NOHUGEPAGE)\) region|failed to mprotect region \d+ for postcopy|Region \(\d+\) doesn't support COPY`,
    ),
    example: 'vu_panic: Userfaultfd not available: Operation not permitted',
    spellings: ['PANIC: Userfaultfd not available: Operation not permitted'],
    source: 'subprojects/libvhost-user/libvhost-user.c, vu_set_postcopy_advise and others, 2.12 and later',
    means: 'The back-end cannot take part in post-copy on this host.',
    culprit: 'userfaultfd that is forbidden to it, or memory that cannot be filled later.',
    remedy: 'Allow userfaultfd (sysctl vm.unprivileged_userfaultfd=1), or migrate without post-copy.',
  },
  {
    id: 'libvhost-user-postcopy-order',
    program: 'libvhost-user',
    pattern: new RegExp(`${PANIC}Regions already registered at postcopy-listen`),
    example: 'vu_panic: Regions already registered at postcopy-listen',
    spellings: ['PANIC: Regions already registered at postcopy-listen'],
    source: 'subprojects/libvhost-user/libvhost-user.c, vu_set_postcopy_listen, 2.12 and later',
    means: 'POSTCOPY_LISTEN came after the memory was registered: the back-end refuses post-copy for this device.',
    culprit:
      'A front-end that sends its requests in another order than QEMU, or a device that was connected again in the middle of post-copy.',
    remedy: 'Migrate without post-copy; report the release of the front-end.',
  },
];
