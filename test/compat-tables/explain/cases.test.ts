import assert from 'node:assert/strict';
import { Explainer, explain } from '../../../compat-tables/explain/explain.ts';
import type { Explanation } from '../../../compat-tables/explain/explanation.ts';
import { shippedEntries } from '../shipped.ts';

const entries = shippedEntries();

function all(...lines: readonly string[]): readonly Explanation[] {
  return explain(lines.join('\n'), entries);
}

function ids(...lines: readonly string[]): string[] {
  return all(...lines).map(({ id }) => id);
}

function said({ means, culprits, remedies }: Explanation): string {
  return [means, ...culprits, ...remedies].join(' ');
}

function one(...lines: readonly string[]): Explanation {
  const found = all(...lines);
  assert.equal(found.length, 1, JSON.stringify(found.map(({ id }) => id)));
  return found[0] as Explanation;
}

function names(line: Explanation | undefined, role: string): readonly string[] {
  return line?.masks.find((mask) => mask.role === role)?.bits.map(({ name }) => name) ?? [];
}

describe('explain: lines from the field that were answered wrongly', () => {
  it('guest memory without share=on is the cause, and blames no back-end', () => {
    const found = all(
      'qemu-system-x86_64: Failed initializing vhost-user memory map, consider using -object memory-backend-file share=on',
      'qemu-system-x86_64: vhost_set_mem_table failed: Invalid argument (22)',
      'qemu-system-x86_64: unable to start vhost net: 22: falling back on userspace virtio',
    );
    assert.deepEqual(
      found.map(({ id, tells, causeLine }) => [id, tells, causeLine]),
      [
        ['qemu-memory-not-shared', 'cause', undefined],
        ['qemu-vhost-call', 'symptom', 1],
        ['qemu-userspace-fallback', 'symptom', 1],
      ],
    );
    assert.match(said(found[0] as Explanation), /share=on.*access mode="shared"/);
    assert.doesNotMatch(found.map(said).join(), /died|PROTOCOL_FEATURES/);
  });

  it('a migration that a client or a time limit ended is no refusal', () => {
    const { id, ...rest } = one('error: operation aborted: migration out job: canceled by client');
    assert.equal(id, 'libvirt-job-canceled');
    assert.match(said({ id, ...rest }), /Nothing was refused.*domjobabort.*live_migration_completion_timeout/);
    assert.doesNotMatch(said({ id, ...rest }), /[Uu]nsupported/);
  });

  it('a feature that no version can have is a fault of the front-end, and no pin helps', () => {
    const line = (name: string) =>
      `Cannot accept SET_FEATURES of the front-end of vhu0: ${name} is not in the offer 0x0 of version x [VC-ACK-OUTSIDE-OFFER]`;
    assert.match(
      one(line('VIRTIO_NET_F_MAC')).remedies.join(),
      /No version has VIRTIO_NET_F_MAC.*fault of the front-end/,
    );
    assert.match(one(line('VIRTIO_NET_F_CSUM')).remedies.join(), /pin the version it was started with/);
    // what decides is the back-end at hand, of whichever device
    const disk = line('VIRTIO_BLK_F_DISCARD').replace(
      ' [',
      ', and no version has it here: the back-end does not offer it [',
    );
    assert.match(one(disk).remedies.join(), /No version has VIRTIO_BLK_F_DISCARD.*fault of the front-end/);
    assert.doesNotMatch(one(disk).remedies.join(), /pin/);
  });

  it('what a front-end did not accept is mended at the front-end', () => {
    const line = (why: string) =>
      `QEMU does not migrate vhu0 from node1: ${why} VHOST_USER_PROTOCOL_F_LOG_SHMFD [VC-MIGRATE-LOG]`;
    assert.match(
      one(line('its front-end did not accept')).remedies.join(),
      /^Give the guest a front-end that accepts it/,
    );
    assert.match(one(line('the back-end does not offer')).remedies.join(), /^Update the back-end/);
  });

  it('a socket that may not be opened is no normal wait', () => {
    const denied = one('VHOST_CONFIG: (/run/vhu0) failed to connect: Permission denied');
    assert.equal(denied.tells, 'cause');
    assert.match(said(denied), /group of the socket/);
  });

  it('protocol features of VPP are no virtio features', () => {
    const found = all(' features (0x50008000):', '  protocol features (0x3)');
    assert.deepEqual(
      found.map(({ id }) => id),
      ['vpp-features', 'vpp-protocol-features'],
    );
    assert.deepEqual(names(found[1], 'protocol'), ['VHOST_USER_PROTOCOL_F_MQ', 'VHOST_USER_PROTOCOL_F_LOG_SHMFD']);
    assert.deepEqual(names(found[1], 'negotiated'), []);
  });

  describe('a mask of a disk', () => {
    const negotiated = 'VHOST_CONFIG: (/var/tmp/vhost.1) negotiated Virtio features: 0x150007646';

    it('has the names of a disk where the text shows a configuration space', () => {
      const found = all(
        'VHOST_CONFIG: (/var/tmp/vhost.1) negotiated Vhost-user protocol features: 0x11ebf',
        'VHOST_CONFIG: (/var/tmp/vhost.1) read message VHOST_USER_GET_CONFIG',
        'VHOST_CONFIG: (/var/tmp/vhost.1) read message VHOST_USER_SET_FEATURES',
        negotiated,
      );
      assert.equal(found[3]?.device?.type, 'blk');
      for (const name of ['VIRTIO_BLK_F_DISCARD', 'VIRTIO_BLK_F_WRITE_ZEROES', 'VIRTIO_BLK_F_MQ'])
        assert.ok(names(found[3], 'negotiated').includes(name), name);
    });

    it('has those names wherever the text names the device', () => {
      const far = Array.from({ length: 50 }, (_, index) => `noise ${index}`);
      const found = all(negotiated, ...far, 'qemu-kvm: -device vhost-user-blk-pci,chardev=c: something');
      assert.deepEqual([found[0]?.device?.type, found[0]?.device?.known], ['blk', 'said']);
    });

    it('is of an unknown device without a sign, never of a network card', () => {
      const { device, masks } = one(negotiated);
      assert.equal(device?.type, 'unknown');
      assert.ok(masks[0]?.bits.every(({ name }) => !name.startsWith('VIRTIO_NET_')));
    });

    it('is of a network card where no other device has all these bits', () => {
      const { device } = one('VHOST_CONFIG: negotiated Virtio features: 0x17060a783');
      assert.deepEqual([device?.type, device?.known], ['net', 'guessed']);
    });
  });

  it('ring indices that make no sense are no missing feature, in the joined line of QEMU 10.2 either', () => {
    const found = all(
      'kvm: VQ 1 size 0x100 < last_avail_idx 0x9 - used_idx 0x3e30',
      "kvm: load of migration failed: Operation not permitted: error while loading state for instance 0x0 of device '0000:00:13.0/virtio-net': Failed to load element of type virtio for virtio: -1",
    );
    assert.match(said(found[0] as Explanation), /No feature is missing.*ring size.*builds/);
    for (const later of found.slice(1)) assert.deepEqual([later.causeLine, later.culprits], [1, []]);
    assert.doesNotMatch(found.map(said).join(), /Features unsupported|Features 0x/);
  });

  it('an answer of another kind means that the two are out of step', () => {
    const { means } = one('vhost VQ 0 ring restore failed: -71: Protocol error (71)');
    assert.match(means, /another kind.*out of step/);
    const gone = one('vhost VQ 0 ring restore failed: -104: Connection reset by peer (104)');
    assert.match(gone.culprits.join(), /gone before the device was stopped/);
  });

  it('a ring size above the maximum of QEMU is not called below the minimum', () => {
    const line = 'Invalid rx_queue_size (= 4096), must be a power of 2 between 256 and 1024.';
    assert.match(one(line).culprits.join(), /outside 256 to 1024/);
    assert.doesNotMatch(one(line).culprits.join(), /^A setting made for a version whose ring_size is below/);
  });
});

describe('explain: lines that were known in one spelling only', () => {
  it('DPDK before 22.03', () => {
    assert.deepEqual(
      ids(
        'VHOST_CONFIG: failed to connect to /run/vhu0: Connection refused',
        'VHOST_CONFIG: failed to bind to /run/vhu0: Address already in use; remove it and try again',
        'VHOST_CONFIG: Processing VHOST_USER_SET_FEATURES failed.',
      ),
      ['dpdk-connect', 'dpdk-bind', 'dpdk-processing-failed'],
    );
  });

  it('a refusal in a quoted mail', () => {
    const { missing } = one('> qemu-8.2: Features 0x10130afffa7', '> unsupported. Allowed features: 0x179bfffe7');
    assert.deepEqual(
      missing.map(({ name }) => name),
      ['VIRTIO_F_RING_RESET'],
    );
  });
});

describe('explain: lines that were met with silence', () => {
  const cases: readonly (readonly [line: string, id: string, says: RegExp])[] = [
    [
      "netdev_dpdk|WARN|Connection on socket '/run/vm/vhu0' closed during initialization.",
      'ovs-closed-early',
      /did not agree with the features.*other set of features/,
    ],
    ['status : {mode=client, status=disconnected}', 'ovs-disconnected', /QEMU or the agent has to listen/],
    [
      'QEMU waiting for connection on: disconnected:unix:/run/vm/vhu0,server=on',
      'qemu-waiting',
      /stays paused.*client mode/,
    ],
    ["Failed to connect to '/run/vm/vhu0': Permission denied", 'qemu-connect-denied', /owner.*SELinux/],
    [
      'Unable to connect character device c0: Failed to connect socket /run/vhu0: Connection refused',
      'qemu-connect-failed',
      /Nobody listens at \/run\/vhu0/,
    ],
    ["Machine type received is 'pc-1' and local is 'pc-2'", 'qemu-machine-type', /-machine pc-1/],
    [
      "Unknown savevm section or instance '0000:00:13.0/virtio-net' 0. Make sure that your current VM setup matches your saved VM setup, including any hotplugged devices",
      'qemu-unknown-section',
      /no such device is at this place/,
    ],
    ['Missing section footer for 0000:00:13.0/virtio-net', 'qemu-section-footer', /longer or shorter/],
    ['Section footer error, section_id: 41', 'qemu-section-footer', /longer or shorter/],
    ['Size mismatch: pc.ram: 0x8000000 != 0x10000000: Invalid argument', 'qemu-ram-size', /memory size/],
    ['vhost_backend_init failed: Protocol error', 'qemu-backend-init', /GET_FEATURES/],
    [
      'vhost-user device expecting VHOST_USER_PROTOCOL_F_CONFIG but the vhost-user backend does not support it.',
      'qemu-no-config',
      /configuration/,
    ],
    ['vhost-user requires frontend driver virtio-net-*', 'qemu-frontend-driver', /e1000/],
    ['Fail to update device iotlb', 'qemu-iotlb', /IOTLB_MSG/],
    [
      'Postcopy is not supported: vhost-user backend not capable of postcopy',
      'qemu-postcopy-backend',
      /PAGEFAULT.*vhost-postcopy-support/,
    ],
    ['VHOST_CONFIG: mmap region 0 failed.', 'dpdk-mmap-region', /[Hh]uge ?pages.*shared/],
    [' socket filename /tmp/sock0 type client errno "Connection refused"', 'vpp-socket-state', /tries again/],
    ['vhost-user backend for socket /run/vhu0 disconnected, attempting reconnection', 'chv-reconnecting', /60 seconds/],
  ];
  for (const [line, id, says] of cases)
    it(line, () => {
      const found = one(line);
      assert.equal(found.id, id);
      assert.match(said(found), says);
    });

  it('recvmsg failed at a disconnect is harmless', () => {
    assert.equal(one('VHOST_CONFIG: recvmsg failed').tells, 'course');
  });

  it('the protocol features that are missing have names', () => {
    const missing = (line: string) => one(line).missing.map(({ name }) => name);
    assert.deepEqual(missing('VHOST_USER_PROTOCOL_F_CONFIG not supported'), ['VHOST_USER_PROTOCOL_F_CONFIG']);
    assert.deepEqual(missing('vhost-user backend not capable of postcopy'), ['VHOST_USER_PROTOCOL_F_PAGEFAULT']);
  });
});

describe('explain: loud lines that no row knows', () => {
  function unknown(...lines: readonly string[]) {
    const reader = new Explainer(entries);
    reader.add(lines.join('\n'));
    return reader.end();
  }

  it('are named with their line numbers', () => {
    const { unknown: lines, unknownCount } = unknown(
      '2022-11-24T19:21:24.351Z|00119|dpdk|INFO|VHOST_CONFIG: vhost-user server: socket created, fd: 570',
      '2022-11-24T19:21:24.379Z|00122|dpdk|ERR|VHOST_CONFIG: something that nobody has ever written',
      '2022-11-24T19:21:24.379Z|00123|bridge|WARN|another such line',
      '2022-11-24T19:21:24.379Z|00124|bridge|INFO|and a quiet one',
      'qemu-system-x86_64: a fault of QEMU that nobody knows',
      'qemu-system-x86_64: info: a line without a fault',
    );
    assert.deepEqual(
      lines.map(({ line, level }) => [line, level]),
      [
        [2, 'ERR'],
        [3, 'WARN'],
        [5, 'ERR'],
      ],
    );
    assert.equal(unknownCount, 3);
  });

  it('are not taken by rows of the course, which would call them harmless', () => {
    const line = '2024-08-27T04:26:38.152Z|00902|netdev_dpdk|ERR|cannot use features 0x1234abcd of this port';
    const { unknown: lines } = unknown(line, 'cannot use features 0x1234abcd of this port');
    assert.deepEqual(lines, [{ line: 1, level: 'ERR', text: line }]);
  });

  it('are none where a row knows them', () => {
    const { unknown: lines } = unknown(
      '2022-11-24T19:21:24.379Z|00122|dpdk|ERR|VHOST_CONFIG: failed to create fdset handling thread',
      '2022-11-24T19:21:24.379Z|00123|netdev_dpdk|ERR|rte_vhost_driver_start failed for vhost user port: vhu0',
    );
    assert.deepEqual(lines, []);
  });
});

describe('explain: values of a line', () => {
  it('sizes and page sizes in units', () => {
    const pages = 'qemu-kvm: Mismatched RAM page size ram-node0 (local) 2097152 != 1073741824';
    assert.match(one(pages).means, /ram-node0 has pages of 2 MiB here and of 1 GiB at the source/);
    const mask = 'qemu-kvm: Postcopy needs matching RAM page sizes (s=201000 d=1000)';
    assert.match(one(mask).means, /the source has 4 KiB and 2 MiB, this side 4 KiB\./);
    const odd = 'qemu-kvm: Size mismatch: pc.ram: 0x8000001 != 0x10000000: Invalid argument';
    assert.match(one(odd).means, /134217729 bytes and 256 MiB/);
  });

  it('error numbers in words', () => {
    assert.match(one('vhost-user: failed to map memory. errno is 12').means, /12, Cannot allocate memory/);
    assert.match(one('qemu-kvm: Error binding guest notifier: -24').means, /24, Too many open files/);
    assert.match(one('qemu-kvm: Error binding guest notifier: -4242').means, /error -4242/);
  });

  it('request numbers by name', () => {
    const ack = 'VHOST_CONFIG: (/tmp/vhu3) bad qemu ack on postcopy set-mem-table (37)';
    assert.match(one(ack).means, /ADD_MEM_REG \(37\) came instead/);
    assert.match(one('vu_panic: Unhandled request: 39').means, /SET_STATUS \(39\)/);
    assert.match(
      one('vhost-user: unknown vhost-user message 36 received. closing socket').means,
      /GET_MAX_MEM_SLOTS \(36\)/,
    );
  });

  it('the names of memory blocks tell the memory of the guest from that of a device', () => {
    const id = (block: string) => one(`qemu-kvm: Unknown ramblock "${block}", cannot accept migration`).id;
    assert.deepEqual(['pc.ram', 'mach-virt.ram', 'ram-node0', '/objects/ram-node1', 'mem0'].map(id), [
      ...Array.from({ length: 5 }, () => 'qemu-ram-main'),
    ]);
    assert.deepEqual(['memdimm0', '/objects/memvirtiomem1'].map(id), ['qemu-ram-plugged', 'qemu-ram-plugged']);
    assert.deepEqual(['0000:00:03.0/virtio-net-pci.rom', 'vga.vram', '0000:00:02.0/vga.vram'].map(id), [
      ...Array.from({ length: 3 }, () => 'qemu-ram-block'),
    ]);
  });
});
