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
      /HandleRequest\((?:Disconnected|PartialMessage|SocketBroken\(.*?\)+)\)|(?:failed to handle request|vhost-user): (?:peer disconnected|partial message|socket is broken)|Client disconnected, shutting down/,
    example: 'INFO  virtiofsd] Client disconnected, shutting down',
    spellings: [
      'ERROR vhost_device_scsi] Failed to handle request: HandleRequest(Disconnected)',
      'Waiting for daemon failed: HandleRequest(PartialMessage)',
    ],
    source: `${MOD}::Disconnected and PartialMessage; virtiofsd src/main.rs, 0.1 and later`,
    tells: 'course',
    means:
      'The front-end hung up. virtiofsd and other back-ends that serve one connection end here: they have to be started again for the next one.',
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
    id: 'rust-message',
    program: 'rust-vmm',
    pattern:
      /(?:HandleRequest|VhostUserProtocol|VhostUser|vhost_user::Error)\((?<kind>InvalidMessage|InvalidParam|InvalidOperation\([^)]*\)|OversizedMsg|IncorrectFds|ReqHandlerError\([^)]*\)|BackendInternalError|SlaveInternalError|FrontendInternalError|MasterInternalError)|vhost-user: (?<text>invalid message|invalid parameters|invalid operation(?:: .+)?|oversized message|wrong number of attached fds|(?:backend|slave) internal error|(?:Frontend|Master) internal error)|handler failed to handle request: (?<why>.+)/,
    example: 'ERROR vhost_user_backend] HandleRequest(InvalidParam)',
    spellings: ['Error: vhost-user: invalid parameters', 'VhostUserProtocol(BackendInternalError)'],
    source: `${MOD}, 0.1 and later`,
    means:
      'A message was refused ({kind|text|why}), and the connection ends. "InternalError" comes from the other side: it answered no to a request with REPLY_ACK.',
    culprit: 'The request before: its values or descriptors, or an operation that failed in the back-end.',
    remedy: 'Look at the log of the other side for its reason; report both releases.',
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
      /Error in vring worker: |failed spawning the vring worker|failed to create vring(?: epoll handler)?: |cannot read vring kick event|failed to (?:handle|wait for) epoll event: /,
    example: 'ERROR vhost_user_backend] Error in vring worker: HandleEventReadKick(Os { code: 9 })',
    source: 'vhost-user-backend/src/vring.rs and event_loop.rs, VringEpollError, 0.1 and later',
    means: 'The thread that serves the queues of a back-end failed; the device stands still.',
    culprit: 'A ring with nonsense, descriptors that ran out, or a fault of the back-end.',
    remedy: 'Start the back-end again; report its release.',
  },
  {
    id: 'virtiofsd-waiting',
    program: 'rust-vmm',
    pattern:
      /Waiting for vhost-user socket connection|Client connected, servicing requests|Waiting for daemon failed: (?!HandleRequest)(?<why>.+)/,
    example: 'INFO  virtiofsd] Waiting for vhost-user socket connection...',
    spellings: ['INFO  virtiofsd] Client connected, servicing requests'],
    source: 'virtiofsd src/main.rs, main, 1.0 and later',
    device: 'fs',
    tells: 'course',
    means: 'virtiofsd waits for QEMU, or serves it. It serves one connection and ends after it.',
  },
];
