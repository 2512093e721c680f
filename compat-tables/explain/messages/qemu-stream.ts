/** Lines of QEMU about a migration stream whose devices, machine or capabilities differ from those here. */
import type { MessageRow } from './message-row.ts';

export const QEMU_STREAM_MESSAGES: readonly MessageRow[] = [
  {
    id: 'qemu-machine-type',
    program: 'QEMU',
    pattern: /Machine type received is '(?<sent>[^']+)' and local is '(?<here>[^']+)'/,
    example: "qemu-system-x86_64: Machine type received is 'pc-i440fx-7.2' and local is 'pc-i440fx-10.0'",
    source: 'migration/savevm.c, configuration_post_load, 2.4 and later',
    means: 'The guest was started with machine type {sent}; QEMU here was started with {here}. It refuses the guest.',
    culprit: 'A destination with another -machine: an alias such as "pc" or "q35" is another type in each release.',
    remedy: 'Start the destination with -machine {sent} (libvirt: machine="{sent}" in <os><type>).',
  },
  {
    id: 'qemu-stream-page-bits',
    program: 'QEMU',
    pattern: /Received TARGET_PAGE_BITS is (?<sent>\d+) but local is (?<here>\d+)/,
    example: 'qemu-system-aarch64: Received TARGET_PAGE_BITS is 12 but local is 10',
    source: 'migration/savevm.c, configuration_validate, 2.8 and later',
    means: 'The machines of the two sides have pages of another size.',
    culprit: 'Another machine type or processor at the destination.',
    remedy: 'Start the destination with the machine type and processor of the source.',
  },
  {
    id: 'qemu-stream-capability',
    program: 'QEMU',
    pattern:
      /Capability (?<name>\S+) is (?<here>\w+), but received capability is (?<sent>\w+)|Received unknown capability (?<unknown>\S+)/,
    example: 'qemu-system-x86_64: Capability x-ignore-shared is off, but received capability is on',
    source: 'migration/savevm.c, configuration_validate_capabilities, 4.0 and later',
    means: 'A capability of the migration was switched on at one side only.',
    culprit: 'Whoever started the migration set it at one side (migrate_set_capability).',
    remedy: 'Set the same capabilities at both sides.',
  },
  {
    id: 'qemu-stream-uuid',
    program: 'QEMU',
    pattern:
      /UUID (?:received is|is received) (?<sent>[^\s,]+)(?: and local is (?<here>\S+)|, but local uuid isn't set)/,
    example:
      'qemu-system-x86_64: UUID received is 11111111-1111-1111-1111-111111111111 and local is 22222222-2222-2222-2222-222222222222',
    source: 'migration/savevm.c, vmstate_uuid_post_load, 4.2 and later',
    means: 'The guest that arrives is another one than the destination was started for.',
    culprit: 'Another -uuid at the destination, or none.',
    remedy: 'Start the destination with the uuid of the guest.',
  },
  {
    id: 'qemu-unknown-section',
    program: 'QEMU',
    pattern: /Unknown (?:savevm )?section or instance '(?<device>[^']+)' (?<instance>\d+)/,
    example:
      "qemu-system-x86_64: Unknown savevm section or instance '0000:00:13.0/virtio-net' 0. Make sure that your current VM setup matches your saved VM setup, including any hotplugged devices",
    source: 'migration/savevm.c, qemu_loadvm_section_start_full, 2.5 and later',
    means: 'The source sends the state of {device}, and no such device is at this place here. The guest is refused.',
    culprit:
      'A device that was plugged at the source and is not on the command line here, another PCI address, or another machine type.',
    remedy: 'Start the destination with the same devices at the same addresses; compare the two command lines.',
  },
  {
    id: 'qemu-section-footer',
    program: 'QEMU',
    pattern:
      /Missing section footer for (?<device>\S+)|Mismatched section id in footer for (?<name>\S+)|Section footer error, section_id: (?<section>\d+)|Read section footer failed: /,
    example: 'qemu-system-x86_64: Missing section footer for 0000:00:13.0/virtio-net',
    spellings: [
      'qemu-system-x86_64: Section footer error, section_id: 41',
      'qemu-system-x86_64: Mismatched section id in footer for 0000:00:03.0/virtio-net - read 0x2 expected 0x29',
    ],
    source:
      'migration/savevm.c, check_section_footer, 2.4 and later (in this wording 10.2 and later: "Section footer error")',
    means:
      'The state of a device is longer or shorter here than at the source: the two QEMUs mean another device by it. The guest is refused.',
    culprit:
      'Other properties of the device (queues=, in a release that saves more), another machine type, or a build of QEMU with patches that change the stream.',
    remedy: 'Compare the properties of that device and the builds of QEMU on both hosts.',
  },
  {
    id: 'qemu-stream-version',
    program: 'QEMU',
    pattern:
      /(?:savevm: )?unsupported version (?<sent>\d+) for '(?<device>[^']+)' v(?<here>\d+)|(?<part>\S+): incoming version_id (?<incoming>\d+) is too (?<age>new|old) for local/,
    example: "qemu-system-x86_64: savevm: unsupported version 12 for 'virtio-net' v11",
    spellings: ['qemu-system-x86_64: virtio-net: incoming version_id 12 is too new for local version_id 11'],
    source: 'migration/savevm.c, qemu_loadvm_section_start_full; vmstate.c, vmstate_load_state, 1.0 and later',
    means: 'The source sends the state of a device in a form that this QEMU does not know.',
    culprit: 'An older QEMU here, or a machine type of a newer release at the source.',
    remedy: 'Start the guest with a machine type that both releases have, or update the destination.',
  },
  {
    id: 'qemu-not-a-stream',
    program: 'QEMU',
    pattern:
      /qemu[\w-]*: (?:Not a migration stream|Ack, bad migration stream|Unsupported migration stream version|SaveVM v2 format is obsolete|Configuration section missing)|Unknown (?:savevm )?section(?: type)? (?<type>\d+)/,
    example: 'qemu-system-x86_64: Not a migration stream',
    spellings: [
      'qemu-system-x86_64: Unknown savevm section type 84',
      'qemu-system-x86_64: Configuration section missing',
      'qemu-system-x86_64: Unknown section 12',
    ],
    source: 'migration/savevm.c, qemu_loadvm_state, 1.0 and later',
    means: 'What arrives is no stream of this kind, or it is out of step.',
    culprit: 'Another program at the port, a damaged file, a stream that was cut, or releases far apart.',
    remedy: 'Look at the log of the source for the first error; compare releases and machine types.',
  },
  {
    id: 'qemu-stream-field',
    program: 'QEMU',
    pattern:
      /Failed to load element of type (?<type>\w+) for (?<field>\w+): (?<code>-?\d+)|Input validation failed: (?<name>\S+)|error while loading state section id (?<section>\d+)\((?<device>[^)]+)\)|(?:pre|post) load hook failed for:? '?(?<hook>[^',]+)|Failed to load (?!virtio|vhost)(?<state>\S+) state: stream error|Loading VM subsection '(?<subsection>[^']+)' in '[^']+' failed|Load state of device (?<of>\S+) failed|Error while loading vmstate|Failed to load device state: -?\d+|: loadvm failed: -?\d+|loadvm failed: stream error/,
    example: 'qemu-system-x86_64: Failed to load element of type virtio for virtio: -1',
    spellings: ['qemu-system-x86_64: error while loading state section id 41(0000:00:03.0/virtio-net)'],
    source: 'migration/vmstate.c, vmstate_load_field (10.1 and later); savevm.c, qemu_loadvm_section_part_end',
    tells: 'symptom',
    means: 'A part of the state of a device was refused. The line before says why.',
    remedy: 'Explain the lines before this one.',
  },
  {
    id: 'qemu-incoming-failed',
    program: 'QEMU',
    pattern: /-incoming (?<uri>\S+): (?<error>.+)/,
    example: 'qemu-system-x86_64: -incoming tcp:0:4444: Failed to find an available port: Address already in use',
    source: 'system/vl.c (softmmu/vl.c), qmp_x_exit_preconfig, 5.2 and later',
    means: 'The destination could not begin to wait for the guest at {uri}: {error}',
    culprit: 'A port or socket that is in use, or a path that cannot be made.',
    remedy: 'Use a free port; libvirt takes those of migration_port_min to migration_port_max in qemu.conf.',
  },
  {
    id: 'qemu-migration-blocked',
    program: 'QEMU',
    pattern: /State blocked by non-migratable device '(?<device>[^']+)'|Migration is disabled when using (?<what>.+)/,
    example: "Error: State blocked by non-migratable device '0000:00:05.0/vhost-user-gpu'",
    source: 'migration/savevm.c, qemu_savevm_state_blocked, 1.0 and later',
    means: 'The guest has a device that QEMU cannot migrate.',
    culprit: 'The device itself; no back-end and no version changes that.',
    remedy: 'Unplug the device before the migration.',
  },
  {
    id: 'qemu-save-failed',
    program: 'QEMU',
    pattern:
      /failed to save SaveStateEntry with id\(name\): (?<id>-?\d+)\((?<device>[^)]+)\)|pre-save failed: (?<name>\S+)|Save of field (?<field>\S+) failed|Output state validation failed: (?<part>\S+)/,
    example: 'qemu-system-x86_64: failed to save SaveStateEntry with id(name): 2(ram): -5',
    source: 'migration/savevm.c and vmstate.c, 2.8 and later',
    means: 'The source could not save or send the state of a device. The migration ends and the guest goes on.',
    culprit:
      'For "ram" with -5 the destination hung up: it refused the guest, and its log says why. For a device its back-end.',
    remedy: 'Look at the log of the destination first.',
    tells: 'symptom',
  },
  {
    id: 'qemu-source-write',
    program: 'QEMU',
    pattern:
      /Unable to write to socket: (?<error>[\w ]+)|qemu_savevm_state_complete_precopy\w*: |Channel error: (?<channel>[\w ]+)|Unable to read from socket: (?<read>[\w ]+)/,
    example: 'qemu-system-x86_64: Unable to write to socket: Broken pipe',
    spellings: ['qemu-system-x86_64: Unable to read from socket: Connection reset by peer'],
    source: 'io/channel-socket.c, qio_channel_socket_writev and _readv, 2.6 and later',
    tells: 'symptom',
    means: 'The other end of a socket (of the migration, mostly) closed it.',
    culprit: 'During a migration the other QEMU ended or refused the guest.',
    remedy: 'Look at the log of the other host.',
  },
  {
    id: 'qemu-subsection',
    program: 'QEMU',
    pattern: /VM subsection '(?<part>[^']+)' in '(?<device>[^']+)' does not exist/,
    example: "qemu-system-x86_64: VM subsection 'virtio/128bit_features' in 'virtio' does not exist",
    source: 'migration/vmstate.c, vmstate_subsection_load, 10.2 and later',
    means:
      'The source sends the part {part} of the state of {device}, which this QEMU does not have. It refuses the guest.',
    culprit: 'An older release here than at the source, or another machine type.',
    remedy: 'Use a machine type that both releases have, or update the destination.',
  },
  {
    id: 'qemu-only-migratable',
    program: 'QEMU',
    pattern:
      /disallowing migration blocker \((?<why>--?only[-_]migratable|migration[/ ]?\w*[^)]*)\) for: (?<reason>.+)/,
    example:
      'qemu-system-x86_64: -device virtio-net-pci,netdev=n: disallowing migration blocker (--only_migratable) for: the device cannot be migrated',
    source: 'migration/migration.c, add_blockers, 2.9 and later',
    tells: 'symptom',
    means:
      'A device that cannot be migrated was refused: QEMU was started with `-only-migratable`, or a migration was under way.',
    culprit: 'What stands after "for:".',
    remedy: 'Explain what stands after "for:"; plug devices before or after a migration.',
  },
  {
    id: 'qemu-ram-resized',
    program: 'QEMU',
    pattern:
      /RAM block '(?<block>[^']+)' (?:resized during|discard of resized)|(?<all>migration ram) resized during precopy/,
    example: "qemu-system-x86_64: RAM block 'pc.ram' resized during precopy.",
    source: 'migration/ram.c, ram_mig_ram_block_resized, 6.1 and later',
    means: 'Memory of the guest ({block|all}) changed its size during the migration, which ends it.',
    culprit: 'Firmware tables that grew (a device plugged, a reboot during the migration).',
    remedy: 'Migrate again; plug no devices meanwhile.',
  },
  {
    id: 'qemu-discard',
    program: 'QEMU',
    pattern:
      /Failed to (?:prepare for RAM discard|discard RAM range (?<range>\S+))|Postcopy RAM incoming init failed|Postcopy not supported on non-Linux/,
    example: 'qemu-system-x86_64: Failed to discard RAM range pc.ram: -22',
    source: 'migration/savevm.c and postcopy-ram.c, 2.5 and later',
    tells: 'symptom',
    means: 'This host could not make ready to receive the guest by post-copy.',
    culprit: 'Guest memory that cannot be given back, or userfaultfd that is forbidden.',
    remedy: 'Explain the lines before this one, or migrate without post-copy.',
  },
];
