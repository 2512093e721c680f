/** Lines of libvirt about migrations and their ends, and about what it checks beforehand. */
import type { MessageRow } from './message-row.ts';

const MIGRATION = 'src/qemu/qemu_migration.c';

export const LIBVIRT_MIGRATION_MESSAGES: readonly MessageRow[] = [
  {
    id: 'libvirt-job-canceled',
    program: 'libvirt',
    pattern:
      /(?:operation aborted: )?(?:(?:job '(?<job>[^']+)'|migration(?: out| in)?(?: job)?:?(?: job:)?) canceled by client)|Migration was cancell?ed by client/,
    example: 'error: operation aborted: migration out job: canceled by client',
    spellings: ["error: operation aborted: job 'migration out' canceled by client"],
    source: `${MIGRATION}, qemuMigrationJobCheckStatus, 1.2 and later`,
    means: 'Somebody or a time limit ended the migration. Nothing was refused; the guest goes on at the source.',
    culprit:
      'Ctrl-C at virsh, `virsh domjobabort`, a `--timeout` of virsh, or the completion timeout of a cloud (Nova: live_migration_completion_timeout) for a guest that writes memory faster than it is sent.',
    remedy:
      'Ask who ended it. For a guest that does not converge raise the bandwidth or the allowed downtime, or use auto-converge or post-copy.',
  },
  {
    id: 'libvirt-job-io-error',
    program: 'libvirt',
    pattern:
      /job '(?<job>[^']+)' failed due to I\/O error|operation (?:failed|aborted): (?<old>migration \w+ job): failed due to I\/O error/,
    example: "error: operation failed: job 'migration out' failed due to I/O error",
    source: `${MIGRATION}, qemuMigrationJobCheckStatus, 1.0 and later`,
    means: 'libvirt ended the migration because the guest had an I/O error (--abort-on-error).',
    culprit: 'The storage of the guest. No feature is missing.',
    remedy: 'Look at the disks of the guest at the source.',
  },
  {
    id: 'libvirt-postcopy-failed',
    program: 'libvirt',
    pattern:
      /job '(?<job>[^']+)' failed in post-copy phase|(?:Incoming migration|Migration) of domain '?(?<domain>[^\s']+)'? failed during post-copy/,
    example: "error: operation failed: job 'migration out' failed in post-copy phase",
    source: `${MIGRATION}, qemuMigrationJobCheckStatus and qemuMigrationSrcPostcopyFailed, 8.5 and later`,
    means: 'The connection broke while the guest already ran at the destination on half of its memory.',
    culprit: 'The network between the hosts, or a QEMU that ended.',
    remedy: 'End neither side: `virsh migrate --postcopy-resume` goes on where it stopped.',
  },
  {
    id: 'libvirt-both-errors',
    program: 'libvirt',
    pattern:
      /migration failed\. Message from the source host: (?<source>.+?)\. Message from the destination host: (?<destination>.+)/,
    example:
      "error: operation failed: migration failed. Message from the source host: operation failed: job 'migration out' failed: Unable to write to socket: Broken pipe. Message from the destination host: internal error: guest ended",
    source: `${MIGRATION}, qemuMigrationSrcRun, 10.2 and later`,
    tells: 'symptom',
    means: "The migration failed; libvirt shows what both hosts say. The destination's message is the one that counts.",
    culprit: 'The destination: {destination}',
    remedy: 'Explain the message of the destination, and its /var/log/libvirt/qemu/NAME.log.',
  },
  {
    id: 'libvirt-job-reason',
    program: 'libvirt',
    pattern: /^(?!.*Message from the source host).*job '(?<job>[^']+)' failed: (?<reason>.+)/,
    example: "error: operation failed: job 'migration out' failed: Unable to write to socket: Connection reset by peer",
    source: `${MIGRATION}, qemuMigrationJobCheckStatus, 8.5 and later`,
    tells: 'symptom',
    means: 'QEMU at the source says why its migration ended: {reason}',
    culprit: 'Words such as "Connection reset" and "Broken pipe" mean that the destination ended: its log says why.',
    remedy: 'Explain /var/log/libvirt/qemu/NAME.log of the destination host.',
  },
  {
    id: 'libvirt-cannot-migrate',
    program: 'libvirt',
    pattern: /cannot migrate domain: (?<reason>.+)/,
    example: 'error: operation failed: cannot migrate domain: Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.',
    source: `${MIGRATION}, qemuMigrationSrcIsAllowed, 0.9 and later`,
    tells: 'symptom',
    means: 'libvirt does not begin the migration, because QEMU says that it cannot be: {reason}',
    culprit: 'The reason after the colon names the device or back-end.',
    remedy: 'Explain what follows the colon.',
  },
  {
    id: 'libvirt-virtiofs-migration',
    program: 'libvirt',
    device: 'fs',
    pattern:
      /migration with (?:this )?virtiofs device is not supported|cannot migrate domain with virtiofs|migration of virtiofs[^:]*not supported/,
    example: 'error: Requested operation is not valid: migration with virtiofs device is not supported',
    spellings: ['error: Operation not supported: migration with this virtiofs device is not supported'],
    source: `${MIGRATION}, qemuMigrationSrcIsAllowed, 6.2 and later`,
    means:
      'This libvirt does not migrate or save a guest with a virtiofs directory. Nothing was sent; the guest goes on.',
    culprit:
      'The releases: such a migration takes QEMU 8.2 or later, a virtiofsd that can hand over its state (1.11 or later), and a libvirt that knows it, on both hosts ("this virtiofs device": one of these is missing).',
    remedy:
      'Update libvirt, QEMU and virtiofsd on both hosts; otherwise detach the virtiofs directory before the migration, or stop the guest and start it at the other host.',
  },
  {
    id: 'libvirt-device-migration',
    program: 'libvirt',
    pattern:
      /cannot migrate a domain with <(?<element>[^>]+)>|migration with (?<what>transient disk|legacy shmem device) is not supported|(?<vdpa>vDPA devices) cannot be migrated|a (?<slirp>slirp-helper) cannot be migrated|(?<shmem>shmem device '[^']+') cannot be migrated/,
    example: "error: Operation not supported: cannot migrate a domain with <hostdev mode='subsystem' type='usb'>",
    spellings: [
      'error: Operation not supported: vDPA devices cannot be migrated',
      'error: Operation not supported: migration with transient disk is not supported',
    ],
    source: `${MIGRATION}, qemuMigrationSrcIsAllowed, 0.9 and later`,
    means: 'libvirt does not begin the migration: it does not migrate a guest with {element|what|vdpa|slirp|shmem}.',
    culprit: 'That device of the guest; no back-end and no feature has a part in it.',
    remedy: 'Detach the device before the migration.',
  },
  {
    id: 'libvirt-domain-migration',
    program: 'libvirt',
    pattern:
      /cannot migrate domain with (?<what>\d+ snapshots|I\/O error)|cannot migrate this domain without (?<dbus>dbus-vmstate support)/,
    example: 'error: Requested operation is not valid: cannot migrate domain with I/O error',
    source: `${MIGRATION}, qemuMigrationSrcIsAllowed, 0.9 and later`,
    means: 'libvirt does not begin the migration, because of the state of the guest or of its QEMU ({what|dbus}).',
    culprit:
      'Snapshots, an I/O error of a disk, or a QEMU without dbus-vmstate beside helpers that need it (slirp, swtpm).',
    remedy: 'Delete the snapshots, mend the disk and resume the guest, or update QEMU.',
  },
  {
    id: 'libvirt-unsafe',
    program: 'libvirt',
    pattern:
      /Unsafe migration: (?<reason>.+)|Migration without shared storage is unsafe|Migration may lead to data corruption if disks use cache/,
    example:
      'error: Unsafe migration: Migration may lead to data corruption if disks use cache other than none or directsync',
    source: `${MIGRATION}, qemuMigrationSrcIsSafe, 0.9 and later`,
    means: 'libvirt refuses because of the disks of the guest, not because of its network.',
    culprit: 'The cache mode or place of a disk.',
    remedy: 'Use cache="none" on shared storage, or `virsh migrate --unsafe` if you know better.',
  },
  {
    id: 'libvirt-same-host',
    program: 'libvirt',
    pattern:
      /Attempt to migrate guest to the same host (?<host>\S+)|hostname on destination resolved to localhost, but migration requires an FQDN/,
    example: 'error: internal error: Attempt to migrate guest to the same host 11111111-1111-1111-1111-111111111111',
    source: 'src/qemu/qemu_migration_cookie.c and qemu_migration.c, 0.9 and later',
    means: 'Source and destination look like one host to libvirt.',
    culprit: 'Two hosts with the same host uuid (cloned machines), or a hostname that resolves to 127.0.0.1.',
    remedy: 'Set host_uuid in libvirtd.conf, or correct /etc/hosts on the destination.',
  },
  {
    id: 'libvirt-ovs-portdata',
    program: 'libvirt',
    pattern:
      /Unable to run command to (?<verb>get|set) OVS (?:port data|master) for interface (?<port>\S+)|Unable to (?<what>add port|delete port) (?<name>\S+) (?:to|from) OVS/,
    example: 'error: internal error: Unable to run command to set OVS port data for interface vnet0',
    source: 'src/util/virnetdevopenvswitch.c, virNetDevOpenvswitchSetMigrateData and others, 0.9 and later',
    means: 'libvirt could not talk to Open vSwitch about the port {port|name}.',
    culprit: 'ovs-vswitchd or ovsdb-server that does not run, or no port of that name at the destination.',
    remedy: 'Check `ovs-vsctl show` on that host.',
  },
  {
    id: 'libvirt-connection-closed',
    program: 'libvirt',
    pattern:
      /The connection which controls migration of domain (?<domain>\S+) was closed|Domain (?<name>\S+) migration \w+ by connection close/,
    example:
      'warning : qemuMigrationSrcCleanup:3100 : The connection which controls migration of domain vm1 was closed',
    source: `${MIGRATION}, qemuMigrationAnyConnectionClosed, 8.5 and later`,
    means:
      'The client that had asked for the migration went away; libvirt ends the migration, unless it is past its point of no return.',
    culprit: 'The client: it died, or its connection (ssh, keep-alive) broke.',
    remedy: 'Start the migration again; use --p2p so that the source alone leads it.',
  },
  {
    id: 'libvirt-another-job',
    program: 'libvirt',
    pattern:
      /another migration job is already running for domain '(?<domain>[^']+)'|migration of domain (?<name>\S+) is being actively monitored by another thread/,
    example: "error: operation failed: another migration job is already running for domain 'vm1'",
    source: `${MIGRATION}, qemuMigrationJobStart, 8.5 and later`,
    means: 'A migration of this guest is under way.',
    culprit: 'Two requests for the same guest.',
    remedy: 'Wait for it, or end it with `virsh domjobabort`.',
  },
  {
    id: 'libvirt-left-paused',
    program: 'libvirt',
    pattern:
      /Guest (?<guest>\S+) probably left in 'paused' state on source|Failed to resume guest (?<name>\S+) after failure/,
    example: "warning : Guest vm1 probably left in 'paused' state on source",
    source: `${MIGRATION}, qemuMigrationSrcPerform and qemuMigrationSrcRestoreDomainState, 0.9 and later`,
    means: 'After a failed migration the guest could not be set going again at the source.',
    culprit: 'A QEMU that ended or does not answer, for example because a back-end is away.',
    remedy: 'Look at `virsh domstate` and `virsh resume`; check the back-ends of the guest.',
  },
  {
    id: 'libvirt-guest-quit',
    program: 'libvirt',
    pattern: /operation failed: guest unexpectedly quit|domain is no longer running|End of file from qemu monitor/,
    example: 'error: operation failed: guest unexpectedly quit',
    spellings: ["error: internal error: End of file from qemu monitor (vm='vm1')"],
    source: 'src/qemu/qemu_process.c, qemu_monitor.c and qemu_domain.c, 0.8 and later',
    tells: 'symptom',
    means: 'The QEMU of the guest ended while libvirt worked with it.',
    culprit: 'QEMU itself: its log in /var/log/libvirt/qemu/NAME.log ends with the reason.',
    remedy: 'Explain the end of that log.',
  },
  {
    id: 'libvirt-monitor-missing',
    program: 'libvirt',
    pattern:
      /failed to connect to monitor socket|monitor socket did not show up(?:: (?<error>.+))?|Domain (?<domain>\S+) didn't show up/,
    example: 'error: internal error: monitor socket did not show up: No such file or directory',
    source: 'src/qemu/qemu_monitor.c, qemuMonitorOpenUnix; qemu_process.c, 0.7 and later',
    tells: 'symptom',
    means: 'QEMU was started and did not come so far as to answer.',
    culprit: 'QEMU that ended at once, or that waits for a back-end at a socket (mode="server").',
    remedy: 'Explain /var/log/libvirt/qemu/NAME.log.',
  },
  {
    id: 'libvirt-hook-file',
    program: 'libvirt',
    pattern: /Non-executable hook script (?<path>\S+)|Failed to build path for \S+ hook/,
    example: 'warning : virHookCheck:100 : Non-executable hook script /etc/libvirt/hooks/qemu',
    source: 'src/util/virhook.c, virHookCheck, 0.8 and later',
    means:
      'libvirt does not call this hook, because the file is not executable: nothing is checked before a migration.',
    culprit: 'The mode of the file.',
    remedy: 'chmod 755 the file and restart libvirtd (hooks are looked for at its start).',
  },
  {
    id: 'libvirt-job-state',
    program: 'libvirt',
    pattern:
      /cannot abort (?<what>incoming migration|migration in post-copy mode)|post-copy can only be started while outgoing migration is in progress|switching to post-copy requires migration to be started with VIR_MIGRATE_POSTCOPY|no job is active on the domain|current job is not outgoing migration in post-copy mode/,
    example: 'error: Requested operation is not valid: cannot abort migration in post-copy mode',
    source: 'src/qemu/qemu_driver.c, qemuDomainAbortJobFlags and qemuDomainMigrateStartPostCopy, 0.8 and later',
    means:
      'The request does not fit the state of the migration: it has ended, has not begun, or is past the point of no return.',
    culprit: 'The request, or the moment at which it came.',
    remedy: 'Look at `virsh domjobinfo` on both hosts.',
  },
  {
    id: 'libvirt-socket-path',
    program: 'libvirt',
    pattern:
      /UNIX socket path '(?<path>[^']+)' too long|Unable to (?:bind|listen) to UNIX socket path '(?<name>[^']+)'/,
    example: "error: internal error: UNIX socket path '/run/very/long' too long",
    source: 'src/qemu/qemu_command.c, qemuOpenChrChardevUNIXSocket, 3.9 and later',
    means: 'libvirt cannot make the socket at which QEMU is to listen.',
    culprit: 'A path of more than 107 characters, a directory that is missing, or a file that is in the way.',
    remedy: 'Correct the path in <source path=…/>; make its directory.',
  },
  {
    id: 'libvirt-destination-connection',
    program: 'libvirt',
    pattern:
      /Lost connection to destination host|Failed to connect to remote libvirt URI (?<uri>\S+?):? |poll failed in migration tunnel|tunnelled migration failed to read from qemu|Migration of domain (?<domain>\S+) finished but we don't know if the domain was successfully started|finish step ignored that migration was cancelled/,
    example: 'error: operation failed: Lost connection to destination host',
    source: `${MIGRATION}, qemuMigrationSrcWaitForCompletion and qemuMigrationSrcPerformPeer2Peer, 0.9 and later`,
    means: 'libvirt of the source cannot reach, or lost, libvirt of the destination.',
    culprit: 'The network, a name that does not resolve, certificates or ssh keys, or a libvirtd that was restarted.',
    remedy: 'Check `virsh -c URI list` from the source host; look where the guest runs before you start it anywhere.',
  },
  {
    id: 'libvirt-migration-arguments',
    program: 'libvirt',
    pattern:
      /(?:missing (?:host|scheme) in|unsupported scheme \S+ in) migration URI|migration URI is not supported by tunnelled|(?:No URI scheme specified|URI with tcp scheme did not provide)|Destination libvirt does not support peer-to-peer|offline migration (?:must be|is not supported|cannot)|post-copy is not supported with tunnelled|tunnelled (?:offline )?migration (?:requested but|does not)|this libvirtd instance allows migration only with VIR_MIGRATE_TLS|bandwidth must be less than|RDMA migration is not supported with this QEMU binary|zero-copy is only available for parallel migration|Migration option '[^']+' is not supported by QEMU binary|domainMigratePrepare\d did not set uri|post-copy migration is not supported with non-live/,
    example: 'error: invalid argument: missing host in migration URI: tcp:',
    source: `${MIGRATION} and qemu_migration_params.c, 0.9 and later`,
    means: 'libvirt refuses the request as it was made, before anything is sent.',
    culprit: 'The arguments of virsh migrate, or settings of libvirtd on one of the hosts.',
    remedy: 'Correct the argument that the line names.',
  },
  {
    id: 'virsh-failed',
    program: 'libvirt',
    pattern:
      /error: Failed to (?<verb>start|create|restore|resume|attach|detach|reboot|save) (?<what>domain|device|interface)\b/,
    example: "error: Failed to start domain 'vm1'",
    source: 'tools/virsh-domain.c, cmdStart and others, 0.3 and later',
    tells: 'symptom',
    means: 'virsh says which of its commands failed; the next line says why.',
    culprit: 'What the next line says.',
    remedy: 'Explain the next line, and the end of /var/log/libvirt/qemu/NAME.log.',
  },
  {
    id: 'libvirt-abi-memory',
    program: 'libvirt',
    pattern:
      /Target memoryBacking source '(?<target>[^']+)' doesn't ?match source memoryBacking source ?'(?<source>[^']+)'/,
    example:
      "error: unsupported configuration: Target memoryBacking source 'memfd' doesn't match source memoryBacking source'none'",
    source: 'src/conf/domain_conf.c, virDomainMemtuneDefCheckABIStability and others, 5.0 and later',
    means:
      'The XML for the destination gives the guest memory of kind {target}, at the source it is {source}. Libvirt refuses before the migration begins.',
    culprit: 'A destination XML, or a hook that rewrites it, with another <memoryBacking>.',
    remedy: 'Give the destination the <memoryBacking> of the source; to change it, start the guest again.',
  },
  {
    id: 'libvirt-rpc',
    program: 'libvirt',
    pattern:
      /Cannot (?:recv|write) data: (?<error>[\w ]+)|End of file while reading data: |unable to connect to server at '(?<address>[^']+)'/,
    example: 'error: Cannot recv data: Connection reset by peer',
    source: 'src/rpc/virnetsocket.c, virNetSocketReadWire and others, 0.9 and later',
    means: 'The connection to a libvirtd broke, or could not be made. Of the guest it says nothing.',
    culprit: 'A libvirtd that does not run or was restarted, a firewall, ssh or certificates.',
    remedy: 'Check `virsh -c URI list`; look where the guest runs before you start it anywhere.',
  },
  {
    id: 'libvirt-already-active',
    program: 'libvirt',
    pattern:
      /domain is already active as '(?<name>[^']+)'|domain '(?<domain>[^']+)' (?:already exists|is already defined)(?: with uuid \S+)?/,
    example: "error: Requested operation is not valid: domain is already active as 'vm1'",
    source: 'src/conf/virdomainobjlist.c, virDomainObjListAddLocked, 0.8 and later',
    means: 'A guest of this name or uuid runs at the destination already (or is defined there).',
    culprit: 'A guest that was left from an earlier migration, or two guests of one name.',
    remedy: 'Look at `virsh list --all` on both hosts; never end the one that works.',
  },
];
