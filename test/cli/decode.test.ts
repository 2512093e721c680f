import assert from 'node:assert/strict';
import { matchesGolden } from './golden.ts';
import { cli } from './run-cli.ts';

/** A bit of each kind: of virtio-net, both control bits, of the transport, and one that nobody has named. */
const MASK = '0x200144000001';

describe('decode', () => {
  for (const format of ['table', 'list', 'html', 'csv', 'json']) {
    it(`names the bits as ${format}`, async () => {
      const { exit, stdout, stderr } = await cli(['decode', MASK, '--format', format], { columns: 80 });
      assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' });
      matchesGolden(`decode.${format}`, stdout);
    });
  }

  it('reads names, short names and numbers, and shows the mask first', async () => {
    for (const words of [['VIRTIO_NET_F_MTU,VIRTIO_F_VERSION_1'], ['MTU', 'bit 32'], ['4294967304'], ['0x100000008']]) {
      const { stdout } = await cli(['decode', ...words]);
      assert.match(stdout, /^0x100000008 /, words.join(' '));
    }
  });

  it('takes the quotes off that ovs-vsctl puts around a value', async () => {
    const { exit, stdout } = await cli(['decode', '"0x000000017060a783"']);
    assert.equal(exit, 0);
    assert.match(stdout, /^0x13060a783 \+ control PROTOCOL_FEATURES /);
  });

  it('has the names of each device type', async () => {
    const { stdout } = await cli(['decode', '0x150007646', '--device-type', 'vhost-user-blk']);
    for (const name of ['VIRTIO_BLK_F_DISCARD', 'VIRTIO_BLK_F_WRITE_ZEROES', 'VIRTIO_BLK_F_MQ'])
      assert.ok(stdout.includes(name), name);
    assert.doesNotMatch(stdout, /No known feature/);
  });

  it('says that it has no names of a device type, rather than that a bit has none', async () => {
    const { stderr, exit } = await cli(['decode', '0x100002000', '--device-type', 'blk']);
    assert.equal(exit, 0);
    assert.match(
      stderr,
      /^vhost-compat: nothing is known here of device type "blk", so that only the bits of every device have names; known are vhost-user-net, vhost-user-blk, /m,
    );
    assert.equal((await cli(['decode', '0x1', '--device-type', 'vhost-user-snd'])).stderr, '');
    assert.equal((await cli(['decode', '0x1', '--device-type', 'blk', '--protocol'])).stderr, '');
  });

  it('numbers protocol features anew', async () => {
    const { stdout } = await cli(['decode', '0x44000002', '--protocol', '-f', 'json']);
    const { bits } = JSON.parse(stdout) as { bits: { bit: number; name: string; control: boolean }[] };
    assert.deepEqual(
      bits.map(({ bit, control }) => [bit, control]),
      [
        [1, false],
        [26, false],
        [30, false],
      ],
    );
    assert.equal(bits[0]?.name, 'VHOST_USER_PROTOCOL_F_LOG_SHMFD');
  });

  it('gives the columns asked for as headings and data', async () => {
    const { stdout } = await cli(['decode', '0x8', '-f', 'json', '--columns', 'name,bit']);
    assert.deepEqual(JSON.parse(stdout), {
      format: 1,
      kind: 'table',
      headings: ['name', 'bit'],
      data: [['VIRTIO_NET_F_MTU', 3]],
    });
  });
});
