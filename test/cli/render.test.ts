import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import { loadSchemaText } from '../../rpc/state/schema-file.ts';
import { Peers } from '../peers/process.ts';
import { NEW_HOST, putHosts } from './fixtures.ts';
import { matchesGolden } from './golden.ts';
import { cli } from './run-cli.ts';

const NOWHERE = 'unix:/nonexistent/db.sock';

/** The host of the fixtures in a server of our own. */
async function serveHost(peers: Peers): Promise<string> {
  const schema = DatabaseSchema.fromJson(JSON.parse(loadSchemaText()));
  const database = Database.open({ file: ':memory:', schema });
  const server = new OvsdbServer();
  server.add(database);
  peers.defer(async () => {
    await server.close();
    database.close();
  });
  const socket = join(peers.folder(), 'db.sock');
  await server.listen(`punix:${socket}`);
  await putHosts(`unix:${socket}`, NEW_HOST);
  return `unix:${socket}`;
}

describe('render', () => {
  const peers = new Peers();
  afterEach(() => peers.end());

  for (const form of ['libvirt', 'qemu']) {
    for (const format of ['table', 'json']) {
      it(`writes a shipped version for ${form} as ${format}, without a host`, async () => {
        const args = ['render', 'upstream.ovs-dpdk.v2.6', '--for', form, '--queues', '4', '-d', NOWHERE, '-f', format];
        const { exit, stdout, stderr } = await cli(args);
        assert.equal(exit, 0);
        matchesGolden(`render-${form}.${format}`, stdout);
        // the notes are for people and for programs alike on stderr, and in the JSON
        matchesGolden(`render-${form}.stderr`, stderr);
        if (format === 'table') return;
        const { notExpressible } = JSON.parse(stdout) as { notExpressible: { name: string }[] };
        for (const { name } of notExpressible) assert.ok(stderr.includes(name), name);
      });
    }
  }

  it('asks the database for a version that is not shipped', async () => {
    const { exit, stderr } = await cli(['render', 'site.own', '--for', 'qemu', '-d', NOWHERE]);
    assert.equal(exit, 4);
    assert.match(stderr, /VC-DB-CONNECT/);
  });

  it('writes a version that only the host knows, and says which it knows when it is none', async () => {
    const db = await serveHost(peers);
    const { exit, stdout } = await cli(['render', 'site.packed', '--for', 'libvirt', '--queues', '2', '-d', db]);
    assert.equal(exit, 0);
    assert.match(stdout, /<driver queues='2' event_idx='off' packed='on'>/);
    const wrong = await cli(['render', 'site.pakced', '--for', 'qemu', '-d', db]);
    assert.equal(wrong.exit, 1);
    assert.match(wrong.stderr, /site\.packed.*\[VC-VERSION-UNKNOWN\]/);
  });

  it('refuses more queues than are promised, and what it cannot read', async () => {
    const render = (...words: string[]) => cli(['render', 'upstream.ovs-dpdk.v2.6', ...words]);
    const many = await render('--for', 'qemu', '--queues', '129');
    assert.equal(many.exit, 3);
    assert.match(many.stderr, /VC-MODE-LIMIT/);
    for (const words of [['--for', 'xen'], ['--for', 'qemu', '--queues', '0'], []])
      assert.equal((await render(...words)).exit, 2, words.join(' '));
  });
});
