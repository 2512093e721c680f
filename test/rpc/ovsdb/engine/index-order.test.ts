import assert from 'node:assert/strict';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';

const schema = DatabaseSchema.fromJson({
  name: 'Order',
  version: '1.0.0',
  tables: {
    T: {
      isRoot: true,
      indexes: [['key']],
      columns: {
        key: { type: 'string' },
        a: { type: { key: 'string', min: 0, max: 'unlimited' } },
        n: { type: 'integer' },
        ref: { type: { key: { type: 'uuid', refTable: 'T', refType: 'weak' }, min: 0 } },
        z: { type: 'string' },
      },
    },
  },
});

const [LOW, HIGH] = ['00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

/** Two rows with the same key, in both orders of insertion and with both UUIDs: which one is called the first. */
const ORDERS: { title: string; first: JsonObject; second: JsonObject }[] = [
  { title: 'more elements', first: { a: ['set', ['a', 'b']] }, second: { a: 'z' } },
  { title: 'the larger string, by its bytes', first: { a: 'é' }, second: { a: 'z' } },
  { title: 'the larger number', first: { n: 10 }, second: { n: 9 } },
  { title: 'the alphabetically first column that differs', first: { a: 'b', z: 'a' }, second: { a: 'a', z: 'b' } },
  { title: 'no UUID', first: { z: 'b' }, second: { z: 'a', ref: ['uuid', HIGH] } },
];

/** The UUIDs of the first and the second row of the violation. */
async function violation(database: Database, operations: Json[]): Promise<(string | undefined)[]> {
  const results = await database.transact(operations).result;
  const { error, details } = results.at(-1) as { error: string; details: string };
  assert.equal(error, 'constraint violation');
  return /First row, with UUID (\S+), .*Second row, with UUID (\S+), /.exec(details)?.slice(1) ?? [];
}

describe('the first row that a violation of an index names', () => {
  const insert = (uuid: string, row: JsonObject): Json => ({
    op: 'insert',
    table: 'T',
    uuid,
    row: { key: 'k', ...row },
  });

  for (const { title, first, second } of ORDERS) {
    it(`has ${title}`, async () => {
      for (const [one, other] of [
        [LOW, HIGH],
        [HIGH, LOW],
      ] as const) {
        const database = Database.open({ file: ':memory:', schema });
        const rows = [insert(one, first), insert(other, second)];
        assert.deepEqual(await violation(database, rows), [one, other]);
        assert.deepEqual(await violation(database, [...rows].reverse()), [one, other]);
        await database.transact([insert(other, second)]).result;
        assert.deepEqual(await violation(database, [insert(one, first)]), [one, other]);
        database.close();
      }
    });
  }

  it('of equal rows is the one that the transaction wrote later', async () => {
    for (const [one, other] of [
      [LOW, HIGH],
      [HIGH, LOW],
    ] as const) {
      const database = Database.open({ file: ':memory:', schema });
      assert.deepEqual(await violation(database, [insert(one, {}), insert(other, {})]), [other, one]);
      await database.transact([insert(one, {})]).result;
      assert.deepEqual(await violation(database, [insert(other, {})]), [other, one]);
      database.close();
    }
  });
});
