import assert from 'node:assert/strict';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { Replica, type ReplicaChange } from '../../../../rpc/ovsdb/client/replica.ts';
import { namedUuid, ovsMap, ovsOptional, ovsSet, ovsUuid } from '../../../../rpc/ovsdb/notation/values.ts';
import { Peers } from '../../../peers/process.ts';
import { SUBJECTS, type TestServer, until } from './subjects.ts';

const QUICK = { firstMs: 10, minMs: 20, maxMs: 40 };

function summary(changes: ReplicaChange[]): string[] {
  return changes
    .map(({ kind, old, new: row, columns }) =>
      `${kind} ${(row ?? old)?.['name']} ${kind === 'modify' ? columns : ''}`.trim(),
    )
    .sort();
}

for (const subject of SUBJECTS) {
  describe(`Replica with ${subject.name}`, () => {
    const peers = new Peers();
    let server: TestServer;
    let client: OvsdbClient;
    const inserting = (name: string, row: Record<string, Json> = {}): Json => ({
      op: 'insert',
      table: 'Thing',
      row: { name, ...row },
    });
    const deleting = (name: string): Json => ({ op: 'delete', table: 'Thing', where: [['name', '==', name]] });
    const updating = (name: string, row: Record<string, Json>): Json => ({
      op: 'update',
      table: 'Thing',
      where: [['name', '==', name]],
      row,
    });
    before(async function () {
      subject.require(this);
      server = subject.create(peers);
      await server.start();
      client = new OvsdbClient(server.remote, QUICK);
      peers.defer(() => client.close());
      await client.connect(10_000);
    });
    after(() => peers.end());

    it('reads every kind of column', async () => {
      const row = {
        number: 2n ** 62n,
        real: 1.5,
        flag: true,
        note: ovsOptional('n'),
        tags: ovsSet(['b', 'a']),
        sizes: ovsMap({ x: 1, __proto__x: 2n ** 60n }),
        friend: namedUuid('me'),
      };
      await client.transact('Net', [{ ...(inserting('full', row) as object), 'uuid-name': 'me' }, inserting('empty')]);
      const replica = new Replica(client, 'Net', { Thing: 'all' });
      await replica.start();
      replica.stop();
      const [empty, full] = [...replica.rows('Thing').values()].sort((a, b) =>
        String(a['name']).localeCompare(String(b['name'])),
      );
      assert.deepEqual(
        { ...full, _uuid: '', friend: full?.['friend'] === full?._uuid },
        {
          name: 'full',
          number: 2n ** 62n,
          real: 1.5,
          flag: true,
          note: 'n',
          tags: ['a', 'b'],
          sizes: new Map<string, number | bigint>([
            ['__proto__x', 2n ** 60n],
            ['x', 1],
          ]),
          friend: true,
          _uuid: '',
        },
      );
      assert.deepEqual(
        { ...empty, _uuid: '' },
        {
          name: 'empty',
          number: 0,
          real: 0,
          flag: false,
          note: undefined,
          tags: [],
          sizes: new Map(),
          friend: undefined,
          _uuid: '',
        },
      );
    });

    it('follows transactions, one call each, and is ahead of their answers', async () => {
      await client.transact('Net', [{ op: 'delete', table: 'Thing', where: [] }, inserting('a'), inserting('b')]);
      const replica = new Replica(client, 'Net', { Thing: ['name', 'number', 'tags'], Other: [] });
      const calls: ReplicaChange[][] = [];
      replica.onChange((changes) => calls.push(changes));
      await replica.start();
      assert.deepEqual(calls.map(summary), [['insert a', 'insert b']]);
      calls.length = 0;
      await client.transact('Net', [updating('a', { number: 1, tags: ovsSet(['t']) }), deleting('b'), inserting('c')]);
      assert.deepEqual(calls.map(summary), [['delete b', 'insert c', 'modify a number,tags']]);
      const modify = calls[0]?.find(({ kind }) => kind === 'modify');
      assert.deepEqual([modify?.old?.['number'], modify?.old?.['name'], modify?.new?.['number']], [0, 'a', 1]);
      assert.equal(replica.rows('Thing').get(modify?.uuid ?? ''), modify?.new);
      calls.length = 0;
      await client.transact('Net', [updating('a', { real: 3 })]); // not followed
      assert.deepEqual(calls, []);
      replica.stop();
      await client.transact('Net', [inserting('d')]);
      assert.deepEqual(calls, []);
    });

    it('comes back with its connection and reports the differences', async () => {
      await client.transact('Net', [
        { op: 'delete', table: 'Thing', where: [] },
        inserting('stays'),
        inserting('goes'),
        inserting('changes'),
      ]);
      const follower = new OvsdbClient(server.remote, { ...QUICK, firstMs: 300 });
      await follower.connect(10_000);
      const replica = new Replica(follower, 'Net', { Thing: ['name', 'number'] });
      await replica.start();
      const stays = [...replica.rows('Thing').values()].find((row) => row['name'] === 'stays');
      const calls: ReplicaChange[][] = [];
      replica.onChange((changes) => calls.push(changes));
      const before = new Promise<void>((resolve) => client.once('connected', resolve));
      await server.stop();
      await server.start();
      await before; // the quick one is back first
      const changed = client.transact('Net', [
        deleting('goes'),
        updating('changes', { number: 5 }),
        inserting('comes'),
      ]);
      await until(() => calls.flat().length >= 3);
      await changed;
      assert.deepEqual(summary(calls.flat()), ['delete goes', 'insert comes', 'modify changes number']);
      assert.equal(replica.rows('Thing').get(stays?._uuid ?? ''), stays);
      calls.length = 0;
      await client.transact('Net', [inserting('later')]);
      await until(() => calls.length > 0);
      assert.deepEqual(calls.map(summary), [['insert later']]);
      follower.close();
    });

    const wrong = [
      { title: 'a database that is not there', database: 'No', tables: { Thing: [] }, message: /unknown database/ },
      {
        title: 'a table that is not there',
        database: 'Net',
        tables: { No: [] },
        message: /database Net: its schema has no table No/,
      },
      {
        title: 'a column that is not there',
        database: 'Net',
        tables: { Thing: ['no'] },
        message: /no column no in table Thing/,
      },
    ];
    for (const { title, database, tables, message } of wrong) {
      it(`refuses ${title}`, async () => {
        await assert.rejects(new Replica(client, database, tables).start(), message);
      });
    }

    it('references rows by UUID', async () => {
      const results = await client.transact('Net', [{ op: 'delete', table: 'Thing', where: [] }, inserting('one')]);
      const uuid = (results[1] as { uuid: [string, string] }).uuid[1];
      await client.transact('Net', [inserting('two', { friend: ovsUuid(uuid) })]);
      const replica = new Replica(client, 'Net', { Thing: ['name', 'friend'] });
      await replica.start();
      assert.deepEqual([...replica.rows('Thing').values()].map((row) => row['friend']).sort(), [uuid, undefined]);
      replica.stop();
    });
  });
}
