import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { extname, join } from 'node:path';
import { matchesGolden } from './golden.ts';
import { cli } from './run-cli.ts';

/** The lines of failures that were really seen, in the order of a bad day. */
const LOG = [
  "error: internal error: QEMU unexpectedly closed the monitor (vm='vm1'): qemu-system-x86_64: Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6",
  'qemu-system-x86_64: Failed to load virtio-net:virtio',
  "qemu-system-x86_64: error while loading state for instance 0x0 of device '0000:00:02.0/virtio-net'",
  'qemu-system-x86_64: load of migration failed: Operation not permitted',
  'systemd[1]: Started Session 4 of User root.',
  'vhost lacks feature mask 0x10000000 for backend',
  'qemu-system-x86_64: failed to init vhost_net for queue 0',
  'vhost lacks feature mask 0x10000000 for backend',
  'qemu-system-x86_64: you are asking more queues than supported: 2',
  'Error: Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.',
  'VHOST_CONFIG: (/run/vhu0) negotiated Virtio features: 0x170608180',
  'vhost-compat: Cannot use version site.x: the back-end does not offer VIRTIO_NET_F_CSUM [VC-VERSION-UNUSABLE]',
].join('\n');

/** Each of these was decoded by hand; the bits stand in the goldens. */
const MASKS: readonly (readonly [name: string, features: string, allowed: string])[] = [
  ['indirect-desc', '0x130afe7a7', '0x168bfe7e7'],
  ['mrg-rxbuf', '0x130afe7a7', '0x178bf67e7'],
  ['packed', '0x530afe7a7', '0x178bfe7e7'],
  ['mtu', '0x130afe7af', '0x178bfe7e7'],
  ['ovs-3.5-to-3.1', '0x130afa7a7', '0x178bfa7e6'],
  ['tso-to-none', '0x130af9fa7', '0x178bfa7e6'],
  ['kubevirt-uso', '0x1c0010130afffaf', '0x10179bfffef'],
];

// compiled tests run the compiled program, tests from source the source
const MAIN = join(import.meta.dirname, `../../cli/main${extname(import.meta.filename)}`);

function piped(input: string, ...args: readonly string[]) {
  const loader = extname(MAIN) === '.ts' ? ['--import=tsx'] : [];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...loader, MAIN, 'explain', ...args], {
    input,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('explain', () => {
  for (const format of ['table', 'list', 'html', 'csv', 'json']) {
    it(`explains a log as ${format}`, async () => {
      const { exit, stdout, stderr } = await cli(['explain', LOG, '--format', format], { columns: 80 });
      assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' });
      matchesGolden(`explain.${format}`, stdout);
    });
  }

  for (const [name, features, allowed] of MASKS) {
    it(`names the bits of a refused migration: ${name}`, async () => {
      const line = `qemu-kvm: Features ${features} unsupported. Allowed features: ${allowed}`;
      const { exit, stdout } = await cli(['explain', line], { columns: 80 });
      assert.equal(exit, 0);
      matchesGolden(`explain-${name}.txt`, stdout);
      const { explanations } = JSON.parse((await cli(['explain', line, '-f', 'json'])).stdout) as {
        explanations: { missing: { bit: number }[]; masks: { missing: { mask: string } } }[];
      };
      const bits = explanations[0]?.missing.map(({ bit }) => bit) ?? [];
      const sum = bits.reduce((mask, bit) => mask + 2n ** BigInt(bit), 0n);
      // what is missing, taken from what the guest has, leaves only what is allowed
      assert.notEqual(sum, 0n);
      assert.equal((BigInt(features) - sum) & BigInt(allowed), BigInt(features) - sum);
      assert.equal(sum & BigInt(allowed), 0n);
      assert.equal(explanations[0]?.masks.missing.mask, `0x${sum.toString(16)}`);
    });
  }

  it('explains the vsock line that was cut off, and the masks of VPP', async () => {
    const vsock = await cli(['explain', 'vhost-vsock (2021): `Features 0x130000002 unsupported`; Berrangé: …'], {
      columns: 80,
    });
    assert.equal(vsock.exit, 0);
    matchesGolden('explain-vsock.txt', vsock.stdout);
    const line = '"sometimes the port is created with less features" 0x50008000 vs 0x60003140, noticed';
    const vpp = await cli(['explain', line], { columns: 80 });
    matchesGolden('explain-vpp.txt', vpp.stdout);
  });

  it('explains a row of a table of failures, and a line that was wrapped when pasted', async () => {
    const row = await cli(['explain', '| INDIRECT_DESC | 0x130afe7a7 | 0x168bfe7e7 |'], { columns: 80 });
    assert.equal(row.exit, 0);
    matchesGolden('explain-row.txt', row.stdout);
    const wrapped = await cli(['explain', 'Features 0x130afa7a7 unsupported. Allowed\nfeatures: 0x178bfa7e6']);
    assert.equal(wrapped.exit, 0);
    assert.match(wrapped.stdout, /^line 1: Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6\n/);
    assert.match(wrapped.stdout, /VIRTIO_NET_F_CSUM \(0\)/);
    assert.doesNotMatch(wrapped.stdout, /cut off|^line 2/m);
  });

  it('takes words that were not quoted, and codes in any case', async () => {
    const words = 'Features 0x130afa7a7 unsupported. Allowed features: 0x178bfa7e6'.split(' ');
    assert.match((await cli(['explain', ...words])).stdout, /VIRTIO_NET_F_CSUM \(0\)/);
    const { exit, stdout } = await cli(['explain', 'vc-mode-features']);
    assert.equal(exit, 0);
    assert.match(stdout, /lacks features of the mode/);
  });

  it('says no when nothing is known', async () => {
    const { exit, stdout, stderr } = await cli(['explain', 'it does not work']);
    assert.deepEqual([exit, stdout], [3, '']);
    assert.match(stderr, /VC-EXPLAIN-NONE/);
    const json = await cli(['explain', 'VC-NO-SUCH-CODE', '-f', 'json']);
    assert.equal(json.exit, 3);
    assert.deepEqual(JSON.parse(json.stdout), { format: 1, kind: 'explanations', explanations: [] });
    assert.match(json.stderr, /"code":"VC-EXPLAIN-NONE"/);
  });

  it('does not let a log speak to the terminal', async () => {
    const { stdout } = await cli(['explain', '\u001b[31mvhost peer closed']);
    assert.ok(!stdout.includes('\u001b'));
  });

  it('reads standard input', () => {
    const { status, stdout, stderr } = piped(LOG, '-');
    assert.deepEqual([status, stderr], [0, '']);
    matchesGolden('explain.table', stdout);
    assert.equal(piped('', '-').status, 3);
  });
});
