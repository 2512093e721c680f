import assert from 'node:assert/strict';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import type { HistoryLimits } from '../../../../rpc/ovsdb/monitor/monitor-history.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { SqliteStore } from '../../../../rpc/ovsdb/store/store-sqlite.ts';
import { Peers } from '../../../peers/process.ts';
import { monSchema } from './partners.ts';

const schema = monSchema();
const ZERO = '00000000-0000-0000-0000-000000000000';
const [A, B] = ['aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb'];

const insert = (uuid: string, row: JsonObject = {}): Json => ({ op: 'insert', table: 'T', uuid, row });
const update = (row: JsonObject): Json => ({ op: 'update', table: 'T', where: [], row });
const remove: Json = { op: 'delete', table: 'T', where: [] };

/** What a client is told that knows everything up to `since`. */
function ask(
  database: Database,
  since: string,
  request: JsonObject = { columns: ['s', 'set'] },
): [boolean, Json, string] {
  const monitor = database.watch({ kind: 'update3', requests: { T: request }, since }, () => {});
  monitor.cancel();
  return [monitor.found, monitor.initial.json, monitor.initial.txnId];
}

/** Edits a database behind the back of its server. */
function edit(file: string, sql: string): void {
  const sqlite = new Sqlite(file);
  sqlite.exec(sql);
  sqlite.close();
}

/** Runs a transaction and gives its id. */
async function commit(database: Database, ...operations: Json[]): Promise<string> {
  let id: string | undefined;
  const columns = { columns: ['s', 'i', 'set', 'e'] };
  const monitor = database.watch({ kind: 'update3', requests: { T: columns }, since: ZERO }, ({ txnId }) => {
    id = txnId;
  });
  const results = await database.transact(operations).result;
  monitor.cancel();
  assert.equal(results.length, operations.length, JSON.stringify(results));
  assert.ok(id, 'an update');
  return id;
}

describe('the history of transactions', () => {
  const peers = new Peers();
  after(() => peers.end());
  const fresh = (): string => join(peers.folder(), 'mon.db');
  const open = (file: string, history?: HistoryLimits): Database =>
    Database.open({ file, schema, ...(history === undefined ? {} : { history }) });

  it('gives each transaction an id of its own, and the last one to who begins', async () => {
    const database = open(':memory:');
    const first = await commit(database, insert(A, { s: 'x' }));
    const second = await commit(database, update({ s: 'y' }));
    assert.notEqual(first, second);
    assert.deepEqual(ask(database, ZERO), [false, { T: { [A]: { initial: { s: 'y' } } } }, second]);
    database.close();
  });

  it('says what happened since, as one change for each row', async () => {
    const database = open(':memory:');
    const [, , empty] = ask(database, ZERO);
    const first = await commit(database, insert(A, { s: 'x', set: ['set', ['p', 'q']] }));
    const second = await commit(database, update({ s: 'y', set: ['set', ['q', 'r']] }));
    const third = await commit(database, insert(B), { op: 'delete', table: 'T', where: [['s', '==', 'y']] });
    const last = await commit(database, update({ s: 'z' }));
    assert.deepEqual(ask(database, last), [true, {}, last]);
    assert.deepEqual(ask(database, third), [true, { T: { [B]: { modify: { s: 'z' } } } }, last]);
    assert.deepEqual(ask(database, second), [
      true,
      { T: { [A]: { delete: null }, [B]: { insert: { s: 'z' } } } },
      last,
    ]);
    assert.deepEqual(ask(database, first), ask(database, second));
    assert.deepEqual(ask(database, empty), [true, { T: { [B]: { insert: { s: 'z' } } } }, last]);
    database.close();
  });

  it('merges differences and forgets what came to nothing', async () => {
    const database = open(':memory:');
    const first = await commit(database, insert(A, { s: 'x', set: ['set', ['p', 'q']] }));
    await commit(database, update({ s: 'y', set: ['set', ['q', 'r']] }));
    const last = await commit(database, update({ s: 'x', set: ['set', ['r']] }));
    assert.deepEqual(ask(database, first), [true, { T: { [A]: { modify: { set: ['set', ['p', 'q', 'r']] } } } }, last]);
    const condition = { columns: ['s'], where: [['set', 'includes', 'p']] };
    assert.deepEqual(ask(database, first, condition)[1], { T: { [A]: { delete: null } } });
    database.close();
  });

  it('does not know the ids of others', async () => {
    const database = open(':memory:');
    const last = await commit(database, insert(A));
    assert.deepEqual(ask(database, A), [false, { T: { [A]: { initial: {} } } }, last]);
    database.close();
  });

  it('survives a restart, with values of every kind', async () => {
    const file = fresh();
    let database = open(file);
    const row = {
      s: 'é\u{1f600}',
      i: 9007199254740993n,
      r: 0.1 + 0.2,
      b: true,
      os: ['set', []],
      set: ['set', ['a', 'b']],
      ints: ['set', [1, -9223372036854775808n]],
      map: ['map', [['k', 'v']]],
      u: ['uuid', B],
    };
    const first = await commit(database, insert(A, row));
    const second = await commit(database, remove);
    const third = await commit(database, insert(B, { s: 'new' }));
    const columns = ['s', 'i', 'r', 'b', 'os', 'set', 'ints', 'map', 'u'];
    const asked = [first, second, third].map((id) => ask(database, id, { columns }));
    const matching = ask(database, first, {
      columns: ['s'],
      where: [
        ['i', '==', 9007199254740993n],
        ['r', '==', 0.1 + 0.2],
      ],
    });
    assert.deepEqual(matching[1], { T: { [A]: { delete: null } } });
    database.close();
    database = open(file);
    assert.deepEqual(
      [first, second, third].map((id) => ask(database, id, { columns })),
      asked,
    );
    const same = {
      columns: ['s'],
      where: [
        ['i', '==', 9007199254740993n],
        ['r', '==', 0.1 + 0.2],
      ],
    };
    assert.deepEqual(ask(database, first, same), matching);
    const last = await commit(database, update({ s: 'newer' }));
    database.close();
    database = open(file);
    assert.deepEqual(ask(database, third), [true, { T: { [B]: { modify: { s: 'newer' } } } }, last]);
    database.close();
  });

  it('does not survive a restart for columns that do not either', async () => {
    const file = fresh();
    let database = open(file);
    await commit(database, insert(A, { s: 'x' }));
    const last = await commit(database, update({ e: 5 }));
    const ephemeral = { columns: ['s', 'e'] };
    assert.equal(ask(database, last, ephemeral)[0], true);
    assert.equal(ask(database, last, {})[0], true); // _version
    const [, , stored] = ask(database, ZERO);
    database.close();
    database = open(file);
    assert.deepEqual(ask(database, stored)[0], true, 'who does not see the ephemeral column has an id that survives');
    assert.deepEqual(ask(database, last, ephemeral).slice(0, 2), [false, { T: { [A]: { initial: { s: 'x' } } } }]);
    assert.equal(ask(database, stored, ephemeral)[0], false);
    assert.equal(ask(database, stored, { columns: ['s'], where: [['e', '==', 5]] })[0], false);
    assert.equal(ask(database, stored, {})[0], false);
    const now = await commit(database, update({ e: 6 }));
    assert.equal(ask(database, now, ephemeral)[0], true);
    database.close();
  });

  for (const { title, limits } of [
    { title: 'in number', limits: { transactions: 10, bytes: 1 << 20 } },
    { title: 'in size', limits: { transactions: 1000, bytes: 10_000 } },
  ]) {
    it(`is bounded ${title}, on the disk too`, async () => {
      const file = fresh();
      const database = open(file, limits);
      const ids: string[] = [];
      for (let i = 1; i <= 100; i++) ids.push(await commit(database, i === 1 ? insert(A, { i }) : update({ i })));
      const found = ids.map((id) => ask(database, id)[0]);
      assert.deepEqual([found.at(-1), found.at(-5), found[0], found[80]], [true, true, false, false]);
      const oldest = ids[found.indexOf(true)] ?? '';
      database.close();
      const sqlite = new Sqlite(file, { readonly: true });
      const count = sqlite.prepare('SELECT count(*) FROM _history').pluck().get();
      sqlite.close();
      assert.ok(Number(count) >= 5 && Number(count) <= 15, `${count} on the disk`);
      const again = open(file, limits);
      assert.equal(ask(again, oldest)[0], true);
      again.close();
    });
  }

  it('begins anew with a transaction that is too large for it', async () => {
    const file = fresh();
    const limits = { transactions: 1000, bytes: 10_000 };
    const database = open(file, limits);
    const first = await commit(database, insert(A, { s: 'x' }));
    const large = await commit(database, insert(B, { s: 'x'.repeat(20_000) }));
    const last = await commit(database, update({ s: 'y' }));
    const found = (one: Database): boolean[] => [first, large, last].map((id) => ask(one, id)[0]);
    assert.deepEqual(found(database), [false, false, true]); // the last one has the long text to undo
    database.close();
    const again = open(file, limits);
    assert.deepEqual(found(again), [false, false, true]);
    const next = await commit(again, update({ s: 'z' }));
    assert.deepEqual(ask(again, last), [
      true,
      { T: { [A]: { modify: { s: 'z' } }, [B]: { modify: { s: 'z' } } } },
      next,
    ]);
    again.close();
  });

  it('ends with a conversion, in memory and on the disk', async () => {
    const file = fresh();
    const database = open(file);
    const first = await commit(database, insert(A, { s: 'x' }));
    const json = structuredClone(schema.toJson()) as { version: string; tables: { O: { columns: JsonObject } } };
    json.version = '1.1.0';
    json.tables.O.columns['more'] = { type: 'string' };
    const newer = DatabaseSchema.fromJson(json);
    database.convert(newer);
    assert.equal(ask(database, first)[0], false);
    const second = await commit(database, update({ s: 'y' }));
    database.close();
    const again = Database.open({ file, schema: newer });
    assert.equal(ask(again, first)[0], false);
    assert.equal(ask(again, second)[0], true);
    again.close();
  });

  it('keeps nothing of a transaction that could not be written', async () => {
    let fails = false;
    const store = SqliteStore.open({
      file: fresh(),
      schema,
      beforeStatement: (sql) => {
        if (fails && sql.includes('_history')) throw new Sqlite.SqliteError('the test fails', 'SQLITE_FULL');
      },
    });
    const database = Database.open({ file: ':memory:', schema, store });
    const first = await commit(database, insert(A, { s: 'x' }));
    fails = true;
    const [, error] = await database.transact([update({ s: 'y' })]).result;
    assert.equal((error as JsonObject)['error'], 'I/O error');
    assert.deepEqual(ask(database, first), [true, {}, first]);
    fails = false;
    await commit(database, update({ s: 'z' }));
    assert.deepEqual(ask(database, first)[1], { T: { [A]: { modify: { s: 'z' } } } });
    database.close();
  });

  for (const { title, sql } of [
    { title: 'its rows were deleted', sql: 'DELETE FROM T' },
    { title: 'the history was emptied', sql: 'DELETE FROM _history' },
  ]) {
    it(`is not trusted when somebody has edited the file: ${title}`, async () => {
      const file = fresh();
      const database = open(file);
      const first = await commit(database, insert(A, { s: 'x' }));
      await commit(database, update({ s: 'y' }));
      await commit(database, insert(B, { s: 'y' }));
      database.close();
      edit(file, sql);
      const again = open(file);
      assert.equal(ask(again, first)[0], false);
      again.close();
    });
  }

  describe('after somebody has edited the rows with sqlite3', () => {
    const row = { s: 'x', i: 7, r: 0.1 + 0.2, set: ['set', ['p', 'q']], map: ['map', [['k', 'v']]], os: 'o' };

    /** Whether a client that knows the last transaction is told that it has missed nothing. */
    async function foundAfter(sql: string): Promise<{ found: boolean; told: Json }> {
      const file = fresh();
      const database = open(file);
      await commit(database, insert(A, row));
      await commit(database, insert(B, { s: 'other' }));
      const last = await commit(database, { ...(update({ i: 8 }) as JsonObject), where: [['s', '==', 'x']] });
      database.close();
      edit(file, sql);
      const again = open(file);
      const [found, told] = ask(again, last, { columns: ['s', 'i', 'r', 'set', 'map', 'os'] });
      again.close();
      return { found, told };
    }

    for (const { title, sql } of [
      { title: 'a value', sql: `UPDATE T SET s = 'edited' WHERE _uuid = '${B}'` },
      { title: 'a number', sql: `UPDATE T SET i = 9 WHERE _uuid = '${A}'` },
      { title: 'a value to one that it had before', sql: `UPDATE T SET i = 7 WHERE _uuid = '${A}'` },
      { title: 'the last digit of a real', sql: `UPDATE T SET r = 0.3 WHERE _uuid = '${A}'` },
      { title: 'a set', sql: `UPDATE T SET "set" = '["p"]' WHERE _uuid = '${A}'` },
      { title: 'the value of a pair', sql: `UPDATE T SET map = '{"k":"w"}' WHERE _uuid = '${A}'` },
      { title: 'an optional value to none', sql: `UPDATE T SET os = NULL WHERE _uuid = '${A}'` },
      { title: 'two values, exchanged', sql: "UPDATE T SET s = CASE s WHEN 'x' THEN 'other' ELSE 'x' END" },
      { title: 'a row that is gone', sql: `DELETE FROM T WHERE _uuid = '${B}'` },
      {
        title: 'a row that is new',
        sql: `CREATE TEMP TABLE c AS SELECT * FROM T WHERE _uuid = '${B}';
          UPDATE c SET _uuid = 'cccccccc-cccc-cccc-cccc-cccccccccccc'; INSERT INTO T SELECT * FROM c`,
      },
      {
        title: 'the UUID of a row',
        sql: `UPDATE T SET _uuid = 'cccccccc-cccc-cccc-cccc-cccccccccccc' WHERE _uuid = '${B}'`,
      },
    ]) {
      it(`a client that reconnects gets all of them: ${title}`, async () => {
        assert.equal((await foundAfter(sql)).found, false);
      });
    }

    for (const { title, sql } of [
      { title: 'nothing', sql: 'SELECT 1' },
      { title: 'to and fro', sql: "UPDATE T SET s = s || '!'; UPDATE T SET s = substr(s, 1, length(s) - 1)" },
      { title: 'only how the file is laid out', sql: 'VACUUM' },
      { title: 'white space in a set, and its order', sql: `UPDATE T SET "set" = '["q", "p"]' WHERE _uuid = '${A}'` },
    ]) {
      it(`a client that reconnects gets what it missed: ${title}`, async () => {
        assert.deepEqual(await foundAfter(sql), { found: true, told: {} });
      });
    }

    it('while the server runs', async () => {
      const file = fresh();
      const database = open(file);
      await commit(database, insert(A, row));
      const last = await commit(database, update({ s: 'y' }));
      edit(file, "UPDATE T SET s = 'edited'");
      database.close();
      const again = open(file);
      assert.equal(ask(again, last)[0], false);
      again.close();
    });

    it('the history begins anew, with the next transaction', async () => {
      const file = fresh();
      let database = open(file);
      await commit(database, insert(A, row));
      const before = await commit(database, update({ s: 'y' }));
      database.close();
      edit(file, "UPDATE T SET s = 'edited'");
      database = open(file);
      const first = await commit(database, update({ i: 1 }));
      const second = await commit(database, update({ i: 2 }));
      database.close();
      database = open(file);
      assert.equal(ask(database, before)[0], false);
      assert.deepEqual(ask(database, first, { columns: ['s', 'i'] }), [
        true,
        { T: { [A]: { modify: { i: 2 } } } },
        second,
      ]);
      database.close();
    });

    it('the history begins anew also when the disk takes the next transaction only the second time', async () => {
      const file = fresh();
      let database = open(file);
      await commit(database, insert(A, row));
      const before = await commit(database, update({ s: 'y' }));
      database.close();
      edit(file, "UPDATE T SET s = 'edited'");
      let fails = true;
      const store = SqliteStore.open({
        file,
        schema,
        beforeStatement: (sql) => {
          if (fails && sql.startsWith('INSERT INTO _history')) throw new Sqlite.SqliteError('full', 'SQLITE_FULL');
        },
      });
      database = Database.open({ file, schema, store });
      const [, error] = await database.transact([update({ i: 1 })]).result;
      assert.equal((error as JsonObject)['error'], 'I/O error');
      fails = false;
      const last = await commit(database, update({ i: 2 }));
      database.close();
      database = open(file);
      assert.deepEqual([ask(database, before)[0], ask(database, last)[0]], [false, true]);
      database.close();
    });

    it('of a file that was converted, by what the conversion made of them', async () => {
      const file = fresh();
      let database = open(file);
      await commit(database, insert(A, row));
      const json = structuredClone(schema.toJson()) as { version: string; tables: { T: { columns: JsonObject } } };
      json.version = '1.1.0';
      json.tables.T.columns['more'] = { type: 'string' };
      const newer = DatabaseSchema.fromJson(json);
      database.convert(newer);
      const last = await commit(database, update({ s: 'y' }));
      database.close();
      database = Database.open({ file, schema: newer });
      assert.equal(ask(database, last)[0], true);
      database.close();
      edit(file, "UPDATE T SET more = 'edited'");
      database = Database.open({ file, schema: newer });
      assert.equal(ask(database, last)[0], false);
      database.close();
    });
  });
});
