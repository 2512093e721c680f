import assert from 'node:assert/strict';
import { extname, join } from 'node:path';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { Peers } from '../../../peers/process.ts';
import { openShop } from '../engine/fixtures.ts';

/** KILL_ROUNDS=100 for a thorough run. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 25);
const CLIENTS = 4;
const CHILD = join(import.meta.dirname, `serve-child${extname(import.meta.filename)}`);

/** Keeps eight durable transactions on their way until the connection breaks. Each writes a box and its item. */
async function load(path: string, next: () => number, acknowledged: (size: number) => void): Promise<void> {
  const client = new OvsdbClient(`unix:${path}`, { reconnect: false });
  await client.connect();
  const worker = async (): Promise<void> => {
    for (;;) {
      const size = next();
      const item = { op: 'insert', table: 'Item', 'uuid-name': 'i', row: { name: `item ${size}` } };
      const box = { op: 'insert', table: 'Box', row: { name: `box ${size}`, size, items: ['named-uuid', 'i'] } };
      await client.transact('Shop', [item, box, { op: 'commit', durable: true }]);
      acknowledged(size);
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, worker));
  client.close();
}

describe('a server that is killed under load', function () {
  this.timeout(20_000 + ROUNDS * 5_000);
  const peers = new Peers();
  after(() => peers.end());

  it(`has every durable transaction that was acknowledged, and none by half (${ROUNDS} rounds)`, async () => {
    const file = join(peers.folder(), 'shop.db');
    const acknowledged = new Set<number>();
    let last = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const path = join(peers.folder(), 's');
      const server = peers.start(process.execPath, [...process.execArgv, CHILD, file, path]);
      await server.waitFor(/serving/);
      // Another moment in each round: within a turn, between two, in the middle of a checkpoint.
      const enough = acknowledged.size + 1 + ((round * 37) % 400);
      let killed: Promise<void> | undefined;
      const acknowledge = (size: number): void => {
        acknowledged.add(size);
        if (acknowledged.size >= enough) killed ??= server.kill();
      };
      await Promise.all(Array.from({ length: CLIENTS }, () => load(path, () => ++last, acknowledge)));
      await killed;
      assert.ok(acknowledged.size >= enough);
      const found = await boxesOf(file);
      const lost = [...acknowledged].filter((size) => !found.has(size));
      assert.deepEqual(lost, [], `round ${round}: ${acknowledged.size} acknowledged, ${found.size} found`);
    }
  });

  /** The sizes of all boxes; each must have its own item, and no item be left over. */
  async function boxesOf(file: string): Promise<Set<number>> {
    const database = openShop(file);
    const boxes = { op: 'select', table: 'Box', where: [], columns: ['size', 'items'] };
    const items = { op: 'select', table: 'Item', where: [], columns: ['_uuid', 'name'] };
    const [boxAnswer, itemAnswer] = await database.transact([boxes, items]).result;
    database.close();
    const found = (boxAnswer as { rows: { size: number; items: Json }[] }).rows;
    const names = new Map(
      (itemAnswer as { rows: { _uuid: Json; name: string }[] }).rows.map((row) => [
        JSON.stringify(row._uuid),
        row.name,
      ]),
    );
    for (const box of found) assert.equal(names.get(JSON.stringify(box.items)), `item ${box.size}`);
    assert.equal(names.size, found.length);
    return new Set(found.map(({ size }) => size));
  }
});
