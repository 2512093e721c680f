import assert from 'node:assert/strict';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, RawClient, until } from '../net/subjects.ts';

const ZERO = '00000000-0000-0000-0000-000000000000';
const columns = { columns: ['name', 'tags'] };

/** As the clients that there are call their monitors. */
const IDS: { title: string; id: Json }[] = [
  { title: "Python's IDL", id: 'b8a1c2e4-71f2-11ee-b962-0242ac120002' },
  { title: "C's IDL", id: ['monid', 'Net'] },
  { title: 'libovsdb', id: { databaseName: 'Net', id: '0b6e7f0e-5a3c-4b9a-8f0f-0f6a3f0f5a3c' } },
  { title: 'ovsdb-client', id: null },
];

describe('what a monitor missed', () => {
  const peers = new Peers();
  after(() => peers.end());

  async function start(): Promise<OurServer> {
    const server = new OurServer(peers);
    await server.start();
    return server;
  }

  const client = (server: OurServer): Promise<RawClient> => RawClient.open(server.path, peers);

  /** Inserts a thing; returns the id of the transaction. */
  async function insert(server: OurServer, name: string): Promise<string> {
    const one = await client(server);
    await one.ask('monitor_cond_since', 'Net', 'm', { Thing: columns }, ZERO);
    one.send({ id: 'ask', method: 'transact', params: ['Net', { op: 'insert', table: 'Thing', row: { name } }] });
    await until(() => one.messages.length === 3);
    one.socket.destroy();
    return (one.messages[1] as { params: [Json, string] }).params[1];
  }

  /** The answer to a request for a monitor, and all that follows it at once. */
  async function ask(server: OurServer, id: Json, since: string, shown: JsonObject = columns): Promise<Json[]> {
    const one = await client(server);
    one.send({ id: 1, method: 'monitor_cond_since', params: ['Net', id, { Thing: shown }, since] });
    one.send({ id: 'barrier', method: 'echo', params: [] });
    await until(() => one.messages.some((message) => (message as { id: Json }).id === 'barrier'));
    one.socket.destroy();
    return one.messages.slice(0, -1);
  }

  for (const { title, id } of IDS) {
    it(`follows the answer as an update, under the id of a monitor of ${title}`, async () => {
      const server = await start();
      const first = await insert(server, 'a');
      const last = await insert(server, 'b');
      const [answer, update, ...more] = await ask(server, id, first);
      assert.deepEqual(answer, { id: 1, result: [true, first, {}], error: null });
      const { params } = update as { params: [Json, string, { Thing: Record<string, Json> }] };
      assert.deepEqual(params.slice(0, 2), [id, last]);
      assert.deepEqual(Object.values(params[2].Thing), [{ insert: { name: 'b' } }]);
      assert.deepEqual(more, []);
      // and whoever takes no transaction from an answer asks for the first one again
      assert.deepEqual(await ask(server, id, first), [answer, update]);
    });
  }

  it('nothing: the answer says so, with the last transaction', async () => {
    const server = await start();
    const last = await insert(server, 'a');
    assert.deepEqual(await ask(server, 'm', last), [{ id: 1, result: [true, last, {}], error: null }]);
  });

  it('over a restart too', async () => {
    const server = await start();
    const first = await insert(server, 'a');
    const last = await insert(server, 'b');
    await server.stop();
    await server.start();
    const [answer, update] = await ask(server, 'm', first);
    assert.deepEqual(answer, { id: 1, result: [true, first, {}], error: null });
    assert.equal((update as { params: Json[] }).params[1], last);
  });

  it('is everything for one that shows what does not survive a restart, and its former transaction is made void', async () => {
    const server = await start();
    const first = await insert(server, 'a');
    await server.stop();
    await server.start();
    const [answer, ...more] = await ask(server, 'm', first, {});
    const { result } = answer as { result: [boolean, string, { Thing: object }] };
    assert.deepEqual([result[0], Object.keys(result[2].Thing).length], [false, 1]);
    assert.deepEqual(more, [{ id: null, method: 'update3', params: ['m', result[1], {}] }]);
  });

  it('is everything for one that comes with the transaction of another server', async () => {
    const server = await start();
    const last = await insert(server, 'a');
    const [answer, ...more] = await ask(server, 'm', 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa');
    assert.deepEqual((answer as { result: Json[] }).result.slice(0, 2), [false, last]);
    assert.deepEqual(more, []);
  });

  it('in many rows is made while its client reads, and so is what new conditions show', async () => {
    const server = await start();
    const first = await insert(server, 'a');
    const note = 'x'.repeat(2000);
    const writer = await client(server);
    for (let from = 0; from < 2000; from += 500) {
      const rows = Array.from({ length: 500 }, (_, i): Json => ({ name: `thing-${from + i}`, note }));
      await writer.ask('transact', 'Net', ...rows.map((row): Json => ({ op: 'insert', table: 'Thing', row })));
    }
    const shown = { columns: ['name', 'note'] };
    const [missing, widened] = [await client(server), await client(server)];
    await widened.ask('monitor_cond', 'Net', 'm', { Thing: { ...shown, where: [false] } });
    for (const one of [missing, widened]) one.socket.pause();
    missing.send({ id: 1, method: 'monitor_cond_since', params: ['Net', 'm', { Thing: shown }, first] });
    widened.send({ id: 1, method: 'monitor_cond_change', params: ['m', 'n', { Thing: [{ where: [true] }] }] });
    for (let i = 0; i < 50; i++) await writer.ask('echo', 1);
    const held = server.server.memoryBytes;
    assert.ok(held > 0 && held < 1 << 20, `${held} bytes of ${2 * 2000 * note.length} are held`);
    for (const one of [missing, widened]) one.socket.resume();
    await until(() => missing.messages.length === 2 && widened.messages.length === 3);
    const [, update] = missing.messages as [Json, { params: [Json, Json, { Thing: Record<string, Json> }] }];
    assert.equal(Object.keys(update.params[2].Thing).length, 2000);
    const [, change, answer] = widened.messages as [Json, { params: [Json, { Thing: Record<string, Json> }] }, Json];
    assert.deepEqual([change.params[0], Object.keys(change.params[1].Thing).length], ['n', 2001]);
    assert.deepEqual(answer, { id: 1, result: {}, error: null });
    assert.equal(server.server.memoryBytes < 1 << 20, true);
  });
});
