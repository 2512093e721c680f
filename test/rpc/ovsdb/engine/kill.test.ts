import assert from 'node:assert/strict';
import { extname, join } from 'node:path';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Peers } from '../../../peers/process.ts';
import { openShop } from './fixtures.ts';

const ROUNDS = 3;
const CHILD = join(import.meta.dirname, `kill-child${extname(import.meta.filename)}`);

describe('a database whose process is killed', function () {
  this.timeout(60_000);
  const peers = new Peers();
  after(() => peers.end());

  it('has every transaction that was acknowledged, and none by half', async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      const file = join(peers.folder(), 'shop.db');
      const writer = peers.start(process.execPath, [...process.execArgv, CHILD, file]);
      await writer.waitFor(new RegExp(`^${round * 20}$`, 'm'));
      await writer.kill();
      const acknowledged = writer.output.trim().split('\n').length;
      const database = openShop(file);
      const boxes = { op: 'select', table: 'Box', where: [], columns: ['size', 'items'], sort: ['size'] };
      const items = { op: 'select', table: 'Item', where: [], columns: ['_uuid'] };
      const [boxAnswer, itemAnswer] = await database.transact([boxes, items]).result;
      const found = (boxAnswer as { rows: { size: number; items: Json }[] }).rows;
      assert.ok(found.length >= acknowledged, `${acknowledged} acknowledged, ${found.length} found`);
      assert.deepEqual(
        found.map(({ size }) => size),
        found.map((_, i) => i),
      );
      assert.equal((itemAnswer as { rows: Json[] }).rows.length, found.length);
      database.close();
    }
  });
});
