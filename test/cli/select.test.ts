import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import type { HostDocument } from '../../rpc/fleet/host-document.ts';
import { Peers } from '../peers/process.ts';
import { ROOT } from '../root.ts';
import { ENTRIES, NEW_HOST, OLD_HOST } from './fixtures.ts';
import { matchesGolden } from './golden.ts';
import { cli } from './run-cli.ts';

type Versions = HostDocument['versions'];

/** A saved document of a host with these versions, most preferred first. */
function document(host: string, versions: Versions): string {
  const empty = { system_id: `id-${host}`, hostname: host, agent_version: '0.1.0', time: '2026-01-02T03:04:05.000Z' };
  return JSON.stringify({
    format: 1,
    kind: 'vhost-compat host',
    host,
    ...empty,
    backend: { limits: {} },
    versions,
    interfaces: [],
  });
}

function version(name: string, preference: number, more: Partial<Versions[number]> = {}): Versions[number] {
  return {
    ...{ version: name, device_type: 'vhost-user-net', preference, virtio_features: '0x1', feature_names: [] },
    ...{ limits: {}, digest: '0'.repeat(64), tier: 'both-ways', usable: true, blockers: [], covers: [] },
    ...{ summary: '', origin: '', ...more },
  };
}

const usable = (...names: string[]): Versions => names.map((name, index) => version(name, index));

const OLD_VERSIONS = ENTRIES.map((entry, index) => {
  const blockers = checkEntry(entry, OLD_HOST.abilities);
  return version(entry.version, index, { digest: entry.digest, usable: blockers.length === 0, blockers });
});
const NEW_VERSIONS = ENTRIES.map((entry, index) => version(entry.version, index, { digest: entry.digest }));

describe('select and matrix from saved documents', () => {
  const peers = new Peers();
  let folder = '';
  const save = (host: string, versions: Versions): string => {
    const file = join(folder, `${host}.json`);
    writeFileSync(file, document(host, versions));
    return file;
  };
  beforeEach(() => {
    folder = peers.folder();
  });
  afterEach(() => peers.end());

  // the thread of 2018: N selects against O
  const thread: { n: string[]; o: string[]; want: string | undefined }[] = [
    { n: ['6.3', '6.2', '6.1', '5.3'], o: ['5.3', '5.2', '5.1'], want: '5.3' },
    { n: ['6.3', '6.2', '6.1', '5.2'], o: ['5.3', '5.2', '5.1'], want: '5.2' },
    { n: ['6.3', '6.2', '6.1'], o: ['5.3', '5.2', '5.1'], want: undefined },
    { n: ['6.3', '6.2', '6.1'], o: ['5.3', '5.2', '5.1', '6.1'], want: '6.1' },
  ];
  for (const { n, o, want } of thread) {
    it(`[${n.join(' ')}] with [${o.join(' ')}] gives ${want ?? 'none, exit 3'}`, async () => {
      const { exit, stdout, stderr } = await cli(['select', save('N', usable(...n)), save('O', usable(...o))]);
      assert.equal(stdout, want === undefined ? '' : `${want}\n`);
      assert.equal(exit, want === undefined ? 3 : 0);
      assert.match(stderr, want === undefined ? /No version is usable on all of: N, O \[VC-SELECT-NONE\]/ : /^$/);
    });
  }

  it('lets the first target rule, or none of them with --policy consensus', async () => {
    const [a, b] = [save('A', usable('x', 'y', 'z')), save('B', usable('z', 'y', 'x'))];
    assert.equal((await cli(['select', a, b])).stdout, 'x\n');
    assert.equal((await cli(['select', b, a])).stdout, 'z\n');
    for (const targets of [
      [a, b],
      [b, a],
    ]) {
      assert.equal((await cli(['select', '--policy', 'consensus', ...targets])).stdout, 'y\n');
    }
  });

  for (const format of ['table', 'json', 'csv', 'list', 'html']) {
    it(`prints select, select --explain and matrix as ${format}`, async () => {
      const [a, b] = [save('newhost', NEW_VERSIONS), save('oldhost', OLD_VERSIONS)];
      const shown = async (...argv: string[]) => (await cli([...argv, '-f', format], { columns: 80 })).stdout;
      matchesGolden(`select.${format}`, await shown('select', a, b));
      matchesGolden(`select-explain.${format}`, await shown('select', a, b, '--explain'));
      matchesGolden(`matrix.${format}`, await shown('matrix', a, b));
    });
  }

  it('names the host and the missing bits of every version when there is none, with --explain', async () => {
    const [packed, mq] = [NEW_VERSIONS.slice(0, 1), OLD_VERSIONS.slice(0, 2)];
    const { exit, stdout } = await cli(['select', save('newhost', packed), save('oldhost', mq), '--explain']);
    assert.equal(exit, 3);
    assert.match(stdout, /^No version is usable on all of: newhost, oldhost$/m);
    assert.match(
      stdout,
      /^site\.packed:\n {2}oldhost: .*VIRTIO_F_RING_PACKED, VIRTIO_F_IN_ORDER \[VC-MODE-FEATURES\]$/m,
    );
    assert.match(stdout, /^site\.mq:\n {2}newhost: .*\[VC-VERSION-UNKNOWN\]$/m);
  });

  it('never selects one name with two contents', async () => {
    const other = [version('x', 0, { digest: '1'.repeat(64) })];
    const targets = [save('A', usable('x')), save('B', other)];
    assert.equal((await cli(['select', ...targets])).exit, 3);
    assert.match((await cli(['select', ...targets, '--explain'])).stdout, /B: .*\[VC-DIGEST-DIFFERS\]/);
    assert.match((await cli(['matrix', ...targets])).stdout, /^x +usable +differs$/m);
  });

  it('raises an alarm with the names of the hosts, and says where a version does not move', async () => {
    const other = [version('x', 0, { digest: '1'.repeat(64) })];
    const targets = [save('A', usable('x')), save('B', other), save('C', usable('x'))];
    for (const command of ['select', 'matrix']) {
      const { stderr } = await cli([command, ...targets]);
      assert.match(stderr, /ALARM: x is not the same everywhere: \w+ on A, C; 1{12} on B: .*\[VC-DIGEST-DIFFERS\]$/m);
    }
    const json = JSON.parse((await cli(['matrix', ...targets, '-f', 'json'])).stdout) as { drift: unknown[] };
    assert.equal(json.drift.length, 1);
    const forward = [version('6.3', 0), version('5.3', 1, { tier: 'forward-only' })];
    const back = [save('N', forward), save('O', usable('5.3'))];
    assert.match(
      (await cli(['matrix', ...back])).stderr,
      /5\.3: .* O cannot honour 6\.3, as N does \[VC-MOVE-DIRECTION\]$/m,
    );
    assert.equal((await cli(['select', ...back])).exit, 3);
    assert.equal((await cli(['select', ...back.toReversed()])).stdout, '5.3\n');
  });

  it('takes device documents of any type, without being told which', async () => {
    const [a, b] = ['blk-store1', 'blk-store2'].map((name) => join(ROOT, 'docs/examples', `${name}.json`));
    assert.ok(a && b);
    assert.equal((await cli(['select', a, b])).stdout, 'site.blk.v1_q4\n');
    const { stdout } = await cli(['matrix', a, b, '-f', 'json']);
    assert.equal((JSON.parse(stdout) as { device_type: string }).device_type, 'vhost-user-blk');
    const wrong = await cli(['select', a, b, '--device-type', 'vhost-user-net']);
    assert.equal(wrong.exit, 3);
    assert.match(wrong.stderr, /they have vhost-user-blk \[VC-VERSION-DEVICE-TYPE\]/);
  });

  it('reports a file that is no document, or is not there, with exit 1', async () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{"format":1');
    for (const target of [broken, join(folder, 'none.json')]) {
      const { exit, stderr } = await cli(['matrix', target]);
      assert.equal(exit, 1);
      assert.match(stderr, /(broken|none)\.json.*\[VC-DOCUMENT\]\nremedy: /);
    }
  });

  it('keeps to the device type asked for', async () => {
    const { exit, stderr } = await cli([
      'select',
      save(NEW_HOST.hostname, NEW_VERSIONS),
      '--device-type',
      'vhost-user-blk',
    ]);
    assert.equal(exit, 3);
    assert.match(stderr, /vhost-user-blk.*\[VC-VERSION-DEVICE-TYPE\]/);
  });
});
