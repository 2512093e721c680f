import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { needs, needsThat } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, SCHEMA } from './subjects.ts';

const run = promisify(execFile);
const VSWITCH_SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const PYTHON = '/usr/bin/python3';

/** What an IDL of OVS does at least: load, insert, wait for its own row. It falls back from the newer monitors to `monitor`. */
const IDL_PROGRAM = `
import sys
import ovs.db.idl, ovs.poller
remote, schema = sys.argv[1:]
helper = ovs.db.idl.SchemaHelper(schema)
helper.register_table('Thing')
idl = ovs.db.idl.Idl(remote, helper)
def wait(condition):
    while True:
        idl.run()
        if condition():
            return
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.block()
wait(lambda: idl.change_seqno != 0)
print(sorted(row.name for row in idl.tables['Thing'].rows.values()))
txn = ovs.db.idl.Transaction(idl)
row = txn.insert(idl.tables['Thing'])
row.name, row.number, row.tags, row.sizes = 'python', 2**62, ['b', 'a'], {'k': 2**40}
print(txn.commit_block())
mine = lambda: [row for row in idl.tables['Thing'].rows.values() if row.name == 'python']
wait(mine)
print(mine()[0].number, mine()[0].tags, mine()[0].sizes)
`;

describe('the tools of OVS with our server', () => {
  const peers = new Peers();
  let server: OurServer;
  let schemaFile: string;
  before(async function () {
    needs(this, 'ovsdb-client', 'openvswitch-common');
    server = new OurServer(peers);
    await server.start();
    schemaFile = join(peers.folder(), 'net.ovsschema');
    writeFileSync(schemaFile, JSON.stringify(SCHEMA));
  });
  after(() => peers.end());

  async function client(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await run('ovsdb-client', ['--timeout=30', command, server.remote, ...args]);
    return stdout;
  }
  const insert = (name: string): string =>
    JSON.stringify(['Net', { op: 'insert', table: 'Thing', row: { name, tags: ['set', ['b', 'a']] } }]);
  /** `number` as text: JSON of this language cannot write it. */
  const setNumber = (name: string): string =>
    `["Net",{"op":"update","table":"Thing","where":[["name","==","${name}"]],"row":{"number":9223372036854775807}}]`;

  it('ovsdb-client list-dbs', async () => assert.equal(await client('list-dbs'), 'Net\n_Server\n'));
  it('ovsdb-client list-tables', async () => assert.match(await client('list-tables', 'Net'), /^Other\nThing$/m));
  it('ovsdb-client list-columns', async () =>
    assert.match(await client('list-columns', 'Net', 'Other'), /^name +"string"$/m));
  it('ovsdb-client get-schema-version', async () => assert.equal(await client('get-schema-version', 'Net'), '1.0.0\n'));
  it('ovsdb-client needs-conversion', async () => assert.equal(await client('needs-conversion', schemaFile), 'no\n'));
  it('ovsdb-client wait', async () => assert.equal(await client('wait', 'Net', 'connected'), ''));

  it('ovsdb-client get-schema', async () => {
    const { tables } = JSON.parse(await client('get-schema', 'Net')) as { tables: Record<string, object> };
    assert.deepEqual(Object.keys(tables).sort(), ['Other', 'Thing']);
  });

  it('ovsdb-client transact, query and dump', async () => {
    assert.match(await client('transact', insert('dumped')), /^\[\{"uuid":\["uuid","[-0-9a-f]{36}"\]\}\]\n$/);
    assert.equal(await client('transact', setNumber('dumped')), '[{"count":1}]\n');
    const query = JSON.stringify(['Net', { op: 'select', table: 'Thing', where: [], columns: ['number'] }]);
    assert.equal(await client('query', query), '[{"rows":[{"number":9223372036854775807}]}]\n');
    assert.match(
      await client('dump', 'Net', 'Thing', 'name', 'number', 'tags'),
      /^dumped 9223372036854775807 \[a, b\]$/m,
    );
  });

  it('ovsdb-client transact, the other operations', async () => {
    const where = [['name', '==', 'operated']];
    const one = async (operation: Json): Promise<string> =>
      await client('transact', JSON.stringify(['Net', operation]));
    await client('transact', insert('operated'));
    const steps: [Json, RegExp][] = [
      [{ op: 'update', table: 'Thing', where, row: { flag: true } }, /^\[\{"count":1\}\]$/m],
      [{ op: 'mutate', table: 'Thing', where, mutations: [['number', '+=', 3]] }, /^\[\{"count":1\}\]$/m],
      [
        { op: 'wait', table: 'Thing', where, columns: ['number'], until: '==', rows: [{ number: 3 }], timeout: 0 },
        /^\[\{\}\]$/m,
      ],
      [
        { op: 'wait', table: 'Thing', where, columns: ['number'], until: '!=', rows: [{ number: 3 }], timeout: 0 },
        /"timed out"/,
      ],
      [{ op: 'abort' }, /"aborted by request"/],
      [{ op: 'delete', table: 'Thing', where }, /^\[\{"count":1\}\]$/m],
    ];
    for (const [operation, want] of steps) assert.match(await one(operation), want);
  });

  it('ovsdb-client monitor', async () => {
    const args = ['--format=csv', '--no-headings', 'monitor', server.remote, 'Net', 'Thing', 'name', 'number'];
    const monitor = peers.start('ovsdb-client', args);
    await client('transact', insert('before'));
    await client('transact', insert('monitored'));
    await client('transact', setNumber('monitored'));
    await monitor.waitFor(/,new,monitored,9223372036854775807/);
    await client(
      'transact',
      JSON.stringify(['Net', { op: 'delete', table: 'Thing', where: [['name', '==', 'monitored']] }]),
    );
    await monitor.waitFor(/,delete,monitored,9223372036854775807/);
    await monitor.stop();
  });

  it('ovsdb-client lock and steal', async () => {
    const first = peers.start('ovsdb-client', ['lock', server.remote, 'L']);
    await first.waitFor(/\{"locked":true\}/);
    const second = peers.start('ovsdb-client', ['steal', server.remote, 'L']);
    await first.waitFor(/^stolen$/m);
    await second.stop();
    await first.waitFor(/^locked$/m);
    await first.stop();
  });

  it('ovs-vsctl, with the schema of Open vSwitch', async function () {
    needs(this, 'ovs-vsctl', 'openvswitch-switch');
    needsThat(this, existsSync(VSWITCH_SCHEMA), VSWITCH_SCHEMA, 'openvswitch-switch');
    const schema = DatabaseSchema.fromJson(JSON.parse(readFileSync(VSWITCH_SCHEMA, 'utf8')) as Json);
    const database = Database.open({ file: ':memory:', schema });
    server.server.add(database);
    const { connectTo } = await server.server.listen('ptcp:0');
    const vsctl = async (...args: string[]): Promise<string> =>
      (await run('ovs-vsctl', ['--timeout=30', '--no-syslog', `--db=${connectTo}`, '--no-wait', ...args])).stdout;
    await vsctl('init');
    await vsctl(
      'add-br',
      'br0',
      '--',
      'add-port',
      'br0',
      'p0',
      '--',
      'set',
      'Interface',
      'p0',
      'external_ids:a=b',
      'mtu_request=9000',
    );
    assert.equal(await vsctl('list-ports', 'br0'), 'p0\n');
    assert.equal(
      await vsctl('--columns=external_ids,mtu_request', '--format=csv', '--no-headings', 'list', 'Interface', 'p0'),
      '{a=b},9000\n',
    );
    await vsctl('del-br', 'br0');
    assert.equal(await vsctl('--columns=name', '--no-headings', 'list', 'Interface'), '');
    await server.stop();
    database.close();
    await server.start();
  });

  it("Python's ovs.db.idl", async function () {
    const there = ((): boolean => {
      try {
        execFileSync(PYTHON, ['-c', 'import ovs.db.idl'], { stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    })();
    needsThat(this, there, 'the Python module ovs', 'python3-openvswitch');
    await client('transact', JSON.stringify(['Net', { op: 'delete', table: 'Thing', where: [] }]));
    await client('transact', insert('there'));
    const { stdout } = await run(PYTHON, ['-c', IDL_PROGRAM, server.remote, schemaFile], { timeout: 60_000 });
    assert.equal(stdout, "['there']\nsuccess\n4611686018427387904 ['a', 'b'] {'k': 1099511627776}\n");
  });
});
