import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import type { MonitorUpdate } from '../../../../rpc/ovsdb/monitor/monitor-hub.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer, type ServerEvent } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { Peers } from '../../../peers/process.ts';
import { RawClient, until } from '../net/subjects.ts';
import { monSchema } from './partners.ts';

const insert = (row: Json): Json => ({ op: 'insert', table: 'T', row });

describe('an update for many monitors', () => {
  function watch(database: Database, requests: Json): { heard: MonitorUpdate[]; change(requests: Json): void } {
    const heard: MonitorUpdate[] = [];
    const monitor = database.watch({ kind: 'update2', requests }, (update) => heard.push(update));
    return { heard, change: (wanted) => void monitor.change(wanted) };
  }

  it('is made once for all with the same request, however it is spelled', async () => {
    const database = Database.open({ file: ':memory:', schema: monSchema() });
    const one = watch(database, { T: { columns: ['s'], where: [['i', '==', 1]] } });
    const same = watch(database, { T: [{ where: [['i', '==', 1]], columns: ['s'], select: { insert: true } }] });
    const other = watch(database, { T: { columns: ['s'], where: [['i', '==', 2]] } });
    await database.transact([insert({ s: 'x', i: 1 })]).result;
    assert.equal(one.heard.length, 1);
    assert.equal(one.heard[0], same.heard[0]);
    assert.equal(one.heard[0]?.message('update2', '"m"'), same.heard[0]?.message('update2', '"m"'));
    assert.equal(other.heard.length, 0);
    other.change({ T: [{ where: [['i', '==', 1]] }] });
    await database.transact([insert({ s: 'y', i: 1 })]).result;
    assert.equal(one.heard[1], other.heard[0]);
    same.change({ T: [{ where: [false] }] });
    await database.transact([insert({ s: 'z', i: 1 })]).result;
    assert.deepEqual([one.heard.length, same.heard.length, other.heard.length], [3, 2, 2]);
    database.close();
  });

  it('begins with what its condition shows, in a column that neither it nor the one before shows', async () => {
    const database = Database.open({ file: ':memory:', schema: monSchema() });
    await database.transact(['zero', 'one', 'two'].map((s, i) => insert({ s, i }))).result;
    const begin = (where: Json[]): Json => {
      const { initial } = database.watch({ kind: 'update2', requests: { T: { columns: ['s'], where } } }, () => {});
      return Object.values(initial.json['T'] as object).map((row) => (row as { initial: { s: Json } }).initial.s);
    };
    assert.deepEqual(begin([true]), ['zero', 'one', 'two']);
    assert.deepEqual(begin([['i', '!=', 1]]), ['zero', 'two']);
    assert.deepEqual(begin([true]), ['zero', 'one', 'two']);
    database.close();
  });

  it('begins for all of them with the same contents, as they are now', async () => {
    const database = Database.open({ file: ':memory:', schema: monSchema() });
    const begin = () => database.watch({ kind: 'update2', requests: { T: { columns: ['s'] } } }, () => {}).initial;
    await database.transact([insert({ s: 'x' })]).result;
    const [first, second, third] = [begin(), begin(), begin()];
    assert.equal(third, second);
    assert.deepEqual(second.json, first.json);
    await database.transact([insert({ s: 'y' })]).result;
    assert.notEqual(begin().text, second.text);
    database.close();
  });
});

describe('tables and columns with the names of what objects inherit', () => {
  const peers = new Peers();
  after(() => peers.end());

  it('are tables and columns', async () => {
    const columns = { valueOf: { type: 'string' }, toString: { type: { key: 'string', min: 0, max: 'unlimited' } } };
    const schema = DatabaseSchema.fromJson({
      name: 'Odd',
      version: '1.0.0',
      tables: { constructor: { isRoot: true, columns } },
    });
    const file = join(peers.folder(), 'odd.db');
    let database = Database.open({ file, schema });
    const heard: MonitorUpdate[] = [];
    const requests: Json = { constructor: { columns: ['valueOf', 'toString'] } };
    const zero = '00000000-0000-0000-0000-000000000000';
    const { initial } = database.watch({ kind: 'update3', requests, since: zero }, (update) => heard.push(update));
    const uuid = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';
    await database.transact([{ op: 'insert', table: 'constructor', uuid, row: { valueOf: 'x' } }]).result;
    await database.transact([{ op: 'update', table: 'constructor', where: [], row: { toString: 'y' } }]).result;
    assert.deepEqual<Json[]>(
      [initial, ...heard].map(({ json }) => json),
      [
        {},
        { constructor: { [uuid]: { insert: { valueOf: 'x' } } } },
        { constructor: { [uuid]: { modify: { toString: 'y' } } } },
      ],
    );
    database.close();
    database = Database.open({ file, schema });
    const { found, initial: missed } = database.watch(
      { kind: 'update3', requests, since: heard[0]?.txnId ?? zero },
      () => {},
    );
    assert.deepEqual([found, missed.json], [true, heard[1]?.json]);
    database.close();
  });
});

describe('many clients', function () {
  this.timeout(60_000);
  const peers = new Peers();
  after(() => peers.end());

  async function serve(queuedBytes?: number): Promise<{ path: string; events: ServerEvent[] }> {
    const path = join(peers.folder(), 'mon.sock');
    const events: ServerEvent[] = [];
    const database = Database.open({ file: ':memory:', schema: monSchema() });
    peers.defer(() => database.close());
    const limits = queuedBytes === undefined ? {} : { limits: { queuedBytes } };
    const server = new OvsdbServer({ log: (event) => events.push(event), ...limits });
    peers.defer(() => server.close());
    server.add(database);
    await server.listen(`punix:${path}`);
    return { path, events };
  }

  it('hear of each transaction, each under its own id', async () => {
    const { path } = await serve();
    const clients = await Promise.all(Array.from({ length: 300 }, () => RawClient.open(path)));
    peers.defer(() => {
      for (const { socket } of clients) socket.destroy();
    });
    await Promise.all(
      clients.map((client, i) =>
        client.ask('monitor_cond', 'Mon', i, { T: { columns: ['s'], where: [['i', '<', i % 3]] } }),
      ),
    );
    const [writer] = clients;
    await writer?.ask('transact', 'Mon', insert({ s: 'x', i: 1 }), insert({ s: 'y', i: 0 }));
    await Promise.all(clients.map(async (client) => await client.ask('echo')));
    clients.forEach(({ messages }, i) => {
      const updates = messages.filter((message) => (message as { method?: string }).method === 'update2');
      assert.equal(updates.length, i % 3 === 0 ? 0 : 1);
      const [id, update] = (updates[0] as { params?: Json[] } | undefined)?.params ?? [i, { T: {} }];
      assert.equal(id, i);
      assert.equal(Object.keys((update as { T: object }).T).length, i % 3);
    });
  });

  it('do not wait for one that does not read; that one is dropped', async () => {
    const { path, events } = await serve(1 << 20);
    const [slow, writer, reader] = [await RawClient.open(path), await RawClient.open(path), await RawClient.open(path)];
    peers.defer(() => {
      for (const { socket } of [slow, writer, reader]) socket.destroy();
    });
    const request = { T: { columns: ['s'] } };
    await slow.ask('monitor_cond_since', 'Mon', 'm', request, '00000000-0000-0000-0000-000000000000');
    await reader.ask('monitor_cond', 'Mon', 'm', request);
    slow.socket.pause();
    const dropped = (): boolean =>
      events.some(({ event, text }) => event === 'client dropped' && /does not read/.test(text));
    let count = 0;
    for (; !dropped() && count < 500; count++) {
      await writer.ask('transact', 'Mon', insert({ s: `${count} ${'x'.repeat(50_000)}` }));
    }
    assert.ok(dropped(), `${count} updates`);
    await until(() => reader.messages.length === count + 1);
  });
});
