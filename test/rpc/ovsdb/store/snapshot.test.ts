import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { Peers } from '../../../peers/process.ts';
import { contents, openShop, SHOP, shopSchema } from '../engine/fixtures.ts';

const box = (name: string): Json => ({ op: 'insert', table: 'Box', row: { name, label: 'x'.repeat(3000) } });

describe('a file that is only read', () => {
  const peers = new Peers();
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = peers.folder();
    file = join(folder, 'shop.db');
  });
  after(() => peers.end());

  const snapshot = (schema = shopSchema()) => Database.snapshot({ file, schema, frozen: 'because' });

  /** A file and its log as a killed process leaves them. */
  async function killed(...transactions: Json[][]): Promise<string[]> {
    const path = join(peers.folder(), 'live.db');
    const live = openShop(path);
    for (const operations of transactions) await live.transact(operations).result;
    for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${file}${suffix}`);
    const before = await contents(live);
    live.close();
    return before;
  }

  it('has what the log of a killed process adds, and nothing is made beside it', async () => {
    const before = await killed(
      [box('a')],
      [box('b'), box('c')],
      [{ op: 'delete', table: 'Box', where: [['name', '==', 'a']] }],
    );
    const bytes = ['', '-wal'].map((suffix) => readFileSync(`${file}${suffix}`));
    const { database, isRead } = snapshot();
    assert.equal(isRead, true);
    assert.deepEqual(await contents(database), before);
    assert.deepEqual(readdirSync(folder).sort(), ['shop.db', 'shop.db-wal']);
    assert.deepEqual(
      ['', '-wal'].map((suffix) => readFileSync(`${file}${suffix}`)),
      bytes,
    );
  });

  it('has no transaction that the log holds in part', async () => {
    const before = await killed([box('a')]);
    const { length } = readFileSync(`${file}-wal`);
    await killed([box('a')], [box('b'), box('c'), box('d')]);
    truncateSync(`${file}-wal`, length + 4200);
    assert.deepEqual(
      (await contents(snapshot().database)).map((text) => text.replace(/"_uuid".*?\]/, '')),
      before.map((text) => text.replace(/"_uuid".*?\]/, '')),
    );
    // bytes that were changed after they were written
    await killed([box('a')], [box('b'), box('c'), box('d')]);
    const log = readFileSync(`${file}-wal`);
    log.fill(0x5a, length + 2000, length + 2100);
    writeFileSync(`${file}-wal`, log);
    assert.equal((await contents(snapshot().database)).length, 1);
  });

  it('takes writes of the program that serves it alone, in memory', async () => {
    await killed([box('a')]);
    const { database } = snapshot();
    const refused = await database.transact([box('b')]).result;
    assert.deepEqual(refused.at(-1), { error: 'not allowed', details: 'insert operation not allowed now: because' });
    assert.equal((await database.transact([box('b')], { own: true }).result).length, 1);
    assert.equal((await contents(database)).length, 2);
    assert.equal((await contents(snapshot().database)).length, 1);
  });

  it('of a later schema has what this one knows of it', async () => {
    const more = { ...SHOP.tables.Box.columns, color: { type: 'string' } };
    const later = { ...SHOP, version: '1.1.0', tables: { ...SHOP.tables, Box: { ...SHOP.tables.Box, columns: more } } };
    Database.open({ file, schema: DatabaseSchema.fromJson(later) }).close();
    assert.equal(snapshot().isRead, true);
    assert.throws(() => Database.check({ file, schema: shopSchema() }), { code: 'OVSDB-STORE-NEWER' });
    const { label: _, ...fewer } = SHOP.tables.Box.columns;
    const other = {
      ...SHOP,
      version: '2.0.0',
      tables: { ...SHOP.tables, Box: { ...SHOP.tables.Box, columns: fewer } },
    };
    file = join(folder, 'other.db');
    Database.open({ file, schema: DatabaseSchema.fromJson(other) }).close();
    assert.equal(snapshot().isRead, false);
  });

  const unread: { readonly title: string; make(path: string): void }[] = [
    { title: 'that is missing', make: () => {} },
    { title: 'that is empty', make: (path) => writeFileSync(path, '') },
    { title: 'that is no database', make: (path) => writeFileSync(path, 'x'.repeat(5000)) },
    { title: 'that is a pipe', make: (path) => void spawnSync('mkfifo', [path]) },
    { title: 'that is a directory', make: (path) => void spawnSync('mkdir', [path]) },
  ];
  for (const { title, make } of unread) {
    it(`${title} is served as an empty one`, async () => {
      make(file);
      const { database, isRead } = snapshot();
      assert.deepEqual([isRead, await contents(database)], [false, []]);
      assert.equal(existsSync(file), title !== 'that is missing');
    });
  }

  it('that is a pipe is not opened for writing either', () => {
    spawnSync('mkfifo', [file]);
    assert.throws(() => openShop(file), { code: 'OVSDB-STORE-UNREADABLE', message: /no regular file/ });
  });
});
