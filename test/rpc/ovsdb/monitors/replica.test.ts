import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { OvsdbCallError } from '../../../../rpc/ovsdb/client/client-errors.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { Replica, type ReplicaChange } from '../../../../rpc/ovsdb/client/replica.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { columnShapes, decodeValue } from '../../../../rpc/ovsdb/notation/values.ts';
import { OvsdbServer } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, until } from '../net/subjects.ts';
import { monSchema } from './partners.ts';
import { transaction } from './random.ts';

const QUICK = { firstMs: 10, minMs: 20, maxMs: 40 };
const METHODS = ['monitor_cond_since', 'monitor_cond', 'monitor'];

/** Counts the calls of monitors, and makes the server one that does not know some of them. */
function watchCalls(client: OvsdbClient, unknown: readonly string[] = []): { method: string; result: Json }[] {
  const calls: { method: string; result: Json }[] = [];
  const call = client.call.bind(client);
  client.call = async (method, params, timeoutMs) => {
    if (unknown.includes(method)) {
      calls.push({ method, result: 'unknown method' });
      throw new OvsdbCallError(method, 'unknown method');
    }
    const result = await call(method, params, timeoutMs);
    if (method.startsWith('monitor')) calls.push({ method, result });
    return result;
  };
  return calls;
}

describe('Replica', function () {
  this.timeout(60_000);
  const peers = new Peers();
  after(() => peers.end());
  const insert = (name: string, row: JsonObject = {}): Json => ({
    op: 'insert',
    table: 'Thing',
    row: { name, ...row },
  });
  const where = (name: string): Json => [['name', '==', name]];

  async function connected(server: OurServer): Promise<OvsdbClient> {
    const client = new OvsdbClient(server.remote, QUICK);
    peers.defer(() => client.close());
    await client.connect(10_000);
    return client;
  }

  it('is told no more than it missed when the server comes back', async () => {
    const server = new OurServer(peers);
    await server.start();
    const client = await connected(server);
    const calls = watchCalls(client);
    await client.transact('Net', [insert('stays'), insert('goes'), insert('changes', { tags: ['set', ['a', 'b']] })]);
    const replica = new Replica(client, 'Net', { Thing: ['name', 'tags'] });
    await replica.start();
    const heard: ReplicaChange[] = [];
    replica.onChange((changes) => heard.push(...changes));
    await server.stop();
    await server.start();
    await until(() => client.connected);
    await until(() => calls.length === 2);
    const writer = await connected(server);
    await writer.transact('Net', [
      { op: 'delete', table: 'Thing', where: where('goes') },
      { op: 'mutate', table: 'Thing', where: where('changes'), mutations: [['tags', 'insert', ['set', ['0', 'c']]]] },
    ]);
    await until(() => heard.length === 2);
    await server.stop();
    await server.start();
    await until(() => calls.length === 3);
    const results = calls.map(({ result }) => (result as Json[])[0]);
    assert.deepEqual(results, [false, true, true]);
    assert.deepEqual((calls.at(-1)?.result as Json[] | undefined)?.[2], {});
    const changed = heard.find(({ kind }) => kind === 'modify')?.new;
    assert.deepEqual(changed?.['tags'], ['0', 'a', 'b', 'c']);
    assert.deepEqual([...replica.rows('Thing').values()].map(({ name }) => name).sort(), ['changes', 'stays']);
  });

  it('begins anew when another database took the place of the old one', async () => {
    const path = join(peers.folder(), 'db.sock');
    const serve = async (name: string): Promise<() => Promise<void>> => {
      const database = Database.open({ file: ':memory:', schema: monSchema() });
      await database.transact([{ op: 'insert', table: 'O', row: { s: name } }]).result;
      const server = new OvsdbServer();
      server.add(database);
      await server.listen(`punix:${path}`);
      return async () => {
        await server.close();
        database.close();
      };
    };
    const stop = await serve('first');
    const client = new OvsdbClient(`unix:${path}`, QUICK);
    peers.defer(() => client.close());
    await client.connect(10_000);
    const replica = new Replica(client, 'Mon', { O: ['s'] });
    const heard: string[] = [];
    replica.onChange((changes) => {
      for (const { kind, old, new: now } of changes) heard.push(`${kind} ${(now ?? old)?.['s']}`);
    });
    await replica.start();
    await stop();
    peers.defer(await serve('second'));
    await until(() => heard.length === 3);
    assert.deepEqual(heard.sort(), ['delete first', 'insert first', 'insert second']);
  });

  for (const [i, method] of METHODS.entries()) {
    it(`makes do with ${method}`, async () => {
      const server = new OurServer(peers);
      await server.start();
      const client = await connected(server);
      const calls = watchCalls(client, METHODS.slice(0, i));
      await client.transact('Net', [insert('one', { number: 1 }), insert('two', { number: 2 })]);
      const replica = new Replica(
        client,
        'Net',
        { Thing: ['name', 'sizes'] },
        { conditions: { Thing: [['number', '==', 1]] } },
      );
      await replica.start();
      assert.deepEqual(
        calls.map((call) => call.method),
        METHODS.slice(0, i + 1),
      );
      const names = (): unknown[] => [...replica.rows('Thing').values()].map(({ name }) => name).sort();
      assert.deepEqual(names(), method === 'monitor' ? ['one', 'two'] : ['one']);
      await client.transact('Net', [
        { op: 'update', table: 'Thing', where: where('two'), row: { number: 1 } },
        { op: 'update', table: 'Thing', where: where('one'), row: { sizes: ['map', [['a', 1]]] } },
      ]);
      assert.deepEqual(names(), ['one', 'two']);
      const one = [...replica.rows('Thing').values()].find(({ name }) => name === 'one');
      assert.deepEqual(one?.['sizes'], new Map([['a', 1]]));
      await client.transact('Net', [{ op: 'update', table: 'Thing', where: where('one'), row: { number: 3 } }]);
      assert.deepEqual(names(), method === 'monitor' ? ['one', 'two'] : ['two']);
      replica.stop();
    });
  }

  it('has what a select finds, whatever happens', async () => {
    const path = join(peers.folder(), 'db.sock');
    const schema = monSchema();
    const database = Database.open({ file: ':memory:', schema });
    peers.defer(() => database.close());
    const server = new OvsdbServer();
    peers.defer(() => server.close());
    server.add(database);
    await server.listen(`punix:${path}`);
    const client = new OvsdbClient(`unix:${path}`);
    peers.defer(() => client.close());
    await client.connect(10_000);
    const clause: Json = ['i', '<', 1];
    const everything = new Replica(client, 'Mon', { T: 'all', O: ['s'] });
    const some = new Replica(client, 'Mon', { T: ['s', 'set', 'nums'] }, { conditions: { T: [clause] } });
    await everything.start();
    await some.start();
    const shapes = columnShapes(schema.toJson());
    const select = async (table: string, columns: string[], conditions: Json[]): Promise<unknown[]> => {
      const op = { op: 'select', table, where: conditions, columns: ['_uuid', ...columns], sort: ['_uuid'] };
      const [{ rows }] = (await client.call('transact', ['Mon', op])) as [{ rows: JsonObject[] }];
      return rows.map((row) => {
        const cells = columns.map((name) => [
          name,
          decodeValue(row[name] ?? null, shapes.get(table)?.get(name) ?? { kind: 'scalar' }),
        ]);
        return { ...Object.fromEntries(cells), _uuid: (row['_uuid'] as string[])[1] };
      });
    };
    const sorted = (replica: Replica, table: string): unknown[] =>
      [...replica.rows(table)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => ({ ...row }));
    await fc.assert(
      fc.asyncProperty(transaction, async (operations) => {
        await client.call('transact', ['Mon', ...operations]);
        const all = [...(shapes.get('T')?.keys() ?? [])];
        assert.deepEqual(sorted(everything, 'T'), await select('T', all, []));
        assert.deepEqual(sorted(everything, 'O'), await select('O', ['s'], []));
        assert.deepEqual(sorted(some, 'T'), await select('T', ['s', 'set', 'nums'], [clause]));
      }),
      { numRuns: 150 },
    );
  });
});
