import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allCommands } from '../../cli/commands.ts';
import { abilitiesOf } from '../../compat-tables/releases/release.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { shippedEntries } from '../compat-tables/shipped.ts';
import { Peers } from '../peers/process.ts';
import { described, served } from './embedded.ts';
import { type HostFixture, NEW_HOST } from './fixtures.ts';
import { fitsInto, matchesGolden } from './golden.ts';
import { type CliOutcome, cli } from './run-cli.ts';

const COMMANDS = await allCommands();

/** The names of the shipped versions are the longest that people see. */
const VERSIONS = ['upstream.ovs-dpdk.v3.2', 'upstream.ovs-dpdk.v2.13', 'upstream.ovs-dpdk.v2.13.1+tso'];
const TABLE =
  '{"format":1,"device_type":"vhost-user-net","entries":[{"version":"site.tso","virtio_features":["VIRTIO_NET_F_HOST_TSO4"],"tier":"both-ways","limits":{},"summary":"x"}]}';

/** Commands that change something say in words only what they would do. */
const DRY = ['--dry-run', '--format', 'list'];

function like(name: string, release: string): HostFixture {
  const entries = shippedEntries().filter(({ version }) => VERSIONS.includes(version));
  const renamed = Object.fromEntries(
    Object.entries(NEW_HOST.interfaces ?? {}).map(([name, row]) => [
      name,
      { ...row, in_force: 'upstream.ovs-dpdk.v2.13', next_start: 'upstream.ovs-dpdk.v2.13' },
    ]),
  );
  return {
    systemId: `id-${name}`,
    hostname: name,
    abilities: abilitiesOf(findRelease(release)),
    entries,
    interfaces: renamed,
  };
}

describe('every command', () => {
  const peers = new Peers();
  let db = '';
  let a = '';
  let b = '';
  let table = '';
  let agent = '';
  before(async () => {
    db = await served(peers, like('node1.example.org', 'ovs-3.1'));
    a = await described(peers, like('node1.example.org', 'ovs-3.1'));
    b = await described(peers, like('node2.example.org', 'ovs-3.1+tso'));
    const folder = peers.folder();
    table = '05-site.json';
    writeFileSync(join(folder, table), TABLE);
    process.chdir(folder);
    agent = join(folder, 'agent');
    writeFileSync(
      agent,
      `#!/bin/sh\ncase $1 in probe) echo '{"virtio_features":"0xd7c66e7cb","protocol_features":"0x10cbf","limits":{"queue_pairs":128}}';; *) echo 'ready: ovs-3.1 offers 0xd7c66a7ca at listen:/tmp/vhu0.sock';; esac\n`,
    );
    chmodSync(agent, 0o755);
    const define = ['--db', db, 'capture', 'site.v1', 'connect:/run/vhost/vhu0.sock', '--define', '--no-wait'];
    assert.equal((await cli(define, { env: { VHOST_COMPAT_AGENT: agent } })).exit, 0);
  });
  const home = process.cwd();
  after(() => {
    process.chdir(home);
    return peers.end();
  });

  const sides = ['--frontend', 'listen:/run/vhost/vhu9.sock', '--backend', 'connect:/run/ovs/vhu9.sock'];
  const words: Readonly<Record<string, () => string[]>> = {
    'show-version': () => ['upstream.ovs-dpdk.v2.13.1+tso'],
    'diff-versions': () => ['upstream.ovs-dpdk.v3.2', 'upstream.ovs-dpdk.v2.13'],
    'list-versions': () => ['--all'],
    'default-version': () => [],
    select: () => [a, b, '--explain'],
    matrix: () => [a, b],
    'diff-hosts': () => [a, b],
    baseline: () => [a, b],
    'add-interface': () => ['vhu9', ...sides, ...DRY],
    'del-interface': () => ['vhu1', ...DRY],
    'show-interface': () => ['vhu1'],
    pin: () => ['vhu0', 'upstream.ovs-dpdk.v2.13', ...DRY],
    unpin: () => ['vhu1', ...DRY],
    'check-move': () => ['vhu1', b],
    drain: () => [a, b],
    'what-if': () => ['--upgrade', 'ovs-2.8', a],
    probe: () => ['connect:/run/vhost/vhu0.sock'],
    capture: () => ['site.v1', 'connect:/run/vhost/vhu0.sock', '--columns', 'version,virtio_features,feature_names'],
    'undefine-version': () => ['site.v1', ...DRY],
    decode: () => ['0xd7c66e7cb'],
    explain: () => ['Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6'],
    render: () => ['upstream.ovs-dpdk.v3.2', '--for', 'libvirt', '--queues', '4'],
    'lint-table': () => [table],
    'mock-backend': () => ['listen:/tmp/vhu0.sock', '--like', 'ovs-3.1'],
  };
  const run = async (name: string, columns: number): Promise<CliOutcome> =>
    cli(['--db', db, name, ...(words[name]?.() ?? [])], {
      env: { VHOST_COMPAT_AGENT: agent, NO_COLOR: '1' },
      columns,
      terminal: true,
    });
  // trace has a golden of its own, and prints as events --follow does; serve-db prints nothing but where it serves
  const elsewhere = ['trace', 'serve-db', 'describe'];

  for (const { name } of COMMANDS.filter((one) => !elsewhere.includes(one.name))) {
    it(`fits a terminal: ${name}`, async () => {
      const { stdout, stderr } = await run(name, 80);
      // what is waited for may be shown for a while
      fitsInto(80, stderr.replaceAll(/[^\n\r]*…\r\u001b\[K/g, ''));
      matchesGolden(`every/${name}.txt`, stdout);
      for (const columns of name === 'mock-backend' ? [80] : [40, 80, 120])
        fitsInto(columns, (await run(name, columns)).stdout);
    });
  }

  it('has colours on a terminal, unless somebody says no', async () => {
    const shown = (env: Record<string, string>) => cli(['--db', db, 'show'], { env, columns: 80, terminal: true });
    assert.match((await shown({})).stdout, /\u001b\[1mINTERFACE /);
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }])
      assert.ok(!(await shown(env as Record<string, string>)).stdout.includes('\u001b'));
    assert.ok(!(await cli(['--db', db, 'show'])).stdout.includes('\u001b'));
    const error = await cli(['decode', 'x'], { terminal: true });
    assert.match(error.stderr, /^\u001b\[31mvhost-compat: /);
  });
});
