import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import { readEntry } from '../../compat-tables/entries/entry-file.ts';
import { State } from '../../rpc/state/state.ts';
import { Peers } from '../peers/process.ts';
import { served } from './embedded.ts';
import { OLD_HOST } from './fixtures.ts';
import { matchesGolden } from './golden.ts';
import { type CliOutcome, cli } from './run-cli.ts';

/** What Open vSwitch 3.5 answers on a client-mode port with vhost-iommu-support. */
const IOMMU = { virtio_features: '0xf7c66a7cb', protocol_features: '0x10cbf', limits: { queue_pairs: 128 } };

describe('capture', () => {
  const peers = new Peers();
  let folder = '';
  let asked = '';
  beforeEach(() => {
    folder = peers.folder();
    asked = join(folder, 'asked');
  });
  afterEach(() => peers.end());

  /** Runs it with a stand-in for the agent's binary that answers so. */
  function capture(answer: object, ...argv: string[]): Promise<CliOutcome> {
    const file = join(folder, 'agent');
    writeFileSync(file, `#!/bin/sh\necho "$*" > ${asked}\necho '${JSON.stringify(answer)}'\n`);
    chmodSync(file, 0o755);
    return cli(argv, { env: { VHOST_COMPAT_AGENT: file }, columns: 80 });
  }

  it('prints a table file that promises what the back-end offered', async () => {
    const { exit, stdout, stderr } = await capture(IOMMU, 'capture', 'site.v1', 'connect:/run/x');
    assert.deepEqual([exit, stderr], [0, '']);
    assert.equal(readFileSync(asked, 'utf8'), 'probe connect:/run/x --json\n');
    matchesGolden('capture.table', stdout);
    const entry = readEntry(stdout, 'here');
    assert.deepEqual([entry.version, entry.requiredProtocolFeatures], ['site.v1', 0x28n]);
    const abilities = { virtioFeatures: 0xf7c66a7cbn, protocolFeatures: 0x10cbfn, limits: { queue_pairs: 128 } };
    assert.deepEqual(checkEntry(entry, abilities), []);
  });

  for (const format of ['json', 'csv', 'list', 'html']) {
    it(`prints ${format}`, async () => {
      const { stdout } = await capture(IOMMU, 'capture', 'site.v1', 'connect:/run/x', '-f', format);
      matchesGolden(`capture.${format}`, stdout);
    });
  }

  it('notes that QEMU migrates no guest from a back-end that cannot share its log', async () => {
    const mute = { ...IOMMU, protocol_features: '0x10cbd' };
    const note = /^QEMU migrates no guest from the back-end at connect:\/run\/x: .*F_LOG_SHMFD.* \[VC-MIGRATE-LOG\]$/;
    const { exit, stderr } = await capture(mute, 'capture', 'site.v1', 'connect:/run/x');
    assert.equal(exit, 0);
    assert.match(stderr.trimEnd().replace(/^vhost-compat: /, ''), note);
    const { stdout } = await capture(mute, 'capture', 'site.v1', 'connect:/run/x', '-f', 'json');
    const { notes } = JSON.parse(stdout) as { notes: string[] };
    assert.match(notes.join('\n'), note);
  });

  it('writes a file, with the summary that was given, and never over another', async () => {
    const file = join(folder, '50-site.json');
    const argv = ['capture', 'site.v1', 'listen:/run/x', '--output', file, '--summary', 'Hall 2'];
    assert.deepEqual(await capture(IOMMU, ...argv), { exit: 0, stdout: '', stderr: '' });
    assert.equal(readEntry(readFileSync(file, 'utf8'), file).summary, 'Hall 2');
    assert.equal((await capture(IOMMU, ...argv)).exit, 1);
  });

  it('writes no file with --dry-run, and says where it would', async () => {
    const file = join(folder, '50-site.json');
    const argv = ['capture', 'site.v1', 'connect:/run/x', '--output', file];
    const dry = await capture(IOMMU, ...argv, '--dry-run');
    assert.deepEqual([dry.exit, existsSync(file)], [0, false]);
    assert.match(dry.stderr, /^vhost-compat: dry run: would write .*50-site\.json$/m);
    assert.equal((await capture(IOMMU, ...argv)).exit, 0);
    const again = await capture(IOMMU, ...argv, '--dry-run');
    assert.equal(again.exit, 1);
    assert.match(again.stderr, /50-site\.json: EEXIST.*\[VC-TABLE\]/);
  });

  it('refuses names of the shipped tables and names that are none', async () => {
    const upstream = await capture(IOMMU, 'capture', 'upstream.mine', 'connect:/run/x');
    assert.deepEqual([upstream.exit, existsSync(asked)], [2, false], 'the back-end was asked in vain');
    const odd = await capture(IOMMU, 'capture', 'site/1', 'connect:/run/x');
    assert.equal(odd.exit, 1);
    assert.match(odd.stderr, /version is "site\/1".*\[VC-TABLE\]/);
  });

  it('takes what the agent measured of an interface, and asks nobody: a back-end may serve one connection only', async () => {
    const endpoints = { frontend: 'listen:/run/f', backend: 'connect:/run/b', device_type: 'vhost-user-fs' };
    const words = { backend_features: '0x174000000', backend_protocol_features: '0x8a42b' };
    const limits = { backend_limits: ['map', [['queue_pairs', 2]]] };
    const interfaces = { fs0: { ...endpoints, ...words, ...limits }, fs1: endpoints };
    const remote = await served(peers, { ...OLD_HOST, interfaces });
    const { exit, stdout, stderr } = await capture(IOMMU, '--db', remote, 'capture', 'site.fs.v1', 'fs0');
    assert.deepEqual([exit, stderr, existsSync(asked)], [0, '', false]);
    const entry = readEntry(stdout, 'here');
    assert.deepEqual(
      [entry.deviceType, entry.virtioFeatures, entry.limits, entry.sources],
      ['vhost-user-fs', 0x174000000n, { queue_pairs: 2 }, ['measured by the agent of oldhost at connect:/run/b (fs0)']],
    );
    const json = await capture(IOMMU, '--db', remote, 'capture', 'site.fs.v1', 'fs0', '-f', 'json');
    const { endpoint, interface: name } = JSON.parse(json.stdout) as Record<string, unknown>;
    assert.deepEqual([endpoint, name], ['connect:/run/b', 'fs0']);

    const unmeasured = await capture(IOMMU, '--db', remote, 'capture', 'site.fs.v1', 'fs1');
    assert.equal(unmeasured.exit, 3);
    assert.match(unmeasured.stderr, /Cannot capture fs1: its back-end .* was never measured.*\[VC-BACKEND-UNKNOWN\]/s);
    const typo = await capture(IOMMU, '--db', remote, 'capture', 'site.fs.v1', 'fs');
    assert.match(typo.stderr, /Cannot find interface "fs" on host oldhost.*\[VC-INTERFACE-UNKNOWN\]/s);
    const other = await capture(IOMMU, '--db', remote, 'capture', 'site.v1', 'fs0', '--device-type', 'vhost-user-blk');
    assert.match(other.stderr, /fs0 is of device type vhost-user-fs.*\[VC-VERSION-DEVICE-TYPE\]/s);
  });

  it('defines what an interface offers on its host', async () => {
    const row = { frontend: 'listen:/run/f', backend: 'connect:/run/b', backend_features: '0x144008000' };
    const remote = await served(peers, { ...OLD_HOST, interfaces: { passt0: row } });
    const argv = ['--db', remote, '--no-wait', 'capture', 'site.passt', 'passt0', '--define'];
    const { exit, stderr } = await capture(IOMMU, ...argv);
    assert.equal(exit, 0, stderr);
    const state = await State.connect(remote);
    try {
      assert.deepEqual([...state.host().definedVersions.keys()], ['site.passt']);
    } finally {
      state.close();
    }
  });

  it('defines it on the host with --define', async () => {
    const remote = await served(peers, OLD_HOST);
    const argv = ['--db', remote, '--no-wait', 'capture', 'site.v1', 'connect:/run/x', '--define'];
    const { exit, stderr } = await capture(IOMMU, ...argv);
    assert.equal(exit, 0, stderr);
    assert.match(stderr, /^vhost-compat: oldhost: defined \(not published yet\)$/m);
    const state = await State.connect(remote);
    try {
      assert.deepEqual([...state.host().definedVersions.keys()], ['site.v1']);
    } finally {
      state.close();
    }
    const other = { ...IOMMU, virtio_features: '0xd7c66a7cb' };
    const file = join(folder, '50-site.json');
    const refused = await capture(other, ...argv, '--output', file);
    assert.deepEqual([refused.exit, existsSync(file)], [1, false], 'the file of a refused definition was left');
    assert.match(refused.stderr, /site\.v1 on host oldhost.*\[VC-VERSION-EXISTS\]/);
  });
});
