import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { contentsOfDump } from './graph.ts';
import { OURS, REAL } from './served.ts';

const SCHEMA = join(ROOT, 'test/golden/ovsdb/rfc-5/edge.ovsschema');
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

const insert = (table: string, row: JsonObject): string => JSON.stringify(['Edge', { op: 'insert', table, row }]);
const ROWS: readonly (readonly [string, JsonObject])[] = [
  ['I', { i: 1, x: 'one' }],
  ['I', { i: -5, x: 'a "quoted" and, with commas' }],
  ['R', { r: 0.1 }],
  ['S', { s: ['set', [3, 1, 2]] }],
  ['T', { name: 'é', n: 7, fixed: ['set', ['b', 'a']] }],
];

/** A run of ovsdb-client: all it says, without what differs from run to run. */
async function client(remote: string, command: readonly string[], inputFile = '/dev/null'): Promise<string> {
  const [name = '', ...args] = command.slice(command.findIndex((word) => !word.startsWith('-')));
  const options = command.slice(0, command.indexOf(name));
  // A file and no pipe: restore goes back in it.
  const input = openSync(inputFile, 'r');
  const stdio: ('pipe' | number)[] = [input, 'pipe', 'pipe'];
  const child = spawn('ovsdb-client', ['--timeout=20', ...options, name, remote, ...args], { stdio });
  closeSync(input);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return code === 0 ? output : `exit ${code}: ${output}`;
}

const TIME = /\d{4}-\d\d-\d\dT\S+?Z\|/g;

function clean(text: string, remote: string): string {
  return text
    .replaceAll(UUID, '<uuid>')
    .replaceAll(TIME, '')
    .replaceAll(remote, '<remote>')
    .split('\n')
    .sort()
    .join('\n');
}

describe('ovsdb-client says the same of our server as of ovsdb-server', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let ours = '';
  let real = '';
  let folder = '';
  before(async function () {
    needs(this, 'ovsdb-client', 'openvswitch-common');
    REAL.require(this);
    folder = peers.folder();
    [ours, real] = await Promise.all([OURS.serve(peers, SCHEMA), REAL.serve(peers, SCHEMA)]);
  });
  after(() => peers.end());

  async function same(...command: string[]): Promise<string> {
    const [mine, theirs] = await Promise.all([client(ours, command), client(real, command)]);
    assert.equal(clean(mine, ours), clean(theirs, real), command.join(' '));
    return mine;
  }

  it('transact', async () => {
    for (const [table, row] of ROWS) await same('transact', insert(table, row));
    await same('transact', '["Edge",{"op":"frob"}]');
    await same('transact', '["Nope"]');
    await same('transact', '{}');
    await same('transact', '["Edge",{"op":"mutate","table":"I","where":[],"mutations":[["i","/=",0]]}]');
  });
  it('query', async () => {
    await same('query', '["Edge",{"op":"select","table":"I","where":[["i",">",0]]}]');
    await same('query', '["Edge",{"op":"select","table":"T","where":[],"columns":["name","fixed"]}]');
    // Nothing of what a query changes stays.
    await same('query', '["Edge",{"op":"delete","table":"I","where":[]}]');
    await same('query', '["Edge",{"op":"select","table":"I","where":[["i",">",0]],"columns":["i"]}]');
  });
  it('dump', async () => {
    await same('dump', 'Edge', 'I');
    await same('--format=csv', 'dump', 'Edge', 'I', 'i', 'x');
    await same('--format=list', 'dump', 'Edge', 'T', 'name', 'fixed', 'kid');
    await same('--format=html', 'dump', 'Edge', 'S', 's');
    await same('--data=bare', 'dump', 'Edge', 'R', 'r');
    await same('dump', 'Edge', 'Nope');
    await same('dump', 'Edge', 'I', 'nope');
    await same('dump');
  });
  it('list-dbs', () => same('list-dbs'));
  it('list-tables', () => same('list-tables', 'Edge'));
  it('list-columns', async () => {
    await same('list-columns', 'Edge');
    await same('list-columns', 'Edge', 'T');
    await same('list-columns', 'Edge', 'Nope');
  });
  it('get-schema', async () => {
    await same('get-schema');
    await same('get-schema', 'Edge');
    await same('--pretty', 'get-schema', 'Edge');
    await same('get-schema', '_Server');
    await same('get-schema', 'Nope');
  });
  it('get-schema-version and get-schema-cksum', async () => {
    assert.equal(await same('get-schema-version', 'Edge'), '2.0.0\n');
    await same('get-schema-cksum', 'Edge');
    await same('get-schema-cksum', '_Server');
  });
  it('wait', async () => {
    await same('wait', 'Edge', 'added');
    await same('wait', 'Edge', 'connected');
    await same('wait', 'Nope', 'removed');
    await same('--timeout=1', 'wait', 'Edge', 'removed');
  });
  it('needs-conversion', async () => {
    assert.equal(await same('needs-conversion', SCHEMA), 'no\n');
    assert.equal(await same('needs-conversion', changedSchema()), 'yes\n');
  });

  it('lock, steal, unlock', async () => {
    const said = await Promise.all(
      [ours, real].map(async (remote) => {
        const first = peers.start('ovsdb-client', ['lock', remote, 'L']);
        await first.waitFor(/locked/);
        const second = peers.start('ovsdb-client', ['lock', remote, 'L']);
        await second.waitFor(/"locked":false/);
        const thief = peers.start('ovsdb-client', ['steal', remote, 'L']);
        await first.waitFor(/stolen/);
        await thief.waitFor(/locked/);
        await thief.stop();
        await first.waitFor(/^locked$/m);
        await first.stop();
        await second.waitFor(/^locked$/m);
        await second.stop();
        // It stays until it is ended, whatever it was told.
        const unlock = await client(remote, ['--timeout=1', 'unlock', 'L']);
        return [first.output, second.output, thief.output, unlock].map((text) => text.replaceAll(TIME, ''));
      }),
    );
    assert.deepEqual(said[0], said[1]);
  });

  /** The row that is there at first tells that a monitor listens, and the end of both that it has heard everything. */
  const monitors: readonly (readonly string[])[] = [
    ['monitor', 'Edge', 'U'],
    ['monitor', 'Edge', 'U', 'u,!modify,!insert'],
    ['monitor', 'Edge', 'U', '!modify,u'],
    ['monitor', 'Edge', 'U', 'u,!insert'],
    ['monitor', 'Edge', 'ALL'],
    ['monitor-cond', 'Edge', '[["u","!=",["uuid","00000000-0000-0000-0000-000000000000"]]]', 'U', 'u'],
    ['monitor-cond', 'Edge', '[true]', 'U'],
    ['monitor-cond-since', 'Edge', '[true]', 'U', 'u'],
  ];
  for (const command of monitors) {
    it(command.join(' '), async () => {
      const u = (digit: string): Json => ['uuid', `${digit.repeat(8)}-1111-1111-1111-111111111111`];
      const there = JSON.stringify([
        'Edge',
        { op: 'insert', table: 'U', row: { u: u('3') } },
        { op: 'insert', table: 'One', row: { n: 1 } },
      ]);
      const steps: Json[] = [
        ['Edge', { op: 'insert', table: 'U', row: { u: u('1') } }],
        ['Edge', { op: 'update', table: 'U', where: [['u', '==', u('1')]], row: { u: u('2') } }],
        ['Edge', { op: 'delete', table: 'U', where: [] }, { op: 'delete', table: 'One', where: [] }],
      ];
      const said = await Promise.all(
        [ours, real].map(async (remote) => {
          await client(remote, ['transact', there]);
          const [name = '', ...args] = command;
          const monitor = peers.start('ovsdb-client', ['--format=csv', name, remote, ...args]);
          await monitor.waitFor(/initial/);
          for (const step of steps) await client(remote, ['transact', JSON.stringify(step)]);
          await monitor.waitFor(/delete[\s\S]*delete/);
          if (command.includes('ALL')) await monitor.waitFor(/delete,\[\],1/);
          await monitor.stop();
          return clean(monitor.output, remote);
        }),
      );
      assert.equal(said[0], said[1]);
    });
  }

  it('backup and restore', async () => {
    const saved = async (remote: string): Promise<string> => {
      const file = join(peers.folder(), 'backup.db');
      writeFileSync(file, await client(remote, ['backup', 'Edge']));
      return file;
    };
    const contents = async (remote: string): Promise<string[]> =>
      contentsOfDump(await client(remote, ['--format=json', '--no-headings', 'dump', 'Edge']));
    for (const remote of [ours, real]) {
      const before = await contents(remote);
      assert.ok(before.length >= ROWS.length);
      const backup = await saved(remote);
      for (const table of ['I', 'T', 'S'])
        await client(remote, ['transact', JSON.stringify(['Edge', { op: 'delete', table, where: [] }])]);
      assert.notDeepEqual(await contents(remote), before);
      assert.equal(await client(remote, ['--force', 'restore', 'Edge'], backup), '');
      assert.deepEqual(await contents(remote), before);
    }
    // What one wrote, the other reads.
    assert.equal(await client(real, ['restore', 'Edge'], await saved(ours)), '');
    assert.deepEqual(await contents(real), await contents(ours));
  });

  it('convert', async () => {
    const changed = changedSchema();
    await same('convert', changed);
    assert.equal(await same('needs-conversion', changed), 'no\n');
    assert.equal(await same('get-schema-version', 'Edge'), '2.1.0\n');
    await same('get-schema', 'Edge');
    await same('--format=csv', 'dump', 'Edge', 'I', 'i', 'x', 'extra');
    await same('dump', 'Edge', 'B');
    await same('list-tables', 'Edge');
  });

  /** A column and a table more, a table less. */
  function changedSchema(): string {
    const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as {
      version: string;
      tables: Record<string, { columns: Record<string, unknown> }>;
    };
    schema.version = '2.1.0';
    delete schema.tables['B'];
    Object.assign(schema.tables['I']?.columns ?? {}, { extra: { type: 'integer' } });
    schema.tables['Added'] = { columns: { name: { type: 'string' } } };
    const file = join(folder, 'changed.ovsschema');
    writeFileSync(file, JSON.stringify(schema));
    return file;
  }
});
