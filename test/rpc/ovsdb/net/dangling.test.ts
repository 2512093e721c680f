import assert from 'node:assert/strict';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { describeEach, RawClient, until } from './subjects.ts';

const NOBODY: Json = ['uuid', 'dddddddd-dddd-dddd-dddd-dddddddddddd'];
const A: Json = ['name', '==', 'a'];

/** What a transaction does to row a, whose weak reference is to nothing before and afterwards. */
const WRITES: { title: string; operations: Json[]; counts: boolean }[] = [
  {
    title: 'an update to a row that there never was',
    operations: [{ op: 'update', table: 'Thing', where: [A], row: { friend: NOBODY } }],
    counts: true,
  },
  {
    title: 'a mutation to one',
    operations: [{ op: 'mutate', table: 'Thing', where: [A], mutations: [['friend', 'insert', NOBODY]] }],
    counts: true,
  },
  {
    title: 'an update to a row that the same transaction inserts and deletes',
    operations: [
      { op: 'insert', table: 'Thing', 'uuid-name': 'd', row: { name: 'd' } },
      { op: 'update', table: 'Thing', where: [A], row: { friend: ['named-uuid', 'd'] } },
      { op: 'delete', table: 'Thing', where: [['name', '==', 'd']] },
    ],
    counts: true,
  },
  {
    title: 'an update to nothing',
    operations: [{ op: 'update', table: 'Thing', where: [A], row: { friend: ['set', []] } }],
    counts: false,
  },
  {
    title: 'two updates, to and fro',
    operations: [
      { op: 'update', table: 'Thing', where: [A], row: { number: 1 } },
      { op: 'update', table: 'Thing', where: [A], row: { number: 0 } },
    ],
    counts: false,
  },
];

describeEach('a weak reference that does not stay,,', ({ path, peers }) => {
  for (const { title, operations, counts } of WRITES) {
    it(`${title}: ${counts ? 'a new version' : 'nothing'}`, async () => {
      const client = await RawClient.open(path());
      peers.defer(() => void client.socket.destroy());
      const transact = async (...ops: Json[]): Promise<Json[]> =>
        ((await client.ask('transact', 'Net', ...ops)) as { result: Json[] }).result;
      const version = async (): Promise<Json> =>
        await transact({ op: 'select', table: 'Thing', where: [A], columns: ['_version'] });
      await transact({ op: 'delete', table: 'Thing', where: [] });
      await transact({ op: 'insert', table: 'Thing', row: { name: 'a' } });
      await client.ask('monitor', 'Net', 'all', { Thing: {} });
      await client.ask('monitor_cond', 'Net', 'friend', { Thing: { columns: ['friend'] } });
      await client.ask('monitor_cond', 'Net', 'version', { Thing: { columns: ['name', '_version'] } });
      const before = await version();
      const from = client.messages.length;
      client.send({ id: 'write', method: 'transact', params: ['Net', ...operations] });
      await until(() => client.messages.some((message) => (message as { id: Json }).id === 'write'));
      const told = client.messages.slice(from, -1).map((message) => (message as { params: [string] }).params[0]);
      assert.deepEqual(told.sort(), counts ? ['all', 'version'] : []);
      assert.equal(JSON.stringify(await version()) === JSON.stringify(before), !counts);
    });
  }
});
