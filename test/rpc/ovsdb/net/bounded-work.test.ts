import assert from 'node:assert/strict';
import type { Json } from '../../../../rpc/json/json-value.ts';
import type { ServerLimits } from '../../../../rpc/ovsdb/server/server-limits.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, RawClient, until } from './subjects.ts';

const echo = { id: 'ask', result: [1], error: null };
const all: Json = { op: 'select', table: 'Thing', where: [] };

describe('work for one client', () => {
  const peers = new Peers();
  after(() => peers.end());

  async function start(limits: Partial<ServerLimits> = {}): Promise<OurServer> {
    const server = new OurServer(peers, { limits });
    await server.start();
    return server;
  }

  const client = (server: OurServer): Promise<RawClient> => RawClient.open(server.path, peers);

  async function fill(server: OurServer, rows: number, note = ''): Promise<void> {
    const one = await client(server);
    const step = 50; // within small limits
    for (let from = 0; from < rows; from += step) {
      const inserts = Array.from({ length: Math.min(step, rows - from) }, (_, i): Json => {
        return { op: 'insert', table: 'Thing', row: { name: `thing-${from + i}`, number: from + i, note } };
      });
      await one.ask('transact', 'Net', ...inserts);
    }
    one.socket.destroy();
  }

  describe('a transaction that would cost more than the limit is refused before it is computed', () => {
    const many = (count: number, op: Json): Json[] => Array.from({ length: count }, () => op);
    const clauses = many(400, ['number', '!=', -1]);
    const set = ['set', Array.from({ length: 300 }, (_, i) => `tag-${i}`)];
    const harms: { title: string; operations: Json[] }[] = [
      { title: 'selects of a table', operations: many(50, all) },
      { title: 'selects that find nothing', operations: many(500, { ...all, where: [['real', '<', 0]] }) },
      { title: 'one select with many clauses', operations: [{ ...all, where: clauses }] },
      {
        title: 'one select with a large argument',
        operations: [
          { ...all, where: [['tags', 'excludes', set]] },
          ...many(5, { ...all, where: [['tags', '!=', set]] }),
        ],
      },
      {
        title: 'updates of all rows',
        operations: many(5, { op: 'update', table: 'Thing', where: [], row: { real: 2 } }),
      },
      {
        title: 'mutations of all rows',
        operations: [
          {
            op: 'mutate',
            table: 'Thing',
            where: [],
            mutations: many(50, ['tags', 'insert', set]),
          },
        ],
      },
      { title: 'inserts', operations: many(200, { op: 'insert', table: 'Other', row: {} }) },
      {
        title: 'waits',
        operations: many(300, { op: 'wait', table: 'Thing', where: [], columns: ['name'], until: '!=', rows: [] }),
      },
      {
        title: 'a wait with many rows',
        operations: [{ op: 'wait', table: 'Thing', where: [], until: '!=', rows: many(5000, {}) }],
      },
    ];
    for (const { title, operations } of harms) {
      it(title, async () => {
        const server = await start({ work: 30_000 });
        await fill(server, 100);
        const [one, other] = [await client(server), await client(server)];
        const before = await other.ask('transact', 'Net', all);
        const { result } = (await one.ask('transact', 'Net', ...operations)) as { result: { error?: string }[] };
        const refused = result.find((element) => element?.error !== undefined);
        assert.equal(refused?.error, 'resources exhausted');
        assert.match(String((refused as { details?: string }).details), /wanted at most 30000 \(the limit "work"\)/);
        assert.deepEqual(await other.ask('transact', 'Net', all), before);
        assert.deepEqual(await one.ask('echo', 1), echo);
      });
    }

    it('the search of a monitor for its rows', async () => {
      const server = await start({ work: 30_000 });
      await fill(server, 100);
      const one = await client(server);
      const refused = (await one.ask('monitor_cond', 'Net', 'm', { Thing: { where: clauses } })) as { error?: Json };
      assert.equal((refused.error as { error: string }).error, 'resources exhausted');
      const begun = (await one.ask('monitor_cond', 'Net', 'm', { Thing: { where: [false] } })) as { error?: Json };
      assert.equal(begun.error, null);
      const change = (await one.ask('monitor_cond_change', 'm', 'm', { Thing: [{ where: clauses }] })) as {
        error?: Json;
      };
      assert.equal((change.error as { error: string }).error, 'resources exhausted');
    });
  });

  it('requests of one client: others have their turn between them', async () => {
    const server = await start();
    await fill(server, 2000);
    const [one, other] = [await client(server), await client(server)];
    const nothing: Json = {
      ...(all as object),
      where: [
        ['note', '==', 'none'],
        ['real', '<', 0],
      ],
    };
    const ask = JSON.stringify({ id: 'n', method: 'transact', params: ['Net', nothing, nothing, nothing] });
    one.send(Array.from({ length: 200 }, (_, i) => ask.replace('"n"', String(i))).join(''));
    assert.deepEqual(await other.ask('echo', 1), echo);
    assert.ok(one.messages.length < 200, `${one.messages.length} answers were before it`);
    await until(() => one.messages.length === 200);
    assert.deepEqual(
      one.messages.map((message) => (message as { id: number }).id),
      Array.from({ length: 200 }, (_, i) => i),
    );
  });

  describe('a long answer', () => {
    const NOTE = 'x'.repeat(2000);
    const ROWS = 2000;

    it('is made as its client reads, and is whole; what was asked later is answered after it', async () => {
      const server = await start();
      await fill(server, ROWS, NOTE);
      const [one, other] = [await client(server), await client(server)];
      one.socket.pause();
      one.send({ id: 1, method: 'transact', params: ['Net', all, all, { op: 'comment', comment: '' }] });
      one.send({ id: 2, method: 'echo', params: [] });
      for (let i = 0; i < 50; i++) assert.deepEqual(await other.ask('echo', 1), echo);
      const held = server.server.memoryBytes;
      assert.ok(held > 0 && held < 1 << 20, `${held} bytes of ${2 * ROWS * NOTE.length} are held`);
      // What was selected is what was there then.
      await other.ask('transact', 'Net', { op: 'update', table: 'Thing', where: [], row: { note: 'y' } });
      one.socket.resume();
      await until(() => one.messages.length === 2);
      const [answer, later] = one.messages as [{ id: number; result: { rows?: { note: string }[] }[] }, Json];
      assert.deepEqual(
        answer.result.map(({ rows }) => rows?.length),
        [ROWS, ROWS, undefined],
      );
      assert.ok(answer.result.every(({ rows = [] }) => rows.every(({ note }) => note === NOTE)));
      assert.deepEqual(later, { id: 2, result: [], error: null });
      assert.equal(server.server.memoryBytes, 0);
    });

    it('shows what the same transaction had done until then, and no more', async () => {
      const server = await start();
      await fill(server, 100);
      const one = await client(server);
      const set = (real: number): Json => ({ op: 'update', table: 'Thing', where: [], row: { real } });
      const seen: Json = { op: 'select', table: 'Thing', where: [], columns: ['_uuid', 'real'] };
      const { result } = (await one.ask('transact', 'Net', set(1), seen, set(2), seen)) as {
        result: { rows?: { real: number }[] }[];
      };
      const reals = result.map(({ rows }) => [...new Set(rows?.map(({ real }) => real))]);
      assert.deepEqual(reals, [[], [1], [], [2]]);
    });

    it('with which a monitor begins: its updates come after it', async () => {
      const server = await start();
      await fill(server, ROWS, NOTE);
      const [one, other] = [await client(server), await client(server)];
      one.socket.pause();
      one.send({ id: 1, method: 'monitor', params: ['Net', 'm', { Thing: {} }] });
      await other.ask('echo', 1);
      await other.ask('transact', 'Net', { op: 'insert', table: 'Thing', row: { name: 'late' } });
      const held = server.server.memoryBytes;
      assert.ok(held < 1 << 20, `${held} bytes are held`);
      one.socket.resume();
      await until(() => one.messages.length === 2);
      const [begun, update] = one.messages as [{ id: number; result: { Thing: object } }, { method: string }];
      assert.equal(Object.keys(begun.result.Thing).length, ROWS);
      assert.equal(update.method, 'update');
    });

    it('ends with the connection of its client', async () => {
      const server = await start();
      await fill(server, ROWS, NOTE);
      const one = await client(server);
      one.socket.pause();
      one.send({ id: 1, method: 'transact', params: ['Net', all] });
      await until(() => server.server.memoryBytes > 0);
      one.socket.destroy();
      await until(() => server.server.connections === 0);
      assert.equal(server.server.memoryBytes, 0);
    });
  });

  describe('what is kept for one client', () => {
    const long = 'n'.repeat(2000);
    const kept =
      /^monitors, locks and unfinished transactions of a client may take 10000 bytes \(the limit "keptBytes"\)/;
    const requests: {
      title: string;
      ask(one: RawClient, i: number): Promise<Json>;
      end(one: RawClient): Promise<Json>;
    }[] = [
      {
        title: 'monitors',
        ask: (one, i) => one.ask('monitor', 'Net', `${long}${i}`, { Thing: {} }),
        end: (one) => one.ask('monitor_cancel', `${long}0`),
      },
      {
        title: 'locks',
        ask: (one, i) => one.ask('lock', `${long}${i}`),
        end: (one) => one.ask('unlock', `${long}0`),
      },
    ];
    for (const { title, ask, end } of requests) {
      it(`${title}: one more is refused, until one has ended`, async () => {
        const server = await start({ keptBytes: 10_000 });
        const one = await client(server);
        const answers: Json[] = [];
        for (let i = 0; i < 6; i++) answers.push(await ask(one, i));
        const errors = answers.map((answer) => (answer as { error: Json }).error);
        const first = errors.findIndex((error) => error !== null);
        assert.ok(first > 1, `${first}`);
        const refused = errors[first] as { error: string; details: string };
        assert.equal(refused.error, 'resources exhausted');
        assert.match(refused.details, kept);
        await end(one);
        assert.equal(((await ask(one, 9)) as { error: Json }).error, null);
        one.socket.destroy();
        await until(() => server.server.memoryBytes === 0);
      });
    }

    it('conditions that a monitor is given later', async () => {
      const server = await start({ keptBytes: 10_000 });
      const one = await client(server);
      await one.ask('monitor_cond', 'Net', 'm', { Thing: {} });
      const where = (length: number): Json => ({ Thing: [{ where: [['name', '==', 'x'.repeat(length)]] }] });
      for (let i = 0; i < 20; i++) {
        assert.equal(
          ((await one.ask('monitor_cond_change', 'm', 'm', where(5000 + i))) as { error: Json }).error,
          null,
        );
      }
      const { error } = (await one.ask('monitor_cond_change', 'm', 'm', where(10_000))) as {
        error: { details: string };
      };
      assert.match(error.details, kept);
    });

    it('transactions that wait: nothing more is read until one has ended', async () => {
      const server = await start({ keptBytes: 10_000 });
      const [one, other] = [await client(server), await client(server)];
      const wait = (id: number): Json => {
        const op = { op: 'wait', table: 'Other', where: [], columns: ['name'], until: '==', rows: [{ name: 'now' }] };
        return { id, method: 'transact', params: ['Net', op, { op: 'comment', comment: 'x'.repeat(3000) }] };
      };
      for (let id = 0; id < 20; id++) one.send(wait(id));
      one.send({ id: 'after', method: 'echo', params: [] });
      assert.deepEqual(await other.ask('echo', 1), echo);
      await until(() => server.server.memoryBytes > 10_000);
      assert.deepEqual(await other.ask('echo', 1), echo);
      assert.ok(server.server.memoryBytes < 100_000, String(server.server.memoryBytes));
      assert.equal(one.messages.length, 0);
      await other.ask('transact', 'Net', { op: 'insert', table: 'Other', row: { name: 'now' } });
      await until(() => one.messages.length === 21);
    });
  });

  it('what all clients make the server hold: the one with the most is dropped, and the others are served', async () => {
    const server = await start({ memoryBytes: 300_000 });
    const [small, large, other] = [await client(server), await client(server), await client(server)];
    small.send(`{"id":1,"method":"echo","params":["${'s'.repeat(100_000)}`);
    large.send(`{"id":1,"method":"echo","params":["${'l'.repeat(500_000)}`);
    await until(() => large.closed);
    assert.match(
      server.events.at(-1)?.text ?? '',
      /all clients together take more than 300000 bytes, and this one takes/,
    );
    small.send('"]}');
    await until(() => small.messages.length === 1);
    assert.deepEqual(await other.ask('echo', 1), echo);
  });
});
