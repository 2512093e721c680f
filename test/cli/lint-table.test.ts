import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Peers } from '../peers/process.ts';
import { ROOT } from '../root.ts';
import { cli } from './run-cli.ts';

const SHIPPED = join(ROOT, 'compat-tables/tables/10-ovs-dpdk.json');

describe('lint-table', () => {
  const peers = new Peers();
  afterEach(() => peers.end());

  const table = (virtioFeatures: string, tier = 'both-ways'): string => {
    const file = join(peers.folder(), '05-site.json');
    const entry = {
      ...{ version: 'site.v1', summary: 'A test.', virtio_features: virtioFeatures, tier },
      ...{ limits: { queue_pairs: 1, ring_size: 1024 }, covers: ['x'], sources: ['x'] },
    };
    writeFileSync(file, JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries: [entry] }, null, 1));
    return file;
  };

  it('says nothing about a clean file, exit 0', async () => {
    const { exit, stdout, stderr } = await cli(['lint-table', table('0x144008000')]);
    assert.deepEqual([exit, stdout, stderr], [0, '', 'vhost-compat: 0 errors, 0 warnings in 1 file\n']);
  });

  it('warns by file and line, exit 0', async () => {
    const file = table('0x144008800');
    const { exit, stdout, stderr } = await cli(['lint-table', file]);
    assert.equal(exit, 0);
    assert.equal(
      stdout,
      `${file}:5: warning: entry "site.v1": VIRTIO_NET_F_HOST_TSO4 is promised without VIRTIO_NET_F_CSUM, which it requires (virtio 1.2, section 5.1.3.1) [dependency]\n`,
    );
    assert.match(stderr, /0 errors, 1 warning in 1 file$/m);
  });

  it('exits with 1 where there is an error, after all findings', async () => {
    const file = table('0x144008000', 'gold');
    const { exit, stdout, stderr } = await cli(['lint-table', SHIPPED, file]);
    assert.equal(exit, 1);
    assert.match(stdout, /10-ovs-dpdk\.json:\d+: warning: .*\[dependency\]$/m);
    assert.match(stdout, /05-site\.json:\d+: error: entry "site\.v1": tier is "gold"; wanted .*\[VC-TABLE\]$/m);
    assert.match(stderr, /\[VC-TABLE\]\nremedy: /);
  });

  it('has a face for programs', async () => {
    const file = join(peers.folder(), '10-ovs-dpdk.json');
    const entry = {
      ...{ version: 'upstream.ovs-dpdk.v2.6', summary: 'Changed.', virtio_features: '0x144008000', tier: 'both-ways' },
      ...{ limits: { queue_pairs: 1, ring_size: 1024 }, covers: ['x'], sources: ['x'] },
    };
    writeFileSync(file, JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries: [entry] }));
    const { exit, stdout, stderr } = await cli(['lint-table', file, '-f', 'json']);
    assert.equal(exit, 1);
    const { kind, errors, warnings, findings } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([kind, errors, warnings], ['lint', 1, 1]);
    const [{ text, ...rest } = {}] = findings as Record<string, unknown>[];
    assert.deepEqual(rest, {
      ...{ file, line: 1, severity: 'error', rule: 'VC-TABLE-CHANGED', version: 'upstream.ovs-dpdk.v2.6' },
    });
    assert.match(String(text), /^its content is not the published one/);
    assert.match(stderr, /"code":"VC-TABLE-CHANGED"/);
    assert.match((await cli(['lint-table', file, '-f', 'csv'])).stdout, /^file,line,severity,rule,version,text\n/);
  });

  it('reports a file that is not there', async () => {
    const { exit, stderr } = await cli(['lint-table', join(peers.folder(), 'none.json')]);
    assert.equal(exit, 1);
    assert.match(stderr, /Cannot read .*none\.json: ENOENT.*\[VC-TABLE\]/);
  });
});
