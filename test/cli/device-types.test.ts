import assert from 'node:assert/strict';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { Peers } from '../peers/process.ts';
import { served } from './embedded.ts';
import { ENTRIES, type HostFixture, NEW_BACKEND } from './fixtures.ts';
import { cli } from './run-cli.ts';

const DISKS = ['site.disk.v2', 'site.disk.v1'].map((version) => ({
  ...{ ...(ENTRIES[2] as (typeof ENTRIES)[number]), version, deviceType: 'vhost-user-blk', limits: {} },
}));
const row = { frontend: 'listen:/run/f', backend: 'connect:/run/b' };
const BLK0 = { ...row, device_type: 'vhost-user-blk', state: 'waiting-frontend', next_start: 'site.disk.v1' };

describe('a host and the device types that it has no interface of', () => {
  const peers = new Peers();
  afterEach(() => peers.end());

  /** The host, of which the agent has found these versions of disks usable. */
  async function hostOf(fixture: Partial<HostFixture>, ...usable: readonly string[]): Promise<string> {
    const host = { systemId: 'id-1', hostname: 'node1', abilities: undefined, ...fixture };
    const remote = await served(peers, { ...host, entries: [...ENTRIES, ...DISKS] });
    const client = new OvsdbClient(remote);
    await client.connect();
    const all = DISKS.map(({ version }) => ({
      ...{ op: 'update', table: 'Compat_Version', where: [['name', '==', version]] },
      row: { usable: usable.includes(version) },
    }));
    await client.transact(DATABASE, all);
    client.close();
    return remote;
  }

  it('counts the versions of its own network back-end, not those of disks', async () => {
    const remote = await hostOf({ abilities: NEW_BACKEND, interfaces: { vhu0: row } });
    const { stdout } = await cli(['--db', remote, 'show', '-f', 'json']);
    const { versions, attention } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([versions, attention], [{ usable: 3, known: 3 }, []]);
  });

  it('needs no attention for a network back-end when it has disks alone', async () => {
    const remote = await hostOf({ interfaces: { blk0: BLK0 } }, 'site.disk.v1');
    const { stdout } = await cli(['--db', remote, 'show', '-f', 'json']);
    const { versions, attention, effective } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([versions, attention, effective], [{ usable: 1, known: 2 }, [], 'site.disk.v1']);
    const list = await cli(['--db', remote, 'list-versions', '--no-headings', '--columns', 'version']);
    assert.deepEqual([list.stdout.trim(), list.stderr], ['site.disk.v1', '']);
  });

  it('says that nothing is known when nothing is', async () => {
    const remote = await hostOf({});
    const { stdout } = await cli(['--db', remote, 'show', '-f', 'json']);
    const { versions, attention } = JSON.parse(stdout) as { versions: unknown; attention: { code: string }[] };
    assert.deepEqual([versions, attention.map(({ code }) => code)], [{ usable: 0, known: 3 }, ['VC-BACKEND-UNKNOWN']]);
    assert.match((await cli(['--db', remote, 'list-versions'])).stderr, /VC-BACKEND-UNKNOWN/);
  });

  it('counts both when it has both', async () => {
    const remote = await hostOf({ abilities: NEW_BACKEND, interfaces: { vhu0: row, blk0: BLK0 } }, 'site.disk.v1');
    const { stdout } = await cli(['--db', remote, 'show', '-f', 'json']);
    const { versions } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(versions, { usable: 4, known: 5 });
  });
});
