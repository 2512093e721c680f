/** Lines of back-ends on rust-vmm's crates (virtiofsd, vhost-device-*, and others), and of front-ends that use them. */
import type { MessageRow } from './message-row.ts';

const MOD = 'vhost/src/vhost_user/mod.rs, Error';

export const RUST_VMM_MESSAGES: readonly MessageRow[] = [
  {
    id: 'rust-inactive',
    program: 'rust-vmm',
    pattern:
      /InactiveOperation\(VhostUserProtocolFeatures\((?<name>[^)]*)\)\)|inactive protocol operation: (?<text>\w+)|InactiveFeature\((?<feature>[^)]*\)?)\)|inactive feature: (?<words>\w+)/,
    example:
      'ERROR virtiofsd] Waiting for daemon failed: HandleRequest(InactiveOperation(VhostUserProtocolFeatures(MQ)))',
    spellings: ['failed to handle request: inactive protocol operation: MQ'],
    source: `${MOD}::InactiveOperation and InactiveFeature, 0.6 and later`,
    means:
      'The front-end sent a request of a feature that was not accepted before ({name|text|feature|words}). The back-end ends the connection, and virtiofsd ends itself.',
    culprit: 'A front-end or a probe that asks (GET_QUEUE_NUM, for example) before it sent SET_PROTOCOL_FEATURES.',
    remedy: 'Accept the protocol feature first; start the back-end again.',
  },
  {
    id: 'rust-disconnected',
    program: 'rust-vmm',
    pattern:
      /HandleRequest\(Disconnected\)|(?:failed to handle request|vhost-user): peer disconnected|Client disconnected, shutting down/,
    example: 'INFO  virtiofsd] Client disconnected, shutting down',
    spellings: ['ERROR vhost_device_scsi] Failed to handle request: HandleRequest(Disconnected)'],
    source: `${MOD}::Disconnected and PartialMessage; virtiofsd src/main.rs, 0.1 and later`,
    tells: 'course',
    loud: true,
    means:
      'The front-end hung up. virtiofsd and other back-ends that serve one connection end here: they have to be started again for the next one.',
  },
  {
    id: 'rust-cut',
    program: 'rust-vmm',
    pattern:
      /HandleRequest\((?<kind>PartialMessage|SocketBroken\(.*?\)+)\)|failed to handle request: (?:temporary )?(?<error>socket error)|(?:failed to handle request|vhost-user): (?<text>partial message|socket is broken)/,
    example: 'Waiting for daemon failed: HandleRequest(PartialMessage)',
    source: `${MOD}::PartialMessage and SocketBroken, 0.1 and later`,
    means: 'The connection broke in the middle of a message ({kind|text|error}). The back-end ends it.',
    culprit: 'A front-end that was killed or crashed, or a relay that ended.',
    remedy: 'Look at the log of QEMU (or the relay) at that time; start the back-end again.',
  },
  {
    id: 'rust-feature-mismatch',
    program: 'rust-vmm',
    pattern: /\bFeatureMismatch\b|virtio\/protocol features mismatch/,
    example: 'Error: VhostUserProtocol(FeatureMismatch)',
    source: `${MOD}::FeatureMismatch, 0.1 and later`,
    means: 'One side accepted or asked for features that the other did not offer.',
    culprit: 'A back-end that came back with other features than before, or a relay that changes one direction only.',
    remedy: 'Give the back-end its former release or setting back, or start the front-end again.',
  },
  {
    id: 'rust-invalid-param',
    program: 'rust-vmm',
    pattern:
      /(?:HandleRequest|VhostUserProtocol|VhostUser|vhost_user::Error)\(InvalidParam|(?:failed to handle request|vhost-user): invalid parameters/,
    example: 'ERROR vhost_user_backend] HandleRequest(InvalidParam)',
    spellings: [
      'Error: vhost-user: invalid parameters',
      '[2026-01-01T00:00:00Z ERROR virtiofsd] Waiting for daemon failed: HandleRequest(InvalidParam)',
    ],
    source: `${MOD}::InvalidParam, 0.1 and later`,
    means: 'The back-end refuses a value of a request (InvalidParam) and ends the connection; virtiofsd ends itself.',
    culprit:
      'At the start of a guest nearly always its memory: a region that is not shared comes without a descriptor, so that SET_MEM_TABLE does not hold together. Otherwise a ring number or size that the back-end does not have.',
    remedy:
      'Give the guest shared memory (memory-backend-memfd or -file with share=on; libvirt: <memoryBacking><source type="memfd"/><access mode="shared"/></memoryBacking>) and start both again. If it has it, compare the queues of both sides.',
  },
  {
    id: 'rust-refused',
    program: 'rust-vmm',
    pattern:
      /(?:HandleRequest|VhostUserProtocol|VhostUser|vhost_user::Error)\((?<kind>BackendInternalError|SlaveInternalError|FrontendInternalError|MasterInternalError)|(?:failed to handle request|vhost-user): (?<text>(?:backend|slave) internal error|(?:Frontend|Master) internal error)/,
    example: 'Error: VhostUserProtocol(BackendInternalError)',
    source: `${MOD}::BackendInternalError and FrontendInternalError, 0.1 and later`,
    means: 'The other side answered no to a request (REPLY_ACK). The name says which side: {kind|text}.',
    culprit: 'What the other side could not do: map memory, take features, set up a ring.',
    remedy: 'Look at the log of the other side at that time.',
  },
  {
    id: 'rust-descriptors',
    program: 'rust-vmm',
    pattern:
      /(?:HandleRequest|VhostUserProtocol|VhostUser|vhost_user::Error)\(IncorrectFds|(?:failed to handle request|vhost-user): wrong number of attached fds/,
    example: 'ERROR vhost_user_backend] HandleRequest(IncorrectFds)',
    source: `${MOD}::IncorrectFds, 0.1 and later`,
    means: 'A request came with too many or too few file descriptors. The connection ends.',
    culprit:
      'Guest memory that is not shared (SET_MEM_TABLE, ADD_MEM_REG), a process out of descriptors, or a relay that lost one.',
    remedy: 'Give the guest shared memory; raise the limits of open files.',
  },
  {
    id: 'rust-request-handler',
    program: 'rust-vmm',
    pattern:
      /(?:HandleRequest|VhostUserProtocol|VhostUser|vhost_user::Error)\((?<kind>ReqHandlerError\([^)]*\)+)|handler failed to handle request: (?!invalid (?:parameters|message|operation)|wrong number|(?:temporary )?socket|oversized|(?:backend|slave|[Ff]rontend|[Mm]aster) internal|partial message|peer disconnected|virtio\/protocol|inactive )(?<why>.+)/,
    example: 'ERROR vhost_user_backend] HandleRequest(ReqHandlerError(InvalidInput))',
    source: `${MOD}::ReqHandlerError, 0.1 and later`,
    means: 'The back-end understood a request and could not carry it out: {kind|why}',
    culprit: 'What stands in parentheses; mostly guest memory that cannot be mapped, or a file that cannot be opened.',
    remedy: 'Mend what it names, then start both again.',
  },
  {
    id: 'rust-inflight-memory',
    program: 'rust-vmm',
    pattern:
      /handler failed to (?:allocate memfd|truncate memfd|apply seals to memfd) during get_inflight_fd|\b(?:MemFdCreateError|FileTruncateError|MemFdSealError)\b/,
    example: 'failed to handle request: handler failed to allocate memfd during get_inflight_fd',
    spellings: ['ERROR vhost_user_backend] HandleRequest(MemFdSealError)'],
    source: `${MOD}::MemFdCreateError, FileTruncateError and MemFdSealError, 0.11 and later`,
    means:
      'The back-end could not make the memory in which requests under way are recorded (GET_INFLIGHT_FD), and ends the connection. The device does not start.',
    culprit: 'memfd_create() that a seccomp filter or container forbids, or memory or descriptors that ran out.',
    remedy: 'Allow memfd_create() for the back-end; raise its limits.',
  },
  {
    id: 'rust-message',
    program: 'rust-vmm',
    pattern:
      /(?:HandleRequest|VhostUserProtocol|VhostUser|vhost_user::Error)\((?<kind>InvalidMessage|InvalidOperation\([^)]*\)|OversizedMsg)|(?:failed to handle request|vhost-user): (?<text>invalid message|invalid operation(?:: .+)?|oversized message)/,
    example: 'ERROR vhost_user_backend] HandleRequest(InvalidMessage)',
    spellings: ['Error: vhost-user: invalid message', 'VhostUserProtocol(OversizedMsg)'],
    source: `${MOD}, 0.1 and later`,
    means:
      'The back-end does not understand a message ({kind|text}): its size, flags or number fit no request that it knows, or it came where none is allowed. The connection ends.',
    culprit: 'Two releases far apart, a request that was not negotiated, or a relay that lost its place in the stream.',
    remedy: 'Compare the releases of both sides; report both.',
  },
  {
    id: 'rust-connect',
    program: 'rust-vmm',
    pattern:
      /(?<!trying for 1 minute.*)\bSocketConnect\((?<error>.+)\)|can't connect to peer: (?<text>.+)|cannot create (?:vhost-user|backend|slave) listener: (?<listen>.+)|vhost-user: (?:temporary )?socket error: (?<socket>.+)|CreateBackendListener\(|CreateVhostUserListener\(/,
    example:
      'Error: VhostUserProtocol(SocketConnect(Os { code: 2, kind: NotFound, message: "No such file or directory" }))',
    source: `${MOD}::SocketConnect; vhost-user-backend/src/lib.rs, Error, 0.1 and later`,
    means: 'The socket of the back-end could not be reached, or made.',
    culprit: 'A back-end that does not run, another path, or a socket file of an earlier run.',
    remedy: 'Compare the path on both sides; start the back-end first.',
  },
  {
    id: 'rust-memory',
    program: 'rust-vmm',
    pattern:
      /\bMissing memory mapping\b|\bMissingMemoryMapping\b|(?<!points to )invalid guest memory (?:object|region)|\bInvalidGuestMemoryRegion\b|\bNoMemoryConfigured\b/,
    example: 'ERROR vhost_user_backend] Missing memory mapping',
    source: 'vhost-user-backend/src/handler.rs, VhostUserHandlerError; vhost/src/lib.rs, Error, 0.1 and later',
    means: 'The back-end has no memory of the guest at an address that it was given.',
    culprit: 'Guest memory that is not shared, or a ring outside the memory table.',
    remedy: 'Give the guest shared memory.',
  },
  {
    id: 'rust-vring-worker',
    program: 'rust-vmm',
    pattern:
      /Error in vring worker: |virtiofsd.*processing the vring(?: \d+)?: |failed spawning the vring worker|failed to create vring(?: epoll handler)?: |cannot read vring kick event|failed to (?:handle|wait for) epoll event: /,
    example: 'ERROR vhost_user_backend] Error in vring worker: HandleEventReadKick(Os { code: 9 })',
    source: 'vhost-user-backend/src/vring.rs and event_loop.rs, VringEpollError, 0.1 and later',
    means: 'The thread that serves the queues of a back-end failed; the device stands still.',
    culprit: 'A ring with nonsense, descriptors that ran out, or a fault of the back-end.',
    remedy: 'Start the back-end again; report its release.',
  },
  {
    id: 'virtiofsd-waiting',
    program: 'rust-vmm',
    pattern: /Waiting for vhost-user socket connection|Client connected, servicing requests/,
    example: 'INFO  virtiofsd] Waiting for vhost-user socket connection...',
    spellings: ['INFO  virtiofsd] Client connected, servicing requests'],
    source: 'virtiofsd src/main.rs, main, 1.0 and later',
    device: 'fs',
    tells: 'course',
    means: 'virtiofsd waits for QEMU, or serves it. It serves one connection and ends after it.',
  },
  {
    id: 'virtiofsd-daemon',
    program: 'rust-vmm',
    device: 'fs',
    pattern: /Waiting for daemon failed: (?!HandleRequest)(?<why>.+)/,
    example: 'ERROR virtiofsd] Waiting for daemon failed: WaitDaemon(Any)',
    source: 'virtiofsd src/main.rs, main, 1.0 and later',
    means:
      'virtiofsd gave up its connection and ends: {why}. The directory is gone for the guest until it and virtiofsd are started again.',
    culprit: 'What stands after the colon: a thread that ended in a panic, or a connection that broke.',
    remedy: 'Look at the lines before this one; report the release of virtiofsd.',
  },
  {
    id: 'virtiofsd-unshare',
    program: 'rust-vmm',
    device: 'fs',
    pattern: /The unshare\(CLONE_FS\) syscall failed with '?(?<error>[^'.]+)'?/,
    example:
      "ERROR virtiofsd] Error creating vhost-user backend: The unshare(CLONE_FS) syscall failed with 'Operation not permitted (os error 1)'. If running in a container please check that the container runtime seccomp policy allows unshare.",
    source: 'virtiofsd src/vhost_user.rs, VhostUserFsThread::new, 1.0 and later',
    means: 'virtiofsd does not start: its threads need unshare(), and this host forbids it ({error}).',
    culprit: 'The seccomp filter of the container that it runs in.',
    remedy: 'Allow unshare in that filter, or start `virtiofsd --thread-pool-size=0`.',
  },
  {
    id: 'virtiofsd-sandbox',
    program: 'rust-vmm',
    device: 'fs',
    pattern: /virtiofsd.*Error (?:creating|entering) sandbox: /,
    example:
      'ERROR virtiofsd] Error creating sandbox: Fork(Os { code: 1, kind: PermissionDenied, message: "Operation not permitted" })',
    source: 'virtiofsd src/main.rs, main, 1.0 and later',
    means: 'virtiofsd does not start: it could not shut itself into the shared directory.',
    culprit: 'A container or user without the rights for namespaces or chroot.',
    remedy: 'Give it these rights, or choose another `virtiofsd --sandbox` (namespace, chroot, none).',
  },
  {
    id: 'virtiofsd-state',
    program: 'rust-vmm',
    device: 'fs',
    pattern:
      /virtiofsd.*Migration failed: (?<why>.+)|Failed to initiate state \(de-\)serialization: (?<phase>.+)|Migration failed: (?<moved>Failed to (?:save|load) state: .+)/,
    example:
      'ERROR virtiofsd::vhost_user] Migration failed: Failed to load state: Inode 2: Opening /srv/share/a: No such file or directory',
    spellings: [
      'ERROR virtiofsd::vhost_user] Failed to initiate state (de-)serialization: Transfer in phase RUNNING is not supported',
      'virtiofsd: Migration failed: Failed to load state: Inode 2: Opening /b: No such file or directory',
    ],
    source: 'virtiofsd src/vhost_user.rs, set_device_state_fd and check_device_state, 1.11 and later',
    means: 'virtiofsd could not hand over its state, or take it: {why|phase|moved}. The migration fails.',
    culprit:
      'At the destination mostly a shared directory that is not the same directory: a file that the guest has open is not there, or has another handle. Otherwise rights of virtiofsd, or two releases.',
    remedy:
      'Share the same directory (a network or cluster file system) under both virtiofsd, with the same release and options (`virtiofsd --migration-mode`, `virtiofsd --migration-on-error`).',
  },
  {
    id: 'virtiofsd-unprepared',
    program: 'rust-vmm',
    device: 'fs',
    pattern:
      /Front-end did not announce migration to begin, so we failed to prepare for it|Cancelling serialization preparation because of incoming migration/,
    example:
      'WARN  virtiofsd::vhost_user] Front-end did not announce migration to begin, so we failed to prepare for it; collecting data now.  If you are doing a snapshot, that is OK; otherwise, migration downtime may be prolonged.',
    source: 'virtiofsd src/vhost_user.rs, do_set_device_state_fd, 1.11 and later',
    tells: 'course',
    loud: true,
    means:
      'virtiofsd was asked for its state without VHOST_F_LOG_ALL before it, and collects it now. When a guest is saved this is normal; in a live migration the guest stands still longer.',
  },
];
