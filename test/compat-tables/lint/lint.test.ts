import assert from 'node:assert/strict';
import { type Finding, findingLine } from '../../../compat-tables/lint/finding.ts';
import { lintTables } from '../../../compat-tables/lint/lint.ts';
import { PUBLISHED } from '../../../compat-tables/lint/published.ts';
import { shippedEntries, shippedFiles } from '../shipped.ts';

/** Nothing to say about this one. */
const CLEAN = {
  version: 'site.v1',
  summary: 'For a test.',
  virtio_features: [
    'VHOST_F_LOG_ALL',
    'VHOST_USER_F_PROTOCOL_FEATURES',
    'VIRTIO_NET_F_MRG_RXBUF',
    'VIRTIO_F_VERSION_1',
  ],
  limits: { queue_pairs: 1, ring_size: 1024 },
  tier: 'both-ways',
  covers: ['a switch'],
  sources: ['measured'],
};
const withBits = (...names: string[]) => ({ virtio_features: [...CLEAN.virtio_features, ...names] });

const file = (entries: readonly object[], path = '10-x.json', deviceType = 'vhost-user-net') => ({
  path,
  text: JSON.stringify({ format: 1, device_type: deviceType, entries }, null, 1),
});
const lint = (...entries: readonly object[]): Finding[] => lintTables([file(entries)]);

describe('linting of tables', () => {
  it('has nothing to say about a plain entry', () => assert.deepEqual(lint(CLEAN), []));

  const warnings: { title: string; change: object; want: readonly [rule: string, text: RegExp][] }[] = [
    {
      title: 'a feature without the one that it requires',
      change: withBits('VIRTIO_NET_F_HOST_TSO4'),
      want: [['dependency', /^VIRTIO_NET_F_HOST_TSO4 is promised without VIRTIO_NET_F_CSUM, .*section 5\.1\.3\.1\)$/]],
    },
    {
      title: 'a feature without any of those of which one is enough',
      change: withBits('VIRTIO_NET_F_HOST_ECN'),
      want: [
        ['dependency', /^VIRTIO_NET_F_HOST_ECN is promised without VIRTIO_NET_F_HOST_TSO4 or VIRTIO_NET_F_HOST_TSO6,/],
      ],
    },
    {
      title: 'a bit that QEMU does not ask the back-end about',
      change: withBits('VIRTIO_NET_F_STATUS', 'VIRTIO_NET_F_MAC'),
      want: [
        ['no-effect', /^QEMU decides by itself about VIRTIO_NET_F_MAC, VIRTIO_NET_F_STATUS: .*has no effect/],
        ['no-release', /the back-end does not offer VIRTIO_NET_F_MAC, VIRTIO_NET_F_STATUS$/],
      ],
    },
    {
      title: 'the MTU, which QEMU shows by its property host_mtu whatever the back-end offers',
      change: withBits('VIRTIO_NET_F_MTU', 'VIRTIO_NET_F_STATUS'),
      want: [
        ['no-effect', /^QEMU decides by itself about VIRTIO_NET_F_MTU, VIRTIO_NET_F_STATUS: /],
        ['no-release', /the back-end does not offer VIRTIO_NET_F_STATUS$/],
      ],
    },
    {
      title: 'a bit without a name',
      change: withBits('bit 58'),
      want: [
        ['unknown-bit', /^bit 58: no feature/],
        ['no-release', /./],
      ],
    },
    {
      title: 'a mask without the bit that says that there are protocol features',
      change: { virtio_features: ['VHOST_F_LOG_ALL', 'VIRTIO_F_VERSION_1'] },
      want: [
        [
          'control-bits',
          /^VHOST_USER_F_PROTOCOL_FEATURES not in the mask: no harm, control bits are not masked and pass as the back-end offers them$/,
        ],
      ],
    },
    {
      title: 'a mask without the dirty log',
      change: { virtio_features: ['VHOST_USER_F_PROTOCOL_FEATURES', 'VIRTIO_F_VERSION_1'] },
      want: [['control-bits', /^VHOST_F_LOG_ALL not in the mask: no harm, .*QEMU does not migrate its guests$/]],
    },
    {
      title: 'queue pairs without MQ',
      change: { limits: { queue_pairs: 4, ring_size: 1024 } },
      want: [['limits', /^queue_pairs is 4 without VIRTIO_NET_F_MQ/]],
    },
    {
      title: 'queue pairs without the protocol feature by which QEMU asks for their number',
      change: {
        ...withBits('VIRTIO_NET_F_MRG_RXBUF', 'VIRTIO_NET_F_CTRL_VQ', 'VIRTIO_NET_F_MQ'),
        limits: { queue_pairs: 4, ring_size: 1024 },
        protocol_features: ['VHOST_USER_PROTOCOL_F_LOG_SHMFD'],
      },
      want: [
        ['no-effect', /CTRL_VQ/],
        ['protocol', /^queue_pairs is 4 and VHOST_USER_PROTOCOL_F_MQ cut: QEMU has one pair/],
      ],
    },
    {
      title: 'a ring size that split rings cannot have',
      change: { limits: { queue_pairs: 1, ring_size: 1000 } },
      want: [['limits', /^ring_size 1000 is no power of two/]],
    },
    {
      title: 'a ring size below the least of QEMU',
      change: { limits: { queue_pairs: 1, ring_size: 128 } },
      want: [['limits', /^ring_size 128 is below 256: QEMU's network devices have at least so many/]],
    },
    {
      title: 'limits that are missing',
      change: { limits: {} },
      want: [
        ['limits', /^queue_pairs is not limited/],
        ['limits', /^ring_size is not limited/],
      ],
    },
    {
      title: 'a limit that nobody knows',
      change: { limits: { queue_pairs: 1, ring_size: 1024, queue_pair: 2 } },
      want: [['limits', /^limit "queue_pair" is not known here/]],
    },
    {
      title: 'a limit that belongs to back-ends only',
      change: { limits: { queue_pairs: 1, ring_size: 1024, memory_slots: 32 } },
      want: [['limits', /^memory_slots is no promise of a version: it belongs to a connection, and check-move asks/]],
    },
    {
      title: 'a tier that promises what QEMU refuses',
      change: { protocol_features: ['VHOST_USER_PROTOCOL_F_MQ'] },
      want: [
        [
          'tier',
          /^the tier is both-ways, but QEMU does not migrate such a guest: the version does not offer \S+_LOG_SHMFD/,
        ],
      ],
    },
    {
      title: 'a virtual IOMMU without the protocol features that QEMU wants for it',
      change: {
        ...withBits('VIRTIO_F_ACCESS_PLATFORM'),
        protocol_features: ['VHOST_USER_PROTOCOL_F_LOG_SHMFD', 'VHOST_USER_PROTOCOL_F_REPLY_ACK'],
      },
      want: [
        [
          'protocol',
          /^VIRTIO_F_ACCESS_PLATFORM is promised and VHOST_USER_PROTOCOL_F_BACKEND_REQ cut: QEMU refuses such a back-end$/,
        ],
        ['no-release', /the version cuts VHOST_USER_PROTOCOL_F_BACKEND_REQ/],
      ],
    },
    {
      title: 'a mask that no release can honour, with the nearest',
      change: withBits('VIRTIO_NET_F_CSUM', 'VIRTIO_NET_F_HOST_USO'),
      want: [
        [
          'no-release',
          /^no release that we know can honour it; nearest is \S+: the back-end does not offer VIRTIO_NET_F_HOST_USO$/,
        ],
      ],
    },
    {
      title: 'more queue pairs than any release gives with these bits',
      change: {
        ...withBits('VIRTIO_NET_F_CSUM', 'VIRTIO_NET_F_MQ', 'VIRTIO_NET_F_CTRL_VQ', 'VIRTIO_F_IN_ORDER'),
        limits: { queue_pairs: 256, ring_size: 1024 },
      },
      want: [
        ['no-effect', /VIRTIO_NET_F_CTRL_VQ/],
        ['no-release', /gives queue_pairs 128, the version promises 256/],
      ],
    },
    {
      title: 'a name of the shipped collection',
      change: { version: 'upstream.mine' },
      want: [['name', /belong to the shipped tables/]],
    },
    {
      title: 'no provenance',
      change: { covers: [], sources: [] },
      want: [['provenance', /^no sources and no covers/]],
    },
  ];
  for (const { title, change, want } of warnings) {
    it(`warns of ${title}`, () => {
      const findings = lint({ ...CLEAN, ...change });
      assert.deepEqual(
        findings.map(({ severity, rule }) => [severity, rule]),
        want.map(([rule]) => ['warning', rule]),
        findings.map(findingLine).join('\n'),
      );
      for (const [index, [, text]] of want.entries()) assert.match(findings[index]?.text ?? '', text);
    });
  }

  it('cites what says that a feature requires another', () => {
    const source = (...names: string[]) =>
      lint({ ...CLEAN, ...withBits(...names) })
        .filter(({ rule }) => rule === 'dependency')
        .map(({ text }) => /\((.*)\)$/.exec(text)?.[1]);
    assert.deepEqual(source('VIRTIO_NET_F_MQ'), ['virtio 1.2, section 5.1.3.1']);
    assert.deepEqual(source('VIRTIO_NET_F_CTRL_GUEST_OFFLOADS'), [
      'its command travels on the control queue: virtio 1.2, section 5.1.6.5',
    ]);
    for (const name of ['VIRTIO_NET_F_VQ_NOTF_COAL', 'VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM'])
      assert.deepEqual(source(name), ['virtio 1.4, section 5.1.3.1'], name);
  });

  it('knows what QEMU wants of each device type: what a version may not cut, and what is never moved', () => {
    const typed = (type: string, change: object) =>
      lintTables([file([{ ...CLEAN, virtio_features: '0x144000000', limits: {}, ...change }], '20-x.json', type)])
        .filter(({ rule }) => rule === 'tier' || rule === 'protocol')
        .map(({ rule, text }) => `${rule} ${text}`);
    const only = (...names: string[]) => ({
      protocol_features: ['LOG_SHMFD', ...names].map((name) => `VHOST_USER_PROTOCOL_F_${name}`),
    });
    assert.deepEqual(typed('vhost-user-blk', only('MQ')), [
      'protocol VHOST_USER_PROTOCOL_F_CONFIG is cut: QEMU starts no vhost-user-blk without it',
    ]);
    assert.deepEqual(typed('vhost-user-blk', { ...only('CONFIG'), limits: { queue_pairs: 2 } }), [
      'protocol queues is 2 and VHOST_USER_PROTOCOL_F_MQ cut: QEMU has one queue, and a device with more does not start',
    ]);
    assert.deepEqual(typed('vhost-user-blk', { ...only('CONFIG'), limits: { queue_pairs: 1 } }), []);
    // the control and the event queue, and the one for requests
    assert.deepEqual(typed('vhost-user-scsi', { ...only(), limits: { queue_pairs: 3 } }), []);
    assert.equal(typed('vhost-user-scsi', { ...only(), limits: { queue_pairs: 4 } }).length, 1);
    assert.deepEqual(typed('vhost-user-rng', { ...only(), limits: { queue_pairs: 2 }, tier: 'best-effort' }), []);
    assert.match(typed('vhost-user-fs', only('MQ')).join(), /^tier .*: the version does not offer \S+_DEVICE_STATE/);
    assert.deepEqual(typed('vhost-user-fs', only('MQ', 'DEVICE_STATE')), []);
    assert.match(
      typed('vhost-user-gpu', {}).join(),
      /^tier the tier is both-ways, but .*: QEMU moves no vhost-user-gpu/,
    );
    assert.deepEqual(typed('vhost-user-gpu', { tier: 'best-effort' }), []);
  });

  it('knows nothing of QEMU and of releases for other device types', () => {
    const blk = { ...CLEAN, virtio_features: '0x140001234', limits: {} };
    const findings = lintTables([file([blk], '20-blk.json', 'vhost-user-nothing')]);
    assert.deepEqual(new Set(findings.map(({ rule }) => rule)), new Set(['unknown-bit', 'control-bits']));
  });

  it('reports what the format does not allow as errors, with file and line', () => {
    const bad = { ...CLEAN, version: 'site.v2', tier: 'gold', limits: { queue_pairs: 0 } };
    const findings = lint(CLEAN, bad);
    assert.deepEqual(findings.map(findingLine), [
      '10-x.json:36: error: entry "site.v2": limit "queue_pairs" is 0; wanted a whole number from 1 to 32768 [VC-TABLE]',
      '10-x.json:38: error: entry "site.v2": tier is "gold"; wanted "both-ways", "forward-only", "best-effort" [VC-TABLE]',
    ]);
  });

  it('takes several files together', () => {
    const findings = lintTables([file([CLEAN], '10-a.json'), file([CLEAN], '20-b.json')]);
    assert.deepEqual(
      findings.map(({ file: name, severity, rule }) => [name, severity, rule]),
      [['20-b.json', 'error', 'VC-TABLE']],
    );
  });

  it('says that an empty file hides others, and that half a file is none', () => {
    const findings = lintTables([
      { path: '10-a.json', text: '' },
      { path: '20-b.json', text: '{"format": 1,\n' },
    ]);
    assert.deepEqual(
      findings.map(({ file: name, line, severity, rule }) => [name, line, severity, rule]),
      [
        ['10-a.json', 1, 'warning', 'empty'],
        ['20-b.json', 2, 'error', 'VC-TABLE'],
      ],
    );
  });

  it('names the files that agents do not read for their names', () => {
    const unread = (...paths: string[]) =>
      lintTables(paths.map((path) => ({ path, text: '' })))
        .filter(({ rule }) => rule === 'file-name')
        .map(({ file: name, line, severity }) => [name, line, severity]);
    assert.deepEqual(unread('50-site.json', '10-new/50-a.b.json', '05--.json'), []);
    const others = ['site.json', '5-site.json', '050-site.json', '50-.json', '50-site.json.bak', '50-site/x.json'];
    assert.deepEqual(
      unread(...others),
      others.map((path) => [path, 1, 'warning']),
    );
    assert.deepEqual(lintTables([file([CLEAN], 'site.json')]).map(findingLine), [
      'site.json:1: warning: agents read table files named NN-name.json only, such as 50-site.json, and pass over this one [file-name]',
    ]);
  });

  it('names the entries that go with an installed file of the same name', () => {
    const second = { ...CLEAN, version: 'site.v2' };
    const installed = [file([CLEAN, second], '/usr/share/10-a.json'), file([second], '/usr/share/20-b.json')];
    const dropped = (...files: { path: string; text: string }[]) =>
      lintTables(files, installed)
        .filter(({ rule }) => rule === 'dropped')
        .map(({ file: name, severity, text }) => [name, severity, /drops ([^:]+):/.exec(text)?.[1]]);
    assert.deepEqual(dropped(file([CLEAN], 'new/10-a.json')), [['new/10-a.json', 'warning', 'site.v2']]);
    assert.deepEqual(dropped({ path: '10-a.json', text: '' }), [['10-a.json', 'warning', 'site.v1, site.v2']]);
    // Moved to another file that is installed along with it, all there, or a file of another name: nothing goes.
    assert.deepEqual(dropped(file([CLEAN], '10-a.json'), file([second], '30-c.json')), []);
    assert.deepEqual(dropped(file([CLEAN, second], '10-a.json')), []);
    assert.deepEqual(dropped(file([CLEAN], '05-site.json')), []);
  });

  it('refuses a published entry with another content, and only that', () => {
    const [first, ...others] = shippedFiles();
    assert.ok(first);
    const changed = { ...first, text: first.text.replace('"0xd7c66a7cb"', '"0xd7c66a7ca"') };
    const errors = lintTables([changed, ...others]).filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map(({ rule, version, line }) => [rule, version, line]),
      [['VC-TABLE-CHANGED', 'upstream.ovs-dpdk.v3.2', 5]],
    );
    const prose = { ...first, text: first.text.replace('"summary": "', '"summary": "Well, ') };
    assert.deepEqual(
      lintTables([prose, ...others]).filter(({ severity }) => severity === 'error'),
      [],
    );
  });

  it('finds no error in the shipped tables, and warns of what real back-ends do', () => {
    const findings = lintTables(shippedFiles());
    assert.deepEqual([...new Set(findings.map(({ severity, rule }) => `${severity} ${rule}`))].sort(), [
      'warning control-bits',
      'warning dependency',
      'warning no-effect',
    ]);
    const ecn = findings.filter(({ text }) => text.startsWith('VIRTIO_NET_F_HOST_ECN is promised without'));
    assert.ok(ecn.some(({ version }) => version === 'upstream.ovs-dpdk.v2.13'));
  });
});

describe('the list of published entries', () => {
  it('is that of the shipped tables: a line is added with an entry, and never changed or taken away', () => {
    const shipped = shippedEntries().map(({ deviceType, version, digest }) => [`${deviceType} ${version}`, digest]);
    const added = shipped.filter(([key = '']) => !Object.hasOwn(PUBLISHED, key));
    const lines = added.map(([key, digest]) => `'${key}': '${digest}',`).join('\n');
    assert.deepEqual(added, [], `add to compat-tables/lint/published.ts:\n${lines}`);
    assert.deepEqual(PUBLISHED, Object.fromEntries(shipped));
  });
});
