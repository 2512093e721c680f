import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskOf } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import { readEntry } from '../../compat-tables/entries/entry-file.ts';
import { abilitiesOf } from '../../compat-tables/releases/release.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { encodeInterfaceStatus } from '../../rpc/state/encode-rows.ts';
import { entryLike, shippedEntries } from '../compat-tables/shipped.ts';
import { Peers } from '../peers/process.ts';
import { described, served } from './embedded.ts';
import { type HostFixture, NEW_HOST, OLD_BACKEND, OLD_HOST } from './fixtures.ts';
import { matchesGolden } from './golden.ts';
import { cli } from './run-cli.ts';

const FORMATS = ['table', 'json', 'csv', 'list', 'html'];

/** A host like a release, with two of the shipped versions. */
function like(name: string, release: string, more: Partial<HostFixture> = {}): HostFixture {
  const wanted = ['upstream.ovs-dpdk.v2.13', 'upstream.ovs-dpdk.v2.13.1+tso'];
  const entries = shippedEntries().filter(({ version }) => wanted.includes(version));
  return { systemId: `id-${name}`, hostname: name, abilities: abilitiesOf(findRelease(release)), entries, ...more };
}

describe('differences, baselines and what would be', () => {
  const peers = new Peers();
  let remote = '';
  let files: { newer: string; older: string; plain: string; tso: string };
  before(async () => {
    remote = await served(peers, NEW_HOST);
    files = {
      newer: await described(peers, NEW_HOST),
      older: await described(peers, OLD_HOST),
      plain: await described(peers, like('plain', 'ovs-3.1')),
      tso: await described(peers, like('tso', 'ovs-3.1+tso')),
    };
  });
  after(() => peers.end());

  const outputs: { name: string; argv: () => string[]; exit?: number }[] = [
    { name: 'diff-versions', argv: () => ['diff-versions', 'site.packed', 'site.base'] },
    { name: 'diff-hosts', argv: () => ['diff-hosts', files.newer, files.older] },
    { name: 'baseline', argv: () => ['baseline', files.plain, files.tso] },
    { name: 'what-if', argv: () => ['what-if', '--upgrade', 'ovs-2.8', files.plain, files.tso] },
    { name: 'matrix-releases', argv: () => ['matrix', '--releases', 'ovs-2.5', 'ovs-2.11', 'ovs-2.13', 'ovs-3.2'] },
  ];
  for (const { name, argv, exit = 0 } of outputs) {
    it(`prints ${name} in every format`, async () => {
      for (const format of FORMATS) {
        const outcome = await cli(['--db', remote, ...argv(), '-f', format], { columns: 80 });
        assert.equal(outcome.exit, exit, outcome.stderr);
        matchesGolden(`${name}.${format}`, outcome.stdout);
      }
    });
  }

  it('compares shipped versions without a database', async () => {
    const argv = ['diff-versions', '--shipped', 'upstream.ovs-dpdk.v3.2', 'upstream.ovs-dpdk.v2.13'];
    const { exit, stdout } = await cli(argv);
    assert.equal(exit, 0);
    assert.match(stdout, /^ {2}VIRTIO_NET_F_CSUM \(0\): .*\n {4}without it: the guest computes/m);
    assert.match(stdout, /^from upstream\.ovs-dpdk\.v2\.13 to upstream\.ovs-dpdk\.v3\.2: every guest can move$/m);
    assert.equal((await cli([...argv.slice(0, 3), 'upstream.ovs-dpdk.v3.3'])).exit, 1);
  });

  it('knows of a version that cuts protocol features: not the same, and no guest leaves it', async () => {
    const mask = maskOf(VIRTIO_NET, 'VERSION_1');
    const entries = [
      entryLike({ version: 'site.open', virtioFeatures: mask, digest: 'o' }),
      entryLike({ version: 'site.cut', virtioFeatures: mask, protocolFeatures: maskOf(PROTOCOL, 'MQ'), digest: 'c' }),
    ];
    const host = await served(peers, like('cut', 'ovs-3.1', { entries }));
    const { exit, stdout } = await cli(['--db', host, 'diff-versions', 'site.open', 'site.cut']);
    assert.equal(exit, 0);
    assert.match(stdout, /^lost in site\.cut:\n(?: {2}.*\n)* {2}VHOST_USER_PROTOCOL_F_LOG_SHMFD$/m);
    assert.match(stdout, /^from site\.open to site\.cut: every guest can move$/m);
    assert.match(stdout, /^from site\.cut to site\.open: no guest can move: .*LOG_SHMFD.*\[VC-MIGRATE-LOG\]$/m);
  });

  it('wants a target for a matrix of hosts, and a known release for one of releases', async () => {
    assert.equal((await cli(['matrix'])).exit, 2);
    const { exit, stderr } = await cli(['matrix', '--releases', 'ovs-9.9']);
    assert.equal(exit, 2);
    assert.match(stderr, /VC-RELEASE-UNKNOWN/);
  });

  it('writes a baseline into a file that can be loaded, never over another', async () => {
    const file = join(peers.folder(), '50-site.json');
    const argv = ['baseline', files.plain, files.tso, '--name', 'site.hall2', '--output', file];
    assert.equal((await cli(argv)).exit, 0);
    const entry = readEntry(readFileSync(file, 'utf8'), file);
    assert.equal(entry.version, 'site.hall2');
    for (const release of ['ovs-3.1', 'ovs-3.1+tso'])
      assert.deepEqual(checkEntry(entry, abilitiesOf(findRelease(release))), []);
    const { exit, stderr } = await cli(argv);
    assert.equal(exit, 1);
    assert.match(stderr, /EEXIST.*\[VC-TABLE\]/);
    const other = await cli(['baseline', files.plain, '--output', join(peers.folder(), 'x.json')]);
    assert.match(other.stderr, /named NN-name\.json only/);
  });

  it('writes no baseline with --dry-run, nor one that a host refuses', async () => {
    const file = join(peers.folder(), '50-site.json');
    const argv = ['baseline', files.plain, files.tso, '--output', file, '--dry-run'];
    const dry = await cli(argv);
    assert.deepEqual([dry.exit, existsSync(file)], [0, false]);
    assert.match(dry.stderr, /dry run: would write .*50-site\.json/);
    const [remote, smaller] = await Promise.all([served(peers, NEW_HOST), served(peers, OLD_HOST)]);
    const define = ['baseline', remote, '--define', '--no-wait', '--name', 'site.hall2'];
    assert.equal((await cli(define)).exit, 0);
    const refused = await cli([...define, smaller, '--output', file]);
    assert.deepEqual([refused.exit, existsSync(file)], [1, false]);
    assert.match(refused.stderr, /\[VC-VERSION-EXISTS\]/);
  });

  it('does not call measured in a baseline what was declared', async () => {
    const file = join(peers.folder(), 'declared.json');
    const plain = JSON.parse(readFileSync(files.plain, 'utf8')) as { host: string; backend: object };
    const declared = { ...plain, host: 'told', backend: { ...plain.backend, known_by: 'declared' } };
    writeFileSync(file, JSON.stringify(declared));
    const { stdout } = await cli(['baseline', file, files.tso, '-f', 'json']);
    const { table } = JSON.parse(stdout) as { table: { entries: { sources: string[] }[] } };
    assert.deepEqual(table.entries[0]?.sources, ['declared: told', 'measured: tso']);
  });

  it('refuses names of the shipped tables, and to define in a file', async () => {
    const named = await cli(['baseline', files.plain, '--name', 'upstream.mine']);
    assert.deepEqual([named.exit, /upstream\./.test(named.stderr)], [2, true]);
    const { exit, stderr } = await cli(['baseline', files.plain, '--define']);
    assert.equal(exit, 2);
    assert.match(stderr, /saw a file; wanted a host that is alive/);
  });

  it('cannot compare what was never measured', async () => {
    const unknown = await described(peers, { ...OLD_HOST, hostname: 'unknown', abilities: undefined });
    for (const argv of [
      ['baseline', unknown],
      ['diff-hosts', files.newer, unknown],
    ]) {
      const { exit, stderr } = await cli(argv);
      assert.equal(exit, 3);
      assert.match(stderr, /unknown.*\[VC-BACKEND-UNKNOWN\]/);
    }
  });

  it('says that no guest moves from a back-end that cannot log, though it would lose nothing', async () => {
    const abilities = { ...OLD_BACKEND, protocolFeatures: maskOf(PROTOCOL, 'MQ') };
    const mute = await described(peers, { ...OLD_HOST, hostname: 'mute', abilities });
    const twin = await described(peers, { ...OLD_HOST, hostname: 'twin', abilities });
    const never = /^from mute to \w+: no guest can move: .* VHOST_USER_PROTOCOL_F_LOG_SHMFD: .* \[VC-MIGRATE-LOG\]$/m;
    for (const other of [files.newer, twin]) {
      const { exit, stdout } = await cli(['diff-hosts', mute, other]);
      assert.equal(exit, 0);
      assert.match(stdout, never);
    }
    const { stdout } = await cli(['diff-hosts', mute, files.newer, '-f', 'json']);
    const { directions } = JSON.parse(stdout) as { directions: { always: boolean; migratable: boolean }[] };
    assert.deepEqual(
      directions.map(({ always, migratable }) => [always, migratable]),
      [
        [false, false],
        [false, true],
      ],
    );
  });

  it('says that an upgrade would break a running guest, exit 3', async () => {
    const abilities = abilitiesOf(findRelease('ovs-3.1'));
    const row = {
      ...{ frontend: 'listen:/f', backend: 'connect:/b' },
      ...encodeInterfaceStatus({
        ...{ state: 'negotiated', inForce: 'upstream.ovs-dpdk.v2.13', abilities },
        ...{ offeredFeatures: abilities.virtioFeatures, ackedFeatures: 0x130afa7can },
      }),
    };
    const host = await served(peers, like('busy', 'ovs-3.1', { interfaces: { vhu0: row } }));
    const { exit, stdout, stderr } = await cli(['--db', host, 'what-if', '--upgrade', 'ovs-2.8']);
    assert.equal(exit, 3);
    assert.match(
      stdout,
      /^ {2}vhu0: its guest runs with .*VIRTIO_RING_F_EVENT_IDX.*, which would be missing\. Stop it or move it away first$/m,
    );
    assert.match(stderr, /ovs-2\.8 would break what is in use on busy \(vhu0\) \[VC-UPGRADE\]/);
    assert.equal((await cli(['--db', host, 'what-if', '--upgrade', 'ovs-3.2'])).exit, 0);
    assert.equal((await cli(['--db', host, 'what-if', '--upgrade', 'ovs-9'])).exit, 2);
  });

  it('says that an upgrade would break a device with more queue pairs than the release gives, exit 3', async () => {
    const abilities = abilitiesOf(findRelease('dpdk-22.11'));
    const virtioFeatures = maskOf(VIRTIO_NET, 'VERSION_1', 'MQ');
    const row = {
      ...{ frontend: 'listen:/f', backend: 'connect:/b' },
      ...encodeInterfaceStatus({
        ...{ state: 'negotiated', inForce: 'site.open', abilities, queuePairs: 4 },
        ...{ offeredFeatures: virtioFeatures, ackedFeatures: virtioFeatures },
      }),
    };
    const entries = [entryLike({ version: 'site.open', virtioFeatures })];
    const host = await served(peers, like('many', 'dpdk-22.11', { entries, interfaces: { vhu0: row } }));
    const { exit, stdout } = await cli(['--db', host, 'what-if', '--upgrade', 'dpdk-23.11']);
    assert.equal(exit, 3, stdout);
    assert.match(stdout, /^ {2}vhu0: it has queue_pairs 4, and the back-end would give 1\. Stop it/m);
  });

  it('does not say that a device document keeps its versions: there is nothing to judge, exit 3', async () => {
    const file = join(peers.folder(), 'device.json');
    const { devices } = JSON.parse(readFileSync(files.plain, 'utf8')) as { devices: unknown[] };
    writeFileSync(file, JSON.stringify(devices[0]));
    for (const argv of [[file], [files.plain, file]]) {
      const { exit, stdout, stderr } = await cli(['what-if', '--upgrade', 'ovs-3.1', ...argv]);
      assert.deepEqual([exit, stdout], [3, '']);
      assert.match(stderr, /Cannot judge plain.*\[VC-BACKEND-UNKNOWN\]/);
    }
  });

  it('refuses a default narrower than what runs, with the list; --force', async () => {
    const narrow = await served(peers, {
      ...NEW_HOST,
      interfaces: { vhu0: { ...NEW_HOST.interfaces?.['vhu1'], version: ['set', []], ...used() } },
    });
    const set = (...argv: string[]) => cli(['--db', narrow, 'default-version', 'site.base', '--no-wait', ...argv]);
    const { exit, stderr } = await set();
    assert.equal(exit, 3);
    assert.match(stderr, /vhu0 \(VIRTIO_NET_F_MQ\) \[VC-DEFAULT-IN-USE\]\nremedy: /);
    const forced = await set('--force');
    assert.equal(forced.exit, 0, forced.stderr);
    assert.match(forced.stderr, /vhu0 \(VIRTIO_NET_F_MQ\); they keep it until they stop/);
  });

  function used() {
    return encodeInterfaceStatus({ ackedFeatures: 0x140408000n });
  }

  it('reads several hosts from one file only where several are meant', async () => {
    const both = join(peers.folder(), 'both.json');
    writeFileSync(
      both,
      JSON.stringify([files.plain, files.tso].map((file) => JSON.parse(readFileSync(file, 'utf8')) as unknown)),
    );
    assert.equal((await cli(['baseline', both])).exit, 0);
    assert.equal((await cli(['diff-hosts', both, files.plain])).exit, 2);
  });
});
