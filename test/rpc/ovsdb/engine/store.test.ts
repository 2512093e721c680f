import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { SqliteStore } from '../../../../rpc/ovsdb/store/store-sqlite.ts';
import { Peers } from '../../../peers/process.ts';
import { contents, openShop, operations, shopSchema } from './fixtures.ts';

const FILL = operations(`[
  {"op":"insert","table":"Item","uuid-name":"i","row":{"name":"nail"}},
  {"op":"insert","table":"Box","uuid-name":"b","row":{"name":"__proto__","size":9223372036854775807,"weight":0.1,"full":true,
    "label":"","tags":["set",["constructor","ä","__proto__"]],"numbers":["set",[9007199254740993,-1]],"seen":7,
    "options":["map",[["__proto__","a"],["toString","b"]]],"counts":["map",[[9007199254740993,1e300],[-2,3]]],
    "items":["named-uuid","i"],"likes":["named-uuid","c"]}},
  {"op":"insert","table":"Box","uuid-name":"c","row":{"name":"second","likes":["named-uuid","b"]}}
]`);

describe('the SQLite file', () => {
  const peers = new Peers();
  let file: string;
  beforeEach(() => {
    file = join(peers.folder(), 'shop.db');
  });
  after(() => peers.end());

  it('keeps rows over a restart, and ephemeral columns not', async () => {
    const first = openShop(file);
    await first.transact(FILL).result;
    const before = await contents(first);
    first.close();
    const second = openShop(file);
    assert.deepEqual(await contents(second), before);
    const seen = { op: 'select', table: 'Box', where: [['size', '>', 0]], columns: ['seen', 'size'] };
    const [answer] = await second.transact([seen]).result;
    assert.deepEqual(answer, { rows: [{ seen: 0, size: 9223372036854775807n }] });
    second.close();
  });

  it('knows references and indexes again after a restart', async () => {
    const first = openShop(file);
    await first.transact(FILL).result;
    first.close();
    const second = openShop(file);
    const failing: [string, string][] = [
      ['[{"op":"insert","table":"Box","row":{"name":"second"}}]', 'constraint violation'],
      ['[{"op":"delete","table":"Item","where":[]}]', 'referential integrity violation'],
    ];
    for (const [text, error] of failing) {
      const results = await second.transact(operations(text)).result;
      assert.equal((results[1] as { error: string }).error, error);
    }
    await second.transact(operations('[{"op":"delete","table":"Box","where":[["size",">",0]]}]')).result;
    const rest = operations(
      '[{"op":"select","table":"Item","where":[]},{"op":"select","table":"Box","where":[],"columns":["likes","name"]}]',
    );
    assert.deepEqual(await second.transact(rest).result, [
      { rows: [] },
      { rows: [{ name: 'second', likes: ['set', []] }] },
    ]);
    second.close();
  });

  it('can be read by an operator', async () => {
    const database = openShop(file);
    await database.transact(FILL).result;
    const reader = new Sqlite(file, { readonly: true });
    const row = reader
      .prepare('SELECT "name", "full", "label", tags, options, likes FROM Box WHERE name = ?')
      .get('__proto__') as { likes: string };
    const second = reader.prepare("SELECT _uuid FROM Box WHERE name = 'second'").pluck().get();
    assert.deepEqual(row, {
      name: '__proto__',
      full: 1,
      label: '',
      tags: '["__proto__","constructor","ä"]',
      options: '{"__proto__":"a","toString":"b"}',
      likes: JSON.stringify([second]),
    });
    assert.deepEqual(reader.prepare("SELECT label FROM Box WHERE name = 'second'").get(), { label: null });
    reader.close();
    database.close();
  });

  it('is made for its owner and its group', () => {
    const umask = process.umask(0);
    openShop(file).close();
    process.umask(umask);
    assert.equal(statSync(file).mode & 0o777, 0o640);
  });

  it('keeps columns apart that differ in case only, and names that SQLite wants for itself', async () => {
    const columns = { a: { type: 'integer' }, A: { type: 'integer' } };
    const schema = shopSchema(() => ({
      name: 'Shop',
      version: '1.0.0',
      tables: { T: { columns }, t: { columns }, sqlite_x: { columns } },
    }));
    const first = Database.open({ file, schema });
    for (const table of schema.tables.keys()) {
      await first.transact([{ op: 'insert', table, row: { a: 1, A: 2 } }]).result;
    }
    const before = await contents(first);
    first.close();
    const second = Database.open({ file, schema });
    assert.equal(before.length, 3);
    assert.deepEqual(await contents(second), before);
    second.close();
  });

  it('takes in new tables and columns of a newer version', async () => {
    const first = openShop(file);
    await first.transact(FILL).result;
    const names = operations('[{"op":"select","table":"Box","where":[],"columns":["_uuid","name"],"sort":["name"]}]');
    const before = await first.transact(names).result;
    first.close();
    const newer = shopSchema((json) => ({
      ...json,
      version: '1.1.0',
      tables: {
        ...json.tables,
        Box: { ...json.tables.Box, columns: { ...json.tables.Box.columns, added: { type: 'string' } } },
        Shelf: { isRoot: true, columns: { name: { type: 'string' } } },
      },
    }));
    const second = Database.open({ file, schema: newer });
    assert.deepEqual(await second.transact(names).result, before);
    await second.transact([{ op: 'insert', table: 'Shelf', row: { name: 's' } }]).result;
    const after = await contents(second);
    assert.equal(after.filter((row) => row.includes('"added":""')).length, 2);
    assert.equal(after.length, 4);
    second.close();
    assert.throws(() => openShop(file), { code: 'OVSDB-STORE-NEWER' });
    const third = Database.open({ file, schema: newer });
    assert.deepEqual(await contents(third), after);
    third.close();
  });

  const refusals: { title: string; schema: Json; code: string; message: RegExp }[] = [
    {
      title: 'another database',
      schema: { name: 'Other', version: '1.0.0', tables: {} },
      code: 'OVSDB-STORE-FOREIGN',
      message: /^Cannot open database .*shop\.db: saw database Shop 1\.0\.0; wanted database Other 1\.0\.0$/,
    },
    {
      title: 'an older version',
      schema: { name: 'Shop', version: '0.9.0', tables: {} },
      code: 'OVSDB-STORE-NEWER',
      message: /saw the newer database Shop 1\.0\.0; wanted database Shop 0\.9\.0$/,
    },
  ];
  for (const { title, schema, code, message } of refusals) {
    it(`is refused by ${title}`, () => {
      openShop(file).close();
      assert.throws(() => Database.open({ file, schema: shopSchema(() => schema) }), { code, message });
      openShop(file).close();
    });
  }

  const strangers: { title: string; make: (path: string) => void; code: string }[] = [
    { title: 'no SQLite file', make: (path) => writeFileSync(path, 'x'.repeat(5000)), code: 'OVSDB-STORE-CORRUPT' },
    {
      title: 'a SQLite file of another program',
      make: (path) => new Sqlite(path).exec('CREATE TABLE t (a)').close(),
      code: 'OVSDB-STORE-FOREIGN',
    },
    {
      title: 'a file of a later layout',
      make: (path) => {
        openShop(path).close();
        new Sqlite(path).exec('PRAGMA user_version = 99').close();
      },
      code: 'OVSDB-STORE-NEWER',
    },
    {
      title: 'a file with a value that is not allowed',
      make: (path) => {
        openShop(path).close();
        const uuid = '550e8400-e29b-41d4-a716-446655440000';
        const db = new Sqlite(path);
        db.prepare('INSERT INTO Item (_uuid, name) VALUES (?, ?)').run(uuid, 'fine');
        db.prepare("UPDATE Item SET _uuid = 'nonsense'").run();
        db.close();
      },
      code: 'OVSDB-STORE-CORRUPT',
    },
    { title: 'a folder', make: () => {}, code: 'OVSDB-STORE-UNREADABLE' },
  ];
  for (const { title, make, code } of strangers) {
    it(`is not mistaken: ${title}`, () => {
      make(file);
      const path = title === 'a folder' ? join(file, '..') : file;
      assert.throws(() => openShop(path), { name: 'StoreError', code });
    });
  }

  it('is open in one place only', () => {
    const first = openShop(file);
    assert.throws(() => openShop(file), { code: 'OVSDB-STORE-IN-USE' });
    first.close();
    openShop(file).close();
  });

  it('is not written any more once another program has changed it', async () => {
    const database = openShop(file);
    await database.transact(FILL).result;
    new Sqlite(file).exec('DELETE FROM Item').close();
    const before = await contents(database);
    const results = await database.transact(operations('[{"op":"delete","table":"Box","where":[]}]')).result;
    assert.equal((results[1] as { error: string }).error, 'I/O error');
    assert.deepEqual(await contents(database), before);
    database.close();
  });

  it('answers an error while another program holds the write lock, and goes on afterwards', async () => {
    const database = openShop(file);
    const other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
    const insert = operations('[{"op":"insert","table":"Box","row":{"name":"a"}}]');
    const results = await database.transact(insert).result;
    assert.match((results[1] as { details: string }).details, /database is locked \(SQLITE_BUSY\)$/);
    other.exec('ROLLBACK');
    assert.equal((await database.transact(insert).result).length, 1);
    other.close();
    database.close();
  });

  it('promises FULL, whatever WAL makes of it', () => {
    const modes: unknown[] = [];
    const store = SqliteStore.open({ file, schema: shopSchema() });
    modes.push(store.pragma('synchronous'), store.pragma('journal_mode'));
    store.close();
    const again = SqliteStore.open({ file, schema: shopSchema() });
    modes.push(again.pragma('synchronous'), again.pragma('journal_mode'));
    again.close();
    assert.deepEqual(modes, [2, 'wal', 2, 'wal']);
  });
});

describe('a statement that fails', () => {
  const change = operations(`[
    {"op":"insert","table":"Item","uuid-name":"i","row":{"name":"screw"}},
    {"op":"insert","table":"Box","row":{"name":"third","items":["named-uuid","i"]}},
    {"op":"update","table":"Box","where":[["name","==","second"]],"row":{"size":5,"tags":"t"}},
    {"op":"delete","table":"Box","where":[["name","==","__proto__"]]}
  ]`);

  it('leaves the database whole and the monitors silent, whichever it is', async () => {
    const peers = new Peers();
    let failures = 0;
    for (let failAt = 1; ; failAt++) {
      const file = join(peers.folder(), 'shop.db');
      let count = Number.NEGATIVE_INFINITY;
      const store = SqliteStore.open({
        file,
        schema: shopSchema(),
        beforeStatement: (sql) => {
          if (++count === failAt) throw new Sqlite.SqliteError(`the test fails ${sql}`, 'SQLITE_FULL');
        },
      });
      const database = openShop(file, store);
      await database.transact(FILL).result;
      const before = await contents(database);
      const heard: Json[] = [];
      database.monitor({ Box: {}, Item: {} }, (update) => heard.push(update));
      count = 0;
      const results = await database.transact(change).result;
      if (results.length === change.length) {
        assert.equal(heard.length, 1);
        database.close();
        break;
      }
      failures++;
      assert.equal((results[change.length] as { error: string }).error, 'I/O error');
      assert.deepEqual(heard, []);
      assert.deepEqual(await contents(database), before);
      database.close();
      const reopened = openShop(file);
      assert.deepEqual(await contents(reopened), before);
      assert.equal((await reopened.transact(change).result).length, change.length);
      reopened.close();
    }
    await peers.end();
    assert.equal(failures, 8); // BEGIN, two inserts, an update, a delete of the box and of its item, the history, COMMIT
  });
});
