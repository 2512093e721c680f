import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maskOf } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { type Side, typedHost } from '../rpc/fleet/typed-hosts.ts';
import { cli } from './run-cli.ts';

const DISK: Side = {
  ...{ type: 'vhost-user-blk', queues: 4, rings: [0, 1, 2], entries: [{ version: 'site.disk' }] },
  protocol: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD', 'CONFIG'),
};

/** Lines as long as they want to be. */
const WIDE = { env: { COLUMNS: '0' } };

describe('commands about hosts of one device type', () => {
  let directory = '';
  let files: { here: string; there: string; share: string };
  const written = (name: string, side: Side) => {
    const path = join(directory, `${name}.json`);
    writeFileSync(path, JSON.stringify(typedHost(name, side)));
    return path;
  };
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'device-type-'));
    files = {
      here: written('here', DISK),
      there: written('there', { ...DISK, queues: 2 }),
      share: written('share', { ...DISK, type: 'vhost-user-fs' }),
    };
  });
  after(() => rmSync(directory, { recursive: true }));

  it('count the queues of a disk under that name, in what it has as in what it gets', async () => {
    const { stdout, exit } = await cli(['check-move', 'port0', files.there, '--from', files.here], WIDE);
    assert.equal(exit, 3);
    assert.match(stdout, /^port0 on here: its guest took \S+ of site\.disk, queues 3, ring_size 128$/m);
    assert.match(stdout, /the back-end of there gives queues 2, the interface has 3/);
  });

  it('take the only device type that the hosts have when none is named: baseline and diff-hosts as select', async () => {
    const made = await cli(['baseline', files.here, files.there], WIDE);
    assert.equal(made.exit, 0, made.stderr);
    assert.match(made.stdout, /queue_pairs=2$/m);
    const different = await cli(['diff-hosts', files.here, files.there], WIDE);
    assert.equal(different.exit, 0, different.stderr);
    assert.match(different.stdout, /^queues: 4 becomes 2$/m);
    assert.match(different.stdout, /it breaks for those with queues above 2 \(of 4\)/);
    assert.match(different.stdout, /a guest of here that is to move to there starts in: site\.disk/);
  });

  it('ask what-if about the device type of the release', async () => {
    const asked = await cli(['what-if', '--upgrade', 'qemu-storage-daemon-10.0', files.here], WIDE);
    assert.equal(asked.exit, 0, asked.stderr);
    assert.match(asked.stdout, /^here with qemu-storage-daemon-10\.0:$/m);
    const share = await cli(['what-if', '--upgrade', 'qemu-virtiofsd-5.0', files.share], WIDE);
    assert.match(
      share.stdout,
      /warning: no guest could be migrated from there: .*_F_DEVICE_STATE.* \[VC-MIGRATE-STATE\]/,
    );
    const other = await cli(['what-if', '--upgrade', 'ovs-3.2', files.here], WIDE);
    assert.equal(other.exit, 3);
    assert.match(
      other.stderr,
      /device type "vhost-user-net": none of them has a version of it; they have vhost-user-blk/,
    );
  });

  it('write no comma behind the features of a baseline without limits', async () => {
    const { queues: _, ...unlimited } = DISK;
    const plain = written('plain', unlimited);
    const { stdout, exit, stderr } = await cli(['baseline', plain, '--device-type', 'vhost-user-blk'], WIDE);
    assert.equal(exit, 0, stderr);
    assert.match(stdout, /^site\.baseline-\S+: \S+ \+ control LOG_ALL, PROTOCOL_FEATURES$/m);
  });
});
