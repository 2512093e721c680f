import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import type { Database } from '../../../../rpc/ovsdb/database.ts';
import { openShop } from '../engine/fixtures.ts';

const ROWS = 150;

async function filled(): Promise<Database> {
  const database = openShop();
  const inserts = Array.from({ length: ROWS }, (_, i): Json => {
    return { op: 'insert', table: 'Box', row: { name: `box ${i}`, size: i % 7, full: i % 2 === 0 } };
  });
  await database.transact(inserts).result;
  return database;
}

const where = fc.oneof(
  fc.nat(ROWS + 5).map((i): Json => [['name', '==', `box ${i}`]]),
  fc.nat(8).map((size): Json => [['size', '==', size]]),
  fc.nat(8).map(
    (size): Json => [
      ['size', 'includes', size],
      ['full', '==', true],
    ],
  ),
  fc.tuple(fc.nat(ROWS), fc.nat(8)).map(
    ([i, size]): Json => [
      ['size', '==', size],
      ['name', '==', `box ${i}`],
    ],
  ),
);
const change = fc.oneof(
  fc
    .tuple(where, fc.nat(8))
    .map(([clauses, size]): Json => ({ op: 'update', table: 'Box', where: clauses, row: { size } })),
  where.map((clauses): Json => ({ op: 'delete', table: 'Box', where: clauses })),
  fc.nat(ROWS).map((i): Json => ({ op: 'insert', table: 'Box', row: { name: `new ${i}`, size: i % 9 } })),
  where.map((clauses): Json => ({ op: 'mutate', table: 'Box', where: clauses, mutations: [['size', '+=', 1]] })),
);

/** What a condition means, read off the rows one by one. */
function expected(rows: readonly JsonObject[], clauses: Json): string[] {
  const all = clauses as [string, string, Json][];
  return rows
    .filter((row) => all.every(([column, , value]) => row[column] === value))
    .map((row) => String(row['name']))
    .sort();
}

describe('a where that is looked up', () => {
  it('finds what a search finds, in the middle of a transaction and after rollbacks too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(change, { maxLength: 4 }), where, fc.boolean()), { minLength: 8, maxLength: 12 }),
        async (steps) => {
          const database = await filled();
          const columns = ['name', 'size', 'full'];
          for (const [changes, clauses, abort] of steps) {
            const all = { op: 'select', table: 'Box', where: [], columns };
            const some = { op: 'select', table: 'Box', where: clauses, columns };
            const ops = [some, ...changes, all, some, ...(abort ? [{ op: 'abort' }] : [])];
            const results = await database.transact(ops).result;
            const rowsOf = (i: number): JsonObject[] | undefined =>
              (results[i] as { rows?: JsonObject[] } | null)?.rows;
            const [whole, found] = [rowsOf(ops.indexOf(all)), rowsOf(ops.lastIndexOf(some))];
            if (!whole || !found) continue; // an index was violated, or a sum out of range
            assert.deepEqual(found.map((row) => String(row['name'])).sort(), expected(whole, clauses));
          }
          database.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});
