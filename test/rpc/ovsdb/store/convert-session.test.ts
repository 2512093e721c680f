import assert from 'node:assert/strict';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { Peers } from '../../../peers/process.ts';
import { RawClient, SCHEMA, SUBJECTS, type TestServer, until } from '../net/subjects.ts';

const NEWER: Json = { ...(SCHEMA as JsonObject), version: '1.1.0' };
const WAIT: Json = { op: 'wait', table: 'Thing', where: [], columns: ['name'], until: '==', rows: [{ name: 'never' }] };

for (const subject of SUBJECTS) {
  describe(`convert with ${subject.name}`, () => {
    const peers = new Peers();
    let server: TestServer;
    before(function () {
      subject.require(this);
    });
    beforeEach(async () => {
      server = subject.create(peers);
      await server.start();
    });
    afterEach(() => server.stop());
    after(() => peers.end());

    async function connect(aware: boolean): Promise<RawClient> {
      const client = await RawClient.open(server.path);
      if (aware)
        assert.deepEqual(await client.ask('set_db_change_aware', true), { id: 'ask', result: {}, error: null });
      return client;
    }

    it('tells clients that know of it which monitors are gone, and sends the others away', async () => {
      const [aware, unaware, idle, converter] = [
        await connect(true),
        await connect(false),
        await connect(false),
        await connect(true),
      ];
      for (const client of [aware, unaware]) {
        await client.ask('monitor', 'Net', 'm', { Thing: {} });
        client.send({ id: 'wait', method: 'transact', params: ['Net', WAIT] });
      }
      await aware.ask('echo');
      await unaware.ask('echo');
      assert.deepEqual(await converter.ask('convert', 'Net', NEWER), { id: 'ask', result: {}, error: null });
      await until(() => unaware.closed && idle.closed);
      const before = aware.messages.length;
      await until(() => aware.messages.length >= 5);
      assert.ok(before >= 3);
      assert.deepEqual(
        new Set(aware.messages.slice(3).map((one) => JSON.stringify(one))),
        new Set([
          JSON.stringify({ id: null, method: 'monitor_canceled', params: ['m'] }),
          JSON.stringify({ id: 'wait', error: 'canceled' }),
        ]),
      );
      const answer = (await aware.ask('get_schema', 'Net')) as { result: JsonObject };
      assert.equal(answer.result['version'], '1.1.0');
      assert.deepEqual(await aware.ask('monitor_cancel', 'm'), { id: 'ask', error: 'unknown monitor' });
      for (const client of [aware, converter]) client.socket.destroy();
    });

    it('answers a converter that does not know of it before it is sent away', async () => {
      const converter = await connect(false);
      assert.deepEqual(await converter.ask('convert', 'Net', NEWER), { id: 'ask', result: {}, error: null });
      await until(() => converter.closed);
    });

    it('is told in one order: monitors that are gone, the answer, transactions that waited; who does not know of it hears no more', async () => {
      const clients = [await connect(true), await connect(false), await connect(true), await connect(false)];
      const [aware, unaware, converter, last] = clients as [RawClient, RawClient, RawClient, RawClient];
      for (const client of clients) {
        await client.ask('monitor', 'Net', 'm', { Thing: {} });
        await client.ask('monitor_cond', 'Net', 'n', { Thing: {}, Other: {} });
        for (const id of ['w1', 'w2']) client.send({ id, method: 'transact', params: ['Net', WAIT] });
        await client.ask('echo');
      }
      const heard = clients.map(({ messages }) => messages.length);
      const later = (client: RawClient): Json[] => client.messages.slice(heard[clients.indexOf(client)]);
      const gone = ['m', 'n'].map((id): Json => ({ id: null, method: 'monitor_canceled', params: [id] }));
      const canceled = ['w1', 'w2'].map((id): Json => ({ id, error: 'canceled' }));
      converter.send({ id: 'convert', method: 'convert', params: ['Net', NEWER] });
      await until(() => unaware.closed && last.closed && later(converter).length >= 5 && later(aware).length >= 4);
      assert.deepEqual(later(converter), [...gone, { id: 'convert', result: {}, error: null }, ...canceled]);
      assert.deepEqual(later(aware), [...gone, ...canceled]);
      assert.deepEqual([later(unaware), later(last)], [[], []]);
      for (const client of [aware, converter]) client.socket.destroy();
    });

    it('answers a converter that does not know of it, and none of its transactions that wait', async () => {
      const converter = await connect(false);
      await converter.ask('monitor', 'Net', 'm', { Thing: {} });
      converter.send({ id: 'w', method: 'transact', params: ['Net', WAIT] });
      await converter.ask('echo');
      const heard = converter.messages.length;
      converter.send({ id: 'convert', method: 'convert', params: ['Net', NEWER] });
      await until(() => converter.closed);
      assert.deepEqual(converter.messages.slice(heard), [{ id: 'convert', result: {}, error: null }]);
    });

    it('refuses what is no schema of the database, and stays', async () => {
      const client = await connect(false);
      const cases: [Json[], string][] = [
        [['Net'], 'syntax error'],
        [['Net', NEWER, 1], 'syntax error'],
        [['Net', 5], 'syntax error'],
        [['Net', { name: 'Net' }], 'syntax error'],
        [['Nowhere', NEWER], 'unknown database'],
        [['Net', { ...(NEWER as JsonObject), name: 'Other' }], 'invalid parameters'],
      ];
      for (const [params, error] of cases) {
        const answer = (await client.ask('convert', ...params)) as { error: { error: string } };
        assert.equal(answer.error.error, error, JSON.stringify(params).slice(0, 50));
      }
      client.socket.destroy();
    });
  });
}

describe('convert', () => {
  it('shows in _Server', async () => {
    const peers = new Peers();
    const server = (SUBJECTS[0] as (typeof SUBJECTS)[number]).create(peers);
    await server.start();
    const [watcher, converter] = [await RawClient.open(server.path), await RawClient.open(server.path)];
    await watcher.ask('set_db_change_aware', true);
    await watcher.ask('monitor', '_Server', null, { Database: { columns: ['schema'] } });
    await converter.ask('convert', 'Net', NEWER);
    await until(() => watcher.messages.length >= 3);
    const update = JSON.stringify(watcher.messages[2]);
    assert.match(update, /"method":"update"/);
    assert.match(update, /1\.1\.0/);
    watcher.socket.destroy();
    await server.stop();
    await peers.end();
  });
});
