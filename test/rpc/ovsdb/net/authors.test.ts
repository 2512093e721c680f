import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { type CommittedChange, Database } from '../../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { Peers } from '../../../peers/process.ts';
import { RawClient } from './subjects.ts';

const SCHEMA: Json = {
  name: 'Authored',
  version: '1.0.0',
  tables: { T: { isRoot: true, columns: { name: { type: 'string' }, size: { type: 'integer' } } } },
};

describe('the author of a change', () => {
  const peers = new Peers();
  const committed: [string, readonly CommittedChange[]][] = [];
  const denied: [string | undefined, string][] = [];
  let asked = 0;
  let path = '';
  let reader = '';

  before(async () => {
    const database = Database.open({
      ...{ file: ':memory:', schema: DatabaseSchema.fromJson(SCHEMA), fixedSchema: true },
      committed: (author, changes) => committed.push([author, changes]),
    });
    const server = new OvsdbServer({
      identify: () => `client ${++asked}`,
      denied: (author, method) => denied.push([author, method]),
    });
    peers.defer(async () => {
      await server.close();
      database.close();
    });
    server.add(database);
    path = join(peers.folder(), 'db.sock');
    reader = `${path}.ro`;
    await server.listen(`punix:${path}`);
    await server.listen(`punix:${reader}`, { readOnly: true });
  });
  after(() => peers.end());

  const insert: Json = { op: 'insert', table: 'T', row: { name: 'a' } };
  const update: Json = { op: 'update', table: 'T', where: [['name', '==', 'a']], row: { size: 7 } };

  it('is asked once of each client that writes, and told with rows and columns', async () => {
    const [one, two] = [await RawClient.open(path), await RawClient.open(path)];
    await one.ask('transact', 'Authored', insert);
    await one.ask('transact', 'Authored', update, { op: 'abort' });
    await two.ask('transact', 'Authored', update);
    await two.ask('transact', 'Authored', update);
    await one.ask('transact', 'Authored', { op: 'delete', table: 'T', where: [] });
    assert.deepEqual(
      committed.map(([author, changes]) => [author, ...changes.map(({ table, kind }) => `${kind} ${table}`)]),
      [
        ['client 1', 'insert T'],
        ['client 2', 'modify T'],
        ['client 1', 'delete T'],
      ],
    );
    const [made, changed, gone] = committed.map(([, [change]]) => change);
    assert.deepEqual(changed?.columns, ['_version', 'size']);
    assert.deepEqual([made?.uuid, gone?.uuid], [changed?.uuid, changed?.uuid]);
    assert.equal(asked, 2);
    for (const client of [one, two]) client.socket.destroy();
  });

  it('is not asked of one that may only read', async () => {
    const before = asked;
    const client = await RawClient.open(reader);
    await client.ask('transact', 'Authored', { op: 'select', table: 'T', where: [] });
    assert.equal(asked, before);
    client.socket.destroy();
  });

  it('is told of what is never allowed', async () => {
    const client = await RawClient.open(path);
    assert.match(JSON.stringify(await client.ask('convert', 'Authored', SCHEMA)), /not allowed/);
    assert.deepEqual(denied, [[`client ${asked}`, 'convert']]);
    client.socket.destroy();
  });
});
