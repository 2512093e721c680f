import assert from 'node:assert/strict';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import type { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { SqliteStore } from '../../../../rpc/ovsdb/store/store-sqlite.ts';
import { Peers } from '../../../peers/process.ts';
import { contents, openShop, operations, type SHOP, shopSchema } from '../engine/fixtures.ts';

const FILL = operations(`[
  {"op":"insert","table":"Item","uuid-name":"i","row":{"name":"nail"}},
  {"op":"insert","table":"Box","row":{"name":"a","size":5,"label":"l","tags":["set",["t","u"]],"items":["named-uuid","i"],"seen":7}},
  {"op":"insert","table":"Box","row":{"name":"b","size":6}}
]`);

type Columns = Record<string, Json>;

/** Version 2 of the shop, with other columns in its boxes. */
function newer(change: (columns: Columns) => Columns, traits: JsonObject = {}): DatabaseSchema {
  return shopSchema((json: typeof SHOP) => ({
    ...json,
    version: '2.0.0',
    tables: { ...json.tables, Box: { ...json.tables.Box, ...traits, columns: change({ ...json.tables.Box.columns }) } },
  }));
}

const without = (columns: Columns, name: string): Columns =>
  Object.fromEntries(Object.entries(columns).filter(([one]) => one !== name));

const FITTING: { title: string; schema: DatabaseSchema; columns: string[]; want: Json[] }[] = [
  {
    title: 'adds columns with their defaults, though these may be against the rules',
    schema: newer((columns) => ({ ...columns, more: { type: { key: { type: 'integer', minInteger: 3 } } } })),
    columns: ['name', 'more'],
    want: [
      { name: 'a', more: 0 },
      { name: 'b', more: 0 },
    ],
  },
  {
    title: 'drops columns, and garbage that only they held',
    schema: newer((columns) => without(without(columns, 'items'), 'tags')),
    columns: ['name', 'size'],
    want: [
      { name: 'a', size: 5 },
      { name: 'b', size: 6 },
    ],
  },
  {
    title: 'makes a set of a scalar and keeps ephemeral values while it runs',
    schema: newer((columns) => ({ ...columns, size: { type: { key: 'integer', min: 0, max: 'unlimited' } } })),
    columns: ['name', 'size'],
    want: [
      { name: 'a', size: 5 },
      { name: 'b', size: 6 },
    ],
  },
];

const REFUSED: { title: string; schema: DatabaseSchema; error: RegExp }[] = [
  {
    title: 'another type',
    schema: newer((columns) => ({ ...columns, size: { type: 'string' } })),
    error: /syntax error: expected string/,
  },
  {
    title: 'a narrower range',
    schema: newer((columns) => ({ ...columns, size: { type: { key: { type: 'integer', maxInteger: 5 } } } })),
    error: /constraint violation: 6 is greater than maximum allowed value 5/,
  },
  {
    title: 'fewer elements',
    schema: newer((columns) => ({ ...columns, tags: { type: { key: 'string', min: 0, max: 1 } } })),
    error: /set must have 0 to 1 members but 2 are present/,
  },
  { title: 'fewer rows', schema: newer((columns) => columns, { maxRows: 1 }), error: /limit of 1 row/ },
  {
    title: 'an index that is not unique',
    schema: newer((columns) => columns, { indexes: [['full']] }),
    error: /identical values \(false\) for index on column "full"/,
  },
];

describe('a schema conversion', () => {
  it('is refused where the program that serves the database needs its schema', () => {
    const database = Database.open({ file: ':memory:', schema: shopSchema(), fixedSchema: true });
    const convert = () => database.convert(newer((columns) => ({ ...columns, more: { type: 'string' } })));
    assert.throws(convert, /not allowed: convert operation not allowed on database Shop/);
    database.close();
  });

  const peers = new Peers();
  let file: string;
  beforeEach(() => {
    file = join(peers.folder(), 'shop.db');
  });
  after(() => peers.end());

  const selected = async (database: Database, columns: string[]): Promise<Json> => {
    const select = { op: 'select', table: 'Box', where: [], columns, sort: ['name'] };
    const [answer] = await database.transact([select]).result;
    return (answer as { rows: Json[] }).rows;
  };

  for (const { title, schema, columns, want } of FITTING) {
    it(`${title}, at run time`, async () => {
      const database = openShop(file);
      await database.transact(FILL).result;
      database.convert(schema);
      assert.ok(database.schema.equals(schema));
      assert.deepEqual(await selected(database, columns), want);
      await database.transact([
        {
          op: 'insert',
          table: 'Box',
          row: { name: 'c', ...(schema.tables.get('Box')?.columns.has('more') ? { more: 3 } : {}) },
        },
      ]).result;
      const before = await contents(database);
      assert.equal(before.filter((row) => row.startsWith('Box')).length, 3);
      database.close();
      const again = Database.open({ file, schema });
      assert.deepEqual(await contents(again), before);
      again.close();
    });

    it(`${title}, when the file is opened`, async () => {
      const database = openShop(file);
      await database.transact(FILL).result;
      database.close();
      const converted = Database.open({ file, schema });
      assert.deepEqual(await selected(converted, columns), want);
      converted.close();
      assert.throws(() => openShop(file), { code: 'OVSDB-STORE-NEWER' });
    });
  }

  for (const { title, schema, error } of REFUSED) {
    it(`is refused for ${title}, and nothing has changed`, async () => {
      const database = openShop(file);
      await database.transact(FILL).result;
      const before = await contents(database);
      const heard: Json[] = [];
      database.monitor({ Box: {} }, (updates) => heard.push(updates));
      assert.throws(() => database.convert(schema), error);
      assert.deepEqual(await contents(database), before);
      await database.transact([{ op: 'insert', table: 'Box', row: { name: 'c' } }]).result;
      assert.equal(heard.length, 1);
      database.close();
      assert.throws(() => Database.open({ file, schema }), { code: 'OVSDB-STORE-INCOMPATIBLE', message: error });
      const again = openShop(file);
      assert.equal((await contents(again)).length, before.length + 1);
      again.close();
    });
  }

  it('drops tables, and the rows that only they held', async () => {
    const database = openShop(file);
    await database.transact(FILL).result;
    database.convert(shopSchema((json) => ({ ...json, version: '2.0.0', tables: { Item: json.tables.Item } })));
    assert.equal((await contents(database)).length, 1); // Item is a root table now: no table says that it is one
    database.close();
    const tables = new Sqlite(file, { readonly: true });
    assert.equal(tables.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'Box'").pluck().get(), 0);
    tables.close();
  });

  it('cancels what waits and ends monitors', async () => {
    const database = openShop(file);
    const heard: Json[] = [];
    database.monitor({ Box: {} }, (updates) => heard.push(updates));
    const wait: Json = { op: 'wait', table: 'Box', where: [], columns: ['name'], until: '==', rows: [{ name: 'a' }] };
    const waiting = database.transact([wait]);
    database.convert(newer((columns) => columns));
    await assert.rejects(waiting.result, { kind: 'canceled' });
    await database.transact([{ op: 'insert', table: 'Box', row: { name: 'a' } }]).result;
    assert.deepEqual(heard, []);
    database.close();
  });

  it('of another database is none', () => {
    const database = openShop();
    const other = shopSchema((json) => ({ ...json, name: 'Other' }));
    assert.throws(() => database.convert(other), {
      kind: 'invalidParameters',
      details: 'new schema name (Other) does not match database name (Shop)',
    });
    database.close();
  });

  it('is all or nothing, whichever statement fails', async () => {
    for (let failAt = 1; ; failAt++) {
      const path = join(peers.folder(), 'shop.db');
      let count = Number.NEGATIVE_INFINITY;
      const store = SqliteStore.open({
        file: path,
        schema: shopSchema(),
        beforeStatement: (sql) => {
          if (++count === failAt) throw new Sqlite.SqliteError(`the test fails ${sql}`, 'SQLITE_FULL');
        },
      });
      const database = openShop(path, store);
      await database.transact(FILL).result;
      const before = await contents(database);
      count = 0;
      const schema = newer((columns) => without(columns, 'label'));
      try {
        database.convert(schema);
        assert.ok(failAt > 5, `BEGIN, three rows, COMMIT: ${failAt}`);
        database.close();
        break;
      } catch (error) {
        assert.equal((error as { kind: string }).kind, 'ioError');
      }
      assert.deepEqual(await contents(database), before);
      assert.ok(database.schema.equals(shopSchema()));
      assert.equal(
        (await database.transact([{ op: 'insert', table: 'Box', row: { name: 'c', label: 'l' } }]).result).length,
        1,
      );
      database.close();
      openShop(path).close();
    }
  });
});
