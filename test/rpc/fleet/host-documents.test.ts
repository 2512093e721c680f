import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostDocument } from '../../../rpc/fleet/describe-host.ts';
import type { HostDocument } from '../../../rpc/fleet/host-document.ts';
import { hostVersions } from '../../../rpc/fleet/host-versions.ts';
import { parseDocument, parseDocuments } from '../../../rpc/fleet/read-documents.ts';
import { comparable, selectVersion, usualType, versionMatrix } from '../../../rpc/fleet/selection.ts';
import { blockers } from '../../../rpc/state/model/codec.ts';
import {
  entryOf,
  type HostRow,
  type InterfaceRow,
  readHost,
  readInterface,
  readVersion,
  type VersionRow,
} from '../../../rpc/state/read-rows.ts';
import { violations } from '../../docs/json-schema.ts';
import { ROOT } from '../../root.ts';
import { abilities, blockersOf, ENTRIES, isError, NO_INDIRECT, OVS_32, OVS_213 } from '../state/fixtures.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');

function host(systemId: string, mask: bigint | undefined, hostname = `${systemId}.example`): HostDocument {
  const known = mask === undefined ? undefined : abilities(mask);
  const row: HostRow = {
    ...readHost({ _uuid: 'u' }),
    ...{ systemId, hostname, agentVersion: '0.1.0', knownBy: known && 'measured', abilities: known },
    backend: new Map([
      ['name', 'ovs'],
      ['release', '2.13'],
    ]),
  };
  const versions = ENTRIES.map((entry, preference): VersionRow => {
    const blockers = blockersOf(entry, known);
    return { ...readVersion({ _uuid: 'v' }), preference, usable: blockers.length === 0, blockers, ...entry };
  });
  return hostDocument({ host: row, versions, interfaces: [INTERFACE] }, NOW);
}

const INTERFACE: InterfaceRow = {
  ...readInterface({ _uuid: 'i' }),
  ...{ name: 'vhu0', deviceType: 'vhost-user-net', frontend: 'listen:/f', backend: 'connect:/b' },
  ...{ state: 'negotiated', inForce: 'upstream.ovs-dpdk.v2.13', since: 1 },
  ...{ abilities: abilities(OVS_213), offeredFeatures: OVS_213, ackedFeatures: 1n << 57n },
  ...{ queuePairs: 2, ringSizes: new Map([[0, 256]]) },
};

describe('host documents', () => {
  const document = host('a', OVS_213);

  it('say what is known of a host, masks as text, and leave out what is not known', () => {
    const { versions, devices, ...rest } = document;
    assert.deepEqual(rest, {
      format: 1,
      kind: 'vhost-compat host',
      ...{ host: 'a.example', system_id: 'a', hostname: 'a.example', agent_version: '0.1.0' },
      time: '2026-01-02T03:04:05.678Z',
      backend: {
        ...{ name: 'ovs', release: '2.13', known_by: 'measured' },
        ...{ features: '0xd7c66a7ca', protocol_features: '0xcf7', limits: { queue_pairs: 128 } },
      },
      interfaces: [
        {
          ...{ name: 'vhu0', device_type: 'vhost-user-net', frontend: 'listen:/f', backend: 'connect:/b' },
          ...{ state: 'negotiated', in_force: 'upstream.ovs-dpdk.v2.13' },
          ...{
            backend_features: '0xd7c66a7ca',
            backend_protocol_features: '0xcf7',
            backend_limits: { queue_pairs: 128 },
          },
          ...{ offered_features: '0xd7c66a7ca', acked_features: '0x200000000000000', queue_pairs: 2 },
          ...{ ring_sizes: { 0: 256 }, since: 1 },
        },
      ],
    });
    assert.deepEqual(
      versions.map((one) => [one.version, one.usable, one.blockers[0]?.missing ?? []]),
      [
        ['upstream.ovs-dpdk.v3.2', false, ['VIRTIO_NET_F_CSUM']],
        ['upstream.ovs-dpdk.v2.13', true, []],
        ['upstream.blk.v1', true, []],
      ],
    );
    assert.deepEqual(
      devices?.map(({ self, compatible }) => [
        self.device_type,
        self.version,
        compatible.map(({ version }) => version),
      ]),
      [
        ['vhost-user-net', 'upstream.ovs-dpdk.v2.13', ['upstream.ovs-dpdk.v2.13']],
        ['vhost-user-blk', 'upstream.blk.v1', ['upstream.blk.v1']],
      ],
    );
    assert.ok(versions[1]?.feature_names.includes('VIRTIO_RING_F_INDIRECT_DESC'));
    assert.ok(!versions[1]?.feature_names.includes('VHOST_F_LOG_ALL'), 'control bits are no guest ABI');
  });

  it('are what the schema says', () => {
    const schema = JSON.parse(readFileSync(join(ROOT, 'docs/describe.schema.json'), 'utf8')) as Record<string, unknown>;
    const text = JSON.stringify([document, host('b', undefined), ...(document.devices ?? [])]);
    assert.deepEqual(violations(schema, JSON.parse(text)), []);
    const broken = { ...document, versions: [{ ...document.versions[0], digest: 'abc' }] };
    assert.notDeepEqual(violations(schema, JSON.parse(JSON.stringify(broken))), []);
  });

  it('of older agents, without devices, are read', () => {
    const { devices: _, ...older } = document;
    assert.deepEqual(parseDocument(JSON.stringify(older), 'a.json'), older);
    assert.equal(selectVersion([older, document]).version, 'upstream.ovs-dpdk.v2.13');
  });

  it('of one device type are enough to select by', () => {
    const [net] = document.devices ?? [];
    const bare = parseDocument(JSON.stringify(net), 'net.json');
    assert.deepEqual([bare.host, bare.versions, bare.devices], ['a.example', [], [net]]);
    for (const hosts of [
      [bare, host('b', OVS_213)],
      [host('b', OVS_32), bare],
      [bare, { ...bare, system_id: 'c' }],
    ]) {
      assert.equal(selectVersion(hosts).version, 'upstream.ovs-dpdk.v2.13');
    }
    assert.equal(selectVersion([bare, host('b', NO_INDIRECT)]).version, undefined);
  });

  it('come back from their text as they were', () => {
    assert.deepEqual(parseDocument(JSON.stringify(document), 'a.json'), document);
  });

  it('come back from a file that holds several', () => {
    const other = host('b', undefined);
    assert.deepEqual(parseDocuments(JSON.stringify([document, other]), 'all.json'), [document, other]);
    assert.throws(
      () => parseDocument(JSON.stringify([document, other]), 'all.json'),
      isError('VC-DOCUMENT', /all\.json: it holds 2 documents; wanted one/),
    );
  });

  it('of a newer agent may say more', () => {
    const newer = { ...document, moon_phase: 'full', backend: { ...document.backend, colour: 'blue' } };
    assert.deepEqual(parseDocument(JSON.stringify(newer), 'a.json'), document);
  });

  it('without a host name go by the system id', () => {
    assert.equal(host('b', undefined, '').host, 'b');
  });

  const [first, second] = document.versions;
  const wrong: readonly { title: string; text: string; want: RegExp }[] = [
    { title: 'an empty file', text: '', want: /^Cannot read x\.json: it is not JSON/ },
    { title: 'half a document', text: JSON.stringify(document).slice(0, -10), want: /it is not JSON/ },
    { title: 'a number', text: '7', want: /Cannot read document: expected an object, got 7/ },
    {
      title: 'another kind of document',
      text: JSON.stringify({ ...document, kind: 'vm' }),
      want: /document\.kind: expected "vhost-compat host" or "vhost-compat device", got "vm"/,
    },
    {
      title: 'a later format',
      text: JSON.stringify({ ...document, format: 2 }),
      want: /document\.format: expected 1, got 2/,
    },
    {
      title: 'no format',
      text: JSON.stringify({ ...document, format: undefined }),
      want: /document\.format: expected a whole number, got nothing/,
    },
    { title: 'no host', text: JSON.stringify({ ...document, host: '' }), want: /document\.host: expected a name/ },
    {
      title: 'versions that are no array',
      text: JSON.stringify({ ...document, versions: {} }),
      want: /document\.versions: expected an array, got an object/,
    },
    {
      title: 'a mask as a number',
      text: JSON.stringify({ ...document, versions: [{ ...first, virtio_features: 57_916_614_602 }] }),
      want: /document\.versions\[0\]\.virtio_features: expected a mask such as "0x130008000", got 57916614602/,
    },
    {
      title: 'a short digest',
      text: JSON.stringify({ ...document, versions: [{ ...first, digest: 'abc' }] }),
      want: /versions\[0\]\.digest: expected 64 hexadecimal digits, got "abc"/,
    },
    {
      title: 'an unknown tier',
      text: JSON.stringify({ ...document, versions: [first, { ...second, tier: 'gold' }] }),
      want: /versions\[1\]\.tier: expected "both-ways" or/,
    },
    {
      title: 'usable as a word',
      text: JSON.stringify({ ...document, versions: [{ ...first, usable: 'yes' }] }),
      want: /usable: expected true or false, got "yes"/,
    },
    {
      title: 'a blocker without a text',
      text: JSON.stringify({ ...document, versions: [{ ...first, blockers: [{ code: 'x' }] }] }),
      want: /blockers\[0\]\.text: expected a string, got nothing/,
    },
    {
      title: 'a version twice',
      text: JSON.stringify({ ...document, versions: [first, first] }),
      want: /versions\[1\]: version "upstream\.ovs-dpdk\.v3\.2" is there twice/,
    },
    {
      title: 'a wrong limit',
      text: JSON.stringify({ ...document, versions: [{ ...first, limits: { queue_pairs: '8' } }] }),
      want: /limits\.queue_pairs: expected a whole number, got "8"/,
    },
    {
      title: 'a wrong document among several',
      text: JSON.stringify([document, { ...document, host: 7 }]),
      want: /documents\[1\]\.host: expected a string, got 7/,
    },
    {
      title: 'an interface without a name',
      text: JSON.stringify({ ...document, interfaces: [{}] }),
      want: /interfaces\[0\]\.name: expected a string, got nothing/,
    },
  ];
  for (const { title, text, want } of wrong) {
    it(`are refused with ${title}`, () =>
      assert.throws(() => parseDocument(text, 'x.json'), isError('VC-DOCUMENT', want)));
  }
});

describe('selection from documents', () => {
  const old = host('old', OVS_213);
  const newer = host('new', OVS_32);

  it('reads the versions of one device type in the order of preference', () => {
    const shuffled = { ...old, versions: old.versions.toReversed() };
    assert.deepEqual(
      hostVersions(shuffled).versions.map((one) => one.version),
      ['upstream.ovs-dpdk.v3.2', 'upstream.ovs-dpdk.v2.13'],
    );
    assert.deepEqual(
      hostVersions(old, 'vhost-user-blk').versions.map((one) => one.version),
      ['upstream.blk.v1'],
    );
  });

  it('selects by the rules of the tables', () => {
    const selection = selectVersion([old, { ...old, system_id: 'other', host: 'other' }]);
    assert.equal(selection.version, 'upstream.ovs-dpdk.v2.13');
    const none = selectVersion([old, host('new', NO_INDIRECT)], { policy: 'consensus' });
    assert.equal(none.version, undefined);
    assert.deepEqual(none.hosts, ['old.example', 'new.example']);
  });

  it('makes a matrix of one device type', () => {
    const table = versionMatrix([old, newer], { deviceType: 'vhost-user-blk' });
    assert.deepEqual(
      table.rows.map((row) => [row.version, row.common]),
      [['upstream.blk.v1', true]],
    );
  });

  it('refuses a device type that no host has', () => {
    assert.throws(
      () => selectVersion([old], { deviceType: 'vhost-user-nte' }),
      isError('VC-VERSION-DEVICE-TYPE', /they have vhost-user-blk, vhost-user-net$/),
    );
  });

  it('selects nothing among hosts that have no versions at all', () => {
    assert.equal(selectVersion([{ ...old, versions: [], devices: [] }]).version, undefined);
  });

  const label: readonly { title: string; hosts: readonly [string, string][]; want: readonly string[] }[] = [
    {
      title: 'host names when they differ',
      hosts: [
        ['a', '1'],
        ['b', '2'],
      ],
      want: ['a', 'b'],
    },
    {
      title: 'the system id where host names are equal',
      hosts: [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
      want: ['a (1)', 'b', 'a (3)'],
    },
    {
      title: 'a number where the system ids are equal too',
      hosts: [
        ['a', '1'],
        ['a', '1'],
        ['b', '1'],
      ],
      want: ['a (1) #1', 'a (1) #2', 'b'],
    },
  ];
  for (const { title, hosts, want } of label) {
    it(`tells hosts apart by ${title}`, () => {
      const documents = hosts.map(([name, id]) => ({ ...old, host: name, system_id: id }));
      assert.deepEqual(
        comparable(documents).map((one) => one.host),
        want,
      );
    });
  }
});

describe('the device type when nobody says', () => {
  const net = host('net', OVS_32);
  const device = (name: string, type: string): HostDocument => {
    const self = { device_type: type, version: 'v1' };
    const document = { format: 1, kind: 'vhost-compat device', host: name, self, compatible: [] };
    const [read] = parseDocuments(JSON.stringify(document), name);
    assert.ok(read);
    return read;
  };
  const empty: HostDocument = { ...net, host: 'empty', versions: [], devices: [] };
  const fleets: { title: string; documents: HostDocument[]; want: string }[] = [
    { title: 'that of the only kind of device', documents: [device('a', 'gpu'), device('b', 'gpu')], want: 'gpu' },
    { title: 'that of the others when the first holds nothing', documents: [empty, device('b', 'gpu')], want: 'gpu' },
    {
      title: 'the usual one where several are',
      documents: [device('a', 'gpu'), device('b', 'blk'), net],
      want: 'vhost-user-net',
    },
    { title: 'the usual one where it is', documents: [device('a', 'gpu'), net], want: 'vhost-user-net' },
    { title: 'the usual one where nothing is', documents: [empty, empty], want: 'vhost-user-net' },
  ];
  for (const { title, documents, want } of fleets) {
    it(`is ${title}`, () => {
      assert.equal(usualType(documents), want);
      assert.deepEqual(
        comparable(documents).map(({ deviceType, versions }) => [deviceType, versions.map(({ version }) => version)]),
        comparable(documents, want).map(({ versions }) => [want, versions.map(({ version }) => version)]),
      );
    });
  }
});

describe('rows that somebody else wrote', () => {
  it('read a version with an unreadable mask as one that is not usable, and say why', () => {
    const row = readVersion({
      _uuid: 'u',
      name: 'v',
      device_type: 'vhost-user-net',
      virtio_features: '0xzz',
      usable: true,
    });
    assert.equal(row.usable, false);
    assert.deepEqual(row.blockers, [
      { code: 'VC-MASK', text: 'the database holds "0xzz" as the virtio features of this version', missing: [] },
    ]);
    assert.equal(entryOf(row).virtioFeatures, 0n);
  });

  it('read missing columns as empty', () => {
    const row = readVersion({ _uuid: 'u' });
    assert.deepEqual(
      [row.version, row.preference, row.limits, row.tier, row.requiredProtocolFeatures],
      ['', 0, {}, 'best-effort', 0n],
    );
  });

  it('read a blocker that is no JSON as a sentence', () => {
    for (const text of ['too old', '[1]'])
      assert.deepEqual(blockers.read([text]), [{ code: 'VC-INTERNAL', text, missing: [] }]);
  });

  it('keep blockers whole', () => {
    const stored = '{"code":"VC-MODE-FEATURES","text":"lacks \\"x\\"","missing":["x","y"]}';
    const blocker = { missing: ['x', 'y'], text: 'lacks "x"', code: 'VC-MODE-FEATURES' };
    assert.deepEqual(blockers.write([blocker]), ['set', [stored]]);
    assert.deepEqual(blockers.read([stored]), [blocker]);
  });
});
