/** Lines of QEMU about a migration itself, in which no device has a part. */
import type { MessageRow } from './message-row.ts';

export const QEMU_MIGRATION_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-migration-request',
    program: 'QEMU',
    pattern:
      /Guest is waiting for an incoming migration|The incoming migration has already been started|Incoming migration already deferred|'-incoming' was not specified on the command line|Postcopy must be started after migration has been started|Enable postcopy with migrate_set_capability before|There's a migration process in progress|Migrate reco\w+ (?:can only be run|is triggered already)|Cannot resume if there is no paused migration|migrate-pause is currently only supported|Can't migrate the vm that was paused due to previous migration|Migration not in expected state: (?<state>\w+)|Postcopy migration in progress, cannot cancel|unknown migration protocol: (?<uri>\S+)|need either 'uri' or 'channels' argument/,
    example: 'Error: Guest is waiting for an incoming migration',
    source: 'migration/migration.c, migrate_prepare, qmp_migrate_incoming and others, 2.5 and later',
    means:
      'The request does not fit the state of this QEMU: it has been asked already, comes too early or too late, or is at the wrong side.',
    culprit: 'Whoever sends the requests (libvirt, a script). No device and no back-end has a part in it.',
    remedy: 'Look at `info migrate` (QMP query-migrate) on both sides.',
  },
  {
    id: 'qemu-migration-options',
    program: 'QEMU',
    pattern:
      /(?:Postcopy|Postcopy preempt|Multifd|Background-snapshot|Command options|RDMA and \w+|TLS|Zero copy|multifd)[^.]*(?:is not compatible with|not compatible with|are incompatible with|incompatible with|can't be used together|requires postcopy-ram|is not supported by current protocol|only available|as current migration stream does not support multi-channels)|Migration requires (?:a transport|multi-channel|seekable|streamable)|Cannot use (?:TLS|compression) with mapped-ram|Postcopy recovery cannot work when release-ram/,
    example: 'Error: Postcopy is not compatible with ignore-shared',
    source: 'migration/options.c and migration.c, migrate_caps_check, 2.5 and later',
    means: 'Two capabilities of the migration exclude each other, or the transport cannot do one of them.',
    culprit: 'Whoever set the capabilities. No device and no back-end has a part in it.',
    remedy: 'Leave one of them out.',
  },
  {
    id: 'qemu-poisoned-memory',
    program: 'QEMU',
    pattern: /Can't migrate this vm with hardware poisoned memory/,
    example: "Error: Can't migrate this vm with hardware poisoned memory, please reboot the vm and try again",
    source: 'migration/migration.c, migrate_prepare, 9.0 and later',
    means: 'A memory error of the source host has hit the guest; QEMU does not migrate it.',
    culprit: 'The memory of the source host.',
    remedy: 'Stop the guest and start it on another host; look at the machine check log of this one.',
  },
  {
    id: 'qemu-not-migratable-device',
    program: 'QEMU',
    pattern: /Device (?<device>\S+) is not migratable, but --?only-migratable was specified/,
    example: 'qemu-system-x86_64: Device vhost-user-gpu-pci is not migratable, but --only-migratable was specified',
    source: 'migration/migration.c, migration_can_unplug and qdev_set_parent, 2.9 and later',
    means: 'QEMU was started with `-only-migratable`, and this device cannot be migrated.',
    culprit: 'The device; no back-end and no version changes that.',
    remedy: 'Leave the device or the option out.',
  },
  {
    id: 'qemu-return-path',
    program: 'QEMU',
    pattern:
      /(?:RP: )?(?:Sibling indicated error (?<code>-?\d+)|Received invalid message 0x[\da-f]+ length|Req_Page_id with length|Failed reading data for message 0x[\da-f]+)|RP: Received '|MIG_RP_MSG_(?:RECV_BITMAP|REQ_PAGES)\b|MSG_RP_RECV_BITMAP only|Misaligned page request|illegal resume_ack value|Could not send switchover ack|send rp message failed/,
    example: 'qemu-system-x86_64: RP: Sibling indicated error 1',
    source: 'migration/migration.c, source_return_path_thread, 2.5 and later',
    tells: 'symptom',
    means: 'The destination says over the channel back to the source that it failed, or that channel broke.',
    culprit: 'The destination: it refused a device, or ended.',
    remedy: 'Look at the log of the destination.',
  },
  {
    id: 'qemu-postcopy-start',
    program: 'QEMU',
    pattern:
      /postcopy_start: Migration stream error(?:ed)?|postcopy failed to start|Unable to open return-path for postcopy|Postcopy save non-\w+ .* failed|Failed to (?:establish preempt channel|send packaged data)|postcopy_preempt_establish_channel|resume_prepare\(\) failure|: handshake failed: -?\d+|Postcopy migration is paused by the user/,
    example: 'qemu-system-x86_64: postcopy_start: Migration stream errored',
    source: 'migration/migration.c, postcopy_start and postcopy_do_resume, 2.5 and later',
    tells: 'symptom',
    means: 'The change to post-copy, or its resumption, failed at the source.',
    culprit: 'The connection between the hosts, or a destination that ended.',
    remedy: 'Look at the log of the destination; when the guest has already moved, resume and do not end either side.',
  },
  {
    id: 'qemu-postcopy-advise',
    program: 'QEMU',
    pattern: /RAM postcopy is (?<here>enabled|disabled) but have (?<bytes>\d+) byte advise/,
    example: 'qemu-system-x86_64: RAM postcopy is disabled but have 16 byte advise',
    source: 'migration/savevm.c, loadvm_postcopy_handle_advise, 2.9 and later',
    means: 'The capability postcopy-ram is {here} here, and not so at the source.',
    culprit: 'Whoever started the migration set it at one side only.',
    remedy: 'Set postcopy-ram at both sides.',
  },
  {
    id: 'qemu-stream-command',
    program: 'QEMU',
    pattern:
      /CMD_(?:POSTCOPY_\w+|PACKAGED|OPEN_RETURN_PATH|PING|\w+)[ :(].*(?:wrong postcopy state|invalid (?:length|version)|Failed to read|missing nil|receive fail|already open|failed|no return path)|MIG_CMD (?:0x)?[\da-f]+ unknown|received with bad length - expecting|Unreasonably large packaged state|illegal resume received/,
    example: 'qemu-system-x86_64: CMD_POSTCOPY_LISTEN in wrong postcopy state (1)',
    source: 'migration/savevm.c, loadvm_process_command, 2.5 and later',
    means:
      'A command in the stream came where it does not belong, or is not known here: the two QEMUs are out of step.',
    culprit: 'Releases that are far apart, or a stream that was cut.',
    remedy: 'Look at the log of the source for the first error; compare the releases.',
  },
  {
    id: 'qemu-ram-stream',
    program: 'QEMU',
    pattern:
      /Illegal RAM offset|Unknown combination of migration flags|Unexpected RAM flags|Mismatched GPAs for block (?<block>\S+)|Non-same host page detected|Non-sequential target page|Failed to (?:load|decompress) XBZRLE page|ramblock '(?<name>[^']+)' (?:bitmap size mismatch|end mark incorrect)|page outside of ramblock|Getting RAM address failed|block \S+ should not be migrated|ram_discard_range: Failed to find block/,
    example: 'qemu-system-x86_64: Unknown combination of migration flags: 0x0',
    source: 'migration/ram.c, ram_load_precopy and ram_load_postcopy, 1.0 and later',
    means: 'The memory in the stream does not fit the memory here, or the stream is out of step.',
    culprit: 'Memory devices that differ between the two command lines, or a stream that was cut.',
    remedy: 'Compare the memory of both command lines; look at the log of the source for the first error.',
  },
  {
    id: 'qemu-multifd',
    program: 'QEMU',
    pattern:
      /multifd: received (?:packet|channel|uuid|id)\b.*|multifd \d+: (?:flags received|packet size received|inflate|deflate|decompress|compress|\w+Stream|zstd)/,
    example: 'qemu-system-x86_64: multifd: received packet magic 5145564d expected 11223344',
    source: 'migration/multifd.c, multifd_recv_unfill_packet and others, 4.0 and later',
    means: 'What arrives on a channel of a parallel (multifd) migration is not what this side expects.',
    culprit: 'multifd, its number of channels or its compression set at one side only, or another program at the port.',
    remedy: 'Set the same capabilities and parameters at both sides.',
  },
  {
    id: 'qemu-multifd-quit',
    program: 'QEMU',
    pattern: /multifd_\w+: (?<what>channel \d+ has already quit|multifd_send_pages fail)/,
    example: 'qemu-system-x86_64: multifd_send_pages: channel 0 has already quit!',
    spellings: ['qemu-system-x86_64: multifd_recv_sync_main: channel 2 has already quit'],
    source: 'migration/multifd.c (ram.c before 5.0), multifd_send_pages and multifd_recv_sync_main, 4.0 and later',
    tells: 'symptom',
    means:
      'A channel of a parallel (multifd) migration had ended before the migration ({what}). The migration fails; the guest goes on at the source.',
    culprit: 'The other host, which refused the guest or ended, or the network between the two.',
    remedy: 'Explain the first error in the log of QEMU at the other host.',
  },
  {
    id: 'qemu-extra-connection',
    program: 'QEMU',
    pattern: /Extra incoming migration connection; ignoring/,
    example: 'qemu-system-x86_64: socket_accept_incoming_migration: Extra incoming migration connection; ignoring',
    source: 'migration/socket.c, socket_accept_incoming_migration, 2.11 and later',
    tells: 'course',
    loud: true,
    means:
      'Somebody connected to the port of the migration although all its connections were there. QEMU ignores it, and the migration goes on.',
    remedy: 'Nothing needs to be done; with multifd set the same number of channels at both sides.',
  },
];
