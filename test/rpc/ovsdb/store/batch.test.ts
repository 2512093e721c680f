import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { Json } from '../../../../rpc/json/json-value.ts';
import type { Database } from '../../../../rpc/ovsdb/database.ts';
import { SqliteStore } from '../../../../rpc/ovsdb/store/store-sqlite.ts';
import { Peers } from '../../../peers/process.ts';
import { contents, openShop, operations, shopSchema } from '../engine/fixtures.ts';

const box = (name: string, size = 0): Json => ({ op: 'insert', table: 'Box', row: { name, size } });
const names = { op: 'select', table: 'Box', where: [], columns: ['name'], sort: ['name'] };
const DURABLE = { op: 'commit', durable: true };

/** A file whose n-th statement from now on can be made to fail, and the statements it has seen. */
function openWatched(file: string): {
  database: Database;
  store: SqliteStore;
  seen: string[];
  failAt(n: number): void;
} {
  const seen: string[] = [];
  let failing = Number.POSITIVE_INFINITY;
  const store = SqliteStore.open({
    file,
    schema: shopSchema(),
    beforeStatement: (sql) => {
      seen.push(sql);
      if (seen.length === failing) throw new Sqlite.SqliteError(`the test fails ${sql}`, 'SQLITE_FULL');
    },
  });
  const failAt = (n: number): void => {
    seen.length = 0;
    failing = n;
  };
  return { database: openShop(file, store), store, seen, failAt };
}

function errorOf(results: readonly Json[]): string | undefined {
  const last = results.at(-1) as { error?: string } | null;
  return last?.error;
}

describe('transactions of one turn', () => {
  const peers = new Peers();
  let file: string;
  beforeEach(() => {
    file = join(peers.folder(), 'shop.db');
  });
  after(() => peers.end());

  it('share one commit, see each other, and are told and answered in their order', async () => {
    const { database, seen, failAt } = openWatched(file);
    const order: string[] = [];
    database.monitor({ Box: { columns: ['name'] } }, (updates) =>
      order.push(JSON.stringify(updates).replace(/.*"name":"(.)".*/, 'update $1')),
    );
    failAt(0);
    database.transact([box('a')]).whenDone(() => order.push('reply a'));
    database.transact([names]).whenDone((ending) => order.push(JSON.stringify(ending)));
    database.transact([box('b')]).whenDone(() => order.push('reply b'));
    assert.deepEqual(order, []);
    await nextTurn();
    assert.deepEqual(order, ['update a', 'reply a', '{"results":[{"rows":[{"name":"a"}]}]}', 'update b', 'reply b']);
    assert.equal(seen.filter((sql) => sql === 'COMMIT').length, 1);
    database.close();
  });

  it('fail alone when the mistake is their own', async () => {
    const { database } = openWatched(file);
    const all = [[box('a')], [box('a')], [box('b'), { op: 'abort' }], [box('c')]].map(
      (one) => database.transact(one).result,
    );
    assert.deepEqual((await Promise.all(all)).map(errorOf), [undefined, 'constraint violation', 'aborted', undefined]);
    assert.deepEqual(await database.transact([names]).result, [{ rows: [{ name: 'a' }, { name: 'c' }] }]);
    database.close();
  });

  it('have nothing to wait for when nothing is to be written', () => {
    const database = openShop(file);
    let answered = false;
    database.transact([names]).whenDone(() => {
      answered = true;
    });
    assert.ok(answered);
    database.close();
  });

  it('cannot be canceled any more, and are committed when the database is closed', async () => {
    const database = openShop(file);
    const pending = database.transact([box('a')]);
    assert.equal(pending.cancel(), false);
    database.close();
    assert.equal((await pending.result).length, 1);
    const again = openShop(file);
    assert.equal((await contents(again)).length, 1);
    again.close();
  });

  it('are committed before a monitor begins', async () => {
    const database = openShop(file);
    const heard: Json[] = [];
    const pending = database.transact([box('a')]);
    const { initial } = database.monitor({ Box: { columns: ['name'] } }, (updates) => heard.push(updates));
    assert.match(JSON.stringify(initial), /"name":"a"/);
    await pending.result;
    assert.deepEqual(heard, []);
    database.close();
  });

  it('wait for the disk if one of them is durable, and not otherwise', async () => {
    const { database, store } = openWatched(file);
    const modes: unknown[] = [];
    for (const batch of [[[box('a')]], [[box('b')], [box('c'), DURABLE], [box('d')]], [[box('e')]]]) {
      await Promise.all(batch.map((one) => database.transact(one).result));
      modes.push(store.pragma('synchronous'));
    }
    assert.deepEqual(modes, [1, 2, 1]);
    database.close();
  });
});

describe('a batch whose n-th statement fails', () => {
  const peers = new Peers();
  after(() => peers.end());

  const history = operations(`[
    {"op":"insert","table":"Item","uuid-name":"i","row":{"name":"nail"}},
    {"op":"insert","table":"Box","uuid-name":"b","row":{"name":"first","items":["named-uuid","i"]}},
    {"op":"insert","table":"Box","row":{"name":"second","size":2,"likes":["named-uuid","b"]}}
  ]`);
  /** Each builds on the one before it. */
  const batch = [
    '[{"op":"insert","table":"Box","row":{"name":"third"}}]',
    '[{"op":"update","table":"Box","where":[["name","==","third"]],"row":{"name":"3rd"}}]',
    '[{"op":"insert","table":"Box","row":{"name":"third","size":9}}]',
    '[{"op":"delete","table":"Box","where":[["name","==","first"]]}]',
    '[{"op":"select","table":"Box","where":[],"columns":["name"],"sort":["name"]}]',
    '[{"op":"insert","table":"Box","row":{"name":"first"}}]',
    '[{"op":"insert","table":"Box","row":{"name":"second"}}]',
  ].map(operations);

  /** What the database must still know: rows, index entries, counts of references, who refers weakly. */
  async function assertWhole(database: Database, before: readonly string[]): Promise<void> {
    assert.deepEqual(await contents(database), before);
    const probes: [string, string][] = [
      ['[{"op":"insert","table":"Box","row":{"name":"first"}}]', 'constraint violation'],
      ['[{"op":"delete","table":"Item","where":[]}]', 'referential integrity violation'],
    ];
    for (const [text, error] of probes) assert.equal(errorOf(await database.transact(operations(text)).result), error);
    const renamed =
      '[{"op":"insert","table":"Box","row":{"name":"third"}},{"op":"insert","table":"Box","row":{"name":"3rd"}}]';
    const gone = '[{"op":"delete","table":"Box","where":[["name","!=","second"]]}]';
    const rest =
      '[{"op":"select","table":"Box","where":[],"columns":["name","likes"]},{"op":"select","table":"Item","where":[]}]';
    for (const text of [renamed, gone])
      assert.equal(errorOf(await database.transact(operations(text)).result), undefined);
    assert.deepEqual(await database.transact(operations(rest)).result, [
      { rows: [{ name: 'second', likes: ['set', []] }] },
      { rows: [] },
    ]);
  }

  it('is answered with errors, taken back as a whole, and nobody heard of it', async () => {
    let failures = 0;
    for (let n = 1; ; n++) {
      const file = join(peers.folder(), 'shop.db');
      const { database, failAt } = openWatched(file);
      await database.transact(history).result;
      const before = await contents(database);
      const heard: Json[] = [];
      database.monitor({ Box: {}, Item: {} }, (updates) => heard.push(updates));
      failAt(n);
      const results = await Promise.all(batch.map((one) => database.transact(one).result));
      const errors = results.map(errorOf);
      if (errors.every((one, i) => one === (i === 6 ? 'constraint violation' : undefined))) {
        assert.equal(heard.length, 5);
        assert.deepEqual(results[4], [{ rows: ['3rd', 'second', 'third'].map((name) => ({ name })) }]);
        database.close();
        break;
      }
      failures++;
      const io = 'I/O error';
      // What wrote nothing ran again: the select on the old rows, the last one into the same violation.
      assert.deepEqual(errors, [io, io, io, io, undefined, io, 'constraint violation']);
      assert.deepEqual(results[4], [{ rows: ['first', 'second'].map((name) => ({ name })) }]);
      assert.deepEqual(heard, []);
      failAt(Number.POSITIVE_INFINITY);
      await assertWhole(database, before);
      database.close();
    }
    assert.ok(failures >= 9, `BEGIN, seven rows, COMMIT, and only ${failures} could fail`);
    await peers.end();
  });

  it('lets a transaction run again that failed only because of what is taken back', async () => {
    const { database, failAt } = openWatched(join(peers.folder(), 'shop.db'));
    failAt(1);
    const first = database.transact([box('a')]).result;
    const second = database.transact([box('a', 2)]).result;
    assert.equal(errorOf(await first), 'I/O error');
    assert.equal(errorOf(await second), undefined);
    assert.equal((await contents(database)).length, 1);
    database.close();
  });

  it('wakes what went to wait for something that was never there', async () => {
    const { database, failAt } = openWatched(join(peers.folder(), 'shop.db'));
    await database.transact([box('a')]).result;
    failAt(1);
    const wait: Json = { op: 'wait', table: 'Box', where: [], columns: ['name'], until: '==', rows: [{ name: 'a' }] };
    const writer = database.transact([box('b')]).result;
    const waiting = database.transact([wait]).result;
    assert.equal(errorOf(await writer), 'I/O error');
    assert.deepEqual(await waiting, [{}]);
    database.close();
  });
});
