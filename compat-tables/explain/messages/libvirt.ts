/** Lines of libvirt, 9.x and earlier, about starting and migrating guests. */
import type { MessageRow } from './message-row.ts';

export const LIBVIRT_MESSAGES: readonly MessageRow[] = [
  {
    id: 'libvirt-monitor-closed',
    program: 'libvirt',
    pattern:
      /internal error: (?:QEMU unexpectedly closed the monitor(?: \(vm='(?<vm>[^']+)'\))?|process exited while connecting to monitor)/i,
    example:
      "error: internal error: QEMU unexpectedly closed the monitor (vm='vm1'): 2026-01-01T00:00:00.000000Z qemu-system-x86_64: ",
    source: 'src/qemu/qemu_monitor.c and qemu_process.c, 1.0 and later',
    tells: 'symptom',
    means: 'QEMU ended while libvirt was talking to it; at the destination of a migration it refused the guest.',
    culprit: 'What QEMU says after the colon, or in /var/log/libvirt/qemu/NAME.log of that host.',
    remedy: 'Explain the lines of QEMU.',
  },
  {
    id: 'libvirt-job-failed',
    program: 'libvirt',
    pattern:
      /operation (?:failed|aborted): (?:job '(?<job>[^']+)'|(?<oldJob>migration (?:out|in)(?: job)?|migration job):?) (?<outcome>unexpectedly failed|failed(?! due to I\/O error| in post-copy phase|: )|is not active)/,
    example: "error: operation failed: job 'migration out' unexpectedly failed",
    source: 'src/qemu/qemu_migration.c, qemuMigrationJobCheckStatus, 1.2 and later',
    tells: 'symptom',
    means:
      'The migration failed ({outcome}). The guest goes on at the source; the reason is in the log of the destination, and often nowhere else.',
    culprit: 'QEMU at the destination; mostly "Features 0x… unsupported" in its log.',
    remedy: 'Explain /var/log/libvirt/qemu/NAME.log of the destination host.',
  },
  {
    id: 'libvirt-command-failed',
    program: 'libvirt',
    pattern: /internal error: unable to execute QEMU command '(?<command>[^']+)'/,
    example:
      "error: internal error: unable to execute QEMU command 'migrate': Migration disabled: vhost lacks VHOST_F_LOG_ALL feature.",
    source: 'src/qemu/qemu_monitor_json.c, qemuMonitorJSONCheckErrorFull, 0.8 and later',
    tells: 'symptom',
    means: 'QEMU refused the command {command}; the reason follows the colon.',
  },
  {
    id: 'libvirt-abi-network',
    program: 'libvirt',
    pattern:
      /unsupported configuration: Target (?<what>domain|network card|net(?:work)? device|device|[a-z]+(?: [a-z]+)?) (?<property>[\w -]+?) (?:option )?'?(?<target>[^\s']+)'? does not match source '?(?<source>[^\s']+)'?/,
    example: 'error: unsupported configuration: Target network card MTU 1500 does not match source 9000',
    source: 'src/conf/domain_conf.c, virDomainNetDefCheckABIStability, 0.9 and later',
    means:
      'The XML for the destination has {property} {target} for the {what} instead of {source}. Libvirt refuses before the migration begins.',
    culprit: 'A destination XML, or a hook that rewrites it, with other device settings.',
    remedy: 'Give the device the same setting at the destination as at the source.',
  },
  {
    id: 'libvirt-unsupported',
    program: 'libvirt',
    pattern: /unsupported configuration: (?!Target .* does not match source)(?<reason>[^\n]+)/,
    example: 'error: unsupported configuration: rx_queue_size has to be a power of two',
    fallback: true,
    source: 'src/qemu/qemu_validate.c and others, 0.8 and later',
    means: 'Libvirt or this QEMU cannot do what the XML asks for: {reason}',
    culprit: 'An older libvirt or QEMU on this host, or a mistake in the XML.',
    remedy: 'Compare the releases of both hosts; vhost-user needs shared memory (<memoryBacking><access mode=…/>).',
  },
  {
    id: 'libvirt-cpu',
    program: 'libvirt',
    pattern:
      /guest CPU doesn't match specification(?:: (?<cpu>[^\n]+))?|the CPU is incompatible with host CPU(?:: (?<why>[^\n]+))?|guest and host CPU are not compatible(?:: (?<text>[^\n]+))?|[Hh]ost CPU does not (?:provide|match) required features(?:: (?<list>[^\n]+))?/,
    example: "error: operation failed: guest CPU doesn't match specification: missing features: pcid,md-clear",
    spellings: [
      'error: unsupported configuration: guest and host CPU are not compatible: Host CPU does not provide required features: avx512f',
    ],
    source: 'src/cpu/cpu_x86.c, virCPUx86Compare; src/qemu/qemu_process.c, qemuProcessVerifyCPU, 0.9 and later',
    means:
      'The processor that the guest has cannot be given to it on this host ({cpu|why|text|list}). libvirt refuses before the guest runs here; a migrating guest goes on at the source.',
    culprit:
      'A host with an older processor, other microcode or mitigations, or an older QEMU or libvirt. vhost-user and its back-ends have no part in it: these are features of the processor.',
    remedy:
      'Give the guests a <cpu> that all hosts have (`virsh hypervisor-cpu-baseline`), or the hosts the same microcode, kernel and QEMU; it takes effect at the next start.',
  },
  {
    id: 'libvirt-hook',
    program: 'libvirt',
    pattern: /Hook script execution failed(?:: .*?unexpected exit status (?<status>\d+))?/,
    example:
      'error: Hook script execution failed: internal error: Child process (LC_ALL=C PATH=/bin /etc/libvirt/hooks/qemu vm1 prepare begin -) unexpected exit status 1: vhost-compat: …',
    source: 'src/util/virhook.c, virHookCall, 0.8 and later',
    tells: 'symptom',
    means:
      'A hook in /etc/libvirt/hooks refused, and libvirt cancelled the start or the migration. A migrating guest goes on at the source.',
    culprit: 'What the hook wrote after the colon; a code VC-… there is ours.',
    remedy: 'Explain the code, or do what the hook says.',
  },
  {
    id: 'libvirt-monitor-timeout',
    program: 'libvirt',
    pattern: /Timed out during operation: cannot acquire state change lock(?: \(held by (?<holder>[^)]+)\))?/,
    example:
      'error: Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainCreate)',
    source: 'src/qemu/qemu_process.c and qemu_domain.c, 1.0 and later',
    tells: 'symptom',
    means: 'An earlier job of this guest has not ended.',
    culprit:
      'QEMU waits for a back-end: a vhost-user interface in server mode blocks the start until one connects, and QEMU blocks when a back-end does not answer.',
    remedy: 'Check that the back-end of each vhost-user interface runs and is connected.',
  },
];
