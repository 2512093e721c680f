/** Lines of passt with --vhost-user. */
import type { MessageRow } from './message-row.ts';

export const PASST_MESSAGES: readonly MessageRow[] = [
  {
    id: 'passt-request',
    program: 'passt',
    pattern:
      /Invalid fds in vhost-user request: (?<fds>\d+)|vhost-user message request too big: (?<request>\d+)|vhost-user: Invalid log_base message/,
    example: 'Invalid fds in vhost-user request: 3',
    source: 'vhost_user.c, vu_control_handler and others, 2024_11_27 and later',
    means: 'passt does not take {request} as the front-end sent it, and ends.',
    culprit: 'A front-end or relay that sends what was not offered, or mixed up descriptors.',
    remedy: 'Report both releases; start passt anew for each start of the guest.',
  },
  {
    id: 'passt-queue',
    program: 'passt',
    pattern: /Invalid vhost-user queue index: (?<index>\d+)/,
    example: 'Invalid vhost-user queue index: 4',
    source: 'vhost_user.c, vu_control_handler and others, 2024_11_27 and later',
    means: 'The front-end named queue {index}, which passt does not have. passt ends.',
    culprit: 'More queues than its one pair.',
    remedy: 'Use queues=1.',
  },
  {
    id: 'passt-closed',
    program: 'passt',
    pattern: /(?:Short-read|EOF) on vhost-user message (?:receive|send)/,
    example: 'EOF on vhost-user message receive',
    source: 'vhost_user.c, vu_control_handler and others, 2024_11_27 and later',
    tells: 'symptom',
    means: 'The front-end hung up. passt ends.',
    culprit: 'A QEMU that ended.',
    remedy: 'Start passt anew for each start of the guest.',
  },
  {
    id: 'passt-log',
    program: 'passt',
    pattern: /vhost-user log mmap error/,
    example: 'vhost-user log mmap error: Cannot allocate memory',
    source: 'vhost_user.c, vu_control_handler and others, 2024_11_27 and later',
    means: 'passt could not map the log for written pages: the migration fails.',
    culprit: 'Limits of its memory or its sandbox.',
    remedy: 'Look at the limits of passt and at the audit log.',
  },
  {
    id: 'passt-ring',
    program: 'passt',
    pattern:
      /vhost-user(?:: |: Failed |: Guest |: Loop | queue size)[^\n]*(?:read descriptor list|says index \d+ is available|in queue descriptor list|indirect buffer table|invalid address for buffers|exceeded)|^(?!.*(?:qemu|kvm)).*virtio-net (?:transmit|receive) queue (?:contains (?:no (?:in|out) buffers|more than one buffer)|entry not aligned)/,
    example: 'vhost-user: Guest says index 300 is available',
    source: 'virtio.c, vu_queue_pop and others; vu_common.c, 2024_11_27 and later',
    means: 'A ring of the guest holds what no driver may write. passt ends.',
    culprit: 'A faulty driver in the guest, or a migration that left the rings wrong.',
    remedy: 'Start the guest and passt again; report both releases.',
  },
  {
    id: 'passt-migration',
    program: 'passt',
    pattern:
      /(?<side>Source|Target) (?:side )?migration stage: (?<stage>.+), abort|Invalid incoming device state|Unsupported device state version: (?<version>\d+)|Invalide? device_state_fd (?:message|phase|direction)|Can't send migration header/,
    example: 'Target migration stage: flows: Connection timed out, abort',
    source:
      'migrate.c, migrate_source and migrate_target; vhost_user.c, vu_set_device_state_fd_exec, 2025_02_17 and later',
    means: 'passt could not hand over its state at a migration, or take it. The guest loses its connections.',
    culprit:
      'passts of two releases, no passt-repair beside one of them, or an address that the destination does not have.',
    remedy: 'Use the same release on both hosts and run passt-repair on both.',
  },
  {
    id: 'passt-qemu-daemon',
    program: 'QEMU',
    pattern:
      /Error (?:creating|waiting for) daemon: (?<error>.+)|Cannot read passt pid: |did not contain a valid PID|Failed to remove passt pidfile|vhost-user support has not been built/,
    example:
      'qemu-system-x86_64: -netdev passt,id=n: Error creating daemon: Failed to execute child process "passt" (No such file or directory)',
    source: 'net/passt.c, net_passt_start_daemon, 10.1 and later',
    means: 'QEMU could not start the passt that its -netdev passt asks for.',
    culprit: 'passt is not installed or may not run.',
    remedy: 'Install passt, or give its place with path=.',
  },
];
