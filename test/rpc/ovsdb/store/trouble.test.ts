import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { SqliteStore } from '../../../../rpc/ovsdb/store/store-sqlite.ts';
import { Peers } from '../../../peers/process.ts';
import { contents, openShop, shopSchema } from '../engine/fixtures.ts';

const boxes = (prefix: string, count: number, label = ''): Json[] =>
  Array.from(
    { length: count },
    (_, i): Json => ({ op: 'insert', table: 'Box', row: { name: `${prefix}${i}`, label } }),
  );

describe('a file in trouble', () => {
  const peers = new Peers();
  let file: string;
  beforeEach(() => {
    file = join(peers.folder(), 'shop.db');
  });
  after(() => peers.end());

  it('that is full answers an error, loses nothing, and goes on when there is room', async () => {
    const store = SqliteStore.open({ file, schema: shopSchema() });
    const database = openShop(file, store);
    await database.transact(boxes('a', 10)).result;
    const before = await contents(database);
    store.pragma(`max_page_count = ${Number(store.pragma('page_count')) + 2}`);
    const results = await database.transact(boxes('b', 100, 'x'.repeat(1000))).result;
    const { error, details } = results.at(-1) as { error: string; details: string };
    assert.equal(error, 'I/O error');
    assert.match(details, /database or disk is full \(SQLITE_FULL\)$/);
    assert.deepEqual(await contents(database), before);
    store.pragma('max_page_count = 100000');
    assert.equal((await database.transact(boxes('b', 100, 'x'.repeat(1000))).result).length, 100);
    database.close();
    const again = openShop(file);
    assert.equal((await contents(again)).length, 110);
    again.close();
  });

  it('that is damaged is refused with the reason, and not a byte of it is changed', async () => {
    const database = openShop(file);
    await database.transact(boxes('a', 500, 'label')).result;
    database.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, bytes.length >> 1, (bytes.length >> 1) + 4096);
    writeFileSync(file, bytes);
    assert.throws(() => openShop(file), {
      code: 'OVSDB-STORE-CORRUPT',
      message: /^Cannot open database .*: it is damaged: /,
    });
    assert.deepEqual(readFileSync(file), bytes);
  });

  it('of another program keeps its journal mode', () => {
    new Sqlite(file).exec('CREATE TABLE t (a)').close();
    const bytes = readFileSync(file);
    assert.throws(() => openShop(file), { code: 'OVSDB-STORE-FOREIGN' });
    assert.deepEqual(readFileSync(file), bytes);
  });

  it('with a schema that cannot be read is refused', () => {
    openShop(file).close();
    new Sqlite(file).exec("UPDATE _meta SET value = '{}' WHERE key = 'schema'").close();
    assert.throws(() => openShop(file), { code: 'OVSDB-STORE-CORRUPT', message: /its schema cannot be read/ });
  });

  it('that a killed process left with its log is read with what the log says', async () => {
    const database = openShop(file);
    await database.transact(boxes('a', 3)).result;
    const copy = join(peers.folder(), 'copy.db');
    for (const suffix of ['', '-wal']) copyFileSync(`${file}${suffix}`, `${copy}${suffix}`);
    const before = await contents(database);
    database.close();
    const again = openShop(copy);
    assert.deepEqual(await contents(again), before);
    again.close();
  });
});
