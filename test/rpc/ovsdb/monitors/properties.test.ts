import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import type { MonitorKind } from '../../../../rpc/ovsdb/monitor/monitor.ts';
import { Peers } from '../../../peers/process.ts';
import { line, Mirror } from './mirror.ts';
import { monSchema } from './partners.ts';
import { columns, conditions, requestsOf, transaction } from './random.ts';

type Shown = Readonly<Record<string, readonly string[]>>;
type Where = { T?: Json[]; O?: Json[] };

const schema = monSchema();
const KINDS: readonly MonitorKind[] = ['update', 'update2', 'update3'];

/** What `select` finds: for each clause, because those of an operation are combined by and. */
async function dump(database: Database, shown: Shown, where: Where): Promise<string[]> {
  const lines = new Set<string>();
  for (const [table, names] of Object.entries(shown)) {
    const clauses = where[table as 'T' | 'O'] ?? [];
    for (const clause of clauses.length === 0 ? [true] : clauses) {
      const select = { op: 'select', table, where: [clause], columns: ['_uuid', ...names] };
      const [answer] = await database.transact([select]).result;
      for (const { _uuid, ...content } of (answer as { rows: JsonObject[] }).rows) {
        const row = Object.fromEntries(names.map((name): [string, Json] => [name, content[name] ?? null]));
        lines.add(line(table, (_uuid as string[])[1] ?? '', row));
      }
    }
  }
  return [...lines].sort();
}

type Step = { readonly transact: Json[] } | { readonly condition: Where };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: transaction.map((transact): Step => ({ transact })) },
  { weight: 1, arbitrary: conditions.map((condition): Step => ({ condition })) },
);

describe('a mirror made of what a monitor says', function () {
  this.timeout(120_000);
  const peers = new Peers();
  after(() => peers.end());

  for (const kind of KINDS) {
    it(`is a fresh dump, with ${kind}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(transaction, { maxLength: 4 }),
          columns,
          conditions,
          fc.array(step, { maxLength: 10 }),
          async (past, shown, first, steps) => {
            const database = Database.open({ file: ':memory:', schema });
            for (const one of past) await database.transact(one).result;
            let where: Where = kind === 'update' ? {} : first;
            const mirror = new Mirror(schema, kind, shown);
            const since = '00000000-0000-0000-0000-000000000000';
            const monitor = database.watch({ kind, requests: requestsOf(shown, where), since }, ({ json }) =>
              mirror.apply(json),
            );
            mirror.apply(monitor.initial.json);
            assert.deepEqual(mirror.lines(), await dump(database, shown, where));
            for (const one of steps) {
              if ('transact' in one) await database.transact(one.transact).result;
              else if (kind !== 'update') {
                where = { ...where, ...one.condition };
                const requests = Object.entries(one.condition).map(([table, clauses]) => [table, [{ where: clauses }]]);
                const update = monitor.change(Object.fromEntries(requests));
                if (update) mirror.apply(update.json);
              }
              assert.deepEqual(mirror.lines(), await dump(database, shown, where));
            }
            database.close();
          },
        ),
        { numRuns: 150 },
      );
    });
  }

  it('is a fresh dump after it was left alone and over a restart, if the server finds where it stopped', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(transaction, { maxLength: 3 }),
        columns,
        conditions,
        fc.array(transaction, { maxLength: 3 }),
        fc.array(transaction, { maxLength: 3 }),
        fc.boolean(),
        async (past, shown, where, missed, missedLater, small) => {
          const file = join(peers.folder(), 'mon.db');
          const history = small ? { transactions: 3, bytes: 1 << 20 } : { transactions: 100, bytes: 1 << 20 };
          let database = Database.open({ file, schema, history });
          const mirror = new Mirror(schema, 'update3', shown);
          let last = '00000000-0000-0000-0000-000000000000';
          const requests = requestsOf(shown, where);
          const synchronise = async (): Promise<void> => {
            const monitor = database.watch({ kind: 'update3', requests, since: last }, ({ json, txnId }) => {
              mirror.apply(json);
              last = txnId;
            });
            if (!monitor.found) mirror.clear();
            else found++;
            mirror.apply(monitor.initial.json);
            last = monitor.initial.txnId;
            assert.deepEqual(mirror.lines(), await dump(database, shown, where));
            monitor.cancel();
          };
          const restart = (): void => {
            database.close();
            database = Database.open({ file, schema, history });
          };
          for (const one of past) await database.transact(one).result;
          await synchronise();
          for (const one of missed) await database.transact(one).result;
          await synchronise();
          restart();
          await synchronise();
          for (const one of missed) await database.transact(one).result;
          restart();
          for (const one of missedLater) await database.transact(one).result;
          await synchronise();
          database.close();
        },
      ),
      { numRuns: 60 },
    );
    assert.ok(found > 30, `found ${found} times`);
  });
});
