import assert from 'node:assert/strict';
import { loadTables } from '../../../compat-tables/entries/load.ts';
import { resolveTableFiles, type TableFile } from '../../../compat-tables/entries/table-directories.ts';

const file = (path: string, text = '{}'): TableFile => ({ path, text });

/** A table file with one line per entry: the first entry stands in line 2. */
function table(
  path: string,
  entries: readonly (Record<string, unknown> | string)[],
  deviceType = 'vhost-user-net',
): TableFile {
  const lines = entries.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry)));
  return file(path, `{"format": 1, "device_type": "${deviceType}", "entries": [\n${lines.join(',\n')}\n]}\n`);
}

const good = (version: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  version,
  summary: 'for a test',
  virtio_features: '0x100000008',
  limits: { queue_pairs: 4 },
  tier: 'both-ways',
  ...changes,
});
const without = (name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(good('a')).filter(([key]) => key !== name));

describe('table files in directories', () => {
  const names = (files: readonly TableFile[]) => files.map(({ path }) => path);
  const share = { dir: '/usr/share/t', files: [file('/usr/share/t/20-b.json'), file('/usr/share/t/10-a.json')] };
  const cases = [
    {
      title: 'come by name, not by directory',
      more: ['/etc/t/15-c.json'],
      want: ['/usr/share/t/10-a.json', '/etc/t/15-c.json', '/usr/share/t/20-b.json'],
    },
    {
      title: 'replace those of the same name in earlier directories',
      more: ['/etc/t/20-b.json'],
      want: ['/usr/share/t/10-a.json', '/etc/t/20-b.json'],
    },
    {
      title: 'count only when their name ends in .json',
      more: ['/etc/t/30-x.json~', '/etc/t/README', '/etc/t/.30-x.json'],
      want: ['/usr/share/t/10-a.json', '/usr/share/t/20-b.json'],
    },
  ];
  for (const { title, more, want } of cases)
    it(title, () =>
      assert.deepEqual(
        names(resolveTableFiles([share, { dir: '/etc/t', files: more.map((path) => file(path)) }])),
        want,
      ),
    );

  it('hide those of the same name when they are empty, and can come back in a later directory', () => {
    const hide = { dir: '/etc/t', files: [file('/etc/t/10-a.json', '')] };
    assert.deepEqual(names(resolveTableFiles([share, hide])), ['/usr/share/t/20-b.json']);
    const again = { dir: '/home/t', files: [file('/home/t/10-a.json')] };
    assert.deepEqual(names(resolveTableFiles([share, hide, again])), ['/home/t/10-a.json', '/usr/share/t/20-b.json']);
  });
});

describe('loading tables', () => {
  it('gives entries in the order of files and lines', () => {
    const files = [table('10.json', [good('c'), good('a')]), table('20.json', [good('b')])];
    const { entries, problems } = loadTables(files);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      entries.map(({ version, origin }) => [version, origin]),
      [
        ['c', '10.json'],
        ['a', '10.json'],
        ['b', '20.json'],
      ],
    );
  });

  it('reads every member', () => {
    const { entries } = loadTables([
      table('10.json', [
        {
          version: 'site.example.v1+x_y',
          summary: 'all of it',
          virtio_features: ['VIRTIO_NET_F_MTU', 'VERSION_1', 'bit 58'],
          protocol_features: '0x7',
          requires_protocol_features: ['VHOST_USER_PROTOCOL_F_LOG_SHMFD'],
          limits: { queue_pairs: 2, ring_size: 256, some_future_limit: 7 },
          tier: 'forward-only',
          covers: ['this'],
          sources: ['that'],
        },
      ]),
    ]);
    const digest = entries[0]?.digest ?? '';
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.deepEqual(entries, [
      {
        version: 'site.example.v1+x_y',
        deviceType: 'vhost-user-net',
        virtioFeatures: (1n << 3n) | (1n << 32n) | (1n << 58n),
        protocolFeatures: 0x7n,
        requiredProtocolFeatures: 0x2n,
        limits: { queue_pairs: 2, ring_size: 256, some_future_limit: 7 },
        tier: 'forward-only',
        summary: 'all of it',
        covers: ['this'],
        sources: ['that'],
        origin: '10.json',
        digest,
      },
    ]);
  });

  it('reads names and numbers to the same entry, and names by device type', () => {
    const load = (mask: unknown, type?: string) =>
      loadTables([table('10.json', [good('a', { virtio_features: mask })], type)]);
    assert.equal(
      load(['VIRTIO_NET_F_MTU', 'VIRTIO_F_VERSION_1']).entries[0]?.digest,
      load('0x100000008').entries[0]?.digest,
    );
    assert.equal(load(['VIRTIO_F_VERSION_1'], 'vhost-user-blk').entries.length, 1);
    assert.match(
      load(['VIRTIO_NET_F_MTU'], 'vhost-user-blk').problems[0]?.message ?? '',
      /unknown feature "VIRTIO_NET_F_MTU"/,
    );
  });

  it('keeps everything else in use when an entry or a file is bad', () => {
    const files = [
      table('10.json', [good('a'), good('b', { tier: 'sometimes' }), good('c')]),
      file('20.json', '{'),
      table('30.json', [good('d')]),
    ];
    const { entries, problems } = loadTables(files);
    assert.deepEqual(
      entries.map(({ version }) => version),
      ['a', 'c', 'd'],
    );
    assert.equal(problems.length, 2);
    assert.deepEqual(problems[0]?.details, {
      file: '10.json',
      line: 3,
      reason: 'tier is "sometimes"',
      wanted: '"both-ways", "forward-only", "best-effort"',
      version: 'b',
    });
  });

  it('names everything that is wrong with an entry', () => {
    const { problems } = loadTables([table('10.json', [good('a', { tier: 1, limits: 2, extra: 3 })])]);
    assert.deepEqual(
      problems.map(({ details }) => details['reason']),
      ['member "extra" is not known', 'limits is 2', 'tier is 1'],
    );
  });

  it('takes the same version string for two device types', () => {
    const files = [table('10.json', [good('a')]), table('20.json', [good('a')], 'vhost-user-blk')];
    assert.deepEqual(loadTables(files).problems, []);
  });

  const MEMBERS =
    'version, summary, virtio_features, limits, tier, protocol_features, requires_protocol_features, covers, sources, withdrawn';
  const MASK = '"0x…" or an array of virtio-net feature names';
  const PROTOCOL = '"0x…" or an array of vhost-user protocol feature names';
  const VERSION = 'at most 127 letters, digits, dots, underscores, plus and minus signs, such as "site.example.v1"';
  const bad: { title: string; files: readonly TableFile[]; want: string }[] = [
    ...[
      { title: 'not JSON', text: '{"format": 1,\n', want: '2: the end of the file; wanted a member name in quotes' },
      { title: 'not an object', text: '[]', want: '1: the file holds an array; wanted an object' },
      { title: 'no format', text: '{}', want: '1: member "format" is missing; wanted "format"' },
      { title: 'a later format', text: '{\n"format": 2}', want: '2: format is 2; wanted format 1' },
      {
        title: 'an unknown member of the file',
        text: '{"format": 1,\n"entry": []}',
        want: '2: member "entry" is not known; wanted only format, device_type, entries',
      },
      {
        title: 'no device type',
        text: '{"format": 1, "device_type": ""}',
        want: '1: device_type is ""; wanted a name such as "vhost-user-net"',
      },
      {
        title: 'no entries',
        text: '{"format": 1, "device_type": "x", "entries": {}}',
        want: '1: entries is an object; wanted an array of entries',
      },
    ].map(({ title, text, want }) => ({ title, files: [file('t.json', text)], want })),
    ...[
      { title: 'an entry that is no object', entry: '7', want: '2: an entry is 7; wanted an object' },
      {
        title: 'an unknown member',
        entry: good('a', { virtio_feature: '0x0' }),
        want: `2, entry "a": member "virtio_feature" is not known; wanted only ${MEMBERS}`,
      },
      {
        title: 'a missing member',
        entry: without('tier'),
        want: '2, entry "a": member "tier" is missing; wanted "tier"',
      },
      { title: 'no version', entry: without('version'), want: '2: member "version" is missing; wanted "version"' },
      {
        title: 'a version with a blank',
        entry: good('a b'),
        want: `2, entry "a b": version is "a b"; wanted ${VERSION}`,
      },
      {
        title: 'a version that is a number',
        entry: good('a', { version: 3.2 }),
        want: `2: version is 3.2; wanted ${VERSION}`,
      },
      {
        title: 'an empty summary',
        entry: good('a', { summary: ' ' }),
        want: '2, entry "a": summary is " "; wanted a text',
      },
      {
        title: 'a mask that is a number',
        entry: good('a', { virtio_features: 8 }),
        want: `2, entry "a": virtio_features is 8; wanted ${MASK}`,
      },
      {
        title: 'a mask without 0x',
        entry: good('a', { virtio_features: '12' }),
        want: `2, entry "a": virtio_features is "12"; wanted ${MASK}`,
      },
      {
        title: 'a mask with a wrong digit',
        entry: good('a', { virtio_features: '0x1g' }),
        want: `2, entry "a": virtio_features is "0x1g"; wanted ${MASK}`,
      },
      {
        title: 'a mask that is too wide',
        entry: good('a', { protocol_features: `0x1${'0'.repeat(32)}` }),
        want: `2, entry "a": protocol_features is "0x1${'0'.repeat(32)}"; wanted ${PROTOCOL}`,
      },
      {
        title: 'a mask that lists a number',
        entry: good('a', { virtio_features: ['VIRTIO_NET_F_MTU', 3] }),
        want: `2, entry "a": virtio_features lists 3; wanted ${MASK}`,
      },
      {
        title: 'a mask that lists a mask',
        entry: good('a', { virtio_features: ['0x3'] }),
        want: `2, entry "a": virtio_features lists "0x3"; wanted ${MASK}`,
      },
      {
        title: 'a wrong name, in its own line',
        entry:
          '{"version": "a", "summary": "s", "limits": {}, "tier": "both-ways",\n"virtio_features": [\n"VIRTIO_NET_F_MTU",\n"VIRTIO_NET_F_GUEST_CSUN"]}',
        want: '5, entry "a": virtio_features names the unknown feature "VIRTIO_NET_F_GUEST_CSUN"; wanted a known name, perhaps VIRTIO_NET_F_GUEST_CSUM',
      },
      {
        title: 'a wrong name of a protocol feature',
        entry: good('a', { requires_protocol_features: ['VHOST_USER_PROTOCOL_F_LOG_SHMEM'] }),
        want: '2, entry "a": requires_protocol_features names the unknown feature "VHOST_USER_PROTOCOL_F_LOG_SHMEM"; wanted a known name, perhaps VHOST_USER_PROTOCOL_F_LOG_SHMFD',
      },
      {
        title: 'a required protocol feature that is cut off',
        entry: good('a', { protocol_features: '0x1', requires_protocol_features: '0x2' }),
        want: '2, entry "a": requires_protocol_features names features that protocol_features cuts off; wanted required ones among those that pass',
      },
      {
        title: 'limits that are no object',
        entry: good('a', { limits: [] }),
        want: '2, entry "a": limits is an array; wanted an object',
      },
      {
        title: 'a limit of nothing',
        entry: good('a', { limits: { queue_pairs: 0 } }),
        want: '2, entry "a": limit "queue_pairs" is 0; wanted a whole number from 1 to 32768',
      },
      {
        title: 'a limit with a fraction',
        entry: good('a', { limits: { ring_size: 1.5 } }),
        want: '2, entry "a": limit "ring_size" is 1.5; wanted a whole number from 1 to 32768',
      },
      {
        title: 'a limit beyond virtio',
        entry: good('a', { limits: { ring_size: 65536 } }),
        want: '2, entry "a": limit "ring_size" is 65536; wanted a whole number from 1 to 32768',
      },
      {
        title: 'a limit with a strange name',
        entry: good('a', { limits: { 'Queue Pairs': 1 } }),
        want: '2, entry "a": a limit is named "Queue Pairs"; wanted a name such as "queue_pairs"',
      },
      {
        title: 'covers that are a text',
        entry: good('a', { covers: 'all' }),
        want: '2, entry "a": covers is "all"; wanted an array of texts',
      },
      {
        title: 'a source that is null',
        entry: good('a', { sources: [null] }),
        want: '2, entry "a": an element of sources is null; wanted a text',
      },
      {
        title: 'a doubled member',
        entry: '{"version": "a",\n"version": "b"}',
        want: '3: member "version" stands here and in line 2; wanted each member once',
      },
    ].map(({ title, entry, want }) => ({ title, files: [table('t.json', [entry])], want })),
    {
      title: 'a doubled version with the same content',
      files: [table('s.json', [good('z'), good('a')]), table('t.json', [good('a', { summary: 'other words' })])],
      want: '2, entry "a": the version stands in s.json:3 already, with the same content; wanted each version once',
    },
    {
      title: 'a doubled version with other content',
      files: [table('t.json', [good('a'), good('a', { virtio_features: '0x0' })])],
      want: '3, entry "a": the version stands in t.json:2 already, with other content; wanted each version once',
    },
  ];
  for (const { title, files, want } of bad) {
    it(`refuses ${title}`, () => {
      const { problems } = loadTables(files);
      assert.deepEqual(
        problems.map(({ code, message }) => [code, message]),
        [['VC-TABLE', `Cannot use t.json:${want}`]],
      );
    });
  }
});
