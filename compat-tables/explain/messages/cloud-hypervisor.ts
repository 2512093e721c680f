/** Lines of cloud-hypervisor as a front-end. */
import type { MessageRow } from './message-row.ts';

const VHOST_USER = 'virtio-devices/src/vhost_user';

export const CLOUD_HYPERVISOR_MESSAGES: readonly MessageRow[] = [
  {
    id: 'chv-reconnecting',
    program: 'cloud-hypervisor',
    pattern:
      /vhost-user backend for socket (?<path>\S+) disconnected, attempting reconnection|Backend disconnected for socket (?<name>\S+)/,
    example:
      'cloud-hypervisor: 12.3s: <vhost-user> WARN:virtio-devices/src/vhost_user/mod.rs:100 -- vhost-user backend for socket /run/vm/vhu0 disconnected, attempting reconnection',
    source: `${VHOST_USER}/mod.rs, reconnect, 46 and later`,
    means:
      'The back-end at {path|name} hung up. cloud-hypervisor tries to connect again for 60 seconds and then gives the device up.',
    culprit: 'A back-end that ended or was restarted, or that refused what the guest had accepted.',
    remedy:
      'Start the back-end again within a minute, with the same features; later the guest has to be started again.',
  },
  {
    id: 'chv-connect-failed',
    program: 'cloud-hypervisor',
    pattern:
      /Failed connecting the backend after trying for 1 minute(?: for socket (?<path>[^\s:]+))?|[Ff]ailed (?:to reconnect|restoring connection with) vhost-user backend|Failed to reconnect to vhost-user backend|Timed out waiting for vhost-user connection(?: on socket (?<late>\S+))?|Failed connecting to vhost-user backend for socket (?<refused>[^\s:]+)/,
    example:
      'ERROR:virtio-devices/src/vhost_user/vu_common_ctrl.rs:100 -- Failed connecting the backend after trying for 1 minute: VhostUserProtocol(SocketConnect(Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }))',
    source: `${VHOST_USER}/vu_common_ctrl.rs, connect_vhost_user; mod.rs, reconnect, 0.15 and later`,
    means:
      'No back-end could be reached within a minute (or it could not be set up again), and the device is given up.',
    culprit:
      'A back-end that does not run, another path, or one that came back with fewer features than the guest has.',
    remedy: 'Start the back-end first, then the guest; give the back-end its former release or setting back.',
  },
  {
    id: 'chv-restored-state',
    program: 'cloud-hypervisor',
    pattern:
      /Vring bases count \((?<saved>\d+)\) does not match queue count \((?<here>\d+)\)|Backend state and vring bases must both be present or both be absent|Failed (?:saving\/restoring backend state|setting device state fd|checking device state)/,
    example: 'Vring bases count (2) does not match queue count (4)',
    spellings: ['Error restoring VM: Failed saving/restoring backend state'],
    source: `${VHOST_USER}/mod.rs, Error, 49 and later`,
    means:
      'What a snapshot or an arriving guest holds of this back-end does not fit the device here, or the back-end did not take or give it.',
    culprit: 'A device with another number of queues, a back-end without DEVICE_STATE, or a snapshot that was changed.',
    remedy: 'Restore with the same number of queues and the same release of the back-end; look at its log.',
  },
  {
    id: 'chv-queues',
    program: 'cloud-hypervisor',
    pattern:
      /vhost-user(?:-(?<type>\w+))? requested too many queues \((?<seen>\d+)\) since the backend only supports (?<most>\d+)/,
    example:
      'ERROR:virtio-devices/src/vhost_user/net.rs -- vhost-user-net requested too many queues (8) since the backend only supports 2',
    source: `${VHOST_USER}/net.rs, blk.rs and fs.rs, new, 0.14 and later`,
    means: 'num_queues asks for {seen} queues; the back-end has {most}. The device is not created.',
    culprit: 'num_queues of the device (a network pair counts twice), or the limit of the back-end or version.',
    remedy: 'Lower num_queues to at most {most}.',
  },
  {
    id: 'chv-shared-memory',
    program: 'cloud-hypervisor',
    pattern: /Using vhost-user requires using shared memory or huge pages|VhostUserRequiresSharedMemory/,
    example: 'Error: Using vhost-user requires using shared memory or huge pages',
    source: 'vmm/src/config.rs, ValidationError::VhostUserRequiresSharedMemory, 0.9 and later',
    means: 'The guest has memory that no back-end can map.',
    culprit: 'The command line.',
    remedy: 'Add shared=on (or hugepages=on) to `--memory`.',
  },
  {
    id: 'chv-config',
    program: 'cloud-hypervisor',
    pattern:
      /Disk path and vhost socket both provided|No socket provided when using vhost-user|Rate limiting is not supported with vhost-user|Error parsing --generic-vhost-user|\b(?:DiskSocketAndPath|VhostUserMissingSocket)\b/,
    example: 'Disk path and vhost socket both provided',
    spellings: [
      'Error: No socket provided when using vhost-user',
      'Error: Rate limiting is not supported with vhost-user',
      'Error parsing --generic-vhost-user: socket missing',
    ],
    source: 'vmm/src/config.rs, ValidationError and Error, 0.9 and later',
    means: 'The options of a vhost-user device do not go together. The guest is not created.',
    culprit: 'The command line or the request to the API.',
    remedy:
      'With vhost_user=on give socket= and no path=, and leave rate limits to the back-end; for `cloud-hypervisor --generic-vhost-user` give all that the line names.',
  },
  {
    id: 'chv-protocol',
    program: 'cloud-hypervisor',
    pattern:
      /Vhost-user Backend not support vhost-user protocol|Invalid features provided from vhost-user backend|Migration is not supported by this vhost-user device/,
    example: 'Error: Vhost-user Backend not support vhost-user protocol',
    source: `${VHOST_USER}/mod.rs, Error, 0.3 and later`,
    means:
      'The back-end lacks what cloud-hypervisor needs: protocol features as such, or for a migration VHOST_F_LOG_ALL and LOG_SHMFD.',
    culprit: 'A back-end that is too old or of another kind, or a relay that masks these features.',
    remedy: 'Update the back-end; never mask VHOST_USER_F_PROTOCOL_FEATURES.',
  },
  {
    id: 'chv-request-failed',
    program: 'cloud-hypervisor',
    pattern:
      /(?:cloud-hypervisor|vhost_user|vhost-user|VhostUser).*\b(?<call>(?:[Gg]et|[Ss]et|Add|Reset) (?:features|protocol features|queue max number|vring \w+|mem table|memory region|owner|(?:slave|backend) request fd|backend specific features|backend configuration)) failed|Failed (?:getting|setting) (?<what>inflight shm log|the (?:log base|configuration|available index))|Failed to (?:add memory region|update memory) vhost-user|VhostUser(?<name>(?:Get|Set|Add|Update)\w+)\(/,
    example:
      'Error: VhostUserSetFeatures(VhostUserProtocol(SocketBroken(Os { code: 32, kind: BrokenPipe, message: "Broken pipe" })))',
    spellings: ['cloud-hypervisor: Error booting VM: vhost-user: Set features failed'],
    source: `${VHOST_USER}/mod.rs, Error, 0.3 and later`,
    means: 'A request to the back-end was refused, or the back-end hung up at it.',
    culprit: 'What stands in parentheses: SocketBroken, Disconnected or BrokenPipe mean that the back-end hung up.',
    remedy: 'Look at the log of the back-end at that time.',
    tells: 'symptom',
  },
  {
    id: 'chv-migration-failed',
    program: 'cloud-hypervisor',
    pattern:
      /(?:vmm|cloud-hypervisor).*Migration failed: (?<reason>.+)|Migration aborted as migration command \S+ failed|Failed to read migration request: sender likely failed/,
    example:
      'cloud-hypervisor: 30.1s: <vmm> ERROR:vmm/src/lib.rs:1000 -- Migration failed: MigrateSend(Error restoring VM)',
    source: 'vmm/src/lib.rs, vm_send_migration and vm_receive_migration, 0.11 and later',
    tells: 'symptom',
    means: 'The migration failed; the guest goes on at the source.',
    culprit: 'The other side: its log has the first error.',
    remedy: 'Look at the log of the receiving side.',
  },
  {
    id: 'chv-reset',
    program: 'cloud-hypervisor',
    pattern:
      /Failed to reset vhost-user daemon|[Ff]ailed to kill vhost-user-(?<type>\w+)|Failed setting vhost-user-blk configuration|Failed updating memory on vhost-user backend|Missing vhost-user handle|Skipping add memory region on disconnected dev|Abort(?:ed|ing) vhost-user connect|Failed to handle request from vhost-user backend|Not activating disconnected vhost-user device/,
    example:
      'ERROR:virtio-devices/src/vhost_user/vu_common_ctrl.rs -- Failed to reset vhost-user daemon: SetVringEnable(VhostUserProtocol(SocketBroken))',
    source: `${VHOST_USER}/mod.rs and vu_common_ctrl.rs, 0.9 and later`,
    tells: 'symptom',
    means: 'A request to a back-end that is gone failed while the device was reset or changed.',
    culprit: 'A back-end that had ended.',
    remedy: 'Start the back-end again; look at its log.',
  },
  {
    id: 'chv-socket',
    program: 'cloud-hypervisor',
    pattern:
      /(?:cloud-hypervisor|vhost_user|VhostUser|vhost-user).*(?:Failed (?:binding vhost-user socket|accepting connection|to (?:create (?:the )?(?:master|frontend)|open vhost device))|Connection to socket failed)|VhostUserCreate(?:Master|Frontend)\(|VhostUserConnect\b/,
    example: 'Error: VhostUserCreateFrontend(VhostUserProtocol(Disconnected))',
    source: `${VHOST_USER}/mod.rs, Error, 0.3 and later`,
    means: 'The connection to the back-end could not be made.',
    culprit: 'A back-end that does not run, another path, or with vhost_mode=server a path at which it cannot listen.',
    remedy: 'Compare the path on both sides; start the back-end first.',
  },
  {
    id: 'chv-course',
    program: 'cloud-hypervisor',
    pattern:
      /Binding vhost-user listener\.\.\.|Waiting for incoming vhost-user connection\.\.\.|Restoring (?:generic )?vhost-user/,
    example:
      'cloud-hypervisor: 1.2s: <vmm> INFO:virtio-devices/src/vhost_user/vu_common_ctrl.rs:500 -- Waiting for incoming vhost-user connection...',
    source: `${VHOST_USER}/vu_common_ctrl.rs, connect_vhost_user, 0.15 and later`,
    tells: 'course',
    means: 'cloud-hypervisor listens and waits for the back-end to connect; the guest starts after that.',
  },
];
